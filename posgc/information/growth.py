"""Growing a layer: all posteriors of a layer of beliefs, merged, in chunks that bound the memory.

The rows of a layer are beliefs over cells; a *signal* is whatever is learnt on the way to the next step (an
increment, a joint action with an increment, the part of an increment that lies inside a window).  `Columns`
holds P(signal, next cell | cell); one sparse product gives all unnormalised posteriors, and those that are equal
(and carry the same label, where labels are given) become one row of the next layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.merge import Merge, merge_rows
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather, pointers

__all__ = ["Capacity", "Columns", "Growth", "first_reach", "grow"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Labels = Callable[[Ints, Ints], Ints]

CHUNK_ENTRIES = 12_000_000
"""Entries of unmerged posteriors that are held at one time."""


@dataclass(frozen=True)
class Columns:
    """P(signal, next cell | cell) for X cells, as J columns."""

    matrix: sparse.csr_array  # [X, J]
    signal: Ints  # [J], ascending
    cell: Ints  # [J], next cell; distinct and ascending within a signal
    n_signals: int
    n_cells: int


@dataclass(frozen=True)
class Capacity:
    """How much may be grown, and what to say beyond it."""

    rows: int  # at most
    # (rows found, the share of the layer that they came from) -> text of the LimitError
    message: Callable[[int, float], str]
    entries: int | None = None  # of these rows, at most; None: any number

    def holds(self, rows: int, entries: int) -> bool:
        """Whether that much may be grown."""
        return rows <= self.rows and (self.entries is None or entries <= self.entries)


@dataclass(frozen=True)
class Growth:
    """The next layer, and E edges to it sorted by (row, signal)."""

    belief: sparse.csr_array  # [N', X'], rows sum to 1
    label: Ints | None  # [N'], None without labels
    row: Ints  # [E], where the edge begins
    signal: Ints  # [E], what it is labelled with
    n_signals: int
    to: Ints  # [E], where it leads
    error: float  # no posterior is farther than this from the row that stands for it (L1)

    def indptr(self, n_rows: int) -> Ints:
        """Where each row's edges begin."""
        return pointers(self.row, n_rows)


def first_reach(to: Ints, n: int) -> Ints:
    """For each of n targets the first position that leads to it."""
    first = np.full(n, len(to), dtype=np.int64)
    # unbuffered: several edges may lead to one target
    np.minimum.at(first, to, np.arange(len(to)))
    return first


def grow(
    belief: sparse.csr_array,
    columns: Columns,
    tolerance: float,
    labels: Labels | None = None,
    capacity: Capacity | None = None,
) -> Growth:
    """All posteriors of the rows of `belief`, merged within `tolerance` (L1) where their supports and labels agree.

    `labels(row, signal)` gives the label of each posterior.  Raises LimitError past `capacity`.
    """
    # entries of the product before duplicates are added up: what a chunk may take in memory
    work = np.add.reduceat(np.diff(columns.matrix.indptr)[belief.indices], belief.indptr[:-1])
    chunk_of = (np.cumsum(work) - 1) // CHUNK_ENTRIES
    bounds = np.concatenate((np.flatnonzero(np.diff(chunk_of, prepend=-1)), [belief.shape[0]]))
    parts: list[_Part] = []
    found = entries = 0
    for begin, end in pairwise(bounds):
        parts.append(_part(belief, columns, tolerance, labels, int(begin), int(end)))
        found, entries = found + len(parts[-1].counts), entries + len(parts[-1].data)
        if capacity is not None and not capacity.holds(found, entries):
            kept = found, entries
            # posteriors of different chunks may be equal: before refusing, count what is left once they are merged
            if len(parts) > 1:
                (indptr, *_), merge = _joined(parts, tolerance)
                kept = len(merge.representative), int(np.diff(indptr)[merge.representative].sum())
            if not capacity.holds(*kept):
                raise LimitError(capacity.message(found, end / belief.shape[0]))
    (indptr, index, data, label), merge = _joined(parts, tolerance)
    at, counts = gather(indptr, merge.representative)
    kept_rows = sparse.csr_array(
        (data[at], index[at], np.concatenate(([0], np.cumsum(counts)))), shape=(len(counts), columns.n_cells)
    )
    offset = np.cumsum([0, *(len(part.counts) for part in parts)])
    to = np.concatenate([merge.member[part.to + o] for part, o in zip(parts, offset[:-1], strict=True)])
    return Growth(
        kept_rows,
        None if label is None else label[merge.representative],
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.signal for part in parts]),
        columns.n_signals,
        to,
        # a row was merged within its chunk and then across chunks: its distance is at most the sum
        merge.error + max(part.error for part in parts),
    )


@dataclass(frozen=True)
class _Part:
    """Distinct posteriors of a chunk of rows, and the edges that lead to them."""

    counts: Ints  # [posteriors], entries of each
    index: Ints  # [entries], next cell
    data: Floats  # [entries], probability
    label: Ints | None  # [posteriors]
    row: Ints  # [edges]
    signal: Ints  # [edges]
    to: Ints  # [edges], posterior of this part
    error: float


def _joined(parts: list[_Part], tolerance: float) -> tuple[tuple[Ints, Ints, Floats, Ints | None], Merge]:
    """The posteriors of all chunks as one CSR with labels, and how they merge."""
    counts = np.concatenate([part.counts for part in parts])
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    index = np.concatenate([part.index for part in parts])
    data = np.concatenate([part.data for part in parts])
    named = [part.label for part in parts if part.label is not None]
    label = np.concatenate(named) if named else None
    if len(parts) == 1:
        everything = np.arange(len(counts), dtype=np.int64)
        return (indptr, index, data, label), Merge(everything, everything, 0.0)
    return (indptr, index, data, label), merge_rows(indptr, index, data, tolerance, label)


def _part(
    belief: sparse.csr_array, columns: Columns, tolerance: float, labels: Labels | None, begin: int, end: int
) -> _Part:
    """Posteriors of rows begin:end, normalised and merged among themselves."""
    joint = belief[begin:end] @ columns.matrix
    joint.eliminate_zeros()  # products that underflow
    joint.sort_indices()
    row = np.repeat(np.arange(begin, end), np.diff(joint.indptr))
    # columns are sorted by (signal, cell) and rows by node, so that the entries of one posterior are adjacent
    key = row * columns.n_signals + columns.signal[joint.indices]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    indptr = np.append(starts, len(key)).astype(np.int64)
    data = joint.data / np.repeat(np.add.reduceat(joint.data, starts), np.diff(indptr))
    index = columns.cell[joint.indices]
    row, signal = np.divmod(key[starts], columns.n_signals)
    label = None if labels is None else labels(row, signal)
    merge = merge_rows(indptr, index, data, tolerance, label)
    at, counts = gather(indptr, merge.representative)
    kept = None if label is None else label[merge.representative]
    return _Part(counts, index[at], data[at], kept, row, signal, merge.member, merge.error)
