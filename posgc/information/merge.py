"""Merging equal rows of a sparse matrix of beliefs, robustly and in whole layers.

Candidates are found by a key that equal rows share up to rounding, then every merge is verified entry by
entry.  The key is a pair: a hash of the row's support (so only equal supports merge) and a projection
w . row with 0 <= w < 1, for which |w . (r - r')| <= ||r - r'||_1.  After sorting by key, rows whose
projections differ by more than the tolerance cannot be equal, so no pair of equal neighbours is split by a
rounding boundary, which a rounded key would do.

Above `GRID_FROM` the rows of one layer are too dense on the line for that: a run of close projections would hold
nearly all of them.  There the key is the row rounded to a grid of step 2 tolerance / (entries of the row), so that
most rows of a cell are within the tolerance of its first; pairs split by the grid merely stay apart, which costs
nodes and never accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.model.ragged import gather

__all__ = ["MERGE_TOLERANCE", "Merge", "merge_rows"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MERGE_TOLERANCE = 1e-12
"""L1 distance of beliefs below which histories are taken for the same (beliefs sum to 1)."""

GRID_FROM = 1e-9
"""Tolerance (L1) above which candidates are found on a grid."""


@dataclass(frozen=True)
class Merge:
    """The classes of R rows."""

    representative: Ints  # [classes], the row kept for each class, ascending
    member: Ints  # [R], the class of each row
    error: float  # the largest L1 distance between a row and its representative


def merge_rows(
    indptr: Ints, index: npt.NDArray[np.integer], data: Floats, tolerance: float, label: Ints | None = None
) -> Merge:
    """Merge rows with equal label, equal support and L1 distance at most `tolerance`.

    `indptr`, `index`, `data` are CSR with sorted column indices and no empty row.
    """
    n = len(indptr) - 1
    if n == 0:
        return Merge(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0)
    support, projection = _keys(indptr, index, data)
    if tolerance > GRID_FROM:
        support, projection = _grid_keys(indptr, index, data, tolerance, support), np.zeros(n)
    if label is not None:
        # rows of different labels then rarely meet; where they do, the comparison below keeps them apart
        support = support * np.uint64(0x9E3779B97F4A7C15) + label.astype(np.uint64)
    leader = np.full(n, -1, dtype=np.int64)
    waiting = np.arange(n, dtype=np.int64)
    error = 0.0
    # each pass settles at least the first row of every run of candidates, so that it ends; rows that are not near
    # their run's first wait for the next pass
    while len(waiting):
        order = waiting[np.lexsort((projection[waiting], support[waiting]))]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (support[order[1:]] != support[order[:-1]]) | (
            projection[order[1:]] - projection[order[:-1]] > tolerance
        )
        starts = np.flatnonzero(fresh)
        first = np.minimum.reduceat(order, starts)
        candidate = np.repeat(first, np.diff(np.append(starts, len(order))))
        distance = _distances(indptr, index, data, order, candidate)
        if label is not None:
            distance[label[order] != label[candidate]] = np.inf
        same = distance <= tolerance
        leader[order[same]] = candidate[same]
        error = max(error, float(distance[same].max()))
        waiting = np.sort(order[~same])
    representative, member = np.unique(leader, return_inverse=True)
    return Merge(representative, member.astype(np.int64), error)


def _keys(indptr: Ints, index: npt.NDArray[np.integer], data: Floats) -> tuple[npt.NDArray[np.uint64], Floats]:
    """A hash of each row's support and a projection of each row."""
    width = int(index.max()) + 1
    rng = np.random.default_rng(20230)
    # odd multipliers are invertible modulo 2^64, and a fixed seed gives the same graph on every run
    mixed = rng.integers(0, 1 << 63, size=width, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    weight = rng.random(width)
    starts = indptr[:-1]
    return np.add.reduceat(mixed[index], starts), np.add.reduceat(data * weight[index], starts)


def _grid_keys(
    indptr: Ints, index: npt.NDArray[np.integer], data: Floats, tolerance: float, support: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    """A hash of each row's support and of the cell of the grid that it falls into."""
    counts = np.diff(indptr)
    place = np.rint(data / np.repeat(2 * tolerance / counts, counts)).astype(np.uint64)
    mixed = (place + np.uint64(0x632BE59BD9B4E019)) * (index.astype(np.uint64) * np.uint64(2) + np.uint64(1))
    # a plain sum of products is linear in the places, so that many different rows would share it
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return support ^ np.add.reduceat(mixed ^ (mixed >> np.uint64(32)), indptr[:-1])


def _distances(indptr: Ints, index: npt.NDArray[np.integer], data: Floats, rows: Ints, others: Ints) -> Floats:
    """L1 distance of each row to its candidate, infinite where the supports differ."""
    distance = np.zeros(len(rows))
    counts = indptr[rows + 1] - indptr[rows]
    comparable = counts == indptr[others + 1] - indptr[others]
    distance[~comparable] = np.inf
    # a row is at distance 0 from itself; rows with different numbers of entries differ in their supports
    todo = np.flatnonzero(comparable & (rows != others))
    if len(todo) == 0:
        return distance
    left, counts = gather(indptr, rows[todo])
    right, _ = gather(indptr, others[todo])
    gap = np.abs(data[left] - data[right])
    gap[index[left] != index[right]] = np.inf
    distance[todo] = np.add.reduceat(gap, np.cumsum(counts) - counts)
    return distance
