"""From a request such as `delayed(2)` to a `Protocol`, and the checks of a file's own protocols.

A request names one of the game's own `share` blocks or a standard structure; a block may carry the name
of a standard structure only if it means the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from posgc.language import ir
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.values import INT, Typed
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.rules import MAX_DELAY, Rules
from posgc.language.sharing.structures import STANDARD, Misuse, Structure
from posgc.language.signature import Signature
from posgc.language.text import syntax as ast
from posgc.language.text.parse import parse_request

__all__ = ["check_request", "declared_protocols", "protocol"]

_TRIED = (1, 2, 3)  # delays at which a redeclared standard structure is compared with its own


def protocol(signature: Signature, request: str | None, game: ir.Game | None = None) -> LagTable:
    """The sharing protocol that is asked for.

    `request` is `--share`'s argument: `full`, `delayed(2)`, `one_directional(ann -> bob)`, or one of the
    game's own protocols, with arguments where it takes any.  None means the game's first one.  Agents are
    named as in the signature, or by number from 1.  Raises `InputError` (E5xx, E606).
    """
    shares = game.shares if game is not None else ()
    constants = game.constants if game is not None else ()
    own = Reporter(game.source) if game is not None else Reporter(Source("<game>", ""))
    if request is None:
        if not shares:
            raise InputError(
                [
                    Diagnostic(
                        "E508",
                        "the game has no sharing protocol",
                        None,
                        "choose one with `--share`: " + ", ".join(_forms()),
                    )
                ],
                game.source if game is not None else None,
            )
        made = _declared(signature, shares[0], constants, own)
        own.check()
        assert made is not None  # else `own` holds the reason
        return made
    source = Source("--share", request)
    asked = Reporter(source)
    made = _resolve(signature, parse_request(source), shares, constants, asked, own)
    asked.check()
    own.check()
    assert made is not None
    return made


def declared_protocols(
    signature: Signature, shares: Sequence[ast.Share], constants: Sequence[tuple[str, ir.Value]], reporter: Reporter
) -> tuple[LagTable, ...]:
    """The file's protocols with their default arguments; those that need an argument are left out."""
    made: list[LagTable] = []
    seen: set[str] = set()
    for share in shares:
        found = _declared(signature, share, constants, reporter, needs_arguments=False)
        name = share.head.name if share.rules is not None or found is None else found.name
        if name in seen:
            reporter.error("E507", f"the protocol `{name}` is declared twice", share.head.span, "rename one of them")
        seen.add(name)
        if share.rules is not None and share.head.name in STANDARD:
            _compare(signature, share, constants, reporter)
        if found is not None:
            made.append(found)
    return tuple(made)


def check_request(
    signature: Signature,
    request: ast.ProtocolRef,
    shares: Sequence[ast.Share],
    constants: Sequence[tuple[str, ir.Value]],
    reporter: Reporter,
) -> None:
    """Complains of a request in the file that names no protocol, or gives wrong arguments."""
    _resolve(signature, request, shares, constants, reporter, reporter)


def _resolve(
    signature: Signature,
    request: ast.ProtocolRef,
    shares: Sequence[ast.Share],
    constants: Sequence[tuple[str, ir.Value]],
    asked: Reporter,
    own: Reporter,
) -> LagTable | None:
    for share in shares:
        if share.head.name != request.name:
            continue
        if share.rules is not None:
            bound = _arguments(signature, request, _parameters(share), constants, asked, own)
            return None if bound is None else _block(signature, share, bound, constants, own)
        if not request.arguments:
            return _declared(signature, share, constants, own)
    structure = STANDARD.get(request.name)
    if structure is not None:
        return _standard(signature, request, structure, constants, asked)
    known = [*(s.head.name for s in shares), *STANDARD]
    asked.error(
        "E501",
        f"there is no protocol `{request.name}`",
        request.span,
        near(request.name, known) or "the protocols are " + ", ".join(dict.fromkeys(known)),
    )
    return None


def _declared(
    signature: Signature,
    share: ast.Share,
    constants: Sequence[tuple[str, ir.Value]],
    reporter: Reporter,
    needs_arguments: bool = True,
) -> LagTable | None:
    """A `share` with its default arguments; None if it has none, or after complaining."""
    if share.rules is None:
        structure = STANDARD.get(share.head.name)
        if structure is not None:
            return _standard(signature, share.head, structure, constants, reporter)
        reporter.error(
            "E501",
            f"`{share.head.name}` is not a standard structure",
            share.head.span,
            near(share.head.name, STANDARD) or "write its rules: `share name { ... }`",
        )
        return None
    parameters = _parameters(share, reporter)
    if not needs_arguments and any(default is None for default in parameters.values()):
        return None
    none = ast.ProtocolRef(share.head.name, (), share.head.span)
    bound = _arguments(signature, none, parameters, constants, reporter, reporter)
    return None if bound is None else _block(signature, share, bound, constants, reporter)


# ---- blocks


def _parameters(share: ast.Share, reporter: Reporter | None = None) -> dict[str, ast.Expression | None]:
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


def _arguments(
    signature: Signature,
    request: ast.ProtocolRef,
    parameters: Mapping[str, ast.Expression | None],
    constants: Sequence[tuple[str, ir.Value]],
    asked: Reporter,
    own: Reporter,
) -> dict[str, int] | None:
    """The values of a block's parameters, from a request and the defaults."""
    given = _given(signature, request, list(parameters), constants, asked)
    if given is None:
        return None
    rules = Rules(signature, constants, own)
    for name, default in parameters.items():
        if name in given:
            continue
        if default is None:
            asked.error(
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


def _given(
    signature: Signature,
    request: ast.ProtocolRef,
    names: Sequence[str],
    constants: Sequence[tuple[str, ir.Value]],
    reporter: Reporter,
) -> dict[str, int] | None:
    rules = Rules(signature, constants, reporter)
    given: dict[str, int] = {}
    for position, argument in enumerate(_flat(request.arguments)):
        name, node = (argument.name, argument.value) if isinstance(argument, ast.Keyword) else (None, argument)
        if name is None and position < len(names):
            name = names[position]
        if name is None or name not in names or name in given:
            takes = ", ".join(names) if names else "no arguments"
            reporter.error(
                "E502",
                f"`{request.name}` has no place for this argument",
                argument.span,
                f"`{request.name}` takes {takes}",
            )
            return None
        value = rules.number(node, rules.env, f"the argument `{name}`")
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


def _block(
    signature: Signature,
    share: ast.Share,
    bound: Mapping[str, int],
    constants: Sequence[tuple[str, ir.Value]],
    reporter: Reporter,
) -> LagTable:
    rules = Rules(signature, constants, reporter)
    env = rules.env
    for name, value in bound.items():
        if name in env.bindings or name in rules.elaborator.names:
            reporter.error(
                "E204",
                f"the argument `{name}` reuses a name that has a meaning here",
                share.head.span,
                "choose another name for it",
            )
        env = env.bind(name, Typed(ir.Const(value, share.head.span), INT))
    shown = ", ".join(str(v) for v in bound.values())
    return rules.evaluate(f"{share.head.name}({shown})" if shown else share.head.name, share.rules or (), env)


# ---- standard structures


def _standard(
    signature: Signature,
    request: ast.ProtocolRef,
    structure: Structure,
    constants: Sequence[tuple[str, ir.Value]],
    reporter: Reporter,
) -> LagTable | None:
    linked = any(isinstance(a, ast.Link) for a in request.arguments)
    if linked != structure.link and (linked or request.arguments):
        reporter.error("E502", f"`{request.name}` is written otherwise", request.span, f"write `{_form(request.name)}`")
        return None
    given = _given(signature, request, list(structure.parameters), constants, reporter)
    if given is None:
        return None
    rules = Rules(signature, constants, reporter)
    values: list[int] = []
    for name, default in structure.parameters.items():
        value = given.get(name, default)
        if value is None:
            reporter.error(
                "E502", f"`{request.name}` needs a value for `{name}`", request.span, f"write `{_form(request.name)}`"
            )
            return None
        if name in structure.agents:
            agent = rules.agent(ast.Literal_(value, request.span), rules.env, f"the argument `{name}`")
            if agent is None:
                return None
        elif value > MAX_DELAY:
            reporter.error(
                "E504", f"a delay of {value} steps is not possible", request.span, f"delays are at most {MAX_DELAY:,}"
            )
            return None
        values.append(value)
    try:
        return structure.make(signature, values).protocol(_name(signature, request.name, structure, values))
    except Misuse as misuse:
        reporter.error(misuse.code, misuse.message, request.span, misuse.help)
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
    return next(f for f in _forms() if f.partition("(")[0] == name)


def _forms() -> tuple[str, ...]:
    return (
        "full",
        "one_step",
        "delayed(2)",
        "one_directional(ann -> bob)",
        "controlled_by(ann, d = 2)",
        "controlled_by(ann, d = 2, own = 1)",
        "uncontrolled(2)",
        "none",
    )


def _compare(
    signature: Signature, share: ast.Share, constants: Sequence[tuple[str, ir.Value]], reporter: Reporter
) -> None:
    """Complains (E506) of a block that has a standard name and another meaning.

    A block with arguments is compared at its defaults and at a few delays.
    """
    name = share.head.name
    structure = STANDARD[name]
    parameters = _parameters(share)
    required = sum(default is None for default in structure.parameters.values())
    fits = required <= len(parameters) <= len(structure.parameters)
    for values in islice(_trials(signature, parameters, structure, constants), 8) if fits else ():
        quiet = Reporter(reporter.source)
        block = _block(signature, share, dict(zip(parameters, values, strict=True)), constants, quiet)
        if quiet.failed:
            return  # the block has mistakes of its own
        defaults = [d or 0 for d in list(structure.parameters.values())[len(values) :]]
        try:
            standard = structure.make(signature, [*values, *defaults]).protocol(name)
        except Misuse:
            continue
        if _meaning(block) != _meaning(standard):
            fits = False
            break
    if not fits:
        reporter.error(
            "E506",
            f"`{name}` is a standard structure, and this block means something else",
            share.head.span,
            "give the block another name",
        )


def _trials(
    signature: Signature,
    parameters: Mapping[str, ast.Expression | None],
    structure: Structure,
    constants: Sequence[tuple[str, ir.Value]],
) -> Iterator[list[int]]:
    if not parameters:
        yield []
        return
    rules = Rules(signature, constants, Reporter(Source("", "")))
    kinds = list(structure.parameters)
    start = [
        2 if default is None else rules.number(default, rules.env, "an argument") or 0
        for default in parameters.values()
    ]
    if all(d is not None or kinds[k] not in structure.agents for k, d in enumerate(parameters.values())):
        yield start
    for k in range(len(start)):
        choices = range(1, len(signature.agents) + 1) if kinds[k] in structure.agents else _TRIED
        for value in choices:
            yield [*start[:k], value, *start[k + 1 :]]


def _meaning(made: LagTable) -> tuple[object, ...]:
    return made.action_lags, made.observation_lags, made.forget
