"""Barycentric spanners (Awerbuch & Kleinberg 2008, Online linear optimization and adaptive routing, JCSS 74).

A C-approximate barycentric spanner of a compact set V in R^d is a list of elements of V such that every element of V
is a combination of them with coefficients in [-C, C].  It is found with an oracle that maximises linear functions over
V: each column of X, at first the identity, gives way to the element that enlarges |det X| most, and then as long as
some exchange enlarges it more than C times.  The factor by which v in place of column i enlarges it is |(X^-1 v)_i|,
so determinants, which underflow, are never formed.  Directions in which V has no extent are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["spanner"]

Floats = npt.NDArray[np.float64]
T = TypeVar("T")

FLAT = 1e-9
"""Extent of V along a direction, in units of the column there, below which it is left out."""


def spanner(oracle: Callable[[Floats], tuple[Floats, T]], dimension: int, ratio: float = 2.0) -> list[tuple[Floats, T]]:
    """A `ratio`-approximate spanner: elements [d], each with what the oracle hands out beside it.

    `oracle(theta)` returns an element v of V that maximises theta . v.  Raises ValueError for a ratio of 1 or less,
    with which exchanges might not end.
    """
    if not ratio > 1:
        raise ValueError(f"a spanner is found for a ratio above 1, not {ratio}")
    basis, held = np.eye(dimension), dict[int, tuple[Floats, T]]()

    def best(i: int) -> tuple[float, tuple[Floats, T]]:
        """The element that enlarges |det X| most in place of column i, and by how much."""
        row: Floats = np.linalg.inv(basis)[i]
        found = [oracle(sign * row) for sign in (1.0, -1.0)]
        gains = [abs(float(row @ v)) for v, _ in found]
        k = int(gains[1] > gains[0])
        return gains[k], found[k]

    for i in range(dimension):
        gain, element = best(i)
        if gain > FLAT:
            basis[:, i], held[i] = element[0], element
    exchanged = True
    while exchanged:
        exchanged = False
        for i in held:
            gain, element = best(i)
            if gain > ratio:
                basis[:, i], held[i] = element[0], element
                exchanged = True
    return list(held.values())
