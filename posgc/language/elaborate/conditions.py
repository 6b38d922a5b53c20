"""Expressions that stand alone: what follows `when`, and rewards."""

from __future__ import annotations

from posgc.language.diagnostics import Span
from posgc.language.elaborate.dependencies import check_reads
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.values import BOOL, REAL, Env, Typed
from posgc.language.elaborate.variables import VariableTable
from posgc.language.text import syntax as ast

__all__ = ["checked_expression"]

_PLACES = {
    "when": (BOOL, "what follows `when`"),
    "terminal": (BOOL, "what follows `when`"),
    "reward": (REAL, "a reward"),
}


def checked_expression(
    laws: Laws, variables: VariableTable, place: str, node: ast.Expression, env: Env, span: Span
) -> Typed:
    """The expression of a `when`, `terminal` or `reward` line at `span`; reports a wrong type or a wrong read."""
    uses = laws.expander.begin_line()
    typed = laws.expressions.expr(node, env)
    if not laws.ops.expect(typed, *_PLACES[place]):
        typed = laws.ops.poison(node.span)
    fine = check_reads(place, typed.ir, span, uses, variables.names, laws.reporter)
    return typed if fine else laws.ops.poison(span)
