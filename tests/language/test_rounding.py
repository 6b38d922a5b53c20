"""Bounds in text: never on the wrong side, and no farther off than they need to be."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posgc.language.rounding import at_least, at_most

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@given(NUMBERS, st.integers(1, 12))
def test_bounds_hold_and_are_near(x: float, digits: int) -> None:
    for said, side in ((at_most(x, digits), 1), (at_least(x, digits), -1)):
        off = Fraction(said) - Fraction(x)
        assert float(said) == x or side * off > 0
        assert abs(off) <= Fraction(abs(x)) / 10 ** (digits - 1) + Fraction(math.ulp(x))


@given(st.integers(1, 999), st.integers(-20, 20))
def test_what_is_written_with_three_digits_is_said_so(mantissa: int, exponent: int) -> None:
    x = float(f"{mantissa}e{exponent}")
    assert float(at_most(x)) == x == float(at_least(x))


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (0.5, "0.5"),
        (0.501, "0.501"),  # as a double it is above 501/1000
        (0.5000000000006, "0.5000000001"),  # a gain of 0.5 that was asked for, and rounding
        (0.5001, "0.501"),
        (5.02e-13, "5.02e-13"),
    ],
)
def test_a_number_a_hair_above_a_short_one_does_not_look_far_above(x: float, said: str) -> None:
    assert at_most(x) == said
