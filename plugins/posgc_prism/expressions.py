"""Expressions: how they are written, and their values at many states at once.

Values are doubles, whole where the kind is `int`, and 0 or 1 for truth values.  `&`, `|`, `=>` and `? :` evaluate their
later operands only at the states where these count, as PRISM does, so `x > 0 & mod(10, x) = 2` is defined everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from posgc.plugin import Span
from posgc.plugin.complaints import Complaints

__all__ = ["FUNCTIONS", "LARGEST", "Expr", "Values", "binary_kind", "number"]

Floats = npt.NDArray[np.float64]
LARGEST = 2.0**53  # whole numbers beyond it are not exact in doubles
FUNCTIONS = {
    "min": (1, 99),
    "max": (1, 99),
    "floor": (1, 1),
    "ceil": (1, 1),
    "round": (1, 1),
    "pow": (2, 2),
    "mod": (2, 2),
    "log": (2, 2),
}
"""How many arguments each function takes, from and to."""


@dataclass(frozen=True, slots=True)
class Expr:
    """One expression."""

    # `number`, `truth`, `name`, `variable`, `chain`, `all`, `any`, `implies`, `iff`, `not`, `minus`, `choice` or a
    # function
    op: str
    args: tuple[Expr, ...]  # the operands
    span: Span
    kind: str = ""  # `int`, `double` or `bool`; empty where that is not known yet
    value: float = 0.0  # a number, a truth value or, for a variable, its column
    words: tuple[str, ...] = ()  # the operators between the operands of a `chain`, from left to right


def number(value: float, kind: str, span: Span) -> Expr:
    """A literal; a truth value where the kind is `bool`."""
    return Expr("truth" if kind == "bool" else "number", (), span, kind, float(value))


def binary_kind(op: str, left: str, right: str) -> str | None:
    """The kind of `left op right`, None where the operator does not take them."""
    if op in ("=", "!="):
        return "bool" if (left == "bool") == (right == "bool") else None
    if "bool" in (left, right):
        return None
    if op in ("<", "<=", ">", ">="):
        return "bool"
    return "int" if (left, right) == ("int", "int") and op != "/" else "double"


_BINARY: dict[str, np.ufunc] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _mod(args: Sequence[Floats]) -> Floats:
    return np.where(args[1] > 0, np.mod(args[0], args[1]), np.nan)


_CALLS: dict[str, Callable[[Sequence[Floats]], Floats]] = {
    "min": lambda args: reduce(np.minimum, args),
    "max": lambda args: reduce(np.maximum, args),
    "floor": lambda args: np.floor(args[0]),
    "ceil": lambda args: np.ceil(args[0]),
    "round": lambda args: np.floor(args[0] + 0.5),
    "pow": lambda args: np.power(args[0], args[1]),
    "mod": _mod,
    "log": lambda args: np.log(args[0]) / np.log(args[1]),
}


class Values:
    """The values of expressions at some states; `rows[k, v]` is the value of variable v at state k."""

    def __init__(self, rows: npt.NDArray[np.int64], complaints: Complaints) -> None:
        self.rows, self.complaints = rows, complaints

    def truth(self, expr: Expr) -> npt.NDArray[np.bool_]:
        """[k], of an expression of kind `bool`.  Raises InputError as `number` does."""
        found: npt.NDArray[np.bool_] = self.number(expr) != 0
        return found

    def number(self, expr: Expr) -> Floats:
        """[k], perhaps not finite for a `double`; truth values are 0 and 1.  Raises InputError (I105) where a whole
        number on the way is undefined, not whole or too large."""
        with np.errstate(all="ignore"):
            return self._of(expr)

    def _of(self, expr: Expr) -> Floats:
        match expr.op:
            case "number" | "truth":
                return np.full(len(self.rows), expr.value)
            case "variable":
                return self.rows[:, int(expr.value)].astype(np.float64)
            case "chain":
                return self._chain(expr)
            case "all" | "any" | "implies":
                return self._junction(expr)
            case "iff":
                return reduce(_BINARY["="], map(self._of, expr.args)).astype(np.float64)
            case "not":
                return 1 - self._of(expr.args[0])
            case "minus":
                return 0 - self._of(expr.args[0])  # no signed zero
            case "choice":
                test = self._of(expr.args[0]) != 0
                return self._where(test, expr.args[1], self._where(~test, expr.args[2], np.zeros(len(test))))
        found = _CALLS[expr.op]([self._of(arg) for arg in expr.args])
        return self._whole(expr, found) if expr.kind == "int" else found

    def _chain(self, expr: Expr) -> Floats:
        found, kind = self._of(expr.args[0]), expr.args[0].kind
        for op, arg in zip(expr.words, expr.args[1:], strict=True):
            found = _BINARY[op](found, self._of(arg)).astype(np.float64)
            kind = binary_kind(op, kind, arg.kind) or kind
            if kind == "int":
                self._whole(expr, found)
        return found

    def _junction(self, expr: Expr) -> Floats:
        """Each operand counts where the ones before do not settle the answer."""
        found = self._of(expr.args[0])
        for arg in expr.args[1:]:
            found = self._where(found == (expr.op != "any"), arg, 1 - found if expr.op == "implies" else found)
        return found

    def _where(self, test: npt.NDArray[np.bool_], then: Expr, default: Floats) -> Floats:
        """`then` where the test holds, which is evaluated there only; elsewhere the default."""
        found = default.copy()
        found[test] = Values(self.rows[test], self.complaints)._of(then)
        return found

    def _whole(self, expr: Expr, found: Floats) -> Floats:
        bad = ~(np.abs(found) <= LARGEST) | (found != np.floor(found))
        if bad.any():
            self.complaints.error(
                "I105",
                "this whole number is undefined, too large or not whole at a state that is "
                f"reached: {found[bad][0]:.6g}",
                expr.span,
                "guard it with a condition",
            )
            self.complaints.settle()
        return found
