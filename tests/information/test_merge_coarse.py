"""merge_rows with a tolerance that equal rows do not need: the grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from posgc.information.merge import GRID_FROM, merge_rows


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.integers(1, 300),
    st.integers(1, 5),
    st.booleans(),
    st.sampled_from((2e-9, 1e-6, 1e-3, 0.1, 0.5, 2.0)),
    st.integers(0, 2**32 - 1),
)
def test_representatives_are_near_and_alike(n: int, width: int, labelled: bool, tolerance: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    support = rng.integers(0, 2, (n, width)) > 0
    support[~support.any(axis=1), 0] = True
    dense = np.where(support, rng.dirichlet(np.ones(width), n) + 1e-3, 0.0)
    if seed % 2:  # clusters about as wide as the tolerance
        centre = dense[rng.integers(0, min(n, 3), n)] + 1e-3
        dense = np.where(support, centre + tolerance * rng.random((n, width)) / width, 0.0)
    dense /= dense.sum(axis=1, keepdims=True)
    labels = rng.integers(0, 2, n) if labelled else np.zeros(n, np.int64)
    matrix = sparse.csr_array(dense)
    merge = merge_rows(
        matrix.indptr.astype(np.int64), matrix.indices, matrix.data, tolerance, labels if labelled else None
    )
    leader = merge.representative[merge.member]
    assert (merge.representative[merge.member[merge.representative]] == merge.representative).all()
    assert ((dense > 0) == (dense[leader] > 0)).all() and (labels == labels[leader]).all()
    distance = np.abs(dense - dense[leader]).sum(axis=1)
    assert distance.max() <= tolerance + 1e-15
    assert merge.error == pytest.approx(distance.max(), abs=1e-15)
    assert tolerance > GRID_FROM


def test_a_coarse_grid_merges() -> None:
    """Ten thousand rows on the segment between two points: about one for each tolerance's width, not thousands."""
    x = np.random.default_rng(1).random(10_000)
    matrix = sparse.csr_array(np.column_stack([x, 1 - x]))
    for tolerance in (0.5, 0.1, 0.01):
        merge = merge_rows(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, tolerance)
        assert 2 / tolerance / 2 <= len(merge.representative) <= 4 * (2 / tolerance) + 2


def test_tolerance_two_merges_every_row_of_a_support() -> None:
    """Not promised by the grid, but three rows of one cell of it are one."""
    matrix = sparse.csr_array(np.array([[0.5, 0.5], [0.4, 0.6], [0.6, 0.4], [1.0, 0.0]]))
    merge = merge_rows(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, 2.0)
    assert merge.member.tolist() == [0, 0, 0, 1]
