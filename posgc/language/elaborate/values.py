"""Static types of expressions, and the environment in which an expression is elaborated.

A type is a kind and, for words, the set of words that the expression can be by its type.  `poison` is
the type of what has already been complained about (or is a deferred error of value): it fits everywhere,
so that one mistake is reported once.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    "ty_of_type",
    "words",
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
    """Where an expression stands.

    `primed`: inside a primed definition, and where it was primed.  `dead`: in a branch that a constant
    condition rules out, where errors of value do not count.  `conditional`: in a branch that may not be
    taken, where they count only when a row gets there.  `definition`: the definition being expanded.
    """

    bindings: Mapping[str, Typed] = field(default_factory=dict)
    primed: Span | None = None
    dead: bool = False
    conditional: bool = False
    definition: str | None = None

    def bind(self, name: str, value: Typed) -> Env:
        return replace(self, bindings={**self.bindings, name: value})

    def dying(self) -> Env:
        return self if self.dead else replace(self, dead=True)

    def branching(self) -> Env:
        return self if self.conditional else replace(self, conditional=True)

    def branch(self, alive: bool) -> Env:
        return self.branching() if alive else self.dying()


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
        return "a word of {" + ", ".join(shown) + (", ...}" if len(ty.words) > 6 else "}")
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


def _pair(a: Ty, b: Ty) -> Ty | None:
    if a.kind == "poison":
        return b
    if b.kind == "poison" or a == b:
        return a
    if a.number and b.number:
        return REAL
    return words(a.words | b.words) if a.kind == b.kind == "word" else None
