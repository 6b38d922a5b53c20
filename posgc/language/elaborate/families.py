"""Families of variables: the index values and types of what is declared under one name."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import AgentArray, AgentName, Builtin, Family, Key, Poisoned, TypeName
from posgc.language.elaborate.values import Env, written_value
from posgc.language.text import syntax as ast

__all__ = ["agent_positions", "declare_families", "label", "labelled", "owner"]


def declare_families(expressions: Expressions) -> None:
    """Fills the index values and types of all families, and numbers their variables.

    States and chances are numbered as declared, actions and observations by agent, then as declared.
    """
    for name, entity in expressions.context.names.table.items():
        if isinstance(entity, TypeName):
            expressions.types.type_of(ast.Named(name, entity.text.span))
    families = [e for e in expressions.context.names.table.values() if isinstance(e, Family)]
    for family in families:
        _instances(expressions, family)
    for kind in ("state", "chance", "action", "observation"):
        rows = [(f, key) for f in families if f.kind == kind for key in f.types]
        if kind in ("action", "observation"):
            rows.sort(key=lambda row: owner(*row))
        for number, (family, key) in enumerate(rows):
            family.numbers[key] = number


def _instances(expressions: Expressions, family: Family) -> None:
    if any(expressions.indices.unknown(text.target) for text in family.texts):
        family.broken = True
        return
    shape: tuple[type, ...] | None = None
    names = expressions.context.agents or ()
    for text in family.texts:
        type = expressions.types.type_of(text.type)
        agents = agent_positions(expressions, text.target, family.kind)
        family.agents = family.agents or agents
        for key, _ in expressions.indices.targets(text.target, Env()):
            shape = shape or tuple(v.__class__ for v in key)
            if tuple(v.__class__ for v in key) != shape or agents != family.agents:
                expressions.reporter.error(
                    "E207",
                    f"`{family.name}` is declared with other indices before",
                    text.target.span,
                    "give all its pieces the same kind of index",
                )
                break
            if key in family.types:
                expressions.reporter.error(
                    "E202",
                    f"`{label(names, family, key)}` is declared twice",
                    text.target.span,
                    "keep one of the declarations",
                )
                break
            if not _right_agents(expressions, family, key, text):
                family.broken = True
                break
            if type is None:
                family.broken = True
                break
            family.types[key] = type
    family.broken = family.broken or not family.types


def agent_positions(expressions: Expressions, target: ast.Target, kind: str = "") -> tuple[bool, ...]:
    """Which indices of a declaration are agents: fresh names, agents, `i in agent`, and `i in robot` of an array."""

    def one(node: ast.Expression) -> bool:
        if isinstance(node, ast.Member):
            where = node.collection
            return isinstance(where, ast.Reference) and isinstance(
                expressions.context.names.table.get(where.name), Builtin | AgentArray
            )
        if isinstance(node, ast.Reference):
            entity = expressions.context.names.table.get(node.name)
            return expressions.indices.is_fresh(node, Env()) or isinstance(entity, AgentName | AgentArray | Poisoned)
        return kind in ("action", "observation")

    return tuple(one(node) for node in target.indices)


def _right_agents(expressions: Expressions, family: Family, key: Key, text: ast.Variable | ast.Chance) -> bool:
    count = sum(family.agents)
    if family.kind in ("action", "observation") and count != 1:
        arrays = [name for name, entity in expressions.context.names.table.items() if isinstance(entity, AgentArray)]
        of_array = f", or `{family.name}[i in {arrays[0]}]`" if arrays else ""
        expressions.reporter.error(
            "E309",
            f"the {family.kind} `{family.name}` does not say whose it is",
            text.target.span,
            f"give it one agent as an index: `{family.name}[i]`{of_array}",
        )
        return False
    agents = expressions.context.agents or ()
    for value, is_agent in zip(key, family.agents, strict=True):
        if is_agent and not (isinstance(value, int) and 1 <= value <= len(agents)):
            expressions.reporter.error(
                "E401", f"there is no agent {value}", text.target.span, f"the agents are 1..{len(agents)}"
            )
            return False
    return True


def owner(family: Family, key: Key) -> int:
    """The agent, from 0, that an action or observation variable belongs to."""
    return next(int(v) - 1 for v, is_agent in zip(key, family.agents, strict=True) if is_agent)


def label(agents: Sequence[str], family: Family, key: Key, with_agent: bool = True) -> str:
    """The variable's name with its indices, agents by name: `cell[ann]`; without agents on demand."""
    return labelled(agents, family.name, family.agents, key, with_agent)


def labelled(agents: Sequence[str], name: str, which: Sequence[bool], key: Key, with_agent: bool = True) -> str:
    """The name with its indices, of which those that are agents (`which`) are shown by name."""
    parts = [
        agents[int(v) - 1] if is_agent else written_value(v)
        for v, is_agent in zip(key, which, strict=True)
        if with_agent or not is_agent
    ]
    return f"{name}[{', '.join(parts)}]" if parts else name
