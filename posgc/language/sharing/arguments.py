"""The parameters of the `share` blocks of a file, and the arguments that they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.values import Env
from posgc.language.sharing.rules import ShareContext
from posgc.language.text import syntax as ast

__all__ = ["block_arguments", "block_parameters", "given_arguments"]


def block_parameters(share: ast.Share, reporter: Reporter | None = None) -> dict[str, ast.Expression | None]:
    """The parameters of a block, with their defaults."""
    found: dict[str, ast.Expression | None] = {}
    for argument in share.head.arguments:
        match argument:
            case ast.Keyword(name=name, value=value):
                default: ast.Expression | None = value
            case ast.Reference(name=name, indices=(), primed=False):
                default = None
            case _:
                if reporter is not None:
                    reporter.error("E502", "this is not a parameter", argument.span, "write `d` or `d = 2`")
                continue
        if name in found and reporter is not None:
            reporter.error("E502", f"the parameter `{name}` is listed twice", argument.span, "list it once")
        found[name] = default
    return found


def block_arguments(
    asked: ShareContext,
    own: ShareContext,
    request: ast.ProtocolRef,
    parameters: Mapping[str, ast.Expression | None],
    env: Env | None = None,
) -> dict[str, int] | None:
    """The values of a block's parameters, from a request, which may read what stands in `env`, and the defaults."""
    given = given_arguments(asked, request, list(parameters), env)
    if given is None:
        return None
    rules = own.rules()
    for name, default in parameters.items():
        if name in given:
            continue
        if default is None:
            asked.reporter.error(
                "E502",
                f"`{request.name}` needs a value for `{name}`",
                request.span,
                f"write `{request.name}({name} = 1)`",
            )
            return None
        value = rules.number(default, rules.env, "an argument")
        if value is None:
            return None
        given[name] = value
    return {name: given[name] for name in parameters}


def given_arguments(
    context: ShareContext, request: ast.ProtocolRef, names: Sequence[str], env: Env | None = None
) -> dict[str, int] | None:
    """The arguments of a request by name, which may read what stands in `env`; None after reporting an error (E502)."""
    rules = context.rules()
    env = rules.env if env is None else env
    given: dict[str, int] = {}
    for position, argument in enumerate(_flat(request.arguments)):
        name, node = (argument.name, argument.value) if isinstance(argument, ast.Keyword) else (None, argument)
        if name is None and position < len(names):
            name = names[position]
        if name is None or name not in names or name in given:
            takes = ", ".join(names) if names else "no arguments"
            context.reporter.error(
                "E502",
                f"`{request.name}` has no place for this argument",
                argument.span,
                f"`{request.name}` takes {takes}",
            )
            return None
        value = rules.number(node, env, f"the argument `{name}`")
        if value is None:
            return None
        given[name] = value
    return given


def _flat(arguments: Sequence[ast.Expression]) -> Iterator[ast.Expression]:
    for argument in arguments:
        if isinstance(argument, ast.Link):
            yield from (argument.source, argument.target)
        else:
            yield argument
