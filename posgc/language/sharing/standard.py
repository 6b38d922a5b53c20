"""Requests of standard structures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from posgc.language.diagnostics.example_agents import with_agents
from posgc.language.elaborate.values import Env
from posgc.language.sharing.arguments import given_arguments
from posgc.language.sharing.lag_table import NEVER, Kind, LagTable
from posgc.language.sharing.rules import MAX_DELAY, ShareContext
from posgc.language.sharing.structures import STANDARD, Lags, Misuse, Structure
from posgc.language.sharing.written import agent_text
from posgc.language.signature import Signature
from posgc.language.text import syntax as ast

__all__ = ["fitting", "standard_forms", "standard_lags", "standard_protocol"]

_KINDS = 4  # 0, 1 and at most two more: the numbers of steps that a standard structure can speak of


def standard_protocol(context: ShareContext, request: ast.ProtocolRef, structure: Structure) -> LagTable | None:
    """The protocol that is asked for; None after reporting an error."""
    found = standard_lags(context, request, structure, context.rules().env)
    return None if found is None else found[1].protocol(found[0])


def standard_lags(
    context: ShareContext, request: ast.ProtocolRef, structure: Structure, env: Env
) -> tuple[str, Lags] | None:
    """The name of the protocol in full, and its lags; arguments may read what stands in `env`."""
    linked = any(isinstance(a, ast.Link) for a in request.arguments)
    if linked != structure.link and (linked or request.arguments):
        context.reporter.error(
            "E502",
            f"`{request.name}` is written otherwise",
            request.span,
            f"write `{_form(request.name, context.signature)}`",
        )
        return None
    given = given_arguments(context, request, list(structure.parameters), env)
    if given is None:
        return None
    rules = context.rules()
    values: list[int] = []
    for name, default in structure.parameters.items():
        value = given.get(name, default)
        if value is None:
            context.reporter.error(
                "E502",
                f"`{request.name}` needs a value for `{name}`",
                request.span,
                f"write `{_form(request.name, context.signature)}`",
            )
            return None
        if name in structure.agents:
            agent = rules.agent(ast.Literal_(value, request.span), rules.env, f"the argument `{name}`")
            if agent is None:
                return None
        elif value > MAX_DELAY:
            context.reporter.error(
                "E504", f"a delay of {value} steps is not possible", request.span, f"delays are at most {MAX_DELAY:,}"
            )
            return None
        values.append(value)
    try:
        return _name(context.signature, request.name, structure, values), structure.make(context.signature, values)
    except Misuse as misuse:
        context.reporter.error(misuse.code, misuse.message, request.span, misuse.help)
        return None


def _name(signature: Signature, name: str, structure: Structure, values: Sequence[int]) -> str:
    """The request in its shortest full form: `controlled_by(ann, 2)`."""
    if structure.link:
        return f"{name}({signature.agents[values[0] - 1]} -> {signature.agents[values[1] - 1]})"
    parts: list[str] = []
    for (parameter, default), value in zip(structure.parameters.items(), values, strict=True):
        if parameter in structure.agents:
            parts.append(signature.agents[value - 1])
        elif default is None:
            parts.append(str(value))
        elif value != default:
            parts.append(f"{parameter} = {value}")
    return f"{name}({', '.join(parts)})" if parts else name


def _form(name: str, signature: Signature) -> str:
    return next(f for f in standard_forms(signature) if f.partition("(")[0] == name)


def standard_forms(signature: Signature, fitting: bool = False) -> tuple[str, ...]:
    """How each standard structure is asked for, with agents of the game where it takes any; `fitting`: those alone that
    are for as many agents."""
    forms = (
        "full",
        "one_step",
        "delayed(2)",
        "one_directional(ann -> bob)",
        "controlled_by(ann, d = 2)",
        "controlled_by(ann, d = 2, own = 1)",
        "uncontrolled(2)",
        "exchange(2)",
        "none",
    )
    agents = [agent_text(signature, k) for k in range(len(signature.agents))]
    pairs = len(agents) == 2 or not fitting
    return tuple(with_agents(form, agents) for form in forms if pairs or "->" not in form)


def fitting(signature: Signature, table: LagTable, made: Callable[[Kind, int], bool]) -> str | None:
    """The standard structure, with its arguments, that hands the same items to the same agents at the same steps; None
    where there is none.  `made` says which variables have items at all."""
    asked = _of_items(table, made)
    rows, exchanges = asked[0], table.exchanges
    numbers = {lag for row in rows for lag in row if lag < NEVER} | {0, 1} | {x.every for x in exchanges}
    if len(numbers) > _KINDS or table.lowered or table.channels:
        return None
    for name, structure in sorted(STANDARD.items(), key=lambda item: len(item[1].parameters)):
        agents = range(1, len(signature.agents) + 1)
        domains = [agents if p in structure.agents else sorted(numbers) for p in structure.parameters]
        for values in product(*domains):
            try:
                standard = structure.make(signature, values).protocol(name)
            except Misuse:
                continue
            if _of_items(standard, made) == asked:
                return _name(signature, name, structure, values)
    return None


def _of_items(table: LagTable, made: Callable[[Kind, int], bool]) -> tuple[tuple[tuple[int, ...], ...], object, object]:
    """What a table says of the variables that have items."""
    kinds: tuple[tuple[Kind, tuple[tuple[int, ...], ...]], ...] = (
        ("action", table.action_lags),
        ("observation", table.observation_lags),
    )
    rows = tuple(row for kind, lags in kinds for v, row in enumerate(lags) if made(kind, v))
    return rows, table.forget, frozenset(x for x in table.exchanges if made(x.kind, x.variable))
