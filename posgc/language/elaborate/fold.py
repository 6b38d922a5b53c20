"""Arithmetic on constants, with the errors of value that it can meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from posgc.language.ir import Value

__all__ = ["Fault", "fold"]

_TOP = 1 << 63
_MAX_BITS = 64


class Fault(Exception):
    """An operation without a value: `code` and what is wrong."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


def fold(name: str, values: Sequence[Value]) -> Value:
    """The operation `name` of `ir.Op` on constants of fitting types.  Raises `Fault` (E404, E407)."""
    result = _OPERATIONS[name](list(values))
    if isinstance(result, bool | str):
        return result
    if isinstance(result, int):
        if not -_TOP <= result < _TOP:
            raise Fault("E407", "this integer does not fit into 64 bits", "use smaller numbers, or reals")
        return result
    if isinstance(result, complex) or not isfinite(result):
        raise Fault("E404", "this is not a finite number", "keep it in the range of reals")
    return float(result)


def _divide(v: list[Any]) -> float:
    if v[1] == 0:
        raise Fault("E404", "division by zero", "guard it: `if n == 0 then 0 else x / n`")
    return float(v[0]) / float(v[1])


def _mod(v: list[Any]) -> Any:
    if v[1] == 0:
        raise Fault("E404", "`mod` by zero", "guard it with an `if`")
    return v[0] % v[1]


def _power(v: list[Any]) -> Any:
    base, exponent = v
    if base == 0 and exponent < 0:
        raise Fault("E404", "zero to a negative power", "guard it with an `if`")
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        # The size is bounded before the power is taken: 9^9^9 must not be computed.
        if abs(base) > 1 and (abs(base).bit_length() - 1) * exponent > _MAX_BITS:
            raise Fault("E407", "this integer does not fit into 64 bits", "use smaller numbers, or reals")
        return base**exponent
    try:
        return float(base) ** float(exponent)
    except OverflowError:
        raise Fault("E404", "this power is not a finite number", "use smaller numbers") from None


def _product(v: list[Any]) -> Any:
    result = v[0]
    for factor in v[1:]:
        result = result * factor
        if isinstance(result, int) and not -_TOP <= result < _TOP:
            raise Fault("E407", "this integer does not fit into 64 bits", "use smaller numbers, or reals")
    return result


_OPERATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "+": sum,
    "-": lambda v: v[0] - v[1],
    "*": _product,
    "/": _divide,
    "mod": _mod,
    "^": _power,
    "neg": lambda v: -v[0],
    "abs": lambda v: abs(v[0]),
    "min": min,
    "max": max,
    "clip": lambda v: min(max(v[0], v[1]), v[2]),
    "not": lambda v: not v[0],
    "and": all,
    "or": any,
    "==": lambda v: v[0] == v[1],
    "!=": lambda v: v[0] != v[1],
    "<": lambda v: v[0] < v[1],
    "<=": lambda v: v[0] <= v[1],
    ">": lambda v: v[0] > v[1],
    ">=": lambda v: v[0] >= v[1],
    "count": lambda v: sum(1 for x in v if x),
    "argmax": lambda v: max(range(len(v)), key=lambda k: v[k]),
}
