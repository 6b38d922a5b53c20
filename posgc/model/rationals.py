"""Floats as rationals: what a format needs that adds probabilities exactly.

A float stands for the simplest number that it differs from by rounding only: a fraction whose denominator is at
most `SIMPLE`, else a decimal of `SHORT` digits, else its own shortest decimal.  So 0.3333333333333333 is 1/3 and
0.85 * 0.85 = 0.7224999999999999 is 289/400.  `law` makes sure that the fractions of a distribution sum to exactly
one: where the simple ones do not, all are rounded to a grid of 1e-18, and the largest takes what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

__all__ = ["law", "rational", "written"]

SIMPLE = 1000
"""Largest denominator of a fraction that is looked for behind a float."""

SHORT = 13
"""Digits of the decimals that are looked for behind a float."""

ROUNDING = 1e-15
"""Relative distance up to which a float is taken for a simpler number: some units in its last place."""

GRID = 10**18
"""Denominator of the probabilities of a distribution whose fractions are not simple."""

WORD = 2**31
"""Numerators and denominators from here on are written as a decimal: OpenSpiel's reader has 32 bits for each."""

DIGITS = 40
"""Decimals with more digits are cut to 17 significant ones."""


@lru_cache(maxsize=1 << 16)
def rational(x: float) -> Fraction:
    """The fraction that a float stands for."""
    exact = Fraction(x)
    for simple in (exact.limit_denominator(SIMPLE), Fraction(f"{x:.{SHORT}g}")):
        if abs(simple - exact) <= ROUNDING * abs(exact):
            return simple
    return Fraction(repr(float(x)))


def law(probabilities: Sequence[float]) -> list[Fraction]:
    """Fractions that sum to exactly one, each within rounding of its float; the floats are positive and sum to 1."""
    simple = [rational(float(p)) for p in probabilities]
    if sum(simple) == 1 and all(_short(f) or _places(f) is not None for f in simple):
        return simple
    exact = [Fraction(p) for p in probabilities]
    scale = GRID / sum(exact)
    grid = [max(1, round(p * scale)) for p in exact]
    grid[grid.index(max(grid))] += GRID - sum(grid)
    return [Fraction(g, GRID) for g in grid]


@lru_cache(maxsize=1 << 16)
def written(x: Fraction) -> str:
    """`17/20`, or a decimal where numerator or denominator is long: exact where it ends within `DIGITS` digits."""
    if _short(x):
        return str(x)
    places = _places(x)
    if places is None:
        return f"{Decimal(repr(float(x))):f}"
    digits = f"{abs(x.numerator) * 10**places // x.denominator:0{places + 1}d}"
    whole = len(digits) - places
    return ("-" if x < 0 else "") + digits[:whole] + ("." + digits[whole:] if places else "")


def _short(x: Fraction) -> bool:
    return max(abs(x.numerator), x.denominator) < WORD


def _places(x: Fraction) -> int | None:
    """How many decimal places the number has, None for more than `DIGITS`."""
    twos, fives = _power(x.denominator, 2), _power(x.denominator, 5)
    places = max(twos, fives)
    return places if x.denominator == 2**twos * 5**fives and places <= DIGITS else None


def _power(n: int, prime: int) -> int:
    k = 0
    while n % prime == 0:
        n //= prime
        k += 1
    return k
