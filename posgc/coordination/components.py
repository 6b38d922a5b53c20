"""Components: what is common knowledge of who may know what, with types merged where their futures are equal.

A *type* of an agent stands for everything that it knows.  A component holds joint types with their weights and, for
each, the belief over states that all that is known together makes.  After a joint decision rule was played:

1. types whose normalised rows of (others' types, belief, weight) and whose queues are equal are merged, until nothing
   changes (lossless: Oliehoek, Whiteson and Spaan 2009);
2. the support is split into connected components: in which one they are, everybody knows, and knows that all know;
3. types are put in an order that their content gives, so that components of equal content are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.hashing import mixed, rounded

__all__ = ["Component", "Parts", "split"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False, slots=True)
class Component:
    """Joint types of one step, E rows in the order of (first agent's type, second agent's, ..., belief)."""

    types: Ints  # [n, E] each agent's type
    belief: Ints  # [E] number of the belief over states
    weight: Floats  # [E] sums to 1
    queue: tuple[Ints, ...]  # [T_i] for each agent: the code of what it holds that others will learn

    @property
    def counts(self) -> tuple[int, ...]:
        """Types of each agent."""
        return tuple(map(len, self.queue))

    def key(self) -> bytes:
        """Equal for components of equal content."""
        head = np.array(self.counts, dtype=np.int64)
        return b"".join(x.tobytes() for x in (head, self.types, self.belief, rounded(self.weight), *self.queue))

    @property
    def nbytes(self) -> int:
        """Bytes held, with the key under which it is found."""
        return 2 * (self.types.nbytes + 2 * self.weight.nbytes + sum(q.nbytes for q in self.queue)) + 800


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """What becomes of weighted joint types."""

    mass: Floats  # [parts] their probabilities
    components: list[Component]
    part: tuple[Ints, ...]  # [T_i] for each agent: the part that each old type is in
    place: tuple[Ints, ...]  # [T_i] for each agent: the type in that part
    apart: float  # how far in L1 merging moved the joint law, at most


def split(types: Ints, belief: Ints, weight: Floats, queue: tuple[Ints, ...]) -> Parts:
    """The components of weighted joint types; `types` is [n, E], `queue[i]` [T_i] is of the types; rows may repeat."""
    n = len(types)
    if n and all(len(q) == 1 for q in queue) and len(belief) == 1:
        only = np.zeros(1, dtype=np.int64)
        one = Component(np.zeros((n, 1), dtype=np.int64), belief, np.ones(1), queue)
        return Parts(weight, [one], (only,) * n, (only,) * n, 0.0)
    merged, apart = [np.arange(len(q)) for q in queue], 0.0
    queues = list(queue)
    types, belief, weight = _together(types.copy(), belief, weight, queues)
    stable = i = 0
    while stable < n:
        label = _alike(i, types, belief, weight, queues[i]) if len(queues[i]) > 1 else None
        if label is not None:
            apart += _merge(i, label, types, belief, weight, queues)
            merged[i] = label[merged[i]]
            types, belief, weight = _together(types, belief, weight, queues)
            stable = 0
        stable += 1
        i = (i + 1) % n
    part = _connected(types, queues)
    mass = np.bincount(part, weight).astype(np.float64)
    order, place = _ordered(part, types, belief, weight / mass[part], queues)
    ends = np.searchsorted(part[order], np.arange(len(mass) + 1))
    of_type = []
    for i in range(n):
        of_type.append(np.zeros(len(queues[i]), dtype=np.int64))
        of_type[i][types[i]] = part
    components = []
    local = np.stack([place[i][types[i]] for i in range(n)])
    by_place = [np.lexsort((place[i], of_type[i])) for i in range(n)]
    bounds = [np.searchsorted(of_type[i][by_place[i]], np.arange(len(mass) + 1)) for i in range(n)]
    for k in range(len(mass)):
        rows = order[ends[k] : ends[k + 1]]
        held = tuple(queues[i][by_place[i][bounds[i][k] : bounds[i][k + 1]]] for i in range(n))
        components.append(Component(local[:, rows], belief[rows], weight[rows] / mass[k], held))
    where = tuple(of_type[i][merged[i]] for i in range(n))
    return Parts(mass, components, where, tuple(place[i][merged[i]] for i in range(n)), apart)


def _together(types: Ints, belief: Ints, weight: Floats, queues: list[Ints]) -> tuple[Ints, Ints, Floats]:
    """The rows, equal ones added up."""
    key = belief
    if float(belief.max() + 1) * np.prod([float(len(q)) for q in queues]) < 2.0**62:
        for own, held in zip(types, queues, strict=True):
            key = key * len(held) + own
    else:
        key = np.unique(np.vstack([types, belief]), axis=1, return_inverse=True)[1].ravel()
    kept, first, place = np.unique(key, return_index=True, return_inverse=True)
    if len(kept) == len(key):
        return types, belief, weight
    return types[:, first], belief[first], np.bincount(place, weight).astype(np.float64)


def _colour(i: int, types: Ints, belief: Ints, share: Hashes, labels: list[Hashes], size: int) -> Hashes:
    """[T_i] a signature of each type's rows: others' labels, beliefs, and rounded shares."""
    key = belief.astype(np.uint64)
    for j, label in enumerate(labels):
        if j != i:
            key = key * np.uint64(0x9E3779B97F4A7C15) + label[types[j]]
    found = np.zeros(size, dtype=np.uint64)
    np.add.at(found, types[i], mixed(key.view(np.int64)) * share)
    return found


def _alike(i: int, types: Ints, belief: Ints, weight: Floats, queue: Ints) -> Ints | None:
    """[T_i] equal numbers for types of equal queues and conditional laws; None where all differ."""
    total = np.bincount(types[i], weight)
    share = rounded(weight / total[types[i]])
    labels = [np.arange(int(own.max()) + 1).astype(np.uint64) for own in types]
    colour = _colour(i, types, belief, share, labels, len(queue)) + mixed(queue)
    kinds, label = np.unique(colour, return_inverse=True)
    return label if len(kinds) < len(colour) else None


def _merge(i: int, label: Ints, types: Ints, belief: Ints, weight: Floats, queues: list[Ints]) -> float:
    """Put the labels in the place of agent i's types; the largest L1 distance of a law from the merged one."""
    old, total = types[i].copy(), np.bincount(types[i], weight)
    types[i] = label[old]
    queues[i] = queues[i][np.unique(label, return_index=True)[1]]
    same = np.lexsort((belief, *types))
    new = np.r_[True, (np.diff(np.vstack([types, belief])[:, same], axis=1) != 0).any(axis=0)]
    group = np.empty(len(same), dtype=np.int64)
    group[same] = np.cumsum(new) - 1
    joint = np.bincount(group, weight)[group] / np.bincount(types[i], weight)[types[i]]
    apart = np.bincount(old, np.abs(weight / total[old] - joint)) + np.maximum(0.0, 1 - np.bincount(old, joint))
    return float(apart.max())


def _connected(types: Ints, queues: list[Ints]) -> Ints:
    """[E] the number of the connected component of each row; rows are connected where an agent has one type in both."""
    rows = types.shape[1]
    label = np.arange(rows)
    if any(len(q) == 1 for q in queues):
        return np.zeros(rows, dtype=np.int64)
    while True:  # the least label spreads along shared types
        before = label
        for own, held in zip(types, queues, strict=True):
            least = np.full(len(held), rows)
            np.minimum.at(least, own, label)
            label = least[own]
        label = label[label]
        if np.array_equal(label, before):
            return np.unique(label, return_inverse=True)[1]


def _ordered(part: Ints, types: Ints, belief: Ints, weight: Floats, queues: list[Ints]) -> tuple[Ints, list[Ints]]:
    """The rows in order of (part, types), and for every agent the place of each type within its part.

    Types are ordered by signatures that read no numbers of types (two rounds of colour refinement), so components
    that differ in the numbering of types only come out the same, but for rare ties.
    """
    n, share = len(types), rounded(weight)
    colours = [mixed(q) for q in queues]
    for _ in range(2):
        colours = [_colour(i, types, belief, share, colours, len(queues[i])) + colours[i] for i in range(n)]
    place = []
    for i in range(n):
        of_type = np.zeros(len(queues[i]), dtype=np.int64)
        of_type[types[i]] = part
        order = np.lexsort((colours[i], of_type))
        first = np.searchsorted(of_type[order], np.arange(int(part.max()) + 1))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order)) - first[of_type[order]]
        place.append(rank)
    keys = [place[i][types[i]] for i in range(n)]
    return np.lexsort((belief, *keys[::-1], part)), place
