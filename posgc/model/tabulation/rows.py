"""The law of (s', o') and the rewards of rows (s, a), a batch at a time, and the initial law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.language.diagnostics import LimitError
from posgc.model.tabulation.branch import merge
from posgc.model.tabulation.law import RowLimitReached
from posgc.model.tabulation.reads import STEP, Slot
from posgc.model.tabulation.setup import Setup
from posgc.model.tabulation.states import Codec, StateIndex
from posgc.model.tabulation.table import ROW, WEIGHT, Array, Column, Table, filled

__all__ = ["OUTCOMES", "ROW_LIMIT", "Chunk", "Rows", "action_digits", "joint_observation"]

ROW_LIMIT = 1 << 19
"""Rows of the table of branches at one time, where more than one (s, a) shares it."""
OUTCOMES = 1 << 24
"""Rows of the table of branches of one (s, a), or of the initial law."""

_JOINT: Slot = ("joint observation", 0, True)
_CODE: Slot = ("state code", 0, True)
_SMALL = 1 << 40  # codes below it are packed into keys as they are


@dataclass(frozen=True)
class Chunk:
    """The entries of some rows (s, a), sorted by (row, observation, code of s'); states by number."""

    pair: Array  # int64 [rows], state * A + action
    count: Array  # int64 [rows], entries of each row
    observation: Array  # int32 or int64 [entries]
    state: Array  # int32 [entries]
    probability: Array  # float64 [entries]
    reward: Array  # float64 [rewards, rows], expected
    sample: Array | None  # float64 [rewards, entries], None if no reward can differ within a row


class Rows:
    """Evaluates rows, numbers the states they lead to, and counts what has been spent."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.codec = Codec([len(v.type.values) for v in setup.game.states])
        self.states = StateIndex(self.codec)
        self.entries = 0

    def initial(self) -> tuple[Array, Array, Array]:
        """(state, joint observation, probability) of step 1 in the order of (code, observation)."""
        setup = self.setup
        start = setup.runner.start(1, {STEP: np.array(0)})
        try:
            table = setup.runner.run(
                setup.initial,
                start,
                min(OUTCOMES, setup.limits.max_entries),
                setup.faults.report,
                setup.limits.max_states,
            )
        except RowLimitReached as reached:
            raise self.row_limit_error(reached, "the initial law") from None
        if not table.size:
            none = np.zeros(0, dtype=np.int64)
            return none, none, np.zeros(0)
        columns = [table["state", k, False].values for k in range(len(self.codec.sizes))]
        distinct, rank = np.unique(self.codec.encode(columns, table.size), return_inverse=True)
        self._admit(distinct)
        joint = joint_observation(setup, table, primed=False)
        # in the order of codes, not of discovery: arrays must not depend on how the search went
        order = np.lexsort((joint, rank))
        weight = filled(table[WEIGHT].values, table.size)
        return self.states.add(distinct)[rank[order]], joint[order], weight[order]

    def terminal(self, states: Array, h: int) -> tuple[Array, Array]:
        """(mask of terminal states, mask of those where the condition has no value); `states` in the
        order of codes."""
        setup = self.setup
        node = setup.game.terminal
        bad = np.zeros(len(states), dtype=bool)
        if node is None:
            return bad, bad
        table = self.table(states, None, h, stay=False)
        column = setup.evaluator.truth(node, table)
        if column.faults is not None and column.faults.any():
            faults = filled(column.faults, table.size)
            setup.faults.report(table, faults, lambda one: setup.evaluator.truth(node, one))
            bad = np.asarray(faults != 0)
        return filled(column.values, table.size), bad

    def chunk(self, pairs: Array, h: int, terminal: bool) -> tuple[Chunk, int]:
        """The entries of rows (all of terminal states, or none), and the number of branches they took."""
        setup = self.setup
        alone = len(pairs) == 1
        states, actions = np.divmod(pairs, setup.n_actions)
        start = self.table(states, actions, h, stay=terminal)
        table = setup.runner.run(
            setup.terminal if terminal else setup.live,
            start,
            min(OUTCOMES, setup.limits.max_entries) if alone else ROW_LIMIT,
            setup.faults.report,
            setup.limits.max_states if alone else None,
        )
        branches = table.size
        if not branches:
            return self._empty(pairs), 0
        table, rank, distinct = self._merged(table)
        self.spend(table.size)
        # before the states are numbered: a refusal must not have stored them
        self._admit(distinct)
        row = table[ROW].values
        weight = filled(table[WEIGHT].values, table.size)
        reward, sample = self._rewards(start, table, row, weight, terminal)
        # entries are most of the memory: half of it where the joint index allows
        small = np.int32 if setup.n_observations < 1 << 31 else np.int64
        chunk = Chunk(
            pair=pairs,
            count=np.bincount(row, minlength=len(pairs)),
            observation=filled(table[_JOINT].values, table.size).astype(small),
            state=self.states.add(distinct)[rank].astype(np.int32),
            probability=weight,
            reward=reward,
            sample=sample,
        )
        return chunk, branches

    def table(self, states: Array, actions: Array | None, h: int, stay: bool) -> Table:
        """Rows of (s, a); what keeps its value is known at the next step too."""
        setup = self.setup
        columns: dict[Slot, Array] = {STEP: np.array(h)}
        for k, digits in enumerate(self.codec.decode(self.states.codes()[states])):
            columns["state", k, False] = digits
            if stay or k in setup.kept:
                columns["state", k, True] = digits
        for k in setup.silent:
            columns["observation", k, True] = np.zeros((), dtype=np.int32)
        if actions is not None:
            columns.update(action_digits(setup, actions))
        return setup.runner.start(len(states), columns)

    def _merged(self, table: Table) -> tuple[Table, Array, Array]:
        """Identical (row, o', s') merged; the rank of the code of each s', and the distinct codes."""
        columns = [table["state", k, True].values for k in range(len(self.codec.sizes))]
        code = self.codec.encode(columns, table.size)
        total = self.codec.total
        distinct = None
        # keys of huge products are replaced by their ranks, which pack together with the observation into 62 bits
        if total > _SMALL:
            distinct, code = np.unique(code, return_inverse=True)
            total = len(distinct)
        table.cells[_CODE] = Column(code)
        table.cells[_JOINT] = Column(joint_observation(self.setup, table, primed=True))
        keep = ((_JOINT, self.setup.n_observations), (_CODE, total))
        table = merge(table, keep, self.setup.rewards)
        rank = table[_CODE].values
        if distinct is None:
            distinct, rank = np.unique(rank, return_inverse=True)
        return table, rank, distinct

    def _rewards(
        self, start: Table, table: Table, row: Array, weight: Array, terminal: bool
    ) -> tuple[Array, Array | None]:
        setup = self.setup
        reward = np.zeros((setup.rewards, start.size))
        sample = np.zeros((setup.rewards, table.size)) if setup.varying else None
        for k in range(0 if terminal else setup.rewards):
            certain = start.cells.get(("reward", k))
            paid = filled(table["reward", k].values, table.size)
            if certain is None:
                reward[k] = np.bincount(row, weight * paid, minlength=start.size)
            else:
                reward[k] = certain.values
            if sample is not None:
                sample[k] = paid
        return reward, sample

    def _empty(self, pairs: Array) -> Chunk:
        setup = self.setup
        none = np.zeros(0, dtype=np.int32)
        reward = np.zeros((setup.rewards, len(pairs)))
        sample = np.zeros((setup.rewards, 0)) if setup.varying else None
        return Chunk(pairs, np.zeros(len(pairs), np.int64), none, none, np.zeros(0), reward, sample)

    def spend(self, entries: int) -> None:
        self.entries += entries
        limit = self.setup.limits.max_entries
        if self.entries > limit:
            raise LimitError(
                f"kernels and emissions have {self.entries:,} entries at least, and the limit is {limit:,}: "
                "shorten the horizon, or make the game smaller"
            )

    def _admit(self, codes: Array) -> None:
        """Refuse, before they are stored, states beyond the limit, or more rows (s, a) than entries."""
        count = len(self.states) + self.states.count_new(codes)
        limit = self.setup.limits.max_states
        if count > limit:
            raise LimitError(
                f"{count:,} states are reachable at least, and the limit is {limit:,}: "
                "shorten the horizon, or make the game smaller"
            )
        # A row takes memory even where it is empty, in every kernel's row pointers and rewards.
        rows, most = count * self.setup.n_actions, self.setup.limits.max_entries
        if rows > most:
            raise LimitError(
                f"{count:,} states and {self.setup.n_actions:,} joint actions make {rows:,} rows at least, and "
                f"the limit on entries is {most:,}: make the game smaller"
            )

    def row_limit_error(self, reached: RowLimitReached, what: str) -> LimitError:
        limits = self.setup.limits
        if self.setup.runner.law_evaluator.row_limit == limits.max_states:
            return LimitError(
                f"{what} has {reached.count:,} states at least, and the limit is {limits.max_states:,}: "
                "make the game smaller"
            )
        row_limit = min(OUTCOMES, limits.max_entries)
        return LimitError(
            f"{what} has {reached.count:,} outcomes at least, and the limit is {row_limit:,}: "
            "draw fewer or smaller variables"
        )


def action_digits(setup: Setup, actions: Array) -> dict[Slot, Array]:
    """The columns of the action variables of joint actions."""
    columns: dict[Slot, Array] = {}
    for v in reversed(range(len(setup.game.actions))):
        actions, digit = np.divmod(actions, len(setup.game.actions[v].type.values))
        columns["action", v, False] = digit.astype(np.int32)
    return columns


def joint_observation(setup: Setup, table: Table, primed: bool) -> Array:
    """int64 [rows]; the digit of a variable that is not observed is 0."""
    joint = np.zeros(table.size, dtype=np.int64)
    for k, variable in enumerate(setup.game.observations):
        joint *= len(variable.type.values)
        column = table.get(("observation", k, primed))
        if column is not None:
            joint += column.values
    return joint
