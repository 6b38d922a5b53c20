"""What the parts of the elaborator share: the names of a file, where mistakes go, and what is known so far.

The elaborator is made of parts, each of which holds what it needs: `Types` and `Indices` say over what names run,
`Picker`, `Expander` and `References` what a name means, `Quantifiers` and `Matches` read these forms, `Expressions`
joins them, and `Laws` adds distributions.  What becomes known on the way (the agents, the horizon, the variables) makes
a new context, and new parts with it: `Expressions.knowing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from posgc.language import ir
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import Key, Names
from posgc.language.elaborate.operators import Operators
from posgc.language.elaborate.tuples import Tuple
from posgc.language.elaborate.values import Env, Typed
from posgc.language.text import syntax as ast

__all__ = ["Cache", "Context", "Elaborate", "context_of"]

Elaborate = Callable[[ast.Expression, Env], Typed]
"""The elaborator of expressions, as its parts call it."""


@dataclass(frozen=True)
class Cache:
    """What is worked out once for a file, and kept from one context to the next."""

    # The types of the file: words by their tuple, intervals by their two ends.
    types: dict[tuple[object, ...], ir.Type] = field(default_factory=dict)
    # The tuple types of the file by their values.
    tuples: dict[frozenset[str], list[Tuple]] = field(default_factory=dict)
    # The bodies of definitions by (name, arguments, primed, unreachable), each with what keeps the arguments alive.
    bodies: dict[tuple[object, ...], tuple[Typed, object]] = field(default_factory=dict)
    # The index values of definitions, each with its text and environment.
    cases: dict[str, dict[Key, tuple[ast.Definition, Env]]] = field(default_factory=dict)
    # New indices, each with the name of the file from which it is a slip of the pen away, if there is one.
    slips: dict[str, str | None] = field(default_factory=dict)
    # The words in constructs of language blocks that stand for agents.
    resolved: list[ast.Word] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """What the parts of the elaborator hold in common."""

    names: Names
    reporter: Reporter
    ops: Operators  # makes the nodes, and counts them
    cache: Cache
    agents: tuple[str, ...] | None = None  # None until they are known
    horizon: int | None = None  # None until it is known, and where it has no meaning
    variables_known: bool = False  # whether expressions may read variables


def context_of(names: Names, reporter: Reporter, agents: tuple[str, ...] | None = None) -> Context:
    """A context in which nothing is known yet but the names, and the agents where they are given."""
    return Context(names, reporter, Operators(reporter), Cache(), agents)
