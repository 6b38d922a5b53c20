"""The `share` blocks of a file evaluated, extensions of others included, and compared with the standard structures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from posgc.language import ir
from posgc.language.diagnostics import Diagnostic, Label, Source, Span
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.values import INT, Env, Typed
from posgc.language.sharing.arguments import block_arguments, block_parameters
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.rules import ShareContext, Statement
from posgc.language.sharing.standard import standard_lags
from posgc.language.sharing.structures import STANDARD, Lags, Misuse, Structure
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["compare_with_standard", "evaluate_block"]

_FORGOTTEN = "E505"  # what becomes common when nobody remembers it
_TRIED = (1, 2, 3)  # delays at which a redeclared standard structure is compared with its own


def evaluate_block(context: ShareContext, share: ast.Share, bound: Mapping[str, int]) -> LagTable | None:
    """The protocol of a block with its arguments; None after reporting an error in what it extends."""
    if share.base is None:
        return _evaluate(context, share, bound)
    reporter = Reporter(context.reporter.source)
    inner = replace(context, reporter=reporter)
    made = _evaluate(inner, share, bound)
    context.rules().incomplete = inner.rules().incomplete
    if reporter.failed:
        context.reporter.take(_seen_from(context, share, each) for each in reporter.failure().diagnostics)
    return made


def _evaluate(context: ShareContext, share: ast.Share, bound: Mapping[str, int]) -> LagTable | None:
    rules = context.rules()
    env = _bound(context, share, bound)
    blocks: list[tuple[Sequence[Statement], Env]] = [(share.rules or (), env)]
    lags = Lags(context.signature)
    seen, extension = [share.head.name], share
    while extension.base is not None:
        base = extension.base
        own = _declared(context, base)
        if own is None and base.name in STANDARD:
            standard = standard_lags(context, base, STANDARD[base.name], env)
            if standard is None:
                return None
            lags = standard[1]
            break
        if own is None:
            _no_base(context, base)
            return None
        if base.name in seen:
            _cycle(context, seen[seen.index(base.name) :])
            return None
        arguments = block_arguments(context, context, base, block_parameters(own), env)
        if arguments is None:
            return None
        seen.append(base.name)
        extension, env = own, _bound(context, own, arguments)
        blocks.insert(0, (own.rules or (), env))
    shown = ", ".join(str(v) for v in bound.values())
    return rules.evaluate(f"{share.head.name}({shown})" if shown else share.head.name, blocks, lags)


def _declared(context: ShareContext, request: ast.ProtocolRef) -> ast.Share | None:
    """The block of the file by the name of a request."""
    return next((s for s in context.shares if s.head.name == request.name and s.rules is not None), None)


def _seen_from(context: ShareContext, share: ast.Share, found: Diagnostic) -> Diagnostic:
    """A mistake found in a block.  In a protocol that it extends, what the arguments or its own rules make wrong is
    shown where it is extended."""
    here, own = found.span, share
    if here is None:
        return found
    while own.base is not None and not own.span.start <= here.start < own.span.end:
        base, extended = own.base, _declared(context, own.base)
        if extended is None:
            return found
        if extended.span.start <= here.start < extended.span.end and _made_wrong(context, base, extended, found, here):
            label = Label(here, f"in the protocol `{base.name}`")
            return replace(found, span=base.span, labels=(label, *found.labels), replacements=())
        own = extended
    return found


def _made_wrong(
    context: ShareContext, base: ast.ProtocolRef, extended: ast.Share, found: Diagnostic, here: Span
) -> bool:
    """Whether a mistake in what is extended lies with who extends it."""
    if base.arguments:
        parameters = block_parameters(extended)
        read = (n for n in nodes(extended.rules) if isinstance(n, ast.Reference) and n.name in parameters)
        return found.code == _FORGOTTEN or any(here.start <= n.span.start < here.end for n in read)
    alone = Reporter(context.reporter.source)
    quiet = replace(context, reporter=alone)
    bound = block_arguments(quiet, quiet, base, block_parameters(extended))
    return (
        found.code == _FORGOTTEN
        and bound is not None
        and _evaluate(quiet, extended, bound) is not None
        and not alone.failed
    )


def _cycle(context: ShareContext, names: Sequence[str]) -> None:
    """Reports protocols of which each extends the next one, and the last the first, from the one that comes first."""
    shares = [s for s in context.shares if s.head.name in names and s.base is not None]
    at = names.index(shares[0].head.name)
    chain = " -> ".join([*names[at:], *names[:at], names[at]])
    places = [base.span for s in shares if (base := s.base) is not None]
    others = tuple(Label(span, "and here") for span in places[1:])
    what = f"the protocol `{names[at]}` extends itself: {chain}"
    context.reporter.error("E501", what, places[0], "a protocol extends another one", others)


def _no_base(context: ShareContext, base: ast.ProtocolRef) -> None:
    if base.name in context.unread or context.nameless:
        return
    known = [*(s.head.name for s in context.shares if s.rules is not None), *STANDARD]
    cure = near(base.name, known, base.span) or "the protocols are " + ", ".join(dict.fromkeys(known))
    context.reporter.error("E501", f"there is no protocol `{base.name}`", base.span, cure)


def _bound(context: ShareContext, share: ast.Share, bound: Mapping[str, int]) -> Env:
    """What may be read in the rules of a block with its arguments."""
    rules = context.rules()
    env = rules.env
    for name, value in bound.items():
        if name in env.bindings or name in rules.names:
            context.reporter.error(
                "E204",
                f"the argument `{name}` reuses a name that has a meaning here",
                share.head.span,
                "choose another name for it",
            )
        env = env.bind(name, Typed(ir.Const(value, share.head.span), INT))
    return env


def compare_with_standard(context: ShareContext, share: ast.Share) -> None:
    """Reports (E506) a block that has a standard name and another meaning.

    A block with arguments is compared at its defaults and at a few delays.
    """
    name = share.head.name
    structure = STANDARD[name]
    parameters = block_parameters(share)
    required = sum(default is None for default in structure.parameters.values())
    fits = required <= len(parameters) <= len(structure.parameters)
    for values in islice(_trials(context, parameters, structure), 8) if fits else ():
        quiet = Reporter(context.reporter.source)
        quiet_context = replace(context, reporter=quiet)
        block = evaluate_block(quiet_context, share, dict(zip(parameters, values, strict=True)))
        if block is None or quiet.failed or quiet_context.rules().incomplete:
            return  # the block has mistakes of its own
        defaults = [d or 0 for d in list(structure.parameters.values())[len(values) :]]
        try:
            standard = structure.make(context.signature, [*values, *defaults]).protocol(name)
        except Misuse:
            continue
        if block.content != standard.content:
            fits = False
            break
    if not fits:
        context.reporter.error(
            "E506",
            f"`{name}` is a standard structure, and this block means something else",
            share.head.span,
            "give the block another name",
        )


def _trials(
    context: ShareContext, parameters: Mapping[str, ast.Expression | None], structure: Structure
) -> Iterator[list[int]]:
    if not parameters:
        yield []
        return
    rules = replace(context, reporter=Reporter(Source("", ""))).rules()
    kinds = list(structure.parameters)
    start = [
        2 if default is None else rules.number(default, rules.env, "an argument") or 0
        for default in parameters.values()
    ]
    if all(d is not None or kinds[k] not in structure.agents for k, d in enumerate(parameters.values())):
        yield start
    for k in range(len(start)):
        choices = range(1, len(context.signature.agents) + 1) if kinds[k] in structure.agents else _TRIED
        for value in choices:
            yield [*start[:k], value, *start[k + 1 :]]
