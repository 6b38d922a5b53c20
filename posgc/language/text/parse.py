"""Text -> syntax tree: decoding, limits, the parser, and where a text has mistakes the recovery from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from posgc.language.blocks.contract import Block
from posgc.language.diagnostics import Diagnostic, InputError, Source, Span, with_line_feeds
from posgc.language.text import fast_lalr
from posgc.language.text import syntax as ast
from posgc.language.text.build import Doubt, build
from posgc.language.text.dialect import Dialect, base_parser, dialect_for, dialect_of, uses_of
from posgc.language.text.recovery import Recovery
from posgc.language.text.stop import span_at

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
_NO_BLOCKS: Mapping[str, Block] = {}

_ALIASES = {"..": "DOTS", "->": "LINK"}
_LEXEME = re.compile(r'"[^"\n]*"|#[^\n]*|[A-Za-z_0-9.]+|[^\s]')


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

    tree: ast.GameText | None  # with marks where it could not be read; None where not even the head could be
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
    tree, mistakes = _read(source.text, "start", dialect)
    missing = [_missing(name, span) for name, span in uses_of(source.text) if name in dialect.missing]
    return Parsed(tree, tuple(mistakes), tuple(missing), dialect)


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
    broken = parsed.tree is None or any(isinstance(item, ast.Broken) for item in parsed.tree.items)
    if parsed.tree is None or broken or parsed.mistakes:
        raise InputError([*parsed.missing, *parsed.mistakes], source)
    return parsed.tree


def parse_request(source: Source) -> ast.ProtocolRef:
    """The syntax tree of `--share`'s argument.  Raises `InputError`."""
    _admit(source)
    tree, mistakes = _read(source.text, "request", dialect_for(()))
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


def _read(text: str, start: str, dialect: Dialect) -> tuple[Any, list[Diagnostic]]:
    """The tree of what can be read, None where nothing can, and the mistakes: those of syntax, depth and size."""
    found, doubtful = list[Diagnostic](), dict[int, Doubt]()
    try:
        tree: Tree[Token] | None = fast_lalr.parse(dialect.parser, text, start)
    except UnexpectedInput as error:
        reading = Recovery(dialect, text, start, error)
        tree, found, doubtful = reading.read(), reading.found, reading.doubtful
    if tree is None:
        return None, found
    return build(tree, dialect.makers, found, doubtful), found
