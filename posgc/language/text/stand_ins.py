"""What stands in the tree for what cannot be read, and how much of a statement is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from lark import Token, Tree
from lark.tree import Meta

from posgc.language.text.stop import CLOSING, Stop, span_at

__all__ = ["begin_of", "part_in_doubt", "token_at", "tree_at"]


def token_at(text: str, kind: str, word: str, start: int, end: int) -> Token:
    """A token of a kind for `start:end` of the text."""
    here = span_at(text, start, end)
    return Token(kind, word, start, here.line, here.column, end_pos=end)


def tree_at(text: str, name: str, children: list[Token | None], start: int, end: int) -> Tree[Token]:
    """A tree of a rule for `start:end` of the text."""
    first, last = span_at(text, start, start), span_at(text, end, end)
    meta: Any = Meta()  # type: ignore[no-untyped-call]
    meta.empty = False
    meta.start_pos, meta.line, meta.column = start, first.line, first.column
    meta.end_pos, meta.end_line, meta.end_column = end, last.line, last.column
    return Tree(name, cast(list[Token | Tree[Token]], children), meta)


def begin_of(values: Sequence[Any], otherwise: int) -> int:
    """Where the first of some values begins that has a place; `otherwise` where none has."""
    for value in values:
        start = value.start_pos if isinstance(value, Token) else getattr(value.meta, "start_pos", None)
        if start is not None:
            return int(start)
    return otherwise


def part_in_doubt(stop: Stop) -> int | None:
    """Where the innermost bracket opens behind the sign of a law or a value, the place itself where none is open, and
    None where there is no sign before it, so that the whole statement is in doubt."""
    inner = [k for k, _ in stop.open if k >= stop.level]
    signs = (":",) if stop.within == "match" else ("=", "~")
    head = stop.value_stack[stop.level : inner[0] if inner else None]
    if not any(isinstance(v, Token) and v in signs for v in head):
        return None
    if inner and str(stop.token) in CLOSING.values() and CLOSING[stop.value_stack[inner[-1]]] != stop.token:
        inner = inner[:-1] or inner  # the token closes one around it
    return int(stop.value_stack[inner[-1]].start_pos) if inner else stop.start
