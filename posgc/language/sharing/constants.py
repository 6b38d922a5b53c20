"""The constants in sharing protocols, and the agents that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.context import context_of
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import AgentArray, AgentName, Entity, Names
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed
from posgc.language.signature import Signature
from posgc.language.text import syntax as ast

__all__ = ["Constants", "typed"]

_NOWHERE = Span(0, 0, 1, 1)
_MEMBER = re.compile(r"([A-Za-z_]\w*)\[([0-9]+)\]", re.ASCII)


class Constants:
    """Evaluates what is constant for one game: it may read parameters, constant definitions and agents."""

    def __init__(self, signature: Signature, constants: Sequence[tuple[str, ir.Value]], reporter: Reporter) -> None:
        self.signature, self.reporter = signature, reporter
        names = Names(_agent_names(signature), {})
        expressions = Expressions(context_of(names, reporter, signature.agents))
        self.names = names
        self.ops = expressions.ops
        self.types = expressions.types
        self.indices = expressions.indices
        self.env = Env({name: typed(value) for name, value in constants})

    def number(self, node: ast.Expression, env: Env, what: str) -> int | None:
        value = self.types.constant(node, env, INT, what)
        return None if value is None else int(value)

    def agent(self, node: ast.Expression, env: Env, what: str) -> int | None:
        """The agent, from 1; None after reporting an error (E509)."""
        value = self.number(node, env, what)
        if value is not None and not 1 <= value <= len(self.signature.agents):
            self.reporter.error(
                "E509", f"there is no agent {value}", node.span, f"the agents are {', '.join(self.signature.agents)}"
            )
            return None
        return value


def typed(value: ir.Value) -> Typed:
    """A constant with its type."""
    ty = BOOL if isinstance(value, bool) else INT if isinstance(value, int) else REAL
    return Typed(ir.Const(value, _NOWHERE), ty)


def _agent_names(signature: Signature) -> dict[str, Entity]:
    """The agents as names: `ann`, or the array `robot[1]`, `robot[2]`."""
    table: dict[str, Entity] = {}
    for number, name in enumerate(signature.agents, 1):
        member = _MEMBER.fullmatch(name)
        if member is not None:
            table[member.group(1)] = AgentArray(_NOWHERE)
        else:
            table[name] = AgentName(number, _NOWHERE)
    return table
