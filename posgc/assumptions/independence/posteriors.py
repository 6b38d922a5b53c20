"""Posteriors of whole chunks of nodes, and their distances from those of uniformly random actions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.independence.moves import Moves
from posgc.information.step import Beliefs

__all__ = ["Posteriors", "distances", "posteriors_of", "sum_blocks", "uniform_posteriors"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Posteriors:
    """Entries of laws of (z, x') normalised within groups that share row and z, in order of (row, z, x')."""

    row: Ints  # [entries]
    column: Ints  # [entries]
    probability: Floats  # [entries], sums to 1 in each group
    start: Ints  # [groups], first entry

    @property
    def group_row(self) -> Ints:
        return self.row[self.start]


def posteriors_of(law: sparse.csr_array, column_group: Ints, column: Ints) -> Posteriors:
    """Normalise `law` [rows, C] within each (row, column_group); `column_group` ascends with the column."""
    law.eliminate_zeros()
    law.sort_indices()
    row = np.repeat(np.arange(law.shape[0], dtype=np.int64), np.diff(law.indptr))
    key = row * (int(column_group.max(initial=0)) + 1) + column_group[law.indices]
    # sorted by (row, column), and columns by z: the entries of a group are adjacent
    start = np.flatnonzero(np.diff(key, prepend=-1))
    sizes = np.diff(np.append(start, len(key)))
    total = np.add.reduceat(law.data, start) if len(start) else np.zeros(0)
    return Posteriors(row, column[law.indices], law.data / np.repeat(total, sizes), start)


def uniform_posteriors(layer: Beliefs, move: Moves, nodes: Ints) -> Posteriors:
    """Posteriors under uniformly random actions."""
    n_actions = len(layer.actions)
    mixed = sum_blocks(move.joint, n_actions)
    return posteriors_of(layer.belief[nodes] @ mixed, move.joint_z, np.arange(len(move.joint_z)))


def sum_blocks(joint: sparse.csr_array, n_actions: int) -> sparse.csr_array:
    """Rows (x, a) added up over a."""
    indptr = joint.indptr[::n_actions]
    shape = (len(indptr) - 1, joint.shape[1])
    mixed = sparse.csr_array((joint.data, joint.indices, indptr), shape=shape, copy=True)
    mixed.sum_duplicates()  # in place, hence the copy
    return mixed


def distances(found: Posteriors, node: Ints, reference: Posteriors, width: int) -> Floats:
    """L1 distance of each group to the reference's of the same (node, z); supports must be contained.

    |p - q|_1 = 1 + sum over the entries of p of |p - q| - q, because q sums to 1.
    """
    known = reference.row * width + reference.column
    wanted = node * width + found.column
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    q = np.where(known[at] == wanted, reference.probability[at], 0.0)  # a product that underflowed is missing
    terms = np.abs(found.probability - q) - q
    return 1.0 + np.add.reduceat(terms, found.start) if len(found.start) else np.zeros(0)
