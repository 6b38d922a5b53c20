"""Text -> syntax tree: decoding, limits, the parser, and recovery from syntax errors.

A syntax error does not hide the next one: the statement that holds it is blanked out and the text is
read again, so that one run reports the syntax errors of all statements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark.exceptions import UnexpectedInput, UnexpectedToken

from posgc.language.diagnostics import Diagnostic, InputError, Source, Span, with_line_feeds
from posgc.language.text import swift
from posgc.language.text import syntax as ast
from posgc.language.text.build import build
from posgc.language.text.mistakes import explain, span_at
from posgc.language.text.tables import parser

__all__ = ["MAX_BYTES", "Lexeme", "decode", "is_name", "lexemes", "parse_game", "parse_request"]

MAX_BYTES = 10_000_000
"""Size beyond which a text is refused unread."""
_MAX_TOKENS = 1_000_000
_MAX_ERRORS = 20

_ALIASES = {"..": "DOTS", "->": "LINK"}
_LINE = re.compile(r"[^\n]*")
_BLANK = re.compile(r"[^\n]")
_LEXEME = re.compile(r'"[^"\n]*"|#[^\n]*|[A-Za-z_0-9.]+|[^\s]')
_CONTINUING = {"when", "then", "else", "and", "or", "mod", "in", "after", "within", "under", "at"}
_STOPS = re.compile(r'"[^"\n]*"|#[^\n]*|[{};]')


def decode(name: str, data: bytes) -> Source:
    """The text of a file.  Raises `InputError` (E112 too large, E113 not a text)."""
    if len(data) > MAX_BYTES:
        raise InputError([_too_large(len(data))], Source(name, ""))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            [
                Diagnostic(
                    "E113", f"this is not UTF-8 text (byte {error.start}, line {row})", None, "save the file as UTF-8"
                )
            ],
            Source(name, ""),
        ) from None
    return Source(name, with_line_feeds(text))


def parse_game(source: Source) -> ast.GameText:
    """The syntax tree of a file.  Raises `InputError` with its syntax errors (E1xx, E407)."""
    _admit(source)
    tree: ast.GameText = _read(source, "start")
    return tree


def parse_request(source: Source) -> ast.ProtocolRef:
    """The syntax tree of `--share`'s argument.  Raises `InputError`."""
    _admit(source)
    tree: ast.ProtocolRef = _read(source, "request")
    return tree


def _admit(source: Source) -> None:
    text = source.text
    if len(text) > MAX_BYTES:
        raise InputError([_too_large(len(text))], Source(source.name, ""))
    nul = text.find("\0")
    if nul >= 0:
        raise InputError(
            [
                Diagnostic(
                    "E113",
                    "this is not a text: it holds a NUL character",
                    span_at(text, nul, nul + 1),
                    "give a `.posg` file",
                )
            ],
            source,
        )
    if not re.search(r"^[ \t\f\r]*[^\s#]", text, re.MULTILINE):
        raise InputError(
            [Diagnostic("E114", "there is nothing here", Span(0, 0, 1, 1), "a file holds `game NAME { ... }`")], source
        )
    if len(text) > _MAX_TOKENS and sum(1 for _ in _LEXEME.finditer(text)) > _MAX_TOKENS:
        raise InputError(
            [
                Diagnostic(
                    "E112",
                    f"the file has more than {_MAX_TOKENS:,} words and signs",
                    None,
                    "a game of this size is better given in a numeric format such as .dpomdp",
                )
            ],
            source,
        )


def _too_large(size: int) -> Diagnostic:
    return Diagnostic(
        "E112",
        f"the text is too large: {size:,} bytes, at most {MAX_BYTES:,} are read",
        None,
        "a game of this size is better given in a numeric format such as .dpomdp",
    )


@lru_cache(maxsize=1)
def _name() -> re.Pattern[str]:
    return re.compile(parser().get_terminal("NAME").pattern.to_regexp())


def is_name(word: str) -> bool:
    """Whether a word can be a name: a letter or `_`, then letters, digits and `_`, and not reserved."""
    return _name().fullmatch(word) is not None


@dataclass(frozen=True)
class Lexeme:
    """A token of a text: the name of its terminal and where it stands."""

    type: str
    text: str
    start: int
    end: int


def lexemes(text: str) -> list[Lexeme]:
    """The tokens of a text that parses, without white space and comments."""
    # what may stand next decides how words are told apart, so the parser runs, but no tree is built
    tokens = swift.tokens(parser(), text, "start")
    return [Lexeme(_ALIASES.get(t, str(t.type)), str(t), t.start_pos or 0, t.end_pos or 0) for t in tokens]


def _read(source: Source, start: str) -> Any:
    text, found, last = source.text, list[Diagnostic](), -1
    while len(found) < _MAX_ERRORS:
        try:
            tree = swift.parse(parser(), text, start)
        except UnexpectedInput as error:
            mistake = explain(text, error)
            found.append(mistake)
            at = error.pos_in_stream if error.pos_in_stream is not None else len(text)
            mended = _without_statement(text, at)
            # Recovery must move on, else the same place would be reported for ever.
            if start == "request" or _ended(error) or mended is None or at <= last:
                break
            text, last = mended, at
        else:
            if found:
                break
            try:
                return build(tree)
            except InputError as error:
                raise InputError(error.diagnostics, source) from None
    raise InputError(found, source)


def _ended(error: UnexpectedInput) -> bool:
    return isinstance(error, UnexpectedToken) and error.token.type == "$END"


def _without_statement(text: str, at: int) -> str | None:
    """The text with the statement around position `at` of a game's body blanked, None outside of one."""
    if text.startswith("//", at):
        return text[:at] + _LINE.sub(lambda m: " " * len(m.group(0)), text[at:], count=1)
    depth, start = 0, None
    for stop in _STOPS.finditer(text):
        c = stop.group(0)
        if c == "{":
            depth += 1
            start = stop.end() if depth == 1 else start
        elif c == "}":
            depth -= 1
        if depth <= 0 and stop.start() >= at:
            return None
        if depth == 1 and (c == ";" or (c == "}" and not _goes_on(text, stop.end()))):
            if start is not None and at < start:
                return None
            if stop.end() > at and start is not None:
                return text[:start] + _BLANK.sub(" ", text[start : stop.end()]) + text[stop.end() :]
            start = stop.end()
    return None


def _goes_on(text: str, end: int) -> bool:
    """Whether a statement continues after the bracket that ends at `end` (`{a, b};`, `{a} when e;`)."""
    following = re.match(r"\s*(\S)(\w*)", text[end:])
    if following is None:
        return False
    return not following.group(1).isalpha() or following.group(0).strip() in _CONTINUING
