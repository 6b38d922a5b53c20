"""What a name of a file can be: one name space for variables, definitions, parameters, agents and types, with the
enumerators beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.values import POISON, Ty, Typed
from posgc.language.text import syntax as ast

__all__ = [
    "BUILTIN_FUNCTIONS",
    "BUILTIN_NAMES",
    "NOT_AGENTS",
    "TRUNCATED",
    "AgentArray",
    "AgentName",
    "Builtin",
    "Definitions",
    "Entity",
    "Family",
    "GraphName",
    "Names",
    "Parameter",
    "Poisoned",
    "TypeName",
    "Unfit",
    "report_unknown",
]

BUILTIN_NAMES = ("step", "agent", "bool")
BUILTIN_FUNCTIONS = (
    "abs",
    "min",
    "max",
    "clip",
    "all",
    "any",
    "sum",
    "count",
    "argmax",
    "bernoulli",
    "noisy",
)
TRUNCATED = {"poisson": ("mean",), "binomial": ("n", "p"), "normal": ("mean", "deviation")}
"""Laws over the integers, truncated to the values of a variable, with their parameters; names of a file win."""
NOT_AGENTS = ("team", "all")
"""Words of rewards and rules that stand where agents do."""

Key = tuple[ir.Value, ...]


@dataclass
class Builtin:
    """`step`, `agent`, `bool`."""

    name: str


@dataclass
class Parameter:
    """A parameter; with `values`, for protocols, also a table of constants."""

    text: ast.Param | None
    value: Typed | None = None  # None until it is known, and where it has indices
    values: dict[Key, Typed] = field(default_factory=dict)  # by index, where it has indices

    @property
    def indexed(self) -> bool:
        return bool(self.values) or (self.text is not None and bool(self.text.target.indices))


@dataclass
class GraphName:
    text: ast.Graph
    vertices: tuple[ir.Value, ...] = ()
    type: Ty = POISON
    neighbours: dict[ir.Value, tuple[ir.Value, ...]] | None = None  # None until they are known, or after a mistake


@dataclass
class AgentName:
    number: int | None  # None after an array of agents, until the agents are known


@dataclass
class AgentArray:
    """`robot[n]` among the agents: `robot[k]` is the number of the k-th of them."""


@dataclass
class Poisoned:
    """What is declared in a line that is wrong: mistakes about it are not reported again."""


@dataclass
class Unfit:
    """What has a meaning, and cannot be read where constants are wanted."""

    what: str  # in words, with its name


@dataclass
class TypeName:
    text: ast.TypeDef
    type: ir.Type | None = None
    broken: bool = False


@dataclass
class Family:
    """The variables declared under one name."""

    name: str
    kind: Literal["state", "action", "observation", "chance"]
    texts: list[ast.Variable | ast.Chance]  # its declarations, each for some of the indices
    numbers: dict[Key, int] = field(default_factory=dict)  # by index, the number among the variables of the kind
    types: dict[Key, ir.Type] = field(default_factory=dict)  # by index
    agents: tuple[bool, ...] = ()  # which indices are agents
    broken: bool = False  # whether a mistake in it has been reported, so that its uses are not


@dataclass
class Definitions:
    """The definitions of one name: one, or several that each pick an index."""

    name: str
    texts: list[ast.Definition]
    used: bool = False


Entity = Unfit | Builtin | Parameter | GraphName | AgentName | AgentArray | Poisoned | TypeName | Family | Definitions


@dataclass
class Names:
    table: dict[str, Entity]
    words: dict[str, frozenset[str]]  # each enumerator, with all words of the enumerations that hold it
    # Of `agents` and `horizon`, what is not known because of a mistake that is reported.
    lost: set[str] = field(default_factory=set)
    # Whether a name is declared in a line that could not be read, so that a name without a meaning may be that one.
    nameless: bool = False

    def __contains__(self, name: str) -> bool:
        return name in self.table or name in self.words


def report_unknown(
    names: Names,
    reporter: Reporter,
    message: str,
    word: tuple[str, Span],
    candidates: Iterable[str],
    otherwise: str,
    code: str = "E201",
) -> None:
    """Reports a name (with a span that it begins) that is none of the candidates; the cure is one like it, or
    `otherwise`.  Says nothing where it may be declared in a line that could not be read."""
    if not names.nameless:
        reporter.error(code, message, word[1], near(word[0], candidates, word[1]) or otherwise)
