"""Requests of standard structures."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language.elaborate.values import Env
from posgc.language.sharing.arguments import given_arguments
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.rules import MAX_DELAY, ShareContext
from posgc.language.sharing.structures import Lags, Misuse, Structure
from posgc.language.signature import Signature
from posgc.language.text import syntax as ast

__all__ = ["standard_forms", "standard_lags", "standard_protocol"]


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
            "E502", f"`{request.name}` is written otherwise", request.span, f"write `{_form(request.name)}`"
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
                "E502", f"`{request.name}` needs a value for `{name}`", request.span, f"write `{_form(request.name)}`"
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


def _form(name: str) -> str:
    return next(f for f in standard_forms() if f.partition("(")[0] == name)


def standard_forms() -> tuple[str, ...]:
    return (
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
