"""Parse tree -> syntax tree, bottom-up by an explicit walk, so that no input can exhaust the stack.

Depth and the size of numbers are checked here: everything after this point may recurse over the syntax
tree, which is at most `MAX_DEPTH` deep.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from lark import Token, Tree

from posgc.language.diagnostics import Diagnostic, InputError, Span
from posgc.language.text import syntax as ast
from posgc.language.text.makers import Maker, broken_item

__all__ = ["MAX_DEPTH", "build"]

MAX_DEPTH = 200
"""Levels of nesting that an expression may have."""

# Rules whose parts are no expressions: where one is wrong, so is the whole.
_WHOLE = {
    *("bound", "constant", "span", "word", "pattern", "place", "edge", "edge_list"),
    *("assumption", "closed"),
}
_ITEMS = {
    *(
        "param",
        "horizon",
        "discount",
        "agents",
        "graph",
        "graph_where",
        "typedef",
        "variable",
        "chance",
        "let",
        "let_function",
    ),
    *("draw", "reward", "reward_each", "zero_sum", "terminal", "share", "expect", "include"),
}


def build(tree: Tree[Token], makers: Mapping[str, Maker], found: list[Diagnostic]) -> Any:
    """The syntax node of a parse tree, each rule made by its maker; None where a part outside of the game is wrong.

    Mistakes go to `found` (E111 too deep, E407 number out of range); the expression that holds one becomes `Poison`,
    and where it stands in none, the item becomes `Broken`.
    """
    made: dict[int, tuple[Any, int]] = {}
    for sub in tree.iter_subtrees():
        parts = [made[id(c)] if isinstance(c, Tree) else (c, 0) for c in sub.children]
        rule, span = str(sub.data), _span(sub)
        depth = 1 + max((d for _, d in parts), default=0)
        if depth > MAX_DEPTH:
            if depth == MAX_DEPTH + 1:
                found.append(_too_deep(span))
            node: Any = ast.Poison(span)
        else:
            node = _made(rule, [p for p, _ in parts], span, makers, found)
        if rule in _ITEMS:
            depth = 0
            if isinstance(node, ast.Poison):
                node = broken_item(_head(sub), span)
        made[id(sub)] = node, depth
    node = made[id(tree)][0]
    return None if isinstance(node, ast.Poison) else node


def _too_deep(span: Span) -> Diagnostic:
    return Diagnostic(
        "E111",
        f"this is nested more than {MAX_DEPTH} levels deep",
        span,
        "name an inner part with `let` and use the name",
    )


def _made(rule: str, parts: list[Any], span: Span, makers: Mapping[str, Maker], found: list[Diagnostic]) -> Any:
    if rule in _WHOLE and any(isinstance(p, ast.Poison) for p in parts):
        return ast.Poison(span)
    try:
        return makers[rule](parts, span)
    except InputError as error:
        found += error.diagnostics
        return ast.Poison(span)


def _span(tree: Tree[Token]) -> Span:
    meta = tree.meta
    return Span(meta.start_pos, meta.end_pos, meta.line, meta.column) if not meta.empty else Span(0, 0, 1, 1)


def _head(tree: Tree[Token]) -> list[Token | None]:
    """The first two words of an item: its keyword, and what may be its name."""
    found = list(islice(tree.scan_values(lambda v: isinstance(v, Token)), 2))
    return [*found, None, None][:2]
