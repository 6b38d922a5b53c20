"""Types, and the lines that declare, draw and reward."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from posgc.language.diagnostics import Span
from posgc.language.text.syntax.expressions import Expression, Poison, RangeOf, Word

__all__ = [
    "AgentGroup",
    "Agents",
    "Chance",
    "Closed",
    "Component",
    "Definition",
    "Discount",
    "Draw",
    "Edge",
    "Enumeration",
    "Graph",
    "Horizon",
    "Named",
    "Param",
    "Place",
    "Reward",
    "Target",
    "Terminal",
    "TupleType",
    "TypeDef",
    "TypeText",
    "Variable",
]


@dataclass(frozen=True)
class Enumeration:
    words: tuple[Word, ...]
    span: Span = field(compare=False)
    incomplete: bool = field(default=False, compare=False)  # whether a word is missing, which is reported


@dataclass(frozen=True)
class Named:
    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Component:
    name: Word
    type: TypeText
    span: Span = field(compare=False)


@dataclass(frozen=True)
class TupleType:
    """`(x: 0..3, y: 0..2)`."""

    components: tuple[Component, ...]
    span: Span = field(compare=False)


TypeText = Enumeration | RangeOf | Named | TupleType | Poison


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
    """`param x = 3;`, or `param x[i] = [3, 5];` with a value for each value of the indices."""

    target: Target
    annotation: Word | None
    default: Expression
    domain: Closed | RangeOf | Poison | None
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
class AgentGroup:
    """`ann` in `agents ann, robot[n];`, or `robot[n]` with a `size`."""

    name: Word
    size: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Agents:
    groups: tuple[AgentGroup, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Place:
    """A vertex in a list of edges."""

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
class Graph:
    """`graph road on room = {hall-attic};` or, with `ends`, `graph line(i, j) = abs(i - j) == 1;`.

    Its vertices are the values of the type `over`, the agents where that is None.
    """

    name: Word
    over: Word | None
    edges: tuple[Edge | Poison, ...]
    ends: tuple[Word, Word] | None
    condition: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True)
class TypeDef:
    name: str
    name_span: Span = field(compare=False)
    type: TypeText
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Variable:
    """`when` is a `Binder` where it names the value, `when (b: e)`."""

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
    each: Expression | None
    zero_sum: bool
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Terminal:
    condition: Expression
    span: Span = field(compare=False)
