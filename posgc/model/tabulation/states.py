"""Reachable states by number: a state is known by the mixed-radix code of its variables' value indices.

The product of all variables may be astronomically large; only codes that occur are held.  Where the code
does not fit 62 bits it has several limbs, kept as a structured array, which sorts the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from posgc.model.tabulation.table import Array, filled

__all__ = ["Codec", "StateIndex"]

_LIMB = 1 << 62


class Codec:
    """Between value indices and codes; codes are ordered as the tuples of value indices."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.limbs: list[list[int]] = [[]]
        for k, size in enumerate(self.sizes):
            # 62 bits, so that the code of a limb never wraps around
            if prod(self.sizes[j] for j in self.limbs[-1]) * size >= _LIMB:
                self.limbs.append([])
            self.limbs[-1].append(k)

    @property
    def total(self) -> int:
        """The number of codes, reachable or not."""
        return prod(self.sizes)

    def encode(self, columns: Sequence[Array], size: int) -> Array:
        """int64 [size], or a structured array [size] with one int64 field for each limb."""
        parts = []
        for limb in self.limbs:
            code = np.zeros(size, dtype=np.int64)
            for k in limb:
                code *= self.sizes[k]
                code += filled(columns[k], size)
            parts.append(code)
        if len(parts) == 1:
            return parts[0]
        joined = np.empty(size, dtype=[(f"limb{j}", np.int64) for j in range(len(parts))])
        for j, part in enumerate(parts):
            joined[f"limb{j}"] = part
        return joined

    def decode(self, codes: Array) -> Array:
        """Value indices, int32 [variables, len(codes)]."""
        digits = np.zeros((len(self.sizes), len(codes)), dtype=np.int32)
        for j, limb in enumerate(self.limbs):
            rest = (codes if codes.dtype.names is None else codes[f"limb{j}"]).copy()
            for k in reversed(limb):
                rest, digits[k] = np.divmod(rest, self.sizes[k])
        return digits


class StateIndex:
    """Numbers states in the order in which they are found."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        empty = codec.encode([np.zeros(0, np.int64)] * len(codec.sizes), 0)
        self._sorted = empty
        self._ids = np.zeros(0, dtype=np.int64)
        self._found = [empty]

    def __len__(self) -> int:
        return len(self._sorted)

    def count_new(self, codes: Array) -> int:
        """How many of the distinct, sorted codes are not known yet."""
        return int(np.count_nonzero(~self._known(codes)[1]))

    def _known(self, codes: Array) -> tuple[Array, Array]:
        place = np.searchsorted(self._sorted, codes)
        if not len(self._sorted):
            return place, np.zeros(len(codes), dtype=bool)
        return place, np.asarray(self._sorted[np.minimum(place, len(self._sorted) - 1)] == codes)

    def add(self, codes: Array) -> Array:
        """The numbers of the distinct, sorted codes; those not known before get the next ones."""
        place, known = self._known(codes)
        fresh = ~known
        if fresh.any():
            new = np.arange(len(self), len(self) + np.count_nonzero(fresh))
            self._found.append(codes[fresh])
            # kept sorted, so that look-ups bisect; numbers stay those of discovery, which rows refer to
            self._ids = np.insert(self._ids, place[fresh], new)
            self._sorted = np.insert(self._sorted, place[fresh], codes[fresh])
            place = np.searchsorted(self._sorted, codes)
        return self._ids[place]

    def codes(self) -> Array:
        """The code of every state, by number."""
        # joined when asked for: appending to one array at every batch would copy it each time
        if len(self._found) > 1:
            self._found = [np.concatenate(self._found)]
        return self._found[0]

    def ranks(self) -> Array:
        """The place of every state, by number, in the order of codes."""
        rank = np.empty(len(self), dtype=np.int64)
        rank[self._ids] = np.arange(len(self))
        return rank

    def sorted_digits(self) -> Array:
        """Value indices of all states in the order of codes, int32 [variables, S]."""
        return self.codec.decode(self._sorted)
