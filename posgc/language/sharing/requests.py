"""From a request such as `delayed(2)` to a table of lags, and the checks of a file's own protocols.

A request names one of the game's own `share` blocks or a standard structure; a block may carry the name
of a standard structure only if it means the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language import ir
from posgc.language.diagnostics import Diagnostic, InputError, Label, Source, Span
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.sharing.arguments import block_arguments, block_parameters
from posgc.language.sharing.blocks import compare_with_standard, evaluate_block
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.rules import ShareContext
from posgc.language.sharing.standard import standard_forms, standard_protocol
from posgc.language.sharing.structures import STANDARD
from posgc.language.signature import Signature
from posgc.language.text import syntax as ast
from posgc.language.text.parse import parse_request

__all__ = ["check_request", "declared_protocols", "protocol"]


def protocol(signature: Signature, request: str | None, game: ir.Game | None = None) -> LagTable:
    """The sharing protocol that is asked for.

    `request` is `--share`'s argument: `full`, `delayed(2)`, `one_directional(ann -> bob)`, or one of the
    game's own protocols, with arguments where it takes any.  None means the game's first one.  Agents are
    named as in the signature, or by number from 1.  Raises `InputError` (E5xx, E606).
    """
    shares = game.shares if game is not None else ()
    constants = game.constants if game is not None else ()
    reporter = Reporter(game.source if game is not None else Source("<game>", ""))
    own = ShareContext(signature, constants, reporter, shares=shares)
    if request is None:
        if not shares:
            raise InputError(
                [
                    Diagnostic(
                        "E508",
                        "the game has no sharing protocol",
                        None,
                        "choose one with `--share`: " + ", ".join(standard_forms(signature, True)),
                    )
                ],
                game.source if game is not None else None,
            )
        made = _declared(own, shares[0])
        own.reporter.check()
        assert made is not None  # else `own` holds the reason
        return made
    source = Source("--share", request)
    asked = ShareContext(signature, constants, Reporter(source), shares=shares)
    made = _resolve(asked, own, parse_request(source), shares)
    asked.reporter.check()
    own.reporter.check()
    assert made is not None
    return made


def declared_protocols(context: ShareContext, shares: Sequence[ast.Share]) -> tuple[LagTable, ...]:
    """The file's protocols with their default arguments; those that need an argument are left out."""
    made: list[LagTable] = []
    seen: dict[str, Span] = {}
    for share in shares:
        found = _declared(context, share, needs_arguments=False)
        name = share.head.name if share.rules is not None or found is None else found.name
        if name in seen:
            first = Label(seen[name], "first declared here")
            context.reporter.error(
                "E507", f"the protocol `{name}` is declared twice", share.head.span, "rename one of them", (first,)
            )
        seen.setdefault(name, share.head.span)
        if share.rules is not None and share.head.name in STANDARD and STANDARD[share.head.name].reserved:
            compare_with_standard(context, share)
        if found is not None:
            made.append(found)
    return tuple(made)


def check_request(context: ShareContext, request: ast.ProtocolRef, shares: Sequence[ast.Share]) -> None:
    """Reports a request in the file that names no protocol, or gives wrong arguments."""
    _resolve(context, context, request, shares)


def _resolve(
    asked: ShareContext, own: ShareContext, request: ast.ProtocolRef, shares: Sequence[ast.Share]
) -> LagTable | None:
    for share in shares:
        if share.head.name != request.name:
            continue
        if share.rules is not None:
            bound = block_arguments(asked, own, request, block_parameters(share))
            return None if bound is None else evaluate_block(own, share, bound)
        if not request.arguments:
            return _declared(own, share)
    structure = STANDARD.get(request.name)
    if structure is not None:
        return standard_protocol(asked, request, structure)
    wrong = any(share.head.name == request.name for share in shares)  # a structure by a name that it has not: reported
    if wrong or request.name in asked.unread or asked.nameless:
        return None
    known = [*(s.head.name for s in shares), *STANDARD]
    asked.reporter.error(
        "E501",
        f"there is no protocol `{request.name}`",
        request.span,
        near(request.name, known, request.span) or "the protocols are " + ", ".join(dict.fromkeys(known)),
    )
    return None


def _declared(context: ShareContext, share: ast.Share, needs_arguments: bool = True) -> LagTable | None:
    """A `share` with its default arguments; None if it has none, or after reporting an error."""
    if share.rules is None:
        structure = STANDARD.get(share.head.name)
        if structure is not None:
            return standard_protocol(context, share.head, structure)
        context.reporter.error(
            "E501",
            f"`{share.head.name}` is not a standard structure",
            share.head.span,
            near(share.head.name, STANDARD, share.head.span) or "write its rules: `share name { ... }`",
        )
        return None
    parameters = block_parameters(share, context.reporter)
    if not needs_arguments and any(default is None for default in parameters.values()):
        return None
    none = ast.ProtocolRef(share.head.name, (), share.head.span)
    bound = block_arguments(context, context, none, parameters)
    return None if bound is None else evaluate_block(context, share, bound)
