"""The common beliefs of step 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import initial_codes
from posgc.information.items import Information
from posgc.information.merge import MERGE_TOLERANCE, merge_rows
from posgc.information.step import Cells

__all__ = ["FirstBeliefs", "first_beliefs"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FirstBeliefs:
    """The common beliefs of step 1, and the increments that lead to them."""

    z: Ints  # [Z], codes of z_1, ascending
    to: Ints  # [Z], the node that each leads to
    probability: Floats  # [Z]
    belief: sparse.csr_array  # [N, X], rows sum to 1
    cells: Cells
    error: float  # the largest L1 distance between a belief and the one that stands for it


def first_beliefs(information: Information, tolerance: float = MERGE_TOLERANCE) -> FirstBeliefs:
    """The common beliefs of step 1."""
    initial = information.model.initial
    z_code, u = initial_codes(information, initial.observation)
    cells, cell = Cells.of(u, initial.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    joint = sparse.csr_array((initial.probability, (z_of, cell)), shape=(len(z), len(cells)))
    joint.sum_duplicates()
    probability: Floats = np.asarray(joint.sum(axis=1)).ravel()
    # every increment that occurs has positive probability, so that no row is divided by 0
    joint.data /= np.repeat(probability, np.diff(joint.indptr))
    merge = merge_rows(joint.indptr.astype(np.int64), joint.indices, joint.data, tolerance)
    return FirstBeliefs(z, merge.member, probability, joint[merge.representative], cells, merge.error)
