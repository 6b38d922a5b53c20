"""Parse tree -> syntax tree, bottom-up by an explicit walk, so that no input can exhaust the stack.

Depth and the size of numbers are checked here: everything after this point may recurse over the syntax
tree, which is at most `MAX_DEPTH` deep.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any

from lark import Token, Tree

from posgc.language.diagnostics import Diagnostic, InputError, Span
from posgc.language.text import syntax as ast
from posgc.language.text.makers import Maker, broken_item

__all__ = ["MAX_DEPTH", "Doubt", "build"]

MAX_DEPTH = 200
"""Levels of nesting that an expression may have."""

# Rules whose parts are not any expressions: where one is wrong, so is the whole.
_WHOLE = {
    *("bound", "constant", "span", "word", "pattern", "place", "edge", "edge_list"),
    *("assumption", "expect", "closed", "component_of"),
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
# The words with which items begin whose rules have other names.
_KEYWORDS = {
    **{"graph_where": "graph", "typedef": "type", "let_function": "let"},
    **{"reward_each": "reward", "zero_sum": "reward"},
}


@dataclass(frozen=True)
class Doubt:
    """At a place of the text something was read that may not be what was meant."""

    since: int | None  # where the part begins that is in doubt, None where all of the statement is
    words: tuple[Token, ...] = ()  # what the statement may declare beside what is read


_NO_DOUBT: Mapping[int, Doubt] = {}
_RULES = {"rule", "channel", "shared_delay", "forget"}


def build(
    tree: Tree[Token],
    makers: Mapping[str, Maker],
    found: list[Diagnostic],
    doubtful: Mapping[int, Doubt] = _NO_DOUBT,
) -> Any:
    """The syntax node of a parse tree, each rule made by its maker; None where a part outside of the game is wrong.

    Mistakes go to `found` (E111 too deep, E407 number out of range); the expression that holds one becomes `Poison`,
    and where it stands in none, the item becomes `Broken`.  A `doubtful` place makes the same of the smallest
    expression with the part that is in doubt, of the item, or of the rule of a protocol; a list of words it makes
    incomplete.
    """
    doubts = sorted(doubtful)
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
        words = list[Token]()
        for place in _within(doubts, span):
            if rule == "enumeration":
                node = replace(node, incomplete=True)
            elif rule in _ITEMS or rule in _RULES:
                node, words = _in_doubt(node, span, doubtful[place]), [*words, *doubtful[place].words]
            elif _holds(node, span, doubtful[place]):
                node = ast.Poison(span, node)
            else:
                continue
            doubts.remove(place)
        if rule in _ITEMS:
            depth = 0
            if isinstance(node, ast.Poison):
                node = broken_item([*_head(rule, sub), *_words(sub), *words], span)
        made[id(sub)] = node, depth
    node = made[id(tree)][0]
    return None if isinstance(node, ast.Poison) else node


def _within(places: list[int], span: Span) -> list[int]:
    """Those of the places, which ascend, that lie in a span."""
    first = bisect_left(places, span.start)
    return places[first : bisect_left(places, span.end, first)]


def _in_doubt(node: Any, span: Span, doubt: Doubt) -> Any:
    """An item or a rule of which the whole, or all of its value, is in doubt."""
    values = [f.name for f in fields(node) if isinstance(getattr(node, f.name), ast.Expression)]
    if doubt.since is None or not values:
        return ast.Poison(span)
    value = getattr(node, values[-1])
    return replace(node, **{values[-1]: ast.Poison(value.span, value)})


def _holds(node: Any, span: Span, doubt: Doubt) -> bool:
    """Whether a node is an expression with the part that is in doubt."""
    return doubt.since is not None and span.start <= doubt.since and isinstance(node, ast.Expression)


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


def _head(rule: str, tree: Tree[Token]) -> list[Token | None]:
    """The word with which an item begins, and the first name in it."""
    tokens = list(islice(tree.scan_values(lambda v: isinstance(v, Token)), 2))
    kind = next((token for token in tokens[:1] if token.type in ("KIND", "DRAW")), None)
    names = (token for token in tokens if token.type == "NAME")
    keyword = Token("NAME", _KEYWORDS.get(rule, rule)) if kind is None else Token("NAME", str(kind))
    return [keyword, next(names, None)]


def _words(tree: Tree[Token]) -> list[Token]:
    """What else an item may declare: the words of a type, and agents."""
    parts = [*tree.find_data("name"), *tree.find_data("agent")]
    return [part.children[0] for part in parts if isinstance(part.children[0], Token)]
