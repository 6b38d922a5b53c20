"""Strict operations on columns: exact on integers, refused where the result is not a number.

`apply` returns the values and a mask of the rows on which the operation has no value (division by zero,
NaN or infinity, an integer beyond 64 bits), None where there is no such row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from posgc.model.tabulation.table import Array

__all__ = ["apply"]

_TOP = float(2**63)
_COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}

Result = tuple[Array, Array | None]


def apply(name: str, operands: Sequence[Array]) -> Result:
    """The operation `name` of `posgc.language.ir.Op`, `and` and `or` excepted."""
    with np.errstate(all="ignore"):
        if name in _COMPARE:
            return np.asarray(_COMPARE[name](operands[0], operands[1])), None
        if name == "not":
            return np.asarray(np.logical_not(operands[0])), None
        if name == "count":
            return np.asarray(reduce(operator.add, (v.astype(np.int64) for v in operands))), None
        if name == "argmax":
            return np.asarray(np.argmax(np.stack(np.broadcast_arrays(*operands)), axis=0)), None
        return _ARITHMETIC[name](_common(operands))


def _common(operands: Sequence[Array]) -> list[Array]:
    dtype = np.int64 if all(v.dtype == np.int64 for v in operands) else np.float64
    return [v.astype(dtype, copy=False) for v in operands]


def _exact(v: Array) -> bool:
    return bool(v.dtype == np.int64)


def _finite(values: Array) -> Result:
    values = np.asarray(values)
    bad = ~np.isfinite(values)
    return values, np.asarray(bad) if bad.any() else None


def _fold(
    step: Callable[[Array, Array], Array], clash: Callable[[Array, Array, Array], Array]
) -> Callable[[list[Array]], Result]:
    """An n-ary sum or product; `clash(x, y, result)` tells where the integer result wrapped."""

    def run(operands: list[Array]) -> Result:
        if not _exact(operands[0]):
            return _finite(reduce(step, operands))
        total, bad = operands[0], None
        for term in operands[1:]:
            result = np.asarray(step(total, term))
            wrapped = np.asarray(clash(total, term, result))
            if wrapped.any():
                bad = wrapped if bad is None else bad | wrapped
            total = result
        return total, bad

    return run


def _product_wraps(x: Array, y: Array, _: Array) -> Array:
    # in doubles, since the integer product has wrapped already; a product just below 2^63 may be refused with it
    return np.asarray(np.abs(x.astype(np.float64) * y.astype(np.float64)) >= _TOP)


def _divide(operands: list[Array]) -> Result:
    x, y = (v.astype(np.float64) for v in operands)
    return _finite(x / y)


def _mod(operands: list[Array]) -> Result:
    x, y = operands
    if not _exact(x):
        return _finite(np.mod(x, y))
    zero = np.asarray(y == 0)
    return np.asarray(np.mod(x, np.where(zero, 1, y))), zero if zero.any() else None


def _power(operands: list[Array]) -> Result:
    x, y = operands
    real = np.asarray(np.power(x.astype(np.float64), y.astype(np.float64)))
    if not _exact(x) or (y < 0).any():
        return _finite(real)
    bad = np.asarray(~(np.abs(real) < _TOP))
    return np.asarray(np.power(x, np.where(bad, 0, y))), bad if bad.any() else None


def _negate(operands: list[Array]) -> Result:
    return _signed(operands[0], np.asarray(-operands[0]))


def _absolute(operands: list[Array]) -> Result:
    return _signed(operands[0], np.asarray(np.abs(operands[0])))


def _signed(x: Array, result: Array) -> Result:
    bad = np.asarray(x == np.iinfo(np.int64).min) if _exact(x) else None
    return result, bad if bad is not None and bad.any() else None


def _clip(operands: list[Array]) -> Result:
    x, low, high = operands
    return np.asarray(np.minimum(np.maximum(x, low), high)), None


_ARITHMETIC: dict[str, Callable[[list[Array]], Result]] = {
    "+": _fold(np.add, lambda x, y, r: ((x ^ r) & (y ^ r)) < 0),
    "-": _fold(np.subtract, lambda x, y, r: ((x ^ y) & (x ^ r)) < 0),
    "*": _fold(np.multiply, _product_wraps),
    "/": _divide,
    "mod": _mod,
    "^": _power,
    "neg": _negate,
    "abs": _absolute,
    "min": lambda vs: (np.asarray(reduce(np.minimum, vs)), None),
    "max": lambda vs: (np.asarray(reduce(np.maximum, vs)), None),
    "clip": _clip,
}
