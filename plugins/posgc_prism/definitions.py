"""What stands in a PRISM file, one class for each kind of definition; names are not looked up yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lark import Token

from posgc_prism.expressions import Expr

__all__ = [
    "Action",
    "Assignment",
    "Chance",
    "Command",
    "Constant",
    "Interval",
    "Item",
    "Module",
    "Named",
    "Player",
    "Renamed",
    "Reward",
    "Rewards",
    "Variable",
]


class Named(NamedTuple):
    """A formula, a label or an observable."""

    name: Token
    value: Expr


class Constant(NamedTuple):
    kind: str
    name: Token
    value: Expr | None


class Interval(NamedTuple):
    low: Expr
    high: Expr


class Variable(NamedTuple):
    """`kind` is an interval, or the token of another kind."""

    name: Token
    kind: Interval | Token
    init: Expr | None


class Action(NamedTuple):
    """`[a]`, or `[]` without a label."""

    bracket: Token
    label: Token | None


class Assignment(NamedTuple):
    name: Token  # with its prime
    value: Expr


class Chance(NamedTuple):
    probability: Expr | None
    writes: tuple[Assignment, ...]


class Command(NamedTuple):
    action: Action
    guard: Expr
    chances: tuple[Chance, ...]


class Module(NamedTuple):
    name: Token
    variables: tuple[Variable, ...]
    commands: tuple[Command, ...]


class Renamed(NamedTuple):
    name: Token
    base: Token
    pairs: tuple[tuple[Token, Token], ...]


class Reward(NamedTuple):
    action: Action | None
    guard: Expr
    value: Expr


class Rewards(NamedTuple):
    name: str
    items: tuple[Reward, ...]


class Player(NamedTuple):
    name: Token
    members: tuple[Token | Action, ...]


@dataclass(frozen=True)
class Item:
    """One definition."""

    what: str  # its rule in the grammar
    value: Any
