"""Sharing protocols and claims."""

from __future__ import annotations

from dataclasses import dataclass, field

from posgc.language.diagnostics import Span
from posgc.language.text.syntax.declarations import Edge, Target
from posgc.language.text.syntax.expressions import Expression, Poison

__all__ = [
    "Acknowledged",
    "Assumption",
    "Channel",
    "EdgeList",
    "EdgesOf",
    "EdgesWhere",
    "Every",
    "Expect",
    "Forget",
    "ItemRef",
    "ProtocolRef",
    "Rule",
    "Share",
    "SharedDelay",
    "ValueClaim",
]


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
class EdgeList:
    edges: tuple[Edge, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class EdgesWhere:
    """`edges(i, j: condition)`."""

    arguments: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class EdgesOf:
    """The edges of a graph of the file."""

    graph: str
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Every:
    """`every steps from first`: items are handed over at these steps only; `first` None is `steps`."""

    steps: Expression
    first: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Rule:
    """`audience` None is everyone; `delay` counts steps, or steps per hop along `edges`; `every` None is each step."""

    item: ItemRef
    audience: Expression | None
    edges: EdgeList | EdgesWhere | EdgesOf | None
    delay: Expression
    per_hop: bool
    every: Every | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Acknowledged:
    """`acknowledged after steps`; None is at once."""

    after: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Channel:
    """A rule whose delay is drawn for each item; `audience` None is everyone."""

    item: ItemRef
    audience: Expression | None
    law: Expression
    acknowledged: Acknowledged | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class SharedDelay:
    """`chance air[j] ~ law;`: one delay for everything of a step that is sent by it."""

    target: Target
    law: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Forget:
    after: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Share:
    """`rules` None: a standard structure by name (`share full;`); else they add to those of the `base`."""

    head: ProtocolRef
    base: ProtocolRef | None
    rules: tuple[Rule | Channel | SharedDelay | Forget | Poison, ...] | None
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
