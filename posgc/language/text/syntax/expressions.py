"""Expressions, values and distributions alike, and patterns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from posgc.language.diagnostics import Span

__all__ = [
    "Any_",
    "Arm",
    "Binder",
    "Call",
    "Compare",
    "ComponentOf",
    "Conditional",
    "Expression",
    "Filtered",
    "FinalStep",
    "Iverson",
    "Junction",
    "Keyword",
    "Link",
    "ListOf",
    "Literal_",
    "Match",
    "Member",
    "Mixture",
    "Negation",
    "NumberSpan",
    "Pattern",
    "Poison",
    "Power",
    "Product",
    "RangeOf",
    "Reference",
    "SetOf",
    "Sum",
    "TuplePattern",
    "Uniform",
    "Word",
]


@dataclass(frozen=True)
class Word:
    """A name where it stands."""

    text: str
    span: Span = field(compare=False)


# ---- expressions


@dataclass(frozen=True)
class Poison:
    """Stands for what could not be read; the mistake has been reported."""

    span: Span = field(compare=False)
    # What was read though it may not be what was meant, None where nothing was: only its names can be told.
    read: Expression | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Literal_:
    value: int | float | bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Reference:
    name: str
    indices: tuple[Expression, ...]
    primed: bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Call:
    """`f(x, y)`, `sum(i: e)`; `primed` is `f(x)'`."""

    name: str
    arguments: tuple[Expression, ...]
    primed: bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class FinalStep:
    """`horizon` in an expression."""

    span: Span = field(compare=False)


@dataclass(frozen=True)
class Sum:
    """`signs[k]` is `+` or `-` and stands before `terms[k]`; the first is `+`."""

    signs: tuple[str, ...]
    terms: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Product:
    """`operators[k]` (`* / mod`) stands before `factors[k]`; the first is `*`.  From left to right."""

    operators: tuple[str, ...]
    factors: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Power:
    base: Expression
    exponent: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Negation:
    """`-x` (`neg`) or `not x`."""

    operator: Literal["neg", "not"]
    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Junction:
    operator: Literal["and", "or"]
    operands: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Compare:
    operator: str
    left: Expression
    right: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class RangeOf:
    """`low..high`: a type, or what follows `in`."""

    low: Expression
    high: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class SetOf:
    items: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Member:
    """`x in {a, b}`, `x in 1..3`, `x in room`."""

    element: Expression
    collection: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Conditional:
    condition: Expression
    then: Expression
    otherwise: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Any_:
    """The pattern `_`."""

    span: Span = field(compare=False)


@dataclass(frozen=True)
class NumberSpan:
    """The pattern `1..3`."""

    low: int | float
    high: int | float
    span: Span = field(compare=False)


@dataclass(frozen=True)
class TuplePattern:
    """`(0, _)` inside of other patterns: one for each component of a tuple."""

    parts: tuple[Pattern, ...]
    span: Span = field(compare=False)


Pattern = Any_ | Literal_ | Reference | NumberSpan | TuplePattern | Poison


@dataclass(frozen=True)
class Arm:
    """`patterns` are one for each subject of the `match`, or for each component of its only one."""

    patterns: tuple[Pattern, ...]
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Match:
    subjects: tuple[Expression, ...]
    arms: tuple[Arm, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Uniform:
    """`uniform`, `uniform {a, b}` (a `SetOf`) or `uniform(c: e)` (a `Binder`)."""

    over: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Mixture:
    pairs: tuple[tuple[Expression, Expression], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class ComponentOf:
    """`pos.x`."""

    value: Expression
    name: Word
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Iverson:
    """`[condition]`: 1 where it holds, 0 elsewhere."""

    condition: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class ListOf:
    """`[x, y]` right of a left side with indices: its value for each value of the first of them."""

    items: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Filtered:
    """`binder if condition`, left of the colon of a `Binder`: only where it holds."""

    binder: Expression
    condition: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Binder:
    """`left: body` as the last argument of a call; the left may be a `Filtered`."""

    left: Expression
    body: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Keyword:
    name: str
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Link:
    """`ann -> bob` as an argument of a protocol."""

    source: Expression
    target: Expression
    span: Span = field(compare=False)


Expression = (
    Poison
    | Literal_
    | Reference
    | Call
    | FinalStep
    | Sum
    | Product
    | Power
    | Negation
    | Junction
    | Compare
    | RangeOf
    | SetOf
    | Member
    | Conditional
    | Match
    | Uniform
    | Mixture
    | ComponentOf
    | Iverson
    | ListOf
    | Filtered
    | Binder
    | Keyword
    | Link
)
