"""The outline of a file, and what each of its words is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from posgc.language import Analysis, Span
from posgc.language.analysis.places import name_span
from posgc.language.text import syntax as ast

__all__ = ["MODIFIERS", "TOKENS", "Symbol", "Token", "symbols", "tokens"]

TOKENS = {
    "parameter": "macro",
    "agent": "class",
    "graph": "struct",
    "type": "type",
    "word": "enumMember",
    "state": "variable",
    "action": "variable",
    "observation": "variable",
    "chance": "variable",
    "definition": "property",
    "function": "function",
    "protocol": "interface",
    "index": "parameter",
    "argument": "parameter",
}
"""Each kind of name as a kind of token of the Language Server Protocol."""
MODIFIERS = ("declaration",)


@dataclass(frozen=True)
class Symbol:
    """An item that declares or defines something; `kind` is that of a `Name`, or the word with which it begins."""

    text: str
    kind: str
    detail: str
    span: Span  # of the item
    name_span: Span


@dataclass(frozen=True)
class Token:
    """A name in the text: its place, its kind, and whether it is declared there."""

    span: Span
    kind: str
    declared: bool


def tokens(analysis: Analysis) -> tuple[Token, ...]:
    """Every place of every name, in the order of the text."""
    found = [
        *(Token(span, name.kind, True) for name in analysis.names for span in name.declarations),
        *(Token(span, name.kind, False) for name in analysis.names for span in name.uses),
    ]
    return tuple(sorted(found, key=lambda token: token.span.start))


def symbols(analysis: Analysis) -> tuple[Symbol, ...]:
    """The outline of a file: one symbol for each declaration, with its type."""
    if analysis.tree is None:
        return ()
    types = {span.start: name for name in analysis.names for span in name.declarations}
    found = []
    for item in analysis.tree.items:
        for text, span in _declared(item):
            name = types.get(span.start)
            if name is not None:
                found.append(Symbol(text, name.kind, name.type or "", item.span, span))
    return tuple(found)


def _declared(item: ast.Item) -> Iterator[tuple[str, Span]]:
    """What an item declares, without the words of its type, each with a place that it begins."""
    match item:
        case ast.Param() | ast.Variable() | ast.Chance() | ast.Definition():
            yield item.target.name, name_span(item.target.span, item.target.name)
        case ast.Graph():
            yield item.name.text, item.name.span
        case ast.TypeDef():
            yield item.name, item.name_span
        case ast.Agents():
            yield from ((group.name.text, group.name.span) for group in item.groups)
        case ast.Share() if item.rules is not None:
            yield item.head.name, name_span(item.head.span, item.head.name)
        case _:
            pass
