"""Distinct codes by a table and by sorting, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posgc.model import ragged


@given(st.lists(st.integers(0, 60), max_size=40), st.sampled_from([1, 10**6, 10**16]))
def test_distinct_codes_are_those_of_numpy(codes: list[int], spread: int) -> None:
    """Codes that a table holds, and codes that are too far apart for one."""
    given = np.array(codes, dtype=np.int64) * spread
    found, which = ragged.distinct(given)
    plain, member = np.unique(given, return_inverse=True)
    assert found.dtype == which.dtype == np.int64
    assert found.tolist() == plain.tolist() and which.tolist() == member.tolist()


def test_dense_codes_are_not_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ragged.np, "unique")
    found, which = ragged.distinct(np.array([5, 3, 5, 0]))
    assert found.tolist() == [0, 3, 5] and which.tolist() == [2, 1, 2, 0]
