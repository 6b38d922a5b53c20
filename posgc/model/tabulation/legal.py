"""Which values of the actions exist in a state, and what stands for those that do not.

Inside the tables a value that does not exist stands for the first one that does (`Kernel.played`), so that every joint
action has a law at every state and probabilities add up; outside of them it is never chosen.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from posgc.language import ir
from posgc.model.tabulation.evaluate import first_fault
from posgc.model.tabulation.rows import Rows
from posgc.model.tabulation.setup import Setup
from posgc.model.tabulation.table import Array, Table, filled

__all__ = ["played_actions"]


def played_actions(rows: Rows, states: Array, h: int, report: bool) -> Array | None:
    """[states, A]: the joint action that each one stands for, -1 where that has no value; None where all exist.

    `states` by number, in the order of codes where mistakes are to be reported.
    """
    setup, total = rows.setup, np.zeros((len(states), 1), dtype=np.int64)
    if all(action.legal is None for action in setup.game.actions):
        return None
    table = rows.table(states, None, h, stay=False)
    bad = np.zeros(len(states), dtype=bool)
    for action in setup.game.actions:
        size = len(action.type.values)
        own = np.broadcast_to(np.arange(size), (len(states), size))
        if action.legal is not None:
            legal, faults = _exist(setup, action, table)
            if report and faults.any():
                setup.faults.report(table, faults, partial(_exist, setup, action))
            bad |= faults != 0
            own = np.where(legal, own, legal.argmax(axis=1)[:, None])
        total = (total[:, :, None] * size + own[:, None, :]).reshape(len(states), -1)
    total[bad] = -1
    return total


def _exist(setup: Setup, action: ir.ActionVar, table: Table) -> tuple[Array, Array]:
    """[rows, values]: which exist; and the faults of each row."""
    assert action.legal is not None
    columns = [setup.evaluator.truth(node, table) for node in action.legal]
    legal = np.stack([filled(column.values, table.size) for column in columns], axis=1)
    faults = first_fault(column.faults for column in columns)
    none: Array = np.logical_not(legal.any(axis=1))
    if faults is not None:
        none = none & (faults == 0)
    if none.any():
        what = f"no value of the action {action.name} is left"
        cure = "leave one in every state that can be reached, `pass` for instance"
        faults = setup.faults.mark(faults, none, "E412", action.legal[0].span, lambda: what, cure)
    return legal, np.zeros(table.size, dtype=np.int32) if faults is None else filled(faults, table.size)
