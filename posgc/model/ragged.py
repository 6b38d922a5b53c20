"""Ragged rows in CSR form, without Python loops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["gather", "pointers"]

Ints = npt.NDArray[np.int64]


def gather(indptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Positions of all entries of the given rows, in the order given, and the number in each row."""
    counts = indptr[rows + 1] - indptr[rows]
    starts = np.cumsum(counts) - counts
    return np.repeat(indptr[rows] - starts, counts) + np.arange(int(counts.sum())), counts


def pointers(row: Ints, n_rows: int) -> Ints:
    """The `indptr` of length n_rows + 1 of entries sorted by `row`."""
    return np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n_rows)))).astype(np.int64)
