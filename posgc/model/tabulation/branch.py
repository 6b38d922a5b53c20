"""A plan run on a table of rows: from (s, a) to the merged entries (o', s'), or any like question."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from posgc.language import ir
from posgc.model.tabulation.evaluate import Evaluator
from posgc.model.tabulation.law import Law, RowLimitReached
from posgc.model.tabulation.laws import LawEvaluator
from posgc.model.tabulation.plan import Draw, Merge, Pay, Plan
from posgc.model.tabulation.reads import Slot
from posgc.model.tabulation.table import ROW, WEIGHT, Array, Column, Table, filled, groups, pack

__all__ = ["Report", "Runner", "distinct", "merge"]

Report = Callable[[Table, Array, Callable[[Table], object]], None]
"""What is done about faults: (table, site of each row or 0, how to repeat the evaluation)."""


@dataclass(frozen=True)
class Runner:
    """Runs plans; faults are handed to `report`, and rows on which a draw has one are dropped."""

    evaluator: Evaluator
    law_evaluator: LawEvaluator
    rewards: int  # number of distinct rewards

    def start(self, size: int, columns: dict[Slot, Array]) -> Table:
        """A table of `size` rows, numbered, each of probability 1."""
        cells: dict[Hashable, Column] = {slot: Column(values) for slot, values in columns.items()}
        cells[ROW] = Column(np.arange(size))
        cells[WEIGHT] = Column(np.ones(()))
        return Table(size, cells)

    def run(self, plan: Plan, table: Table, row_limit: int, report: Report, state_limit: int | None = None) -> Table:
        """The table after the plan; raises RowLimitReached before it would have more than `row_limit` rows.

        `state_limit` bounds the rows instead while nothing but states has been drawn (from a table of one
        row these rows are distinct, so they count states).
        """
        self.law_evaluator.row_limit = row_limit if state_limit is None else min(row_limit, state_limit)
        for item in plan.items:
            if not table.size:
                break
            match item:
                case Draw():
                    # from here on rows are outcomes, no longer states
                    if item.slot[0] != "state":
                        self.law_evaluator.row_limit = row_limit
                    table = self._draw(item, table, report)
                case Pay():
                    self._pay(item, table, report)
                case Merge():
                    table = merge(table, item.keep, self.rewards)
        return table

    def _draw(self, draw: Draw, table: Table, report: Report) -> Table:
        law = self.law_evaluator.law(draw.law, draw.target, table)
        if law.faults is not None and law.faults.any():
            report(table, law.faults, lambda one: self.law_evaluator.law(draw.law, draw.target, one))
            law, table = _without_faults(law, law.faults, table)
        # one outcome on every row: the table gains a column and keeps its rows
        if law.row is None or law.weight is None:
            table.cells[draw.slot] = Column(law.digit)
            return table
        if len(law.row) > self.law_evaluator.row_limit:
            raise RowLimitReached(len(law.row))
        below = table.descend(law.row)
        below.cells[draw.slot] = Column(law.digit)
        below.cells[WEIGHT] = Column(below[WEIGHT].values * law.weight)
        return below

    def _pay(self, pay: Pay, table: Table, report: Report) -> None:
        column = self.evaluator.column(pay.reward, table)
        values = column.values.astype(np.float64)
        if column.faults is not None and column.faults.any():
            faults = filled(column.faults, table.size)
            report(table, faults, lambda one: self.evaluator.column(pay.reward, one))
            # No draw reads a reward, so the row goes on and later mistakes on it are found too.
            values = np.where(faults == 0, values, 0.0)
        table.cells["reward", pay.number] = Column(values)


def _without_faults(law: Law, faults: Array, table: Table) -> tuple[Law, Table]:
    sound = faults == 0
    rows = np.flatnonzero(sound)
    table = table.descend(rows)
    if law.row is None or law.weight is None:
        digit = law.digit if law.digit.ndim == 0 else law.digit[rows]
        return Law(digit, None, None, None), table
    kept = sound[law.row]
    # rows without a fault, numbered as they stand in the table that is left
    renumbered = np.cumsum(sound) - 1
    return Law(law.digit[kept], renumbered[law.row[kept]], law.weight[kept], None), table


def merge(table: Table, keep: Sequence[tuple[Slot, int]], rewards: int) -> Table:
    """One row for all rows that descend from one row and agree on `keep`, sorted by (row, keep).

    Probabilities add up; rewards become their conditional expectation.
    """
    rows = table[ROW].values
    n_rows = int(rows.max()) + 1
    key = pack([rows, *(table[s].values for s, _ in keep)], [n_rows, *(k for _, k in keep)], table.size)
    order, starts = groups(key)
    if order is None and starts is None:
        return table
    order = np.arange(table.size) if order is None else order
    below = table.descend(order if starts is None else order[starts])
    if starts is None:
        return below
    weight = filled(table[WEIGHT].values, table.size)[order]
    # rewards are averaged with the weights of the rows that become one: their conditional expectation
    total = np.add.reduceat(weight, starts)
    below.cells[WEIGHT] = Column(total)
    for k in range(rewards):
        reward = table.get(("reward", k))
        if reward is not None and reward.values.ndim:
            paid = np.add.reduceat(weight * reward.values[order], starts)
            below.cells["reward", k] = Column(paid / np.where(total > 0, total, 1.0))
    return below


def distinct(rewards: Sequence[ir.Expr]) -> tuple[tuple[ir.Expr, ...], tuple[int, ...]]:
    """The distinct reward expressions, and which of them each agent is paid."""
    found: list[ir.Expr] = []
    index: list[int] = []
    for reward in rewards:
        place = next((k for k, r in enumerate(found) if r is reward), len(found))
        if place == len(found):
            found.append(reward)
        index.append(place)
    return tuple(found), tuple(index)
