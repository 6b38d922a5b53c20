"""What one agent's controller tells it to do along its likeliest own histories, while all play.

Plain forward filtering along each history of the agent's news; nothing is merged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec, decode
from posgc.information.items import Information, Item
from posgc.judge.following_controllers import FollowedControllers
from posgc.judge.replies import NodeCells, Outcomes, moves
from posgc.policy.controllers import Controllers

__all__ = ["OwnHistory", "in_words", "likeliest", "own_histories", "words"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OwnHistory:
    """One own history: its probability, what the agent has just learnt, and what it does; `rest` is the probability of
    the continuations that are left out."""

    h: int
    probability: float
    news: str
    choices: tuple[tuple[str, float], ...]  # likeliest first
    children: tuple[OwnHistory, ...]
    rest: float


@dataclass(frozen=True)
class _Place:
    h: int
    cells: NodeCells
    law: Floats  # [X], summing to the probability of the history
    news: str


def own_histories(
    information: Information, controllers: Controllers, agent: int, width: int, depth: int
) -> tuple[OwnHistory, ...]:
    """The `width` likeliest continuations of each of the agent's histories, for the first `depth` steps.  Raises
    PolicyMismatch where a controller has no node for what can happen."""
    return _Telling(information, controllers, agent, width, depth).told()


def likeliest(labels: tuple[str, ...], law: Floats) -> tuple[tuple[str, float], ...]:
    """The choices that have some probability, largest first."""
    order = sorted(np.flatnonzero(law > 1e-9), key=lambda a: -law[a])
    return tuple((labels[a], float(law[a])) for a in order)


def words(information: Information, items: tuple[Item, ...], values: tuple[int, ...]) -> str:
    """The items with their values: `hear[ann]@3=left, ...`."""
    return ", ".join(
        f"{information.label(item)}={information.variable(item).values[value]}"
        for item, value in zip(items, values, strict=True)
    )


def in_words(information: Information, items: tuple[Item, ...], code: int) -> str:
    """The items with the values that the code stands for."""
    codec = Codec.of(information, items)
    return words(information, codec.items, decode(codec, code))


@dataclass(frozen=True)
class _Telling:
    information: Information
    controllers: Controllers
    agent: int
    width: int
    depth: int

    def told(self) -> tuple[OwnHistory, ...]:
        first = self._followed.first(self.agent, None)
        places = self._places(1, first, first.probability)
        return tuple(map(self._history, places[: self.width]))

    @property
    def _followed(self) -> FollowedControllers:
        return FollowedControllers(self.information, self.controllers)

    def _places(self, h: int, after: Outcomes, mass: Floats) -> list[_Place]:
        """The histories that weighted outcomes lead to, likeliest first."""
        places = []
        for code in np.unique(after.learnt[mass > 0]).tolist():
            here = (after.learnt == code) & (mass > 0)
            cells, cell = NodeCells.of(after.node[here], after.u[here], after.s[here])
            law = np.asarray(np.bincount(cell, mass[here]), dtype=np.float64)
            news = in_words(self.information, self.information.news(self.agent, h), code) or "nothing new"
            places.append(_Place(h, cells, law, news))
        return sorted(places, key=lambda place: -place.law.sum())

    def _history(self, place: _Place) -> OwnHistory:
        information, h = self.information, place.h
        labels = information.model.choice_labels(self.agent, h)
        node = self._followed.nodes(h, place.cells.node[:1])[self.agent]
        choices = likeliest(labels, self.controllers.laws(self.agent, h, node, len(labels))[0])
        after = [] if h == min(self.depth, information.model.horizon) else self._after(place)
        children = tuple(map(self._history, after[: self.width]))
        rest = float(sum(one.law.sum() for one in after[self.width :]))
        return OwnHistory(h, float(place.law.sum()), place.news, choices, children, rest)

    def _after(self, place: _Place) -> list[_Place]:
        h, cells, followed = place.h, place.cells, self._followed
        done = moves(self.information, h, cells, followed.played(h, cells, None), None)
        after = followed.outcomes(h, cells, done, self.agent, None)
        return self._places(h + 1, after, place.law[done.cell[after.move]] * after.probability)
