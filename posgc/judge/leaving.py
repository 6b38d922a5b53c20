"""Deviators as a judge on histories moves them: one that deviates at every step, and one that leaves at a trigger.

`Throughout` hears the same thing at every step and answers it: Nash, CCE, CE.  `Leaving` is the deviator of the
extensive-form equilibria.  It obeys what the strategy draws for it until it leaves; from then on it plays as it likes,
and hears nothing more.

- trigger "action" (EFCE; von Stengel & Forges 2008): it hears the recommended action and obeys or leaves.  To leave at
  (information set, recommended action) with the best that can follow is the best response to that trigger;
- trigger "information set" (EFCCE; Farina, Bianchi & Sandholm 2020): it leaves before it hears, or does as it is told.

Whether it has left is a part of the memory: memories of one that has are numbered after the strategy's own.  Who obeyed
knows what was recommended: its own actions.  So the optimum over all ways to leave and to go on is a backward induction
on information states, as for the others (`posgc.judge.histories`), and its gain is the largest of any deviator that may
leave at whichever triggers it likes, one after another on different paths.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from posgc.information.items import Information
from posgc.judge.following import Following
from posgc.judge.replies import Deviator, Moves, NodeCells, Outcomes, moves
from posgc.language.concepts import Trigger

__all__ = ["Deviation", "Leaving", "Throughout"]

Bools = npt.NDArray[np.bool_]


class Deviation(Protocol):
    """One agent deviates, and the others follow the strategy."""

    @property
    def agent(self) -> int: ...

    def first(self) -> Outcomes:
        """As `Following.first`, with what the deviator learns."""
        ...

    def moves(self, h: int, cells: NodeCells) -> Moves:
        """All that can be played at step h.  Raises PolicyMismatch, LimitError."""
        ...

    def outcomes(self, h: int, cells: NodeCells, done: Moves) -> Outcomes:
        """As `Following.outcomes`, with what the deviator learns."""
        ...

    def terms(self, h: int) -> int:
        """As `Following.terms`."""
        ...


@dataclass(frozen=True)
class Throughout:
    """The deviator hears the same thing at every step."""

    information: Information
    followed: Following
    deviator: Deviator

    @property
    def agent(self) -> int:
        """The deviator."""
        return self.deviator.agent

    def first(self) -> Outcomes:
        """As `Deviation.first`."""
        return self.followed.first(self.agent, self.deviator)

    def moves(self, h: int, cells: NodeCells) -> Moves:
        """As `Deviation.moves`."""
        return moves(self.information, h, cells, self.followed.played(h, cells, self.deviator), self.deviator)

    def outcomes(self, h: int, cells: NodeCells, done: Moves) -> Outcomes:
        """As `Deviation.outcomes`."""
        return self.followed.outcomes(h, cells, done, self.agent, self.deviator)

    def terms(self, h: int) -> int:
        """As `Deviation.terms`."""
        return self.followed.terms(h)


@dataclass(frozen=True)
class Leaving:
    """The deviator obeys until it leaves; `followed` tells it what is drawn for it wherever it asks (`tells` of
    `posgc.judge.kinds.following_of`)."""

    information: Information
    followed: Following
    agent: int
    trigger: Trigger

    @property
    def _told(self) -> Throughout:
        """As it moves while it obeys."""
        return Throughout(self.information, self.followed, Deviator(self.agent, "action"))

    @property
    def _untold(self) -> Throughout:
        """As it moves once it has left."""
        return Throughout(self.information, self.followed, Deviator(self.agent, "nothing"))

    def first(self) -> Outcomes:
        """As `Deviation.first`: it obeys."""
        return self._told.first()

    def terms(self, h: int) -> int:
        """As `Deviation.terms`."""
        return self.followed.terms(h)

    def moves(self, h: int, cells: NodeCells) -> Moves:
        """As `Deviation.moves`."""
        obeying, left = self._apart(h, cells)
        parts = []
        if len(obeying):
            parts.append((0, self._obeying(h, obeying)))
        if len(left):
            gone = self._untold.moves(h, left)
            # whoever has left plays its first action where it would do as it is told
            alike = gone.part(gone.answer == 0)
            parts.append((len(obeying), gone if self.trigger == "action" else _staying(gone, alike)))
        return _one_after_the_other(parts)

    def _obeying(self, h: int, obeying: NodeCells) -> Moves:
        """What one that has not left can play."""
        told = self._told.moves(h, obeying)
        if self.trigger == "action":
            return told
        return _staying(self._untold.moves(h, obeying), told.part(self._obeys(told)))

    @staticmethod
    def _obeys(done: Moves) -> Bools:
        """Which moves do what is recommended, of one that has not left."""
        if done.stays:
            return np.asarray(done.answer >= done.n_choices)
        return np.asarray(done.answer // done.n_choices == done.answer % done.n_choices)

    def outcomes(self, h: int, cells: NodeCells, done: Moves) -> Outcomes:
        """As `Deviation.outcomes`."""
        obeying, left = self._apart(h, cells)
        gone = done.cell >= len(obeying)
        obeys = ~gone & self._obeys(done)
        after = 0 if h == self.information.model.horizon else self.followed.width(h + 1)
        rows = []
        for some, first, taken, by, offset in (
            (obeying, 0, obeys, self._told, 0),
            (obeying, 0, ~gone & ~obeys, self._untold, after),
            (left, len(obeying), gone, self._untold, after),
        ):
            (at,) = np.nonzero(taken)
            if len(at):
                one = by.outcomes(h, some, done.part(taken, first))
                rows.append(replace(one, move=at[one.move], node=one.node + offset))
        names = ("move", "probability", "learnt", "node", "u", "s")
        return Outcomes(*(np.concatenate([getattr(one, name) for one in rows]) for name in names))

    def _apart(self, h: int, cells: NodeCells) -> tuple[NodeCells, NodeCells]:
        """The cells of one that obeys, and of one that has left, with the strategy's own memories."""
        width = self.followed.width(h)
        pairs = int(np.searchsorted(cells.node, width))
        obeying, left = cells.part(0, pairs), cells.part(pairs, len(cells.node))
        return obeying, replace(left, node=left.node - width)


def _staying(leaving: Moves, obedient: Moves) -> Moves:
    """The moves of one that leaves, and beside them, as one more alternative, the obedient ones."""
    own = obedient.answer % leaving.n_choices
    joined = _one_after_the_other([(0, leaving), (0, replace(obedient, answer=leaving.n_choices + own))])
    return replace(joined, n_answers=2 * leaving.n_choices, stays=True)


def _one_after_the_other(parts: list[tuple[int, Moves]]) -> Moves:
    """The moves of all parts, each with the number of its first cell, sorted by cell."""
    if len(parts) == 1:
        return parts[0][1]
    cell = np.concatenate([one.cell + first for first, one in parts])
    answer, action, probability = (
        np.concatenate([getattr(one, name) for _, one in parts]) for name in ("answer", "action", "probability")
    )
    order = slice(None) if (np.diff(cell) >= 0).all() else np.argsort(cell, kind="stable")
    return replace(
        parts[0][1],
        cell=cell[order],
        answer=answer[order],
        n_answers=max(one.n_answers for _, one in parts),
        action=action[order],
        probability=probability[order],
    )
