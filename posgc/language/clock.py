"""Whether a game's text reads the time, and where: `step`, or `horizon` in an expression.

A game that reads neither is the same at every step and for every number of steps.  This is decided from the text alone,
before any expression has a value: what is read in a branch that is never taken, or in a definition that nothing uses,
counts as well, and so does a condition such as `step >= 1` that always holds.
"""

from __future__ import annotations

from posgc.language.diagnostics import Span
from posgc.language.ir import Clock
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["clock_of"]


def clock_of(game: ast.GameText, discount: bool = True) -> Clock:
    """The first places at which the text reads the time, claims left out, and the `discount` line where not wanted."""
    left_out = (ast.Expect,) if discount else (ast.Expect, ast.Discount)
    step: list[Span] = []
    horizon: list[Span] = []
    for node in nodes(tuple(item for item in game.items if not isinstance(item, left_out))):
        if isinstance(node, ast.FinalStep):
            horizon.append(node.span)
        elif isinstance(node, ast.Reference) and node.name == "step":
            step.append(node.span)
    return Clock(_first(step), _first(horizon))


def _first(places: list[Span]) -> Span | None:
    return min(places, key=lambda span: span.start, default=None)
