"""A basis of sparse linear equations that changes one column at a time.

The equations are K z = b with K [N, M].  A basis is a choice of N columns that determine the other variables' worth;
it is factorised once, and every exchange of a column multiplies the inverse by a matrix that differs from the identity
in one column (the product form, Dantzig & Orchard-Hays 1954), until it is factorised anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["Basis", "Singular"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXCHANGES = 50
"""Columns that are exchanged between two factorisations."""


class Singular(Exception):
    """The columns are no basis, as far as floating point tells."""


class Basis:
    """Columns `at` [N] of the matrix K; `fresh` tells whether none was exchanged since they were factorised."""

    def __init__(self, matrix: sparse.csc_array, at: Ints) -> None:
        self.matrix, self.at = matrix, at.copy()
        self.factorise()

    @property
    def fresh(self) -> bool:
        """Whether `solve` uses a new factorisation."""
        return not self._exchanged

    @property
    def worn(self) -> bool:
        """Whether it is time for a new one."""
        return len(self._exchanged) >= EXCHANGES

    def factorise(self) -> None:
        """Raises Singular."""
        from scipy.sparse.linalg import splu

        self._exchanged: list[tuple[int, Floats]] = []
        columns: Any = self.matrix[:, self.at]
        try:
            self._factors = splu(sparse.csc_matrix(columns))
        except RuntimeError as error:  # that is how SuperLU tells
            raise Singular(str(error)) from None

    def solve(self, right: Floats) -> Floats:
        """What the basic variables are for a right-hand side [N] or for several [N, k]."""
        found: Floats = self._factors.solve(right)
        for row, direction in self._exchanged:
            step = found[row] / direction[row]
            found -= np.multiply.outer(direction, step) if found.ndim > 1 else direction * step
            found[row] = step
        return found

    def column(self, variable: int) -> Floats:
        """[N], of the matrix."""
        begin, end = self.matrix.indptr[variable], self.matrix.indptr[variable + 1]
        dense = np.zeros(self.matrix.shape[0])
        dense[self.matrix.indices[begin:end]] = self.matrix.data[begin:end]
        return dense

    def exchange(self, row: int, variable: int, direction: Floats) -> int:
        """Let a variable enter in place of the basic one of `row`, which is returned; `direction` solves for it."""
        left = int(self.at[row])
        self.at[row] = variable
        self._exchanged.append((row, direction))
        return left
