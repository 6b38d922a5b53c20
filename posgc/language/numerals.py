"""Numbers from text, read strictly: decimal digits only, and never another number than the one that is written.

`int` and `float` of Python also take `1_0`, digits of other scripts and blanks, and read `1e-400` as 0 and `1e400` as
infinity.  The parsers of formats with number tokens of their own need `vanishes` only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = ["LARGEST", "listed", "plural", "real", "vanishes", "whole"]

LARGEST = (1 << 63) - 1
"""The largest integer of 64 bits."""

LISTED = 8
"""Numbers that a list shows."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_DIGITS = re.compile(r"[^eE/]*[1-9]", re.ASCII)


def whole(text: str) -> int:
    """The integer that is written.  Raises ValueError for anything else, and for more than 64 bits."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    value = int(text)
    if not -LARGEST <= value <= LARGEST:
        raise ValueError(f"{text} does not fit into 64 bits")
    return value


def real(text: str) -> float:
    """The nearest double of a decimal number; `inf`, with a sign or without, is infinite.

    Raises ValueError for anything else, for what is too large, and for what is not 0 and would be read as 0.
    """
    if text in ("inf", "+inf", "-inf"):
        return float(text)
    if not _REAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large: numbers stay below 1e308")
    if vanishes(text, value):
        raise ValueError(f"{text} is too small and would be read as 0")
    return value


def vanishes(text: str, value: float) -> bool:
    """Whether a decimal number, or a fraction of whole numbers, that is not 0 was read as 0."""
    return value == 0 and _DIGITS.match(text) is not None


def listed(numbers: Sequence[int]) -> str:
    """`3`, `3 and 6`, `3, 6 and 9`, `3, 6, 9, …, 300`: at most a few of ascending numbers."""
    if len(numbers) > LISTED:
        return f"{', '.join(map(str, numbers[: LISTED - 1]))}, …, {numbers[-1]}"
    return " and ".join(x for x in (", ".join(map(str, numbers[:-1])), str(numbers[-1])) if x)


def plural(count: int, what: str, spec: str = "") -> str:
    """`1 agent`, `2 agents`; `spec` is the format of the number."""
    return f"{count:{spec}} {what}" if count == 1 else f"{count:{spec}} {what}s"
