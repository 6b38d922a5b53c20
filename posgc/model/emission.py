"""The factored emission P(o' | a, s'), where o' reads nothing else; observability is a property of it."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from posgc.model.tabulation.branch import merge
from posgc.model.tabulation.law import RowLimitReached
from posgc.model.tabulation.plan import Plan
from posgc.model.tabulation.reads import STEP, Slot
from posgc.model.tabulation.rows import OUTCOMES, ROW_LIMIT, Rows, action_digits, joint_observation
from posgc.model.tabulation.table import ROW, WEIGHT, Array, Column, Table, filled

__all__ = ["emission"]

_JOINT: Slot = ("joint observation", 0, True)


def emission(rows: Rows, allowed: Array, step: int) -> sparse.csr_array | None:
    """[A*S, O], row a*S + s', for all reachable s' and the allowed joint actions; None where it does not factor.

    A row that no play can reach may ask for what has no value; it is left empty.
    """
    plan = rows.setup.emission
    if plan is None:
        return None
    n_states, n_joint = len(rows.states), rows.setup.n_observations
    at = (allowed[:, None] * n_states + np.arange(n_states)).ravel()
    counts = np.zeros(rows.setup.n_actions * n_states, dtype=np.int64)
    columns, weights = [np.zeros(0, np.int64)], [np.zeros(0)]
    digits = rows.states.sorted_digits()
    size, begin = 256, 0
    while begin < len(at):
        mine = at[begin : begin + size]
        try:
            row, joint, weight, branches = _batch(rows, plan, digits, mine, step)
        except RowLimitReached as reached:
            if len(mine) == 1:
                raise rows.row_limit_error(reached, "the observation after one state and joint action") from None
            size = len(mine) // 2
            continue
        rows.spend(len(row))
        counts[mine] = np.bincount(row, minlength=len(mine))
        columns.append(joint)
        weights.append(weight)
        begin += len(mine)
        # as in `explore`: aim at half the limit and grow slowly
        size = max(1, min(4 * size, ROW_LIMIT * len(mine) // (2 * max(branches, 1))))
    indptr = np.concatenate(([0], np.cumsum(counts)))
    data = (np.concatenate(weights), np.concatenate(columns), indptr)
    return sparse.csr_array(data, shape=(len(counts), n_joint))


def _batch(rows: Rows, plan: Plan, digits: Array, at: Array, step: int) -> tuple[Array, Array, Array, int]:
    """(row, joint observation, probability) sorted, and the number of branches they took."""
    setup = rows.setup
    action, state = np.divmod(at, digits.shape[1])
    columns: dict[Slot, Array] = {STEP: np.array(step)}
    for k, digit in enumerate(digits[:, state]):
        columns["state", k, True] = digit
        if k in setup.kept:
            columns["state", k, False] = digit
    for k in setup.silent:
        columns["observation", k, True] = np.zeros((), dtype=np.int32)
    columns.update(action_digits(setup, action))
    failed = np.zeros(len(at), dtype=bool)

    # no play need reach (a, s'), so that a fault here is not a mistake of the user
    def leave_out(table: Table, faults: Array, _: object) -> None:
        failed[table[ROW].values[faults != 0]] = True

    start = setup.runner.start(len(at), columns)
    row_limit = min(OUTCOMES, setup.limits.max_entries) if len(at) == 1 else ROW_LIMIT
    table = setup.runner.run(plan, start, row_limit, leave_out)
    if not table.size:
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0), 0
    branches = table.size
    table.cells[_JOINT] = Column(joint_observation(setup, table, primed=True))
    table = merge(table, [(_JOINT, setup.n_observations)], 0)
    row, joint = table[ROW].values, filled(table[_JOINT].values, table.size)
    kept = ~failed[row]
    return row[kept], joint[kept], filled(table[WEIGHT].values, table.size)[kept], branches
