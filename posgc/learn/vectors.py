"""Values of Gymnasium's spaces as arrays of numbers, side by side in one row.

Spaces are told by the name of their class and by what they hold, so that no library is imported.  `Box` and
`MultiBinary` are their entries in row-major order; `Discrete` is one-hot, `MultiDiscrete` one-hot entry by entry;
`Tuple` and `Dict` are their parts one after the other.  This is the order of `gymnasium.spaces.utils.flatten`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.learn.spaces import numbered

__all__ = ["WIDEST", "Floats", "TooWide", "Vector", "vector"]

Floats = npt.NDArray[np.float32]

NOTHING = np.zeros(0, np.float32)

WIDEST = 1 << 24
"""Numbers of one value at most, where they are one-hot."""


class TooWide(ValueError):
    """Values would be arrays of more than `WIDEST` numbers."""


@dataclass(frozen=True, eq=False)
class Vector:
    """A space as arrays of `size` numbers."""

    low: Floats  # [size], -inf where there is no bound
    high: Floats  # [size]
    array: Callable[[Any], Floats | None]  # of a value, [size]; None where it lies outside of the space

    @property
    def size(self) -> int:
        """Numbers of an array."""
        return len(self.low)


def vector(space: Any) -> Vector | None:
    """The space as arrays; None where it is of a kind that is not known.  Raises TooWide."""
    kind = type(space).__name__
    if kind == "Box":
        low, high = np.asarray(space.low, np.float32), np.asarray(space.high, np.float32)
        return Vector(low.ravel(), high.ravel(), partial(_entries, low, high))
    if kind == "MultiBinary":
        zeros = np.zeros(tuple(np.atleast_1d(space.n).tolist()), np.float32)
        return Vector(zeros.ravel(), zeros.ravel() + 1, partial(_bits, zeros))
    if kind == "Discrete":
        return _one_hot(space, [int(space.n)])
    if kind == "MultiDiscrete":
        return _one_hot(space, np.asarray(space.nvec).ravel().tolist())
    if kind == "Tuple":
        return _several(list(space.spaces), range(len(space.spaces)))
    if kind == "Dict":
        return _several([space.spaces[key] for key in space.spaces], list(space.spaces))
    return None


def _entries(low: Floats, high: Floats, x: Any) -> Floats | None:
    try:
        found = np.asarray(x, np.float32)
    except (TypeError, ValueError):
        return None
    if found.shape != low.shape or not (np.isfinite(found) & (low <= found) & (found <= high)).all():
        return None
    return found.ravel()


def _bits(zeros: Floats, x: Any) -> Floats | None:
    found = _entries(zeros, zeros + 1, x)
    return found if found is not None and (found == found.round()).all() else None


def _one_hot(space: Any, sizes: list[int]) -> Vector:
    """A space of whole numbers, each one-hot among as many as `sizes` says."""
    number = numbered(space)
    assert number is not None  # both kinds are finite
    if sum(sizes) > WIDEST:
        raise TooWide(f"has values of {sum(sizes):,} numbers, one-hot (limit {WIDEST:,})")
    zeros = np.zeros(sum(sizes), np.float32)
    return Vector(zeros, zeros + 1, partial(_ones, number.number, sizes))


def _ones(number: Callable[[Any], int | None], sizes: list[int], x: Any) -> Floats | None:
    code = number(x)
    if code is None:
        return None
    found = np.zeros(sum(sizes), np.float32)
    for k in reversed(range(len(sizes))):
        found[sum(sizes[:k]) + code % sizes[k]] = 1
        code //= sizes[k]
    return found


def _several(spaces: list[Any], keys: Sequence[Any]) -> Vector | None:
    parts = [part for part in map(vector, spaces) if part is not None]
    if len(parts) < len(spaces):
        return None
    low, high = (np.concatenate([NOTHING, *ends]) for ends in ([p.low for p in parts], [p.high for p in parts]))
    return Vector(low, high, partial(_parts, parts, keys))


def _parts(parts: list[Vector], keys: Sequence[Any], x: Any) -> Floats | None:
    try:
        if len(x) != len(parts):
            return None
        found = [part.array(x[key]) for part, key in zip(parts, keys, strict=True)]
    except (TypeError, KeyError, IndexError):
        return None
    arrays = [array for array in found if array is not None]
    return np.concatenate([NOTHING, *arrays]) if len(arrays) == len(parts) else None
