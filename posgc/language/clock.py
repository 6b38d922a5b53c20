"""Whether a game's text reads the time, and where: `step`, or `horizon` in an expression.

A game that reads neither is the same at every step and for every number of steps.  This is decided from the text alone,
before any expression has a value: what is read in a branch that is never taken, or in a definition that nothing uses,
counts as well, and so does a condition such as `step >= 1` that always holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from posgc.language.diagnostics import Span
from posgc.language.ir import Clock
from posgc.language.text import syntax as ast

__all__ = ["clock_of"]

_PARTS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name != "span")
    for kind in vars(ast).values()
    if isinstance(kind, type) and is_dataclass(kind)
}


def clock_of(game: ast.GameText, discount: bool = True) -> Clock:
    """The first places at which the text reads the time, claims left out, and the `discount` line where not wanted."""
    left_out = (ast.Expect,) if discount else (ast.Expect, ast.Discount)
    step: list[Span] = []
    horizon: list[Span] = []
    for node in _nodes(tuple(item for item in game.items if not isinstance(item, left_out))):
        if isinstance(node, ast.FinalStep):
            horizon.append(node.span)
        elif isinstance(node, ast.Reference) and node.name == "step":
            step.append(node.span)
    return Clock(_first(step), _first(horizon))


def _nodes(root: object) -> Iterator[object]:
    """Every node of a syntax tree, in no particular order."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif type(node) in _PARTS:
            yield node
            stack.extend([getattr(node, name) for name in _PARTS[type(node)]])


def _first(places: list[Span]) -> Span | None:
    return min(places, key=lambda span: span.start, default=None)
