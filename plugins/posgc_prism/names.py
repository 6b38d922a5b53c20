"""Names to constants, formulas and variables: expressions whose names are looked up and whose kinds agree.

A formula is put in where its name stands, and then a module's renaming changes the names in it, as in PRISM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from lark import Token

from posgc.plugin import LimitError, Span, vanishes
from posgc.plugin.complaints import Complaints, span_of
from posgc_prism.definitions import Constant, Named
from posgc_prism.expressions import FUNCTIONS, LARGEST, Expr, Values, binary_kind, number

__all__ = ["MAX_DEPTH", "MAX_PARTS", "Names"]

MAX_DEPTH = 120  # of an expression, formulas put in: the stack of Python
MAX_PARTS = 100_000  # operators and operands of all expressions together, formulas put in
_SURE = {"int": ("int",), "double": ("int", "double"), "bool": ("bool",)}
_CALLED = {"int": "a whole number", "double": "a number", "bool": "a truth value"}
_ERROR = "?"  # the kind of what was complained of


class Names:
    """What is declared.  `columns` and `kinds` are those of the variables."""

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.constants: dict[str, Constant] = {}
        self.formulas: dict[str, Named] = {}
        self.columns: dict[str, int] = {}
        self.kinds: list[str] = []
        self.parts = 0
        self._values: dict[str, Expr] = {}
        self._open: list[str] = []

    def declare(self, name: str, place: Token, what: Constant | Named | str) -> None:
        """A constant, a formula, or a variable of a kind; I104 for a name that is there already."""
        if name in self.constants or name in self.formulas or name in self.columns:
            cure = "give it another name; a renamed module renames all its variables: `module B = A[x = y] endmodule`"
            self.complaints.error("I104", f"`{name}` is declared twice", span_of(place), cure)
        elif isinstance(what, Constant):
            self.constants[name] = what
        elif isinstance(what, Named):
            self.formulas[name] = what
        else:
            self.columns[name] = len(self.kinds)
            self.kinds.append(what)

    def typed(self, expr: Expr, kind: str, renaming: Mapping[str, str] | None = None) -> Expr:
        """The expression with its names looked up, of a kind: an `int` serves as a `double`.  I101 where it is of
        another, I102 for unknown names, I104 for constants without a value.  Raises LimitError past the limits."""
        found = self._typed(expr, renaming or {}, 1 + 2 * len(self._open))  # constants within constants
        if found.kind not in (*_SURE[kind], _ERROR):
            cure = "compare it, as in `x = 1`" if kind == "bool" else "see the kinds of the names"
            said = f"this is {_CALLED[found.kind]}, where {_CALLED[kind]} is wanted"
            self.complaints.error("I101", said, expr.span, cure)
            return replace(found, kind=_ERROR)
        return found

    def fixed(self, expr: Expr, kind: str, renaming: Mapping[str, str] | None = None) -> float | None:
        """The value of an expression without variables; None where something is wrong, which is said."""
        found = self.typed(expr, kind, renaming)
        if found.kind == _ERROR or self._wrong(found):
            return None
        if (variable := _variable_in(found)) is not None:
            self.complaints.error("I101", "a variable cannot stand here", variable.span, "use constants only")
            return None
        values = Values(np.zeros((1, 0), dtype=np.int64), self.complaints)
        return float(values.truth(found)[0] if kind == "bool" else values.number(found)[0])

    def any_kind(self, expr: Expr) -> Expr:
        """An expression of whatever kind."""
        return self._typed(expr, {}, 1)

    def _wrong(self, expr: Expr) -> bool:
        return expr.kind == _ERROR or any(map(self._wrong, expr.args))

    def _typed(self, expr: Expr, renaming: Mapping[str, str], depth: int) -> Expr:
        self.parts += 1
        if depth > MAX_DEPTH or self.parts > MAX_PARTS:
            raise LimitError(
                f"expressions are more than {MAX_DEPTH} deep, or have more than {MAX_PARTS:,} parts "
                "together, formulas put in: write a smaller model"
            )
        if expr.op == "name":
            return self._named(expr, renaming, depth)
        if expr.op == "number":
            self._literal(expr)
            return expr
        args = []
        for arg in expr.args:
            args.append(self._typed(arg, renaming, depth + 1))
        name = renaming.get(expr.words[0], expr.words[0]) if expr.op == "call" else ""
        kind, op = self._kind(expr, tuple(args), name), name or expr.op
        return args[0] if op == "plus" else replace(expr, op=op, args=tuple(args), kind=kind)

    def _literal(self, expr: Expr) -> None:
        span = expr.span
        text = self.complaints.source.text[span.start : span.end]
        if not expr.value < (LARGEST if expr.kind == "int" else float("inf")) or vanishes(text, expr.value):
            self.complaints.error(
                "I105",
                f"the number {text[:20]} is out of range",
                span,
                "whole numbers stay below 2^53, others within doubles",
            )

    def _named(self, expr: Expr, renaming: Mapping[str, str], depth: int) -> Expr:
        name = renaming.get(expr.words[0], expr.words[0])
        if name in self.columns:
            column = self.columns[name]
            return Expr("variable", (), expr.span, self.kinds[column], column)
        if name in self.constants:
            return replace(self._constant(name), span=expr.span)
        if name not in self.formulas:
            self.complaints.error(
                "I102",
                f"there is no variable, constant or formula `{name}`",
                expr.span,
                "declare it, or correct the name",
            )
            return Expr("number", (), expr.span, _ERROR)
        if self._circular(name, self.formulas[name].name):
            return Expr("number", (), expr.span, _ERROR)
        self._open.append(name)
        found = self._typed(self.formulas[name].value, renaming, depth + 1)
        self._open.pop()
        return replace(found, span=expr.span)

    def _constant(self, name: str) -> Expr:
        if name not in self._values:
            constant = self.constants[name]
            place = span_of(constant.name)
            self._values[name] = Expr("number", (), place, _ERROR)
            if constant.value is None:
                self.complaints.error(
                    "I104",
                    f"the constant `{name}` has no value",
                    place,
                    f"write it into the file, `const {constant.kind} {name} = 3;`: what PRISM takes from its option "
                    "-const, and --set, do not reach an imported file",
                )
            elif not self._circular(name, constant.name):
                self._open.append(name)
                value = self.fixed(constant.value, constant.kind)
                self._open.pop()
                if value is not None:
                    self._values[name] = number(value, constant.kind, place)
        elif name in self._open:
            self._circular(name, self.constants[name].name)
        return self._values[name]

    def _circular(self, name: str, place: Token) -> bool:
        if name in self._open:
            self.complaints.error("I101", f"`{name}` is defined by itself", span_of(place), "break the circle")
        return name in self._open

    def _kind(self, expr: Expr, args: tuple[Expr, ...], name: str) -> str:
        kinds = [arg.kind for arg in args]
        if _ERROR in kinds:
            return _ERROR
        match expr.op:
            case "chain":
                return self._chain(expr, args)
            case "all" | "any" | "implies" | "iff" | "not":
                return self._require(args, "bool")
            case "minus" | "plus":
                return self._require(args, "double") and kinds[0]
            case "choice":
                if self._require(args[:1], "bool") == _ERROR:
                    return _ERROR
                both = kinds[1] if kinds[1] == kinds[2] else binary_kind("+", kinds[1], kinds[2])
                return both or self._complain(expr.span, "one branch is a truth value and the other a number")
            case "call":
                return self._call(expr, args, name)
        return expr.kind

    def _chain(self, expr: Expr, args: tuple[Expr, ...]) -> str:
        kind = args[0].kind
        for op, arg in zip(expr.words, args[1:], strict=True):
            both = binary_kind(op, kind, arg.kind)
            if both is None:
                return self._complain(arg.span, f"`{op}` takes {_CALLED[kind]} and {_CALLED[arg.kind]} here")
            kind = both
        return kind

    def _call(self, expr: Expr, args: tuple[Expr, ...], name: str) -> str:
        if name not in FUNCTIONS:
            self.complaints.error("I102", f"there is no function `{name}`", expr.span, f"one of {', '.join(FUNCTIONS)}")
            return _ERROR
        low, high = FUNCTIONS[name]
        if not low <= len(args) <= high:
            return self._complain(expr.span, f"`{name}` does not take {len(args)} argument(s)")
        if self._require(args, "int" if name == "mod" else "double") == _ERROR:
            return _ERROR
        if name in ("floor", "ceil", "round", "mod"):
            return "int"
        return "double" if name == "log" or any(arg.kind == "double" for arg in args) else "int"

    def _require(self, args: tuple[Expr, ...], kind: str) -> str:
        for arg in args:
            if arg.kind not in _SURE[kind]:
                return self._complain(arg.span, f"this is {_CALLED[arg.kind]}, where {_CALLED[kind]} is wanted")
        return kind

    def _complain(self, span: Span, message: str) -> str:
        self.complaints.error("I101", message, span, "`&` `|` `!` `=>` take truth values, `+` `*` `<` numbers")
        return _ERROR


def _variable_in(expr: Expr) -> Expr | None:
    if expr.op == "variable":
        return expr
    return next((found for arg in expr.args if (found := _variable_in(arg)) is not None), None)
