"""Static types of expressions, and the environment in which an expression is elaborated.

A type is a kind and, for words, the set of words that the expression can be by its type.  `poison` is
the type of an expression whose mistake has been reported (or is a deferred error of value): it fits everywhere,
so that one mistake is reported once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from posgc.language import ir
from posgc.language.diagnostics import Span

__all__ = [
    "BOOL",
    "INT",
    "POISON",
    "REAL",
    "Env",
    "Ty",
    "Typed",
    "constant",
    "describe",
    "join",
    "joined",
    "ty_of_type",
    "ty_of_value",
    "words",
    "written_value",
]


@dataclass(frozen=True, slots=True)
class Ty:
    kind: Literal["int", "real", "bool", "word", "poison"]
    words: frozenset[str] = frozenset()

    @property
    def number(self) -> bool:
        return self.kind in ("int", "real")


INT, REAL, BOOL, POISON = Ty("int"), Ty("real"), Ty("bool"), Ty("poison")


def words(values: frozenset[str]) -> Ty:
    return Ty("word", values)


class Typed(NamedTuple):
    """An elaborated expression."""

    ir: ir.Expr
    ty: Ty


@dataclass(frozen=True)
class Env:
    """Where an expression stands."""

    # What indices and arguments stand for here.
    bindings: Mapping[str, Typed] = field(default_factory=dict)
    # Inside a primed definition: where it was primed.
    primed: Span | None = None
    # In a branch that a constant condition rules out, where errors of value do not count.
    unreachable: bool = False
    # In a branch that may not be taken, where they count only when a row gets there.
    conditional: bool = False
    # The definition that is being expanded.
    definition: str | None = None
    # Of each index that runs on the left: the place of its value, from 0, and how many values it has; None: not known.
    places: tuple[tuple[int, int], ...] | None = ()

    def bind(self, name: str, value: Typed) -> Env:
        return replace(self, bindings={**self.bindings, name: value})

    def as_unreachable(self) -> Env:
        return self if self.unreachable else replace(self, unreachable=True)

    def as_conditional(self) -> Env:
        return self if self.conditional else replace(self, conditional=True)

    def in_branch(self, taken: bool) -> Env:
        return self.as_conditional() if taken else self.as_unreachable()


def constant(typed: Typed) -> ir.Value | None:
    """The value of a constant expression, None for the others."""
    return typed.ir.value if isinstance(typed.ir, ir.Const) else None


@lru_cache(maxsize=64)  # asked for every value of every law
def ty_of_type(type: ir.Type) -> Ty:
    if type.kind == "words":
        return words(frozenset(str(v) for v in type.values))
    return INT if type.kind == "integers" else BOOL


def describe(ty: Ty) -> str:
    """The type in words, for messages."""
    if ty.kind == "word":
        shown = sorted(ty.words)[:6]
        kind = "a tuple" if all(w.startswith("(") for w in shown) else "a word"
        return f"{kind} of {{" + ", ".join(shown) + (", ...}" if len(ty.words) > 6 else "}")
    return {"int": "an integer", "real": "a real number", "bool": "a truth value", "poison": "?"}[ty.kind]


def join(*types: Ty) -> Ty | None:
    """The least type that holds all, None if there is none."""

    result = POISON
    for ty in types:
        both = _pair(result, ty)
        if both is None:
            return None
        result = both
    return result


def joined(values: Sequence[Typed]) -> Ty | None:
    """The least type that holds all values, None if there is none.

    Beside a value whose mistake has been reported it is not known which words there are.
    """
    ty = join(*(v.ty for v in values))
    return POISON if ty is not None and ty.kind == "word" and any(map(_reported, values)) else ty


def _reported(value: Typed) -> bool:
    deferred = isinstance(value.ir, ir.Fail) and value.ir.code != ir.REPORTED
    return value.ty.kind == "poison" and not deferred


def _pair(a: Ty, b: Ty) -> Ty | None:
    if a.kind == "poison":
        return b
    if b.kind == "poison" or a == b:
        return a
    if a.number and b.number:
        return REAL
    return words(a.words | b.words) if a.kind == b.kind == "word" else None


def ty_of_value(value: ir.Value) -> Ty:
    """The type of a constant."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return words(frozenset({value}))
    return INT if isinstance(value, int) else REAL


def written_value(value: ir.Value) -> str:
    """A value as it is written in a file."""
    return str(value).lower() if isinstance(value, bool) else str(value)
