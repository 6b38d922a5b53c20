"""Which decisions a team enumerates: the prescriptions of all agents but one, the responder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.stage import Ints

__all__ = ["Variables", "mixed_radix"]


def mixed_radix(sizes: Ints) -> Ints:
    """[prod(sizes), V]: all digits below the sizes, lexicographic; any number of them (NumPy's own stop at 64)."""
    strides = np.concatenate((np.cumprod(sizes[:0:-1])[::-1], np.ones(min(1, len(sizes)), dtype=np.int64)))
    return np.asarray(np.arange(int(np.prod(sizes)))[:, None] // strides % sizes, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Variables:
    """Which decisions are enumerated, and where each joint type reads them."""

    responder: int  # the agent l that answers the others by its best response
    others: tuple[int, ...]  # the other agents, ascending
    offset: tuple[int, ...]  # [k], the first variable of others[k]; each of its present p_i is one variable
    sizes: Ints  # [V], the number of actions of each variable

    @staticmethod
    def choose(counts: Sequence[int], actions: Sequence[int]) -> Variables:
        """The responder with most prescriptions, the last such agent on a tie."""
        power = [p * np.log(a) for p, a in zip(counts, actions, strict=True)]
        responder = max(range(len(power)), key=lambda i: (power[i], i))
        others = tuple(i for i in range(len(counts)) if i != responder)
        sizes = [actions[i] for i in others for _ in range(counts[i])]
        offset = tuple(int(x) for x in np.cumsum([0, *(counts[i] for i in others)])[:-1])
        return Variables(responder, others, offset, np.array(sizes, dtype=np.int64))

    @property
    def count(self) -> float:
        """Joint prescriptions to enumerate; a float, since it may pass 2^63."""
        return float(np.prod(self.sizes.astype(np.float64)))

    def digits(self) -> Ints:
        """[G, V]: all assignments, in lexicographic order."""
        return mixed_radix(self.sizes)

    def cells(self, assigned: Ints, types: Ints, bases: Sequence[int]) -> Ints:
        """[G, U]: mixed-radix index (radices `bases`) of the others' actions in each u."""
        cell = np.zeros((len(assigned), types.shape[1]), dtype=np.int64)
        for i, offset, base in zip(self.others, self.offset, bases, strict=True):
            cell = cell * base + assigned[:, offset + types[i]]
        return cell

    def split(self, assigned: Ints, reply: Ints, types: Ints) -> list[Ints]:
        """Per agent [G, |present p_i|], from the others' assignment [G, V] and the responder's reply."""
        actions = [reply] * (len(self.others) + 1)
        for i, offset in zip(self.others, self.offset, strict=True):
            actions[i] = assigned[:, offset : offset + int(types[i].max()) + 1]
        return actions
