"""Ragged rows in CSR form, without Python loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["gather", "pointers", "positions"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


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
