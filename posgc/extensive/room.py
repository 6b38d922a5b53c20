"""How large the layers of a game will be, before any of them is made.

Where no sets are merged, a row of a step (`posgc.extensive.layers`) is followed by one row for each joint action and
each list of the agents' news that its states allow.  So rows with the same possible states, and with the same values of
the items that somebody is yet to learn, are followed by equally many, which fall into the same classes again.  A class
is worked on once, however many rows it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.moves import StateMoves
from posgc.information.codes import first_news, kept, learnt
from posgc.information.items import Information
from posgc.information.merge import merge_rows
from posgc.language.diagnostics import LimitError

__all__ = ["Room", "require_room"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass
class Room:
    """How much may be made: `payoffs` of all steps for each of `payees`, and `entries` of one step's tables."""

    payoffs: int
    entries: int
    payees: int
    taken: int = 0

    def layer(self, h: int, rows: int, actions: int) -> None:
        """Take the payoffs of a step.  Raises LimitError where there is no room for them."""
        self.taken += rows * actions * self.payees
        if self.taken > self.payoffs:
            what = f"{rows} combinations of information sets with {actions} joint actions"
            raise LimitError(f"step {h}: {what} go beyond {self.payoffs} payoffs; share more, or take fewer steps")

    def ways(self, h: int, rows: int, ways: int) -> None:
        """Raises LimitError where there are too many ways to go on to step h."""
        if ways > self.entries:
            raise LimitError(
                f"step {h}: {ways} ways to go on from {rows} combinations of information sets "
                f"(limit {self.entries}); share more, or take fewer steps"
            )


@dataclass(frozen=True)
class _Classes:
    """Rows of a step by what can follow them."""

    states: sparse.csr_array  # [K, S], the possible ones, equal numbers that sum to 1
    u: Ints  # [K], codes of the items that somebody is yet to learn
    rows: Ints  # [K], how many

    @staticmethod
    def of(states: sparse.csr_array, u: Ints, rows: Ints) -> _Classes:
        """Of rows that may be of the same class."""
        states.sort_indices()
        counts = np.diff(states.indptr)
        states.data = 1 / np.repeat(counts, counts)
        merge = merge_rows(states.indptr.astype(np.int64), states.indices, states.data, 0.0, u)
        first = merge.representative
        total = np.zeros(len(first), dtype=np.int64)
        np.add.at(total, merge.member, rows)
        return _Classes(states[first], u[first], total)


def require_room(information: Information, live: Bools, room: Room) -> None:
    """Raises LimitError where the layers of a game without merging do not fit; `live` is `live_states`."""
    model, initial = information.model, information.model.initial
    some = live[0][initial.state]
    news, u = first_news(information, initial.observation[some])
    where = sparse.csr_array((np.ones(len(u)), (np.arange(len(u)), initial.state[some])), shape=(len(u), len(live[0])))
    found = _after(news, np.zeros(len(u), dtype=np.int64), u, where, np.ones(1, dtype=np.int64))
    for h in range(1, model.horizon + 1):
        if not len(found.u):
            return
        rows = int(found.rows.sum())
        room.layer(h, rows, len(model.allowed(h)))
        if h == model.horizon or not live[h].any():
            return
        moves = StateMoves.of(model, h, live[h])
        ways = np.add.reduceat(np.diff(moves.table.indptr)[found.states.indices], found.states.indptr[:-1])
        room.ways(h + 1, rows, int(ways @ found.rows))
        before, way, where = moves.ahead(found.states)
        action, seen, held = model.allowed(h)[moves.action[way]], moves.observation[way], found.u[before]
        pending = information.pending(h)
        news = np.stack([learnt(information, i, h, pending, held, action, seen) for i in range(model.n_agents)])
        came = before * len(model.allowed(h)) + moves.action[way]
        u = kept(information, h, held, action, seen)
        found = _after(news, came, u, where, np.repeat(found.rows, len(model.allowed(h))))


def _after(news: Ints, came: Ints, u: Ints, where: sparse.csr_array, rows: Ints) -> _Classes:
    """The classes of what follows: of histories with `news` [n, histories], from classes and actions `came`, of which
    there are as many as `rows` says."""
    key = came
    for own in news:
        codes, at = np.unique(own, return_inverse=True)
        key = np.unique(key * len(codes) + at, return_inverse=True)[1]
    _, first, at = np.unique(key, return_index=True, return_inverse=True)
    gathered = sparse.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(len(first), len(at)))
    return _Classes.of(sparse.csr_array(gathered @ where), u[first], rows[came[first]])
