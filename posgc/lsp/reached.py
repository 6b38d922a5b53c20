"""Where in a statement a caret stands, seen from the text before it alone: so it works while the rest is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lark import Token
from lark.exceptions import UnexpectedInput

from posgc.language.text.dialect import Dialect
from posgc.language.text.fast_lalr import state_of
from posgc.language.text.scanning import MARKS
from posgc.language.text.stop import Stop, Table, Values

__all__ = ["Reached", "reached"]

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")
_HEAD = re.compile(r"(?:\s++|#[^\n]*+|use\b[^;]*+;)*+game\b[^{]*+\{")
_GAME, _SHARE = "game g { ", "share p { "


@dataclass(frozen=True)
class Reached:
    """What stands before a caret.

    `typed` is the beginning of the word in which the caret stands.  `lead` is the statement up to that word, with the
    heads of the lists that it stands in; `tokens` is what could be read of the statement itself.  `words` are the words
    of the language that can come next, `name` says whether a name can.
    """

    typed: str
    lead: str
    tokens: tuple[Token, ...]
    words: frozenset[str]
    name: bool
    in_share: bool

    @cached_property
    def item(self) -> str:
        """The word with which the statement begins, "" where the caret stands there."""
        return str(self.tokens[0]) if self.tokens else ""

    @property
    def last(self) -> str:
        """The token before, "" at the beginning of a statement."""
        return str(self.tokens[-1]) if self.tokens else ""


def reached(text: str, offset: int, dialect: Dialect) -> Reached | None:
    """What stands before a caret; None in a comment and in a title."""
    before = text[:offset]
    row = before[before.rfind("\n") + 1 :]
    if re.fullmatch(r'(?:[^"#]|"[^"]*")*', row) is None:
        return None
    typed = _WORD.search(before)
    word = typed[0] if typed else ""
    before = before[: len(before) - len(word)]
    lead, statement, in_share = _statement(before)
    read, stop = _read(dialect, lead + statement)
    own = tuple(t for t in read if (t.start_pos or 0) >= len(lead))
    words = frozenset(stop.keywords) if stop is not None else frozenset[str]()
    name = stop is not None and "NAME" in stop.accepts
    return Reached(word, lead + statement, own, words, name, in_share)


def _statement(before: str) -> tuple[str, str, bool]:
    """The heads of the lists in which the end of a text stands, its last statement, and whether that is a rule."""
    head = _HEAD.match(before)
    if head is None:
        return "", before, False
    start, depth, in_share = head.end(), 0, False
    opened = 0  # where the last rule of a protocol begins
    for mark in MARKS.finditer(before, head.end()):
        sign = mark[0]
        if mark["item"] or (mark["line"] and not in_share):
            # `init` and its like are reserved: whatever was open before is not any more
            start = mark.start("item") if mark["item"] else mark.start("line")
            depth, in_share = 0, False
        elif sign == "{":
            depth += 1
            if depth == 1 and re.match(r"share\b", before[start:]):
                in_share, opened = True, mark.end()
        elif sign == "}":
            depth = max(0, depth - 1)
            if not depth and in_share:
                start, in_share = mark.end(), False
        elif sign == ";" and depth == 0:
            start = mark.end()
        elif sign == ";" and depth == 1 and in_share:
            opened = mark.end()
    return (_GAME + _SHARE, before[opened:], True) if in_share else (_GAME, before[start:], False)


def _read(dialect: Dialect, text: str) -> tuple[list[Token], Stop | None]:
    """The tokens of a text up to its end, and what can stand there; None where it cannot be read so far."""
    parser = dialect.parser
    state = state_of(parser, text, "start")
    read = list[Token]()
    try:
        for token in _tokens(state):
            state.feed_token(token)
            read.append(token)
    except UnexpectedInput:
        return read, None
    table = Table(state.parse_conf.states, state.parse_conf.end_state)
    end = Token("$END", "", len(text))
    return read, Stop(parser, text, end, table, list(state.state_stack), Values(state.value_stack))


def _tokens(state: object) -> Iterator[Token]:
    yield from state.lexer.lex(state)  # type: ignore[attr-defined]  # Lark has no types for it
