"""The syntax tree: what was written, with spans, before any name has a meaning.

One class for each form of `posg.lark`; spans take no part in equality, so two texts that differ only
in layout and comments have equal trees.  Chains (`a + b - c`, `p and q and r`) are flat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from posgc.language.diagnostics import Span

__all__ = [
    "Agents",
    "Any_",
    "Arm",
    "Assumption",
    "Binder",
    "Call",
    "Chance",
    "Closed",
    "Compare",
    "Conditional",
    "Definition",
    "Discount",
    "Draw",
    "Edge",
    "EdgeList",
    "EdgesWhere",
    "Enumeration",
    "Expect",
    "Expression",
    "FinalStep",
    "Forget",
    "GameText",
    "Horizon",
    "Item",
    "ItemRef",
    "Junction",
    "Keyword",
    "Link",
    "Literal_",
    "Match",
    "Member",
    "Mixture",
    "Named",
    "Negation",
    "NumberSpan",
    "Param",
    "Pattern",
    "Place",
    "Power",
    "Product",
    "ProtocolRef",
    "RangeOf",
    "Reference",
    "Reward",
    "Rule",
    "SetOf",
    "Share",
    "Sum",
    "Target",
    "Terminal",
    "TypeDef",
    "TypeText",
    "Uniform",
    "Use",
    "ValueClaim",
    "Variable",
    "Word",
]


@dataclass(frozen=True)
class Word:
    """A name where it stands."""

    text: str
    span: Span = field(compare=False)


# ---- expressions


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


Pattern = Any_ | Literal_ | Reference | NumberSpan


@dataclass(frozen=True)
class Arm:
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
class Binder:
    """`left: body` as the last argument of a call."""

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
    Literal_
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
    | Binder
    | Keyword
    | Link
)

# ---- types and declarations


@dataclass(frozen=True)
class Enumeration:
    words: tuple[Word, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Named:
    name: str
    span: Span = field(compare=False)


TypeText = Enumeration | RangeOf | Named


@dataclass(frozen=True)
class Target:
    """What a line defines: a name and, in brackets, indices that are fresh, range, or pick."""

    name: str
    indices: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Closed:
    """`[low, high]`, the domain of a real parameter."""

    low: Expression
    high: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Param:
    name: str
    annotation: Word | None
    default: Expression
    domain: Closed | RangeOf | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Horizon:
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Discount:
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Agents:
    """`agents ann, bob;`, or `agents robot[n];` with `size`."""

    names: tuple[Word, ...]
    size: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class TypeDef:
    name: str
    type: TypeText
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Variable:
    kind: Literal["state", "action", "observation"]
    target: Target
    type: TypeText
    when: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Chance:
    """`law` is a distribution where `drawn` (`~`), a value where not (`=`)."""

    target: Target
    type: TypeText
    law: Expression
    drawn: bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Definition:
    """`let f = e;`, `let f[i] = e;` (target) or, with `arguments`, `let f(x, y) = e;`."""

    target: Target
    arguments: tuple[Word, ...]
    body: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Draw:
    kind: Literal["init", "next", "observe"]
    target: Target
    law: Expression
    drawn: bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Reward:
    """`each` is the index of `reward[i] = e;`; otherwise `target` is `team` or an agent."""

    target: Target | None
    each: Word | None
    zero_sum: bool
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Terminal:
    condition: Expression
    span: Span = field(compare=False)


# ---- sharing and claims


@dataclass(frozen=True)
class ProtocolRef:
    """`name(arguments)`: a declaration's head, or a request."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class ItemRef:
    name: str
    indices: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Place:
    """An agent in a list of edges."""

    name: str | None
    number: int | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Edge:
    """`a-b`, or `a->b` where `directed`."""

    source: Place
    target: Place
    directed: bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class EdgeList:
    edges: tuple[Edge, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class EdgesWhere:
    """`edges(i, j: condition)`."""

    arguments: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Rule:
    """`audience` None is everyone; `delay` counts steps, or steps per hop along `edges`."""

    item: ItemRef
    audience: Expression | None
    edges: EdgeList | EdgesWhere | None
    delay: Expression
    per_hop: bool
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Forget:
    after: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Share:
    """`rules` None: a standard structure by name (`share full;`)."""

    head: ProtocolRef
    rules: tuple[Rule | Forget, ...] | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Assumption:
    negated: bool
    number: int
    span: Span = field(compare=False)


@dataclass(frozen=True)
class ValueClaim:
    comparison: Expression
    within: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Expect:
    claim: Assumption | ValueClaim
    protocol: ProtocolRef | None
    horizon: int | None
    span: Span = field(compare=False)


Item = (
    Param
    | Horizon
    | Discount
    | Agents
    | TypeDef
    | Variable
    | Chance
    | Definition
    | Draw
    | Reward
    | Terminal
    | Share
    | Expect
)


@dataclass(frozen=True)
class Use:
    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True)
class GameText:
    """A whole file."""

    uses: tuple[Use, ...]
    name: str
    title: str
    items: tuple[Item, ...]
    span: Span = field(compare=False)
