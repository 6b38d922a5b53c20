"""Floats as rationals: simple ones are found, nothing moves by more than rounding, distributions sum to one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posgc.model.rationals import GRID, WORD, law, rational, written


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.85, "17/20"),
        (1 / 3, "1/3"),
        (0.85 * 0.85, "289/400"),
        (0.1 + 0.2, "3/10"),
        (-7.0, "-7"),
        (0.0, "0"),
        (1e-7, "1/10000000"),
        (1e-12, "0.000000000001"),
        (-2.5e11, "-250000000000"),
        (0.123456789012345, "0.123456789012345"),
    ],
)
def test_what_is_written(x: float, text: str) -> None:
    assert written(rational(x)) == text


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False, min_value=-1e12, max_value=1e12))
def test_a_float_moves_by_rounding_only(x: float) -> None:
    found = rational(x)
    assert abs(found - Fraction(x)) <= Fraction(1, 10**15) * abs(Fraction(x))
    assert float(Fraction(written(found))) == pytest.approx(x, rel=1e-15, abs=0.0)


@given(st.lists(st.floats(min_value=1e-12, max_value=1.0), min_size=1, max_size=30))
def test_a_distribution_sums_to_one_as_it_is_written(weights: list[float]) -> None:
    p = np.array(weights) / sum(weights)
    found = law(p.tolist())
    assert sum(Fraction(written(f)) for f in found) == 1
    assert all(f > 0 for f in found)
    assert [float(f) for f in found] == pytest.approx(p.tolist(), abs=1e-14)


@pytest.mark.parametrize("n", [3, 7, 1001, 4096])
def test_uniform_distributions(n: int) -> None:
    found = law([1 / n] * n)
    assert sum(found) == 1
    assert (found[0] == Fraction(1, n)) is (n <= 1000 or n == 4096)


@given(st.fractions(max_denominator=GRID).map(lambda f: f % 10**6))
def test_long_numbers_are_decimals_that_both_peers_read(x: Fraction) -> None:
    text = written(x)
    if "/" in text:
        assert all(int(part) < WORD for part in text.split("/"))
    assert "e" not in text
    assert float(Fraction(text)) == pytest.approx(float(x), rel=1e-15)
