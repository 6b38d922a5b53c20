"""The constants in sharing protocols, and the agents that they name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.context import context_of
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import (
    AgentArray,
    AgentName,
    Builtin,
    Definitions,
    Entity,
    Family,
    Names,
    Parameter,
    Poisoned,
    TypeName,
    Unfit,
)
from posgc.language.elaborate.values import INT, Env, Ty, Typed, ty_of_value
from posgc.language.signature import Signature
from posgc.language.text import syntax as ast

__all__ = ["Constants", "file_names", "typed"]

_NOTHING = Names({}, {})
_NOWHERE = Span(0, 0, 1, 1)
_MEMBER = re.compile(r"([A-Za-z_]\w*)\[([0-9]+)\]", re.ASCII)


class Constants:
    """Evaluates what is constant for one game: it may read parameters, constant definitions and agents."""

    def __init__(
        self,
        signature: Signature,
        constants: Sequence[tuple[str, ir.Constant]],
        reporter: Reporter,
        others: Names = _NOTHING,
    ) -> None:
        self.signature, self.reporter = signature, reporter
        known = dict(constants)
        table = {name: entity for name, entity in others.table.items() if name not in known}
        tables: dict[str, Entity] = {
            name: Parameter(None, None, {key: typed(each) for key, each in value})
            for name, value in constants
            if isinstance(value, tuple)
        }
        words = _words_of(value for _, value in constants if isinstance(value, tuple))
        names = Names(table | tables | _agent_names(signature), words, nameless=others.nameless)
        expressions = Expressions(context_of(names, reporter, signature.agents))
        self.names = names
        self.ops = expressions.ops
        self.types = expressions.types
        self.indices = expressions.indices
        # Whether something was left out, without a word, because a mistake in it has been reported.
        self.incomplete = False
        self.env = Env({name: typed(value) for name, value in constants if not isinstance(value, tuple)})

    def number(self, node: ast.Expression, env: Env, what: str) -> int | None:
        value = self.constant(node, env, INT, what)
        return None if value is None else int(value)

    def constant(self, node: ast.Expression, env: Env, ty: Ty | None, what: str) -> ir.Value | None:
        """The value of a constant; None after reporting an error."""
        value = self.types.constant(node, env, ty, what)
        self.incomplete = self.incomplete or value is None
        return value

    def agent(self, node: ast.Expression, env: Env, what: str) -> int | None:
        """The agent, from 1; None after reporting an error (E509)."""
        value = self.number(node, env, what)
        if value is not None and not 1 <= value <= len(self.signature.agents):
            self.reporter.error(
                "E509", f"there is no agent {value}", node.span, f"the agents are {', '.join(self.signature.agents)}"
            )
            return None
        return value


def file_names(names: Names, wrong: Collection[str]) -> Names:
    """What the names of a file are for a protocol, those aside that it may read; the `wrong` ones have a mistake."""
    table = {
        name: Poisoned() if name in wrong else _other(entity)
        for name, entity in names.table.items()
        if not isinstance(entity, AgentName | AgentArray)
    }
    return Names(table, {}, nameless=names.nameless)


def _other(entity: Entity) -> Entity:
    if isinstance(entity, Family) and not entity.broken:
        return Unfit(f"the {entity.kind} `{entity.name}` is a variable")
    if isinstance(entity, Definitions):
        return Unfit(f"the definition `{entity.name}` is not a constant, or has an index or an argument")
    if isinstance(entity, Builtin | TypeName):
        return entity
    return Poisoned()  # a variable or a parameter with a mistake


def typed(value: ir.Value) -> Typed:
    """A constant with its type."""
    return Typed(ir.Const(value, _NOWHERE), ty_of_value(value))


def _words_of(tables: Iterable[ir.Rows]) -> dict[str, frozenset[str]]:
    """The words with which tables are indexed."""
    found = frozenset(part for rows in tables for key, _ in rows for part in key if isinstance(part, str))
    return dict.fromkeys(found, found)


def _agent_names(signature: Signature) -> dict[str, Entity]:
    """The agents as names: `ann`, or the array `robot[1]`, `robot[2]`."""
    table: dict[str, Entity] = {}
    for number, name in enumerate(signature.agents, 1):
        member = _MEMBER.fullmatch(name)
        if member is not None:
            table[member.group(1)] = AgentArray()
        else:
            table[name] = AgentName(number)
    return table
