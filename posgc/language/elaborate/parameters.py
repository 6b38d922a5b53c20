"""Parameters: their values, from `--set` or by default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from posgc.language import ir
from posgc.language.diagnostics.report import near
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import Parameter
from posgc.language.elaborate.values import INT, REAL, Env, Ty, Typed
from posgc.language.numerals import LARGEST
from posgc.language.text import syntax as ast

__all__ = ["declare_parameters"]

_NUMBER = re.compile(
    r"\s*([+-]?)\s*([0-9]{1,400})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?\s*(?:/\s*([0-9]{1,400}))?\s*", re.ASCII
)


def declare_parameters(expressions: Expressions, items: tuple[ast.Item, ...], settings: Mapping[str, str]) -> None:
    """Gives every parameter its value: its setting, or its default.  E306, E307, E409, E601, E621, E622."""
    known = [item.name for item in items if isinstance(item, ast.Param)]
    unread = [item for item in items if isinstance(item, ast.Broken) and item.may_be("param")]
    for name in settings:
        if name not in known and not any(item.name is None or item.name.text == name for item in unread):
            cure = near(name, known) or ("it has " + ", ".join(known) if known else "it has none")
            expressions.reporter.error("E601", f"the game has no parameter `{name}`", None, cure)
    for item in items:
        entity = expressions.context.names.table.get(item.name) if isinstance(item, ast.Param) else None
        if isinstance(item, ast.Param) and isinstance(entity, Parameter) and entity.text is item:
            entity.value = _parameter(expressions, item, settings.get(item.name))


def _parameter(expressions: Expressions, item: ast.Param, setting: str | None) -> Typed:
    ty = _annotated(expressions, item)
    default = _default(expressions, item, ty)
    value = _setting(expressions, item, ty, setting) if setting is not None else default
    domain = _domain(expressions, item)
    if value is None or isinstance(value, str):
        return expressions.ops.poison(item.span)
    if domain is not None and not domain[0] <= value <= domain[1]:
        low, high = domain
        if setting is None:
            expressions.reporter.error(
                "E409",
                f"the default of `{item.name}` is outside its range {low:.12g} to {high:.12g}",
                item.default.span,
                "change the default or the range",
            )
        else:
            expressions.reporter.error(
                "E621",
                f"{item.name}={setting} is outside its range {low:.12g} to {high:.12g}",
                None,
                "choose a value in the range",
            )
        return expressions.ops.poison(item.span)
    return expressions.ops.const(float(value) if ty is REAL else value, ty, item.span)


def _annotated(expressions: Expressions, item: ast.Param) -> Ty:
    text = item.annotation
    if text is not None and text.text not in ("int", "real"):
        expressions.reporter.error("E201", f"a parameter cannot be `{text.text}`", text.span, "write `int` or `real`")
    if text is None:
        return INT if isinstance(item.domain, ast.RangeOf) else REAL
    return INT if text.text == "int" else REAL


def _default(expressions: Expressions, item: ast.Param, ty: Ty) -> ir.Value | None:
    what = f"the parameter `{item.name}`"
    if item.annotation is not None or ty is REAL:
        return expressions.types.constant(item.default, Env(), ty, what)
    value = expressions.types.constant(item.default, Env(), None, what)
    if isinstance(value, float):
        cure = "a range `lo..hi` makes it an integer: write `in [lo, hi]` for a real one"
        wrong = f"{what} must be an integer, and this is a real number"
        expressions.reporter.error("E307", wrong, item.default.span, cure)
        return None
    return expressions.types.constant(item.default, Env(), ty, what)


def _domain(expressions: Expressions, item: ast.Param) -> tuple[float, float] | None:
    if item.domain is None:
        return None
    ty = INT if isinstance(item.domain, ast.RangeOf) else REAL
    ends = [
        expressions.types.constant(e, Env(), ty, "the range of a parameter")
        for e in (item.domain.low, item.domain.high)
    ]
    low, high = (float("nan") if e is None or isinstance(e, str) else e for e in ends)
    if low > high:
        expressions.reporter.error("E408", "this range is empty", item.domain.span, "write the smaller number first")
        return None
    return None if low != low or high != high else (low, high)


def _setting(expressions: Expressions, item: ast.Param, ty: Ty, text: str) -> int | float | None:
    """The value of `--set`; None after reporting an error."""
    try:
        return _value(text, ty)
    except _BadNumber as bad:
        expressions.reporter.error("E622", f"`{item.name}={text}` {bad}", None, bad.help)
        return None


class _BadNumber(Exception):
    """What is wrong with a number, and its cure."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def _value(text: str, ty: Ty) -> int | float:
    """The number, as a fraction first, so that nothing is lost before it is known to fit.  Raises `_BadNumber`."""
    found = _NUMBER.fullmatch(text)
    if found is None or (found[5] is not None and int(found[5]) == 0):
        raise _BadNumber("is not a number", "write 0.5, 3 or 1/3")
    exact = Fraction(found[1] + found[2] + (found[3] or "") + (found[4] or "")) / int(found[5] or 1)
    if ty is INT:
        if exact.denominator != 1:
            raise _BadNumber("is not an integer", "the parameter is an `int`")
        if abs(exact) > LARGEST:
            raise _BadNumber("does not fit into 64 bits", "use a smaller number")
        return int(exact)
    try:
        value = float(exact)
    except OverflowError:
        raise _BadNumber("is too large", "numbers stay below 1e308") from None
    if value == 0 != exact:
        raise _BadNumber("is too small and would be read as 0", "write 0 if that is meant")
    return value
