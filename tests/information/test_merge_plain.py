"""merge_rows against comparing every pair of rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from posgc.information.merge import merge_rows

TOLERANCE = 1e-12


def plain(rows: list[dict[int, float]], labels: list[int]) -> list[int]:
    """For each row the first earlier one that it equals (itself if none)."""
    leaders: list[int] = []
    for r, row in enumerate(rows):
        leader = r
        for q in sorted(set(leaders)):
            other = rows[q]
            if (
                labels[q] == labels[r]
                and row.keys() == other.keys()
                and (sum(abs(row[k] - other[k]) for k in row) <= TOLERANCE)
            ):
                leader = q
                break
        leaders.append(leader)
    return leaders


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.integers(1, 40), st.integers(1, 4), st.booleans(), st.sampled_from((0.0, 1e-15, 1e-9)), st.integers(0, 2**32 - 1)
)
def test_classes_are_those_of_pairwise_comparison(n: int, width: int, labelled: bool, noise: float, seed: int) -> None:
    """Rows drawn from a few, with noise far below or far above the tolerance."""
    rng = np.random.default_rng(seed)
    pool = rng.integers(0, 3, (4, width)).astype(float)
    pool[pool.sum(axis=1) == 0, 0] = 1.0
    pool /= pool.sum(axis=1, keepdims=True)
    dense = pool[rng.integers(0, 4, n)]
    dense = np.where(dense > 0, dense + noise * rng.random(dense.shape), 0.0)
    labels = rng.integers(0, 2, n) if labelled else np.zeros(n, np.int64)
    matrix = sparse.csr_array(dense)
    merge = merge_rows(
        matrix.indptr.astype(np.int64), matrix.indices, matrix.data, TOLERANCE, labels if labelled else None
    )
    rows = [{int(k): float(row[k]) for k in np.flatnonzero(row)} for row in dense]
    assert merge.representative[merge.member].tolist() == plain(rows, labels.tolist())
    worst = max(float(np.abs(dense[r] - dense[q]).sum()) for r, q in enumerate(merge.representative[merge.member]))
    assert merge.error <= TOLERANCE and abs(merge.error - worst) <= 1e-15


def test_nothing_to_merge() -> None:
    empty = np.zeros(0, np.int64)
    assert len(merge_rows(np.zeros(1, np.int64), empty, np.zeros(0), TOLERANCE).member) == 0
