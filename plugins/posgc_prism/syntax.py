"""The text as definitions: what stands in the file, names not yet looked up.

The parser builds these from the leaves up, so deep nesting costs no stack; `names` refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NoReturn

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from posgc.plugin import Span
from posgc.plugin.complaints import Complaints, span_of
from posgc_prism.definitions import (
    Action,
    Assignment,
    Chance,
    Command,
    Constant,
    Interval,
    Item,
    Module,
    Named,
    Player,
    Renamed,
    Reward,
    Rewards,
    Variable,
)
from posgc_prism.expressions import Expr

__all__ = ["parse", "refuse_type"]


def _span(first: Expr | Token, last: Expr | Token) -> Span:
    start, end = (each.span if isinstance(each, Expr) else span_of(each) for each in (first, last))
    return Span(start.start, max(end.end, start.start + 1), start.line, start.column)


def _expr(op: str) -> Callable[[_Build, list[Any]], Expr]:
    def method(self: _Build, parts: list[Any]) -> Expr:
        return Expr(op, tuple(parts), _span(parts[0], parts[-1]))

    return method


class _Build(Transformer[Token, Any]):
    """One method for each rule."""

    def start(self, parts: list[Any]) -> list[Item]:
        return parts

    def constant(self, parts: list[Any]) -> Item:
        kind, name, value = parts
        return Item("constant", Constant("double" if kind in ("rate", "prob") else str(kind or "int"), name, value))

    def formula(self, parts: list[Any]) -> Item:
        return Item("formula", Named(*parts))

    def label(self, parts: list[Any]) -> Item:
        return Item("label", Named(*parts))

    def observable(self, parts: list[Any]) -> Item:
        return Item("observable", Named(*parts))

    def observables(self, parts: list[Any]) -> Item:
        return Item("observables", [name for name in parts if name is not None])

    def model_type(self, parts: list[Any]) -> Item:
        return Item("type", parts[0])

    def global_variable(self, parts: list[Any]) -> Item:
        return Item("global", parts[0])

    def initial(self, parts: list[Any]) -> Item:
        return Item("init", parts[0])

    def system(self, parts: list[Any]) -> Item:
        return Item("system", parts[0])

    def module(self, parts: list[Any]) -> Item:
        name, *rest = parts
        return Item(
            "module",
            Module(
                name,
                tuple(each for each in rest if isinstance(each, Variable)),
                tuple(each for each in rest if isinstance(each, Command)),
            ),
        )

    def renamed(self, parts: list[Any]) -> Item:
        name, base, *pairs = parts
        return Item("renamed", Renamed(name, base, tuple(pairs)))

    def rewards(self, parts: list[Any]) -> Item:
        name, *items = parts
        return Item("rewards", Rewards(name[1:-1] if name else "", tuple(items)))

    def player(self, parts: list[Any]) -> Item:
        name, *members = parts
        return Item("player", Player(name, tuple(each for each in members if each is not None)))

    def rename(self, parts: list[Any]) -> tuple[Token, Token]:
        return parts[0], parts[1]

    def word(self, parts: list[Any]) -> Any:
        return parts[0]

    member = kind = word

    def variable(self, parts: list[Any]) -> Variable:
        return Variable(*parts)

    def range(self, parts: list[Any]) -> Interval:
        return Interval(*parts)

    def command(self, parts: list[Any]) -> Command:
        action, guard, *chances = parts
        return Command(action, guard, tuple(chances))

    def action(self, parts: list[Any]) -> Action:
        return Action(*parts)

    def sure(self, parts: list[Any]) -> Chance:
        return Chance(None, parts[0])

    def chance(self, parts: list[Any]) -> Chance:
        return Chance(*parts)

    def update(self, parts: list[Any]) -> tuple[Assignment, ...]:
        return tuple(parts)

    def assignment(self, parts: list[Any]) -> Assignment:
        return Assignment(*parts)

    def reward(self, parts: list[Any]) -> Reward:
        return Reward(*parts)

    # expressions

    def number(self, parts: list[Any]) -> Expr:
        kind = "int" if parts[0].isdecimal() else "double"
        return Expr("number", (), span_of(parts[0]), kind, float(parts[0]))

    def truth(self, parts: list[Any]) -> Expr:
        return Expr("truth", (), span_of(parts[0]), "bool", float(parts[0] == "true"))

    def name(self, parts: list[Any]) -> Expr:
        return Expr("name", (), span_of(parts[0]), words=(str(parts[0]),))

    def parenthesis(self, parts: list[Any]) -> Any:
        return parts[0]

    def binary(self, parts: list[Any]) -> Expr:
        return Expr("chain", tuple(parts[::2]), _span(parts[0], parts[-1]), words=tuple(map(str, parts[1::2])))

    def minus(self, parts: list[Any]) -> Expr:
        op, arg = parts
        return Expr("minus" if op == "-" else "plus", (arg,), _span(op, arg))

    def call(self, parts: list[Any]) -> Expr:
        name, *args = parts
        return Expr("call", tuple(args), _span(name, args[-1]), words=(str(name),))

    def negation(self, parts: list[Any]) -> Expr:
        return Expr("not", tuple(parts), parts[0].span)

    choice = _expr("choice")
    implies = _expr("implies")
    iff = _expr("iff")
    any = _expr("any")
    all = _expr("all")


@cache
def _parser() -> Lark:
    return Lark.open_from_package(
        "posgc_grammars", "prism.lark", parser="lalr", maybe_placeholders=True, transformer=_Build()
    )


_FOREIGN = re.compile(r"(?:[\s\ufeff]++|//[^\n]*+)*+(csg|ctmc|stochastic|ctmdp|ma|pta|popta|tptg|imdp|idtmc|lts)\b")
"""Types whose syntax may be another, so that a text is refused for its type first."""

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a name in quotes",
    "PRIMED": "a variable with a prime",
    "TYPE": "a model type",
    "TRUTH": "`true`",
    "KIND": "`int`, `bool`",
    "$END": "the end",
}


def parse(complaints: Complaints) -> list[Item]:
    """The definitions in the order of the file.  Raises InputError (I101) at the first that cannot be read."""
    try:
        items: list[Item] = _parser().parse(complaints.source.text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        _refuse(error, complaints)
    return items


def refuse_type(word: str, span: Span, complaints: Complaints) -> NoReturn:
    """I107 for a model type that is not read."""
    complaints.error(
        "I107",
        f"a model of type `{word}` is not read",
        span,
        "the types pomdp, mdp, dtmc and smg are: time goes in steps, and one player moves at a time",
    )
    complaints.settle()
    raise AssertionError("there is an error")


def _refuse(error: UnexpectedInput, complaints: Complaints) -> NoReturn:
    text, at = complaints.source.text, error.pos_in_stream or 0
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        span, got = span_of(error.token), f"`{str(error.token)[:30]}`"
    elif isinstance(error, UnexpectedCharacters):
        span = Span(at, at + 1, error.line, error.column)
        got = f"the character `{text[at]}`" if text[at].isprintable() else f"the character U+{ord(text[at]):04X}"
    else:
        at = len(text.rstrip())
        line = text.count("\n", 0, at) + 1
        span, got = Span(at, at + 1, line, at - text.rfind("\n", 0, at)), "the end of the file"
    wanted: Iterable[str] = getattr(error, "accepts", None) or getattr(error, "allowed", None) or ()
    if (foreign := _FOREIGN.match(text)) is not None:
        start = foreign.start(1)
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        refuse_type(foreign.group(1), Span(start, foreign.end(1), line, column), complaints)
    complaints.error("I101", f"{got} cannot stand here", span, f"here can come {_list(wanted)}")
    complaints.settle()
    raise AssertionError("there is an error")


def _list(terminals: Iterable[str]) -> str:
    def word(name: str) -> str:
        if name in _WORDS:
            return _WORDS[name]
        pattern = _parser().get_terminal(name).pattern
        return f"`{pattern.value}`" if pattern.type == "str" else name.lower()

    words = sorted({word(each) for each in terminals})
    return ", ".join(words[:8]) + (" …" if len(words) > 8 else "")
