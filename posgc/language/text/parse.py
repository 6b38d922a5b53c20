"""Text -> syntax tree: decoding, limits, the parser, and recovery from syntax errors.

A syntax error does not hide the next one: the statement that holds it is blanked out and the text is
read again, so that one run reports the syntax errors of all statements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from posgc.language.blocks.contract import Block
from posgc.language.diagnostics import Diagnostic, InputError, Source, Span, with_line_feeds
from posgc.language.text import fast_lalr
from posgc.language.text import syntax as ast
from posgc.language.text.build import build
from posgc.language.text.dialect import Dialect, base_parser, dialect_for, dialect_of, uses_of
from posgc.language.text.mistakes import explain, span_at

__all__ = [
    "MAX_BYTES",
    "Lexeme",
    "Parsed",
    "decode",
    "lexemes",
    "parse_game",
    "parse_request",
    "read_game",
    "whole_tree",
]

MAX_BYTES = 10_000_000
"""Size beyond which a text is refused unread."""
_MAX_TOKENS = 1_000_000
_MAX_ERRORS = 20
_NO_BLOCKS: Mapping[str, Block] = {}

_ALIASES = {"..": "DOTS", "->": "LINK"}
_LINE = re.compile(r"[^\n]*")
_BLANK = re.compile(r"[^\n]")
_LEXEME = re.compile(r'"[^"\n]*"|#[^\n]*|[A-Za-z_0-9.]+|[^\s]')
_CONTINUING = {"when", "then", "else", "and", "or", "mod", "in", "after", "within", "under", "at", "acknowledged"}
_FOLLOWING = re.compile(r"(?:\s++|#[^\n]*+)*+(\S\w*)")
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


@dataclass(frozen=True)
class Parsed:
    """What was read of a file."""

    tree: ast.GameText | None  # without the statements that hold a syntax error; None where not even that can be read
    complete: bool  # whether no statement was left out
    mistakes: tuple[Diagnostic, ...]  # the syntax errors (E1xx, E407)
    missing: tuple[Diagnostic, ...]  # the blocks that are not installed (E116)
    dialect: Dialect


def read_game(source: Source, blocks: Mapping[str, Block] = _NO_BLOCKS) -> Parsed:
    """The syntax tree of a file, as far as it can be read, where `blocks` are installed.

    Raises `InputError` for what cannot be the text of a game (E112 to E114), and for a broken block (E118).
    """
    _admit(source)
    try:
        dialect = dialect_of(source.text, blocks)
    except InputError as error:
        raise InputError(error.diagnostics, source) from None
    tree, complete, mistakes = _read(source.text, "start", dialect)
    missing = [_missing(name, span) for name, span in uses_of(source.text) if name in dialect.missing]
    return Parsed(tree, complete, tuple(mistakes), tuple(missing), dialect)


def _missing(name: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "E116",
        f"no installed plug-in brings the language block `{name}`",
        span,
        f"install the package that brings `{name}`; `posgc plugins` lists what is there",
    )


def parse_game(source: Source, blocks: Mapping[str, Block] = _NO_BLOCKS) -> ast.GameText:
    """The syntax tree of a file.  Raises `InputError` with its syntax errors (E1xx, E407)."""
    return whole_tree(source, read_game(source, blocks))


def whole_tree(source: Source, parsed: Parsed) -> ast.GameText:
    """The tree of a text that was read without a mistake.  Raises `InputError` with the mistakes else."""
    if parsed.tree is None or not parsed.complete:
        raise InputError([*parsed.missing, *parsed.mistakes], source)
    return parsed.tree


def parse_request(source: Source) -> ast.ProtocolRef:
    """The syntax tree of `--share`'s argument.  Raises `InputError`."""
    _admit(source)
    tree, _, mistakes = _read(source.text, "request", dialect_for(()))
    if mistakes:
        raise InputError(mistakes, source)
    request: ast.ProtocolRef = tree
    return request


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


@dataclass(frozen=True)
class Lexeme:
    """A token of a text: the name of its terminal and where it stands."""

    type: str
    text: str
    start: int
    end: int


def lexemes(text: str, dialect: Dialect | None = None) -> list[Lexeme]:
    """The tokens of a text that parses, without white space and comments."""
    # what may stand next decides how words are told apart, so the parser runs, but no tree is built
    tokens = fast_lalr.tokens(base_parser() if dialect is None else dialect.parser, text, "start")
    return [Lexeme(_ALIASES.get(t, str(t.type)), str(t), t.start_pos or 0, t.end_pos or 0) for t in tokens]


def _read(text: str, start: str, dialect: Dialect) -> tuple[Any, bool, list[Diagnostic]]:
    """The tree of what can be read, None where nothing can, whether that is all, and the syntax errors."""
    found, last = list[Diagnostic](), -1
    errors = 0
    while errors < _MAX_ERRORS:
        try:
            tree = fast_lalr.parse(dialect.parser, text, start)
        except UnexpectedInput as error:
            errors += 1
            mistake = dialect.explained(text, explain(text, error))
            # A statement that is taken out may leave the same mistake at the same place.
            if mistake is not None and mistake not in found:
                found.append(mistake)
            at = error.pos_in_stream if error.pos_in_stream is not None else len(text)
            mended = _without_statement(text, at)
            # Recovery must move on, else the same place would be reported for ever.
            if start == "request" or _ended(error) or mended is None or at <= last:
                break
            text, last = mended, at
        else:
            return _built(tree, dialect, errors == 0, found)
    return (_begun(text, dialect) if start == "start" else None), False, found


def _begun(text: str, dialect: Dialect) -> Any:
    """The tree of the statements before the first one that is not finished, None where there is none."""
    end = _finished(text)
    while end is not None:
        try:
            return _built(fast_lalr.parse(dialect.parser, text[:end] + "}", "start"), dialect, False, [])[0]
        except UnexpectedInput as error:
            at = error.pos_in_stream
            end = _finished(text[: min(end - 1, len(text) if at is None else at)])
    return None


def _finished(text: str) -> int | None:
    """Where the last statement ends that is finished, or the body of the game begins."""
    depth, end = 0, None
    for stop in _STOPS.finditer(text):
        c = stop.group(0)
        depth += {"{": 1, "}": -1}.get(c, 0)
        if depth == 1 and c in "{};" and (c != "}" or not _goes_on(text, stop.end())):
            end = stop.end()
        if depth == 0 and c == "}":
            break
    return end


def _built(
    tree: Tree[Token], dialect: Dialect, complete: bool, found: list[Diagnostic]
) -> tuple[Any, bool, list[Diagnostic]]:
    try:
        return build(tree, dialect.makers), complete, found
    except InputError as error:
        # Beside syntax errors those of depth and size wait: what is left of the text may not be what was meant.
        return None, False, found or list(error.diagnostics)


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
    following = _FOLLOWING.match(text, end)
    if following is None:
        return False
    return not following.group(1)[0].isalpha() or following.group(1) in _CONTINUING
