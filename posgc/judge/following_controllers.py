"""Controllers as judges on histories follow them.

A memory is the tuple of all controllers' nodes as one mixed-radix number.  Whatever an agent knows its node has read,
so the items of a cell are those that somebody is yet to learn (`InformationStructure.pending`): none where nothing is
shared, however long the game is.

The agents draw independently given their histories, so a recommendation tells an agent nothing but its own draw, and
a deviator that hears one gains no more than one that hears none.  In a mixture it tells of the part; then the
deviator's belief covers its own node too, which has read what really happened, its own deviations included.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.information.codes import CODE_LIMIT, first_news, kept, learnt
from posgc.information.items import Information
from posgc.judge.replies import Deviator, Draws, Moves, NodeCells, Outcomes, Played, spelt_out, transitions
from posgc.language.diagnostics import LimitError
from posgc.policy.controllers import Controllers

__all__ = ["FollowedControllers"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FollowedControllers:
    """Controllers; `tells` as of `FollowedMachine`."""

    information: Information
    controllers: Controllers
    tells: bool = False

    def width(self, h: int) -> int:
        """As `Following.width`.  Raises LimitError where the tuples cannot be numbered."""
        width = prod(self._sizes(h))
        if width > CODE_LIMIT:
            raise LimitError(f"step {h}: the controllers have more than 2^62 joint nodes")
        return width

    def _sizes(self, h: int) -> list[int]:
        """Nodes of each agent, and one for uniform play."""
        return [len(one.steps[h - 1]) + 1 for one in self.controllers.agents]

    def terms(self, h: int) -> int:
        """As `Following.terms`."""
        return 1

    def mixes(self, h: int) -> bool:
        """As `Following.mixes`."""
        return False

    def first(self, reader: int | None, deviator: Deviator | None) -> Outcomes:
        """As `Following.first`."""
        initial = self.information.model.initial
        news, u = first_news(self.information, initial.observation)
        nodes = [
            np.zeros_like(u) if _unneeded(i, deviator) else self.controllers.first(i, codes)
            for i, codes in enumerate(news)
        ]
        read = np.zeros_like(u) if reader is None else news[reader]
        return Outcomes(np.arange(len(u)), initial.probability, read, self._joint(1, nodes), u, initial.state)

    def played(self, h: int, cells: NodeCells, deviator: Deviator | None) -> Played:
        """As `Following.played`."""
        nodes, pairs = self.nodes(h, cells.node), len(cells.node)
        silent = np.zeros(pairs, dtype=np.int64)
        draws = Draws(np.arange(pairs), np.ones(pairs), silent, 1, np.full(pairs, self.tells))

        def law_of(agent: int, draw: Ints) -> Floats:
            choices = len(self.information.model.choices(agent, h))
            return self.controllers.laws(agent, h, nodes[agent][draw], choices)

        return spelt_out(self.information, h, draws, deviator, law_of)

    def outcomes(
        self, h: int, cells: NodeCells, done: Moves, reader: int | None, deviator: Deviator | None
    ) -> Outcomes:
        """As `Following.outcomes`."""
        information, after = self.information, transitions(self.information, h, cells, done)
        held, pending = cells.u[after.pair], information.pending(h)
        before, nodes, read = self.nodes(h, cells.node), [], np.zeros_like(held)
        for i, own in enumerate(before):
            unneeded = _unneeded(i, deviator)
            news = np.zeros_like(held)
            if i == reader or not unneeded:
                news = learnt(information, i, h, pending, held, after.a, after.o)
            if i == reader:
                read = news
            nodes.append(news if unneeded else self.controllers.follow(i, h, own[after.pair], news))
            if unneeded:
                nodes[i] = np.zeros_like(held)
        u = kept(information, h, held, after.a, after.o)
        return Outcomes(after.move, after.probability, read, self._joint(h + 1, nodes), u, after.s)

    def _joint(self, h: int, nodes: list[Ints]) -> Ints:
        self.width(h)
        code = np.zeros_like(nodes[0])
        for own, size in zip(nodes, self._sizes(h), strict=True):
            code = code * size + own
        return code

    def nodes(self, h: int, code: Ints) -> list[Ints]:
        """The agents' nodes, one after the other, of memories at step h."""
        nodes = []
        for size in reversed(self._sizes(h)):
            code, own = np.divmod(code, size)
            nodes.append(own)
        return nodes[::-1]


def _unneeded(agent: int, deviator: Deviator | None) -> bool:
    """Whether the agent's node matters to nobody: it deviates, and hears nothing of what its node recommends."""
    return deviator is not None and deviator.agent == agent and deviator.hears == "nothing"
