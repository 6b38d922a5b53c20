"""Numbers in text that stay true when they are shortened: bounds are rounded outwards."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

__all__ = ["at_least", "at_most", "bracket"]

PLAIN = 1e15
"""Whole numbers below it are written without an exponent."""
NARROW = 1e-9
"""Half a bracket's width, relative to its middle or 1, below which one number stands for both ends."""
HAIR_DIGITS = 10
"""Digits of a bound that is not a short number, but nearer to one than `NARROW`, relative to it."""


def at_most(x: float, digits: int = 3) -> str:
    """x to so many significant digits, not below it."""
    return _rounded(x, digits, ROUND_CEILING)


def at_least(x: float, digits: int = 3) -> str:
    """x to so many significant digits, not above it."""
    return _rounded(x, digits, ROUND_FLOOR)


def bracket(lower: float, upper: float) -> str:
    """`8.815, to within 2e-11`, or `between 1.25 and 1.5`."""
    if lower == upper and float(f"{lower:.12g}") == lower:
        return f"{lower:.12g}"
    middle, half = (Decimal(lower) + Decimal(upper)) / 2, (Decimal(upper) - Decimal(lower)) / 2
    if not math.isfinite(lower) or not math.isfinite(upper) or half > Decimal(NARROW) * max(Decimal(1), abs(middle)):
        return f"between {at_least(lower, 10)} and {at_most(upper, 10)}"
    short = [Decimal(f"{middle:.{digits}g}") for digits in range(1, 18)]
    said = next((c for c in short if abs(c - middle) <= half), short[-1])
    if said == said.to_integral_value() and abs(said) < PLAIN:
        said = said.quantize(Decimal(1))  # 10, not 1e+1
    return f"{said if said else 0:g}, to within {at_most(float(abs(said - middle) + half) * (1 + 1e-15), 1)}"


def _rounded(x: float, digits: int, rounding: str) -> str:
    if not math.isfinite(x) or x == 0:
        return f"{abs(x) if x == 0 else x:g}"
    near = f"{x:.{digits}g}"
    if float(near) == x:
        return near  # whoever reads it has x
    if digits > 1 and abs(x - float(near)) <= NARROW * abs(x):
        digits = max(digits, HAIR_DIGITS)  # 0.5000000001, where 0.501 would be far off
    said = Context(prec=digits, rounding=rounding).create_decimal(Decimal(x))
    return f"{float(said):.{digits}g}"
