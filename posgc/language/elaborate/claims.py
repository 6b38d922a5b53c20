"""`expect` lines: claims that a file makes about itself, checked for sense (names, protocol, numbers)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from posgc.language import ir
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.declarations import MAX_HORIZON
from posgc.language.elaborate.values import REAL
from posgc.language.sharing.requests import check_request
from posgc.language.sharing.rules import ShareContext, ShareRules
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import is_poisoned

__all__ = ["check_claims"]

_CONCEPTS = tuple(CONCEPTS)
_FORMS = "`assumption 3`, `gamma >= 0.3`, `value(team) == 8.8 within 1e-9`, `value(ce, bob) >= 1`, `gap(nash) <= 1e-9`"


def check_claims(game: ast.GameText, context: ShareContext, shares: Sequence[ast.Share]) -> tuple[ir.Expectation, ...]:
    """The claims of a file; reports those that make no sense (E313, and E5xx for the protocol)."""
    rules, reporter = context.rules(), context.reporter
    made: list[ir.Expectation] = []
    for item in game.items:
        if not isinstance(item, ast.Expect):
            continue
        request = None
        if item.protocol is not None:
            check_request(context, item.protocol, shares)
            request = reporter.source.text[item.protocol.span.start : item.protocol.span.end]
        elif not (shares or context.unread or context.nameless):
            reporter.error(
                "E508",
                "the game has no sharing protocol, so this claim needs one",
                item.span,
                "write `under full`, or declare a `share`",
            )
        if item.horizon is not None and not 1 <= item.horizon <= MAX_HORIZON:
            reporter.error(
                "E411",
                f"the horizon {item.horizon} is not a whole number from 1 to {MAX_HORIZON:,}",
                item.span,
                "it is the number of decisions",
            )
        claim = _claim(item, request, rules, reporter)
        if claim is not None:
            made.append(claim)
    return tuple(made)


def _claim(item: ast.Expect, request: str | None, rules: ShareRules, reporter: Reporter) -> ir.Expectation | None:
    claim = item.claim
    if isinstance(claim, ast.Assumption):
        if claim.number not in (1, 2, 3):
            reporter.error("E313", f"there is no assumption {claim.number}", claim.span, "they are 1, 2 and 3")
            return None
        return ir.Expectation(
            "assumption", item.span, claim.number, claim.negated, protocol=request, horizon=item.horizon
        )
    comparison = claim.comparison
    if is_poisoned(comparison):
        return None
    if not isinstance(comparison, ast.Compare) or comparison.operator == "!=":
        reporter.error("E313", "this is not a claim", comparison.span, f"claims are {_FORMS}")
        return None
    quantity = _quantity(comparison.left, rules, reporter)
    target = rules.types.constant(comparison.right, rules.env, REAL, "the number in a claim")
    within = 0.0
    if claim.within is not None:
        tolerance = rules.types.constant(claim.within, rules.env, REAL, "a tolerance")
        within = -1.0 if tolerance is None else float(tolerance)
        if tolerance is not None and within < 0:
            reporter.error("E313", "a tolerance is not negative", claim.within.span, "write `within 1e-9`")
    if quantity is None or target is None:
        return None
    kind, concept, agent = quantity
    return ir.Expectation(
        kind,
        item.span,
        concept=concept,
        agent=agent,
        comparison=comparison.operator,
        target=float(target),
        within=within,
        protocol=request,
        horizon=item.horizon,
    )


def _quantity(
    node: ast.Expression, rules: ShareRules, reporter: Reporter
) -> tuple[Literal["gamma", "value", "gap"], ConceptName | None, int] | None:
    match node:
        case ast.Reference(name="gamma", indices=(), primed=False):
            return "gamma", None, 0
        case ast.Call(
            name="value" | "gap" as kind, arguments=(ast.Reference(name=concept) as word, *rest), primed=False
        ):
            if concept not in _CONCEPTS:
                reporter.error(
                    "E313",
                    f"`{concept}` is not a solution concept",
                    word.span,
                    near(concept, _CONCEPTS, word.span) or f"they are {', '.join(_CONCEPTS[:-1])} and {_CONCEPTS[-1]}",
                )
                return None
            if len(rest) > (1 if kind == "value" else 0):
                reporter.error("E313", f"`{kind}` has too many arguments", node.span, f"claims are {_FORMS}")
                return None
            agent = rules.agent(rest[0], rules.env, "the agent of a value") if rest else 1
            return None if agent is None else (kind, cast(ConceptName, concept), agent - 1)
        case _:
            name = node.name if isinstance(node, ast.Call | ast.Reference) else ""
            cure = near(name, ("value", "gap", "gamma"), node.span) or f"claims are {_FORMS}"
            reporter.error("E313", "this is not a claim", node.span, cure)
            return None
