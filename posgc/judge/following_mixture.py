"""A mixture that is drawn once an episode as judges on histories follow it, and what its deviators know.

A memory is the part that was drawn and the part's own memory; the parts' numbers follow one another.  Nobody is told
the part, and what an agent sees and hears tells it something: a deviator's belief covers the part.

- nash: a mixture of several parts correlates its agents, and has no Nash gap.
- cce: the deviator forgoes what is drawn for it and hears nothing, at any step.  It plays any pi_i that reads its own
  history (all that it has ever known by the protocol, and its own actions), against the others, who follow the part
  that was drawn.
- ce: at every step the deviator hears the action that the drawn part has its agent play (drawn from the part's law,
  also after it has deviated: the part then reads what really happened), and chooses; it remembers its own history and
  everything that it has heard.  Definition 10 of Liu & Zhang (2023) lets it read the last recommendation only, so this
  is an upper bound, and exact where there is one step.
- ce_strategic: not defined here; what the whole plan of a part would tell depends on histories that never occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from posgc.information.codes import CODE_LIMIT
from posgc.judge.following import Following
from posgc.judge.replies import Deviator, Moves, NodeCells, Outcomes, Played
from posgc.language.diagnostics import LimitError

__all__ = ["FollowedMixture"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FollowedMixture:
    """Parts of positive weight, which sum to 1."""

    weight: Floats
    parts: tuple[Following, ...]

    def width(self, h: int) -> int:
        """As `Following.width`."""
        return int(self._offsets(h)[-1])

    def _offsets(self, h: int) -> Ints:
        """Where each part's numbers begin, and end."""
        ends = [0]
        for part in self.parts:
            ends.append(ends[-1] + part.width(h))
        if ends[-1] > CODE_LIMIT:
            raise LimitError(f"step {h}: the parts of the mixture have more than 2^62 memories")
        return np.array(ends)

    def terms(self, h: int) -> int:
        """As `Following.terms`."""
        return max(part.terms(h) for part in self.parts)

    def mixes(self, h: int) -> bool:
        """As `Following.mixes`."""
        return True

    def first(self, reader: int | None, deviator: Deviator | None) -> Outcomes:
        """As `Following.first`."""
        begun = [part.first(reader, deviator) for part in self.parts]
        offsets = self._offsets(1)
        rows = [
            replace(one, probability=one.probability * self.weight[k], node=one.node + offsets[k])
            for k, one in enumerate(begun)
        ]
        return _joined(rows)

    def played(self, h: int, cells: NodeCells, deviator: Deviator | None) -> Played:
        """As `Following.played`."""
        drawn = []
        for k, begin, _, some in self._apart(h, cells):
            one = self.parts[k].played(h, some, deviator)
            drawn.append(replace(one, pair=one.pair + begin))
        columns = (
            np.concatenate([getattr(one, name) for one in drawn])
            for name in ("pair", "heard", "position", "probability")
        )
        pair, heard, position, probability = columns
        return Played(pair, heard, max(one.n_heard for one in drawn), position, probability)

    def outcomes(
        self, h: int, cells: NodeCells, done: Moves, reader: int | None, deviator: Deviator | None
    ) -> Outcomes:
        """As `Following.outcomes`."""
        offsets, rows = self._offsets(h + 1), []
        for k, _, first, some in self._apart(h, cells):
            start, end = np.searchsorted(done.cell, [first, first + len(some)])
            own = Moves(
                done.cell[start:end] - first,
                done.answer[start:end],
                done.n_answers,
                done.n_choices,
                done.action[start:end],
                done.probability[start:end],
            )
            one = self.parts[k].outcomes(h, some, own, reader, deviator)
            rows.append(replace(one, move=one.move + start, node=one.node + offsets[k]))
        return _joined(rows)

    def _apart(self, h: int, cells: NodeCells) -> Iterator[tuple[int, int, int, NodeCells]]:
        """Part, its first pair, its first cell, and its cells in its own numbers, of each part that has some."""
        offsets = self._offsets(h)
        bounds = np.searchsorted(cells.node, offsets)
        for k, offset in enumerate(offsets[:-1]):
            begin, end = int(bounds[k]), int(bounds[k + 1])
            if begin < end:
                some = cells.part(begin, end)
                yield k, begin, int(np.searchsorted(cells.pair, begin)), replace(some, node=some.node - offset)


def _joined(rows: list[Outcomes]) -> Outcomes:
    names = ("move", "probability", "learnt", "node", "u", "s")
    return Outcomes(*(np.concatenate([getattr(one, name) for one in rows]) for name in names))
