"""Finite spaces of Gymnasium as numbers 0 .. size - 1.

Spaces are told by the name of their class and by what they hold, so that no library is imported: `Discrete`,
`MultiBinary`, `MultiDiscrete`, and `Tuple` or `Dict` of these.  A space of several parts is their joint value, the
first part most significant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from operator import add
from typing import Any

import numpy as np

__all__ = ["Space", "numbered"]


@dataclass(frozen=True)
class Space:
    """A finite space as numbers."""

    size: int
    number: Callable[[Any], int | None]  # of a value; None where it lies outside
    value: Callable[[int], Any]  # of a number


def numbered(space: Any) -> Space | None:
    """The space as numbers; None where it is of another kind, or not finite."""
    kind = type(space).__name__
    if kind == "Discrete":
        return _range(int(space.start), int(space.n))
    if kind == "MultiBinary":
        shape = tuple(np.atleast_1d(space.n).tolist())
        return _grid(space, shape, [_range(0, 2)] * prod(shape))
    if kind == "MultiDiscrete":
        sizes = np.asarray(space.nvec)
        starts = np.broadcast_to(getattr(space, "start", 0), sizes.shape)
        parts = [_range(int(start), int(n)) for start, n in zip(starts.ravel(), sizes.ravel(), strict=True)]
        return _grid(space, sizes.shape, parts)
    if kind == "Tuple":
        return _several(list(space.spaces), list, tuple)
    if kind == "Dict":
        keys = list(space.spaces)
        spaces = [space.spaces[key] for key in keys]
        return _several(spaces, partial(_entries, keys), partial(_named, keys))
    return None


def _range(start: int, size: int) -> Space:
    return Space(size, partial(_inside, start, size), partial(add, start))


def _grid(space: Any, shape: tuple[int, ...], parts: list[Space]) -> Space:
    """Arrays of one shape, entry by entry."""
    return _joint(parts, partial(_cells, shape), partial(_array, space.dtype, shape))


def _entries(keys: list[Any], x: Any) -> list[Any]:
    return [x[key] for key in keys]


def _named(keys: list[Any], parts: list[Any]) -> dict[Any, Any]:
    return dict(zip(keys, parts, strict=True))


def _cells(shape: tuple[int, ...], x: Any) -> list[Any] | None:
    return list(np.asarray(x).ravel()) if np.shape(x) == shape else None


def _array(dtype: Any, shape: tuple[int, ...], parts: list[Any]) -> Any:
    return np.array(parts, dtype=dtype).reshape(shape)


def _several(spaces: list[Any], split: Callable[[Any], list[Any]], join: Callable[[list[Any]], Any]) -> Space | None:
    parts = [part for part in map(numbered, spaces) if part is not None]
    return _joint(parts, split, join) if len(parts) == len(spaces) else None


def _joint(parts: list[Space], split: Callable[[Any], list[Any] | None], join: Callable[[list[Any]], Any]) -> Space:
    """A product of spaces, the first part most significant."""
    return Space(prod(part.size for part in parts), partial(_number, parts, split), partial(_value, parts, join))


def _number(parts: list[Space], split: Callable[[Any], list[Any] | None], x: Any) -> int | None:
    """The joint number of a value; None where it lies outside."""
    try:
        values = split(x)
    except (TypeError, KeyError, IndexError):
        return None
    if values is None or len(values) != len(parts):
        return None
    found = 0
    for part, value in zip(parts, values, strict=True):
        digit = part.number(value)
        if digit is None:
            return None
        found = found * part.size + digit
    return found


def _value(parts: list[Space], join: Callable[[list[Any]], Any], k: int) -> Any:
    """The value of a joint number."""
    digits = []
    for part in reversed(parts):
        digits.append(part.value(k % part.size))
        k //= part.size
    return join(digits[::-1])


def _inside(start: int, size: int, x: Any) -> int | None:
    """The number of a value of start .. start + size - 1; None for anything else."""
    try:
        k = int(x)
    except (TypeError, ValueError, OverflowError):
        return None
    return k - start if k == x and 0 <= k - start < size else None
