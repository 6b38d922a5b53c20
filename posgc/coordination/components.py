"""Components: what is common knowledge of who may know what, with types merged where their futures are equal.

A *type* of an agent stands for everything that it knows.  A component holds joint types with their weights and, for
each, the belief over states that all that is known together makes.  After a joint decision rule was played:

1. types whose normalised rows of (others' types, belief, weight) and whose queues are equal are merged, until nothing
   changes (lossless: Oliehoek, Whiteson and Spaan 2009);
2. the support is split into connected components: in which one they are, everybody knows, and knows that all know;
3. components of equal content are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["Component", "parts_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DIGITS = 11
"""Normalised weights that agree in so many digits after the point count as equal; what this changes is charged."""


@dataclass(frozen=True, eq=False)
class Component:
    """Joint types of one step, [E] rows."""

    types: Ints  # [n, E] each agent's type
    belief: Ints  # [E] number of the belief over states
    weight: Floats  # [E] sums to 1
    queue: tuple[Ints, ...]  # [T_i] for each agent: the code of what it holds that others will learn

    @property
    def counts(self) -> tuple[int, ...]:
        """Types of each agent."""
        return tuple(len(q) for q in self.queue)

    @cached_property
    def key(self) -> bytes:
        """Equal for components of equal content, up to the order of types that cannot be told apart simply."""
        return b"".join(
            (
                np.array(self.counts).tobytes(),
                self.types.tobytes(),
                self.belief.tobytes(),
                np.round(self.weight, DIGITS).tobytes(),
                *(q.tobytes() for q in self.queue),
            )
        )


def parts_of(
    types: Ints, belief: Ints, weight: Floats, queue: tuple[Ints, ...]
) -> list[tuple[float, Component, tuple[Ints, ...]]]:
    """The components of weighted joint types: probability, component, and for every agent the type in the component of
    each old type (-1 where the old type is in another one).

    `queue[i]` [T_i] is of the old types; rows may repeat.
    """
    label = _connected(types, tuple(len(q) for q in queue))
    found = []
    for part in range(int(label.max()) + 1):
        rows = np.flatnonzero(label == part) if label.max() else np.arange(len(weight))
        mass = float(weight[rows].sum())
        component, of = _merged(types[:, rows], belief[rows], weight[rows] / mass, queue)
        found.append((mass, component, of))
    return found


def _connected(types: Ints, counts: tuple[int, ...]) -> Ints:
    """[E] the number of the connected component of each row; rows are connected where an agent has one type in both."""
    n, rows = types.shape
    if rows == 1:
        return np.zeros(1, dtype=np.int64)
    label = np.arange(rows)
    while True:  # the least label spreads along shared types
        before = label
        for i in range(n):
            least = np.full(counts[i], rows)
            np.minimum.at(least, types[i], label)
            label = least[types[i]]
        label = label[label]
        if np.array_equal(label, before):
            break
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _merged(
    types: Ints, belief: Ints, weight: Floats, queue: tuple[Ints, ...]
) -> tuple[Component, tuple[Ints, ...]]:
    """The component of the rows with equal types merged and put in order, and where each old type went."""
    n = len(types)
    of = []
    kept_queue = []
    for i in range(n):
        known, types_i = np.unique(types[i], return_inverse=True)
        where = np.full(len(queue[i]), -1, dtype=np.int64)
        where[known] = np.arange(len(known))
        of.append(where)
        kept_queue.append(queue[i][known])
        types = types if types.flags.owndata and types.flags.writeable and i else types.copy()
        types[i] = types_i
    types, belief, weight = _together(types, belief, weight, [len(q) for q in kept_queue])
    stable = 0
    i = 0
    while stable < n:
        group = _alike(i, types, belief, weight, kept_queue[i])
        size = int(group.max()) + 1
        if size < len(kept_queue[i]):
            first = np.unique(group, return_index=True)[1]
            kept_queue[i] = kept_queue[i][first]
            types[i] = group[types[i]]
            of[i] = np.where(of[i] >= 0, group[of[i]], -1)
            types, belief, weight = _together(types, belief, weight, [len(q) for q in kept_queue])
            stable = 0
        stable += 1
        i = (i + 1) % n
    for i in range(n):
        order = _order(types[i], belief, weight, kept_queue[i])
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        types[i] = place[types[i]]
        of[i] = np.where(of[i] >= 0, place[of[i]], -1)
        kept_queue[i] = kept_queue[i][order]
    order = np.lexsort((belief, *types[::-1]))
    component = Component(types[:, order], belief[order], weight[order], tuple(kept_queue))
    return component, tuple(of)


def _together(types: Ints, belief: Ints, weight: Floats, counts: list[int]) -> tuple[Ints, Ints, Floats]:
    """The rows with equal ones added up."""
    key = belief.copy()
    for i, count in enumerate(counts):
        key = key * count + types[i]
    kept, first, place = np.unique(key, return_index=True, return_inverse=True)
    if len(kept) == len(key):
        return types, belief, weight
    return types[:, first], belief[first], np.bincount(place, weight)


def _alike(i: int, types: Ints, belief: Ints, weight: Floats, queue: Ints) -> Ints:
    """[T_i] equal numbers for types of equal queues and equal conditional laws of (others' types, belief)."""
    others = np.delete(types, i, axis=0)
    order = np.lexsort((belief, *others, types[i]))
    own = types[i][order]
    total = np.bincount(types[i], weight)
    share = np.round(weight[order] / total[own], DIGITS) + 0.0
    table = np.column_stack([*others[:, order], belief[order], share.view(np.int64)])
    ends = np.searchsorted(own, np.arange(len(queue) + 1))
    known: dict[tuple[bytes, int], int] = {}
    return np.array(
        [
            known.setdefault((table[ends[t] : ends[t + 1]].tobytes(), int(queue[t])), len(known))
            for t in range(len(queue))
        ]
    )


def _order(own: Ints, belief: Ints, weight: Floats, queue: Ints) -> Ints:
    """An order of the types that does not depend on how they were numbered, as far as a simple key tells them apart."""
    share = np.round(weight, DIGITS)
    rows = np.lexsort((share, belief, own))
    ends = np.searchsorted(own[rows], np.arange(len(queue) + 1))
    keys = [
        (int(queue[t]), tuple(zip(belief[rows[ends[t] : ends[t + 1]]].tolist(), share[rows[ends[t] : ends[t + 1]]].tolist(), strict=True)))
        for t in range(len(queue))
    ]
    return np.array(sorted(range(len(queue)), key=keys.__getitem__), dtype=np.int64)
