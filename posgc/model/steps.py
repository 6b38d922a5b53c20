"""What depends on the step: which actions are choices, and which steps share one kernel.

A game reads the step only inside its *closed* expressions, those that read nothing else.  Two steps at
which all closed expressions of the dynamics have equal values therefore have equal dynamics, and one
kernel serves both: `if step == horizon then .. else ..` makes two kernels, whatever the horizon.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from posgc.language import ir
from posgc.model.tabulation.evaluate import Evaluator
from posgc.model.tabulation.faults import Faults
from posgc.model.tabulation.reads import STEP, Node
from posgc.model.tabulation.table import Array, Column, Table, filled

__all__ = ["Run", "active_actions", "allowed_actions", "kernel_groups", "runs"]


@dataclass(frozen=True)
class Run:
    """Consecutive steps with one kernel and the same allowed joint actions."""

    first: int
    last: int
    group: int  # number of the kernel
    allowed: Array  # int64, ascending joint actions


def _calendar(horizon: int) -> Table:
    """One row for each step."""
    return Table(horizon, {STEP: Column(np.arange(1, horizon + 1))})


def active_actions(game: ir.Game, evaluator: Evaluator, faults: Faults) -> Array:
    """bool [H, action variables]: whether the variable is a choice at the step."""
    active = np.ones((game.horizon, len(game.actions)), dtype=bool)
    table = _calendar(game.horizon)
    for v, variable in enumerate(game.actions):
        when = variable.when
        if when is None:
            continue
        column = evaluator.truth(when, table)
        if column.faults is not None and column.faults.any():
            found = filled(column.faults, table.size)
            faults.report(table, found, partial(evaluator.truth, when))
        active[:, v] = column.values
    return active


def kernel_groups(game: ir.Game, evaluator: Evaluator, roots: Iterable[Node]) -> tuple[int, ...]:
    """The number of the kernel of every step, numbered in the order of their first steps."""
    table = _calendar(game.horizon)
    columns = []
    for node in evaluator.flow.closed(roots):
        column = evaluator.column(node, table)
        values = filled(column.values, table.size)
        if column.faults is not None:
            # Where it has no value, only the site counts.
            bad = filled(column.faults, table.size)
            columns.append(bad)
            values = np.where(bad != 0, np.zeros((), values.dtype), values)
        columns.append(np.unique(values, return_inverse=True)[1])
    if not columns:
        return (0,) * game.horizon
    # steps at which all closed expressions agree have one kernel; numbered by first appearance, not by value
    _, first, group = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return tuple(rank[group.ravel()].tolist())


def allowed_actions(game: ir.Game, active: Array) -> Array:
    """The joint actions when the variables in the mask `active` are choices, ascending."""
    index = np.zeros(1, dtype=np.int64)
    for variable, on in zip(game.actions, active, strict=True):
        size = len(variable.type.values)
        index = (index[:, None] * size + np.arange(size if on else 1)).ravel()
    return index


def runs(game: ir.Game, active: Array, groups: tuple[int, ...]) -> list[Run]:
    """The steps 1..H, cut where the kernel or the allowed actions change."""
    changes = (np.diff(groups) != 0) | (active[1:] != active[:-1]).any(axis=1)
    change = (np.flatnonzero(changes) + 1).tolist()
    starts = [0, *change]
    ends = [*change, game.horizon]
    return [Run(a + 1, b, groups[a], allowed_actions(game, active[a])) for a, b in zip(starts, ends, strict=True)]
