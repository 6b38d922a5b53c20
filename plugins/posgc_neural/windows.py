"""Windows of common information as numbers that networks read, and the maps between steps.

The window at step h is the last `memory` increments z_{h-memory+1}, .., z_h, each one-hot by item, and the step itself,
one-hot.  Items of different steps that stand for the same variable, as many steps old, have the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec, evolve, initial_codes
from posgc.information.items import Item, Structure
from posgc.learning.sampling import Batch

__all__ = ["Places", "Windows"]

Ints = npt.NDArray[np.int64]
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Places:
    """Where the value of each item stands among `size` numbers."""

    structure: Structure
    items: tuple[tuple[Item, ...], ...]  # of steps 1..H

    @cached_property
    def _offset(self) -> dict[tuple[int, str, int], int]:
        """Of each (age, kind, variable)."""
        found, size = dict[tuple[int, str, int], int](), 0
        for h, items in enumerate(self.items, start=1):
            for item in items:
                key = h - item.time, item.kind, item.variable
                if key not in found:
                    found[key], size = size, size + self.structure.size(item)
        return found

    @cached_property
    def size(self) -> int:
        """How many numbers there are."""
        distinct = {(h - x.time, x.kind, x.variable): x for h, items in enumerate(self.items, 1) for x in items}
        return sum(map(self.structure.size, distinct.values()))

    def of(self, h: int, codes: Ints) -> Singles:
        """[rows, size], from codes of the items of step h."""
        found = np.zeros((len(codes), self.size), np.float32)
        codec, rows = Codec.of(self.structure, self.items[h - 1]), np.arange(len(codes))
        for item in codec.items:
            found[rows, self._offset[h - item.time, item.kind, item.variable] + codec.digit(codes, item)] = 1
        return found


@dataclass(frozen=True)
class Windows:
    """The windows of a protocol."""

    structure: Structure
    memory: int

    @cached_property
    def _increments(self) -> Places:
        steps = range(1, self.structure.horizon + 1)
        return Places(self.structure, tuple(self.structure.increment(h) for h in steps))

    @cached_property
    def private(self) -> Places:
        """Of the joint private information u_h."""
        steps = range(1, self.structure.horizon + 1)
        return Places(self.structure, tuple(self.structure.private(h) for h in steps))

    @property
    def size(self) -> int:
        """Numbers of a window."""
        return self.memory * self._increments.size + self.structure.horizon

    def first(self, z: Ints) -> Singles:
        """[rows, size], from codes of z_1."""
        return self.follow(1, np.zeros((len(z), self.size), np.float32), z)

    def follow(self, h: int, before: Singles, z: Ints) -> Singles:
        """The windows of step h, from those of the step before and codes of z_h."""
        here = np.zeros((len(z), self.structure.horizon), np.float32)
        here[:, h - 1] = 1
        width = self._increments.size
        return np.hstack((before[:, width : self.memory * width], self._increments.of(h, z), here))

    def along(self, batch: Batch) -> tuple[list[Singles], list[Ints]]:
        """Windows and codes of u_h of every step of the episodes."""
        z, u = initial_codes(self.structure, batch.observation[0])
        windows, private = [self.first(z)], [u]
        for h, (played, seen) in enumerate(zip(batch.action, batch.observation[1:], strict=False), start=1):
            z, u = evolve(self.structure, h, u, played, seen)
            windows.append(self.follow(h + 1, windows[-1], z))
            private.append(u)
        return windows, private
