"""The language as one file speaks it: posgc's grammar, with those of the language blocks that the file uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from lark import Lark

from posgc.language.blocks.contract import Block
from posgc.language.blocks.fragments import WRAPPER, item_keywords
from posgc.language.blocks.nodes import failure_of, makers_of
from posgc.language.diagnostics import Diagnostic, InputError, Span
from posgc.language.text.makers import MAKERS, Maker
from posgc.language.text.stop import span_at
from posgc.language.text.tables import GRAMMAR, PACKAGE, with_whole_words
from posgc.language.text.tables import parser as base_parser

__all__ = [
    "Dialect",
    "base_grammar",
    "base_parser",
    "dialect_for",
    "dialect_of",
    "grammar_defect",
    "is_name",
    "uses_of",
]

# Possessive, so that megabytes of white space and comments are gone through once.
_SKIPPED = r"(?:\s++|#[^\n]*+)"
_USE = re.compile(rf"{_SKIPPED}*+(?P<use>use{_SKIPPED}++(?P<name>[A-Za-z_][A-Za-z_0-9]*+){_SKIPPED}*+;)")
_NO_BLOCKS: Mapping[str, Block] = {}


@cache
def base_grammar() -> str:
    """The text of posgc's own grammar."""
    from importlib.resources import files  # slow to load, and wanted only where a file uses a block

    return files(PACKAGE).joinpath(GRAMMAR).read_text(encoding="utf-8")


@cache
def _parser_with(fragments: tuple[tuple[str, str], ...]) -> Lark:
    """The parser of the language with the given (name, grammar) of blocks."""
    items = [f"%extend _item: {WRAPPER}{name}\n{WRAPPER}{name}: {name}\n" for name, _ in fragments]
    text = "\n".join([base_grammar(), *(grammar for _, grammar in fragments), *items])
    options = {"propagate_positions": True, "maybe_placeholders": True, "start": ["start", "request"]}
    return with_whole_words(Lark(text, parser="lalr", **options))


@lru_cache(maxsize=1)
def _name() -> re.Pattern[str]:
    return re.compile(base_parser().get_terminal("NAME").pattern.to_regexp())


def is_name(word: str) -> bool:
    """Whether a word can be a name: a letter or `_`, then letters, digits and `_`, and not reserved."""
    return _name().fullmatch(word) is not None


@dataclass(frozen=True)
class Dialect:
    """The parser of a file, and what it makes of parse trees."""

    parser: Lark
    makers: Mapping[str, Maker]
    used: tuple[Block, ...] = ()
    # Blocks that the file asks for and that are not installed, in order.
    missing: tuple[str, ...] = ()
    # Words that begin an item of a block that is installed and that the file does not use, with the block's name.
    unused: Mapping[str, str] = field(default_factory=dict)

    def foreign(self, word: str, span: Span) -> Diagnostic | None:
        """What is wrong with a word that begins an item of a block that the file does not use; None for other words."""
        if word not in self.unused:
            return None
        name = self.unused[word]
        return Diagnostic(
            "E117",
            f"`{word}` belongs to the language block `{name}`, which this file does not use",
            span,
            f"write `use {name};` before `game`",
        )


def uses_of(text: str) -> list[tuple[str, Span]]:
    """The blocks that the head of a text asks for, with the places of their `use` lines."""
    found: list[tuple[str, Span]] = []
    at = 0
    while (use := _USE.match(text, at)) is not None:
        found.append((use["name"], span_at(text, *use.span("use"))))
        at = use.end()
    return found


def dialect_of(text: str, blocks: Mapping[str, Block] = _NO_BLOCKS) -> Dialect:
    """The language of a text, where `blocks` are installed.  Raises `InputError` (E118) for a broken block."""
    uses = dict(uses_of(text))
    names = list(uses)
    used = [blocks[name] for name in names if name in blocks]
    dialect = dialect_for([]) if not used else _readable(used, uses)
    if not blocks and not names:
        return dialect
    unused = {
        word: block.name
        for block in blocks.values()
        if block.name not in names
        for word in item_keywords(block.name, block.grammar) or ()
    }
    return replace(dialect, missing=tuple(n for n in names if n not in blocks), unused=unused)


def _readable(used: Sequence[Block], uses: Mapping[str, Span]) -> Dialect:
    try:
        return dialect_for(used)
    except Exception as error:  # a stranger's grammar may fail in any way
        culprit = next((block for block in used if grammar_defect(block) is not None), used[-1])
        raise InputError([failure_of(culprit, _unreadable(error), uses[culprit.name])]) from None


def grammar_defect(block: Block) -> str | None:
    """Why a parser cannot be made of the block's grammar, None if it can; this takes a while."""
    try:
        dialect_for([block])
    except Exception as error:  # a stranger's grammar may fail in any way
        return _unreadable(error)
    return None


def _unreadable(error: Exception) -> str:
    return f"its grammar cannot be read: {' '.join(str(error).split())}"


def dialect_for(used: Sequence[Block]) -> Dialect:
    """The language with the given blocks.  Raises what Lark raises for a grammar that it cannot read."""
    if not used:
        return Dialect(base_parser(), MAKERS)
    parser = _parser_with(tuple(sorted((b.name, b.grammar) for b in used)))
    makers = dict(MAKERS)
    for block in used:
        makers.update(makers_of(block))
    return Dialect(parser, makers, tuple(used))
