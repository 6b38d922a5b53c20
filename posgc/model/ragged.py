"""Ragged rows in CSR form, without Python loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CODE_LIMIT", "distinct", "distinct_rows", "gather", "pointers", "positions"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
CODE_LIMIT = 1 << 62
DENSE = 4
"""Numbers up to so many for each code are looked up in a table."""


def gather(indptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Positions of all entries of the given rows, in the order given, and the number in each row."""
    counts = indptr[rows + 1] - indptr[rows]
    starts = np.cumsum(counts) - counts
    return np.repeat(indptr[rows] - starts, counts) + np.arange(int(counts.sum())), counts


def pointers(row: Ints, n_rows: int) -> Ints:
    """The `indptr` of length n_rows + 1 of entries sorted by `row`."""
    return np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n_rows)))).astype(np.int64)


def positions(codes: npt.NDArray[Any], wanted: Ints) -> tuple[Ints, Bools]:
    """Where each wanted code stands in an ascending list, and whether it is absent (its position is then any)."""
    if not len(codes):
        return np.zeros(len(wanted), dtype=np.int64), np.ones(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return at, codes[at] != wanted


def distinct(codes: Ints) -> tuple[Ints, Ints]:
    """The distinct codes, nonnegative, in ascending order, and which of them each code is: `np.unique`, by a table
    where the codes are dense, which takes a fraction of the time of sorting."""
    width = int(codes.max(initial=0)) + 1
    if width > DENSE * len(codes):
        found, which = np.unique(codes, return_inverse=True)
        return found, which.astype(np.int64, copy=False)
    there = np.zeros(width, dtype=np.bool_)
    there[codes] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]


def distinct_rows(rows: Ints) -> tuple[Ints, Ints]:
    """The distinct rows of nonnegative numbers in lexicographic order, and which of them each row is."""
    code, size = np.zeros(len(rows), dtype=np.int64), 1
    for column in rows.T:
        width = int(column.max(initial=0)) + 1
        if size * width > CODE_LIMIT:  # numbered afresh, in the same order
            _, code = np.unique(code, return_inverse=True)
            size = int(code.max()) + 1
        code, size = code * width + column, size * width
    _, first, member = np.unique(code, return_index=True, return_inverse=True)
    return rows[first], member.astype(np.int64)
