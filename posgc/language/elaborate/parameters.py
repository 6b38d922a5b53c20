"""Parameters: their values, from `--set` or by default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from posgc.language import ir
from posgc.language.diagnostics.report import near
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.families import agent_positions, labelled
from posgc.language.elaborate.names import Parameter
from posgc.language.elaborate.values import INT, REAL, Env, Ty, Typed
from posgc.language.numerals import LARGEST
from posgc.language.text import syntax as ast

__all__ = ["declare_indexed_parameters", "declare_parameters"]

_NUMBER = re.compile(
    r"\s*([+-]?)\s*([0-9]{1,400})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?\s*(?:/\s*([0-9]{1,400}))?\s*", re.ASCII
)


def declare_parameters(expressions: Expressions, items: tuple[ast.Item, ...], settings: Mapping[str, str]) -> None:
    """Gives every parameter without indices its value: its setting, or its default.

    E306, E307, E409, E601, E621, E622.
    """
    known = [item.target.name for item in items if isinstance(item, ast.Param)]
    unread = [item for item in items if isinstance(item, ast.Broken) and item.may_be("param")]
    for setting in settings:
        name = setting.partition("[")[0].strip()
        if name not in known and not any(item.name is None or item.name.text == name for item in unread):
            cure = near(name, known) or ("it has " + ", ".join(known) if known else "it has none")
            expressions.reporter.error("E601", f"the game has no parameter `{name}`", None, cure)
    for item, entity in _parameters(expressions, items):
        if not item.target.indices:
            name = item.target.name
            for setting in settings:
                if setting != name and setting.partition("[")[0].strip() == name:
                    expressions.reporter.error(
                        "E601", f"the parameter `{name}` has no index", None, f"write `{name}={settings[setting]}`"
                    )
            given = _Setting(name, settings[name], True) if name in settings else None
            entity.value = _parameter(expressions, item, name, Env(), given)


def declare_indexed_parameters(
    expressions: Expressions, items: tuple[ast.Item, ...], settings: Mapping[str, str]
) -> None:
    """Gives those with indices their values, when the agents are known.

    A setting is of one value (`hold[ann]=4`), or of all (`hold=4`).  E306, E307, E409, E601, E621, E622.
    """
    agents = expressions.context.agents or ()
    for item, entity in _parameters(expressions, items):
        if not item.target.indices:
            continue
        name = item.target.name
        mine = {_plain(k): v for k, v in settings.items() if k.partition("[")[0].strip() == name}
        which = agent_positions(expressions, item.target)
        for key, env in (
            () if expressions.indices.unknown(item.target) else expressions.indices.targets(item.target, Env())
        ):
            shown = labelled(agents, name, which, key)
            numbered = labelled(agents, name, (False,) * len(key), key)
            ones = [mine.pop(spelt) for spelt in {_plain(shown), _plain(numbered)} if spelt in mine]
            if len(ones) > 1:
                what = f"`{shown}` is set twice, by name and by number"
                expressions.reporter.error("E601", what, None, "set it once")
            whole = _Setting(name, mine[name], False) if name in mine else None
            given = _Setting(shown, ones[0], True) if ones else whole
            entity.values[key] = _parameter(expressions, item, shown, env, given)
        known = [labelled(agents, name, which, key) for key in entity.values]
        for setting in mine.keys() - {name} if known else ():
            cure = near(setting, known) or "it has " + ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
            expressions.reporter.error("E601", f"the game has no parameter `{setting}`", None, cure)


def _plain(text: str) -> str:
    return "".join(text.split())


def _parameters(expressions: Expressions, items: tuple[ast.Item, ...]) -> Iterator[tuple[ast.Param, Parameter]]:
    for item in items:
        entity = expressions.context.names.table.get(item.target.name) if isinstance(item, ast.Param) else None
        if isinstance(item, ast.Param) and isinstance(entity, Parameter) and entity.text is item:
            yield item, entity


class _Setting(NamedTuple):
    """What `--set` says: of one value (`hold[ann]`), or of all (`hold`)."""

    name: str
    text: str
    one: bool  # whether the name is that of one value


def _parameter(expressions: Expressions, item: ast.Param, name: str, env: Env, setting: _Setting | None) -> Typed:
    ty = _annotated(expressions, item)
    default = _default(expressions, item, name, env, ty)
    value = _setting(expressions, setting, ty) if setting is not None else default
    domain = _domain(expressions, item)
    if value is None or isinstance(value, str):
        return expressions.ops.poison(item.span)
    if domain is not None and not domain[0] <= value <= domain[1]:
        low, high = domain
        if setting is None:
            expressions.reporter.error(
                "E409",
                f"the default of `{name}` is outside its range {low:.12g} to {high:.12g}",
                item.default.span,
                "change the default or the range",
            )
        else:
            expressions.reporter.error(
                "E621",
                f"{setting.name}={setting.text} is outside its range {low:.12g} to {high:.12g}",
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


def _default(expressions: Expressions, item: ast.Param, name: str, env: Env, ty: Ty) -> ir.Value | None:
    what = f"the parameter `{name}`"
    if item.annotation is not None or ty is REAL:
        return expressions.types.constant(item.default, env, ty, what)
    value = expressions.types.constant(item.default, env, None, what)
    if isinstance(value, float):
        cure = "a range `lo..hi` makes it an integer: write `in [lo, hi]` for a real one"
        wrong = f"{what} must be an integer, and this is a real number"
        expressions.reporter.error("E307", wrong, item.default.span, cure)
        return None
    return expressions.types.constant(item.default, env, ty, what)


def _domain(expressions: Expressions, item: ast.Param) -> tuple[float, float] | None:
    if item.domain is None or isinstance(item.domain, ast.Poison):
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


def _setting(expressions: Expressions, setting: _Setting, ty: Ty) -> int | float | None:
    """The value of `--set`; None after reporting an error."""
    try:
        return _value(setting.text, ty)
    except _BadNumber as bad:
        cure = bad.help
        if setting.text.lstrip().startswith("["):
            cure = f"a list cannot be set: `--set {setting.name}=3` gives one number"
            cure += "" if setting.one else f", `--set '{setting.name}[1]=3'` that of one index"
        expressions.reporter.error("E622", f"`{setting.name}={setting.text}` {bad}", None, cure)
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
