"""Errors of value: where the game's text asks for something that is not a value, or not a probability.

A *site* is a code and a span.  Every site is reported once, with the first combination that fails there:
first in the order of states, then of joint actions, then of steps.  Rows that fail are dropped and the
search goes on, so that one run finds the sites of a whole file.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from posgc.language import ir
from posgc.language.diagnostics import Diagnostic, InputError, Span
from posgc.model.tabulation.reads import STEP
from posgc.model.tabulation.table import Array, Column, Table

__all__ = ["Faults", "label"]

_Place = tuple[tuple[int, ...], tuple[int, ...], int]


def label(value: ir.Value) -> str:
    """A value as it is written in the language."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(frozen=True)
class _First:
    place: _Place
    message: str


class Faults:
    """The sites met so far, and the first failing combination of each that was reached."""

    def __init__(self, game: ir.Game, quiet: bool = False, hidden: Set[tuple[str, int]] = frozenset()) -> None:
        self._game = game
        self._quiet = quiet  # whether nothing is said of what is `REPORTED`
        self._hidden = hidden  # variables (kind, number) that are not told of: their values are not those of the game
        self._sites: list[tuple[str, Span, str]] = []
        self._ids: dict[tuple[str, Span], int] = {}
        self._first: dict[int, _First] = {}
        self._told: dict[int, str] | None = None

    def __bool__(self) -> bool:
        return bool(self._first)

    def mark(
        self, faults: Array | None, bad: Array, code: str, span: Span, explain: Callable[[], str], cure: str
    ) -> Array:
        """`faults` with the site (code, span) on the rows that are `bad` and had no fault yet.

        `explain` tells what is wrong on a table of one row.
        """
        # numbered from 1, so that 0 in a column of faults means none
        site = self._ids.setdefault((code, span), len(self._sites) + 1)
        if site > len(self._sites):
            self._sites.append((code, span, cure))
        mine = np.where(bad, np.int32(site), np.int32(0))
        # texts are made only when a row is evaluated again by itself: on a whole column `explain` would describe
        # another row
        if self._told is not None and mine.any() and site not in self._told:
            self._told[site] = explain()
        return np.asarray(mine if faults is None else np.where(faults != 0, faults, mine))

    def report(self, table: Table, faults: Array, again: Callable[[Table], object]) -> None:
        """Keep the first failing row of each site; `again` repeats the evaluation on a table of that row.

        Rows of `table` are in the order of (state, joint action).
        """
        sites, rows = np.unique(faults, return_index=True)
        for site, row in zip(sites.tolist(), rows.tolist(), strict=True):
            if site == 0 or (self._quiet and self._sites[site - 1][0] == ir.REPORTED):
                continue
            place = self._place(table, row)
            # the first combination in a fixed order, whatever order the search met them in
            if site in self._first and self._first[site].place <= place:
                continue
            self._told = {}
            again(_alone(table, row))
            told = self._told.get(site, "the expression has no value")
            self._told = None
            self._first[site] = _First(place, f"{told}; first {self._words(place)}")

    def _place(self, table: Table, row: int) -> _Place:
        game = self._game
        state = _digits(table, row, "state", len(game.states))
        action = _digits(table, row, "action", len(game.actions))
        step = table.get(STEP)
        return state, action, 0 if step is None else int(step.take(np.array([row])).values.flat[0])

    def _words(self, place: _Place) -> str:
        game = self._game
        state, action, step = place
        parts = []
        if state:
            parts.append("in state " + self._listed("state", game.states, state))
        if action:
            parts.append("under " + self._listed("action", game.actions, action))
        parts.append(f"at step {step}" if step else "in the initial law")
        return ", ".join(parts)

    def _listed(self, kind: str, variables: Sequence[ir.StateVar | ir.ActionVar], digits: tuple[int, ...]) -> str:
        shown = [(k, v, d) for k, (v, d) in enumerate(zip(variables, digits, strict=False))]
        return ", ".join(
            f"{v.name}={label(v.type.values[d]) if d >= 0 else '?'}"
            for k, v, d in shown
            if (kind, k) not in self._hidden
        )

    def found(self) -> list[Diagnostic]:
        """All sites that were reached, in source order."""
        found = []
        for site, first in self._first.items():
            code, span, cure = self._sites[site - 1]
            found.append(Diagnostic(code, first.message, span, cure))
        found.sort(key=lambda d: (d.span.start if d.span else 0, d.code))
        return found

    def error(self) -> InputError:
        """What is found, to be raised."""
        return InputError(self.found(), self._game.source)


def _digits(table: Table, row: int, kind: str, count: int) -> tuple[int, ...]:
    """Value indices of the variables of a kind; -1 for one that has not been drawn; () if none has been."""
    columns = [table.get((kind, k, False)) for k in range(count)]
    if all(c is None for c in columns):
        return ()
    return tuple(-1 if c is None else int(c.take(np.array([row])).values.flat[0]) for c in columns)


def _alone(table: Table, row: int) -> Table:
    """A table of one row with the variables' columns only, so that every expression is evaluated anew."""
    cells: dict[Hashable, Column] = {}
    # tables descend from each other, and a variable's column lies in the one where it was drawn
    above: Table | None = table
    while above is not None:
        for key in above.cells:
            if isinstance(key, tuple) and len(key) == 3 and key not in cells:
                cells[key] = table[key].take(np.array([row]))
        above = above.parent
    return Table(1, cells)
