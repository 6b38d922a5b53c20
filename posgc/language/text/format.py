"""Canonical layout: `posgc fmt`.

Works on tokens, so that the syntax tree cannot change: spaces between tokens follow rules, line breaks
inside an item are kept, every item of the game begins a line, comments stay where they are and blank
lines come at most one at a time.  Formatting twice is formatting once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lark.exceptions import UnexpectedInput

from posgc.language.blocks.contract import Block
from posgc.language.blocks.nodes import failure_of, failures_reported
from posgc.language.diagnostics import InputError, Source, Span
from posgc.language.text import syntax as ast
from posgc.language.text.dialect import Dialect
from posgc.language.text.parse import Lexeme, lexemes, read_game, whole_tree

__all__ = ["format_source", "laid_out"]

_INDENT = 2
_NO_BLOCKS: Mapping[str, Block] = {}
_NO_OWNERS: Mapping[int, tuple[Block, Span]] = {}
_GAP = re.compile(r"#[^\n]*|\n")
_NAMES_BEFORE_CALL = {"NAME", "UNIFORM", "EDGES"}
_NAMES_BEFORE_INDEX = {"NAME", "REWARD"}
_VALUE_ENDS = {"NAME", "INT", "NUMBER", "TRUTH", "PRIME", "RPAR", "RSQB", "RBRACE", "HORIZON"}
_TIGHT = {"DOTS", "DOT", "CIRCUMFLEX", "PRIME"}


def format_source(text: str, blocks: Mapping[str, Block] = _NO_BLOCKS) -> str:
    """The text in canonical layout, where `blocks` are installed.  Raises `InputError` where it does not parse."""
    source = Source("<text>", text)
    parsed = read_game(source, blocks)
    tree = whole_tree(source, parsed)
    if not parsed.dialect.used:
        return laid_out(text)
    return _with_blocks(text, tree, parsed.dialect)


def laid_out(text: str) -> str:
    """A text that parses, which is not checked, in canonical layout."""
    return _Layout(text, lexemes(text)).run()


def _with_blocks(text: str, tree: ast.GameText, dialect: Dialect) -> str:
    """The layout of a text with items of language blocks, which may set the spaces between their own tokens."""
    tokens = lexemes(text, dialect)
    used = {block.name: block for block in dialect.used}
    items = [item for item in tree.items if isinstance(item, ast.BlockItem)]
    owners: dict[int, tuple[Block, Span]] = {}
    at = 0
    for item in items:
        while at < len(tokens) and tokens[at].start < item.span.end:
            if tokens[at].start >= item.span.start:
                owners[at] = used[item.block], item.span
            at += 1
    made = _Layout(text, tokens, owners).run()
    before, after = [t.text for t in tokens], [t.text for t in _again(made, dialect, items, used)]
    if before != after:
        raise InputError([failure_of(used[items[0].block], "with its spacing the text reads differently")])
    return made


def _again(made: str, dialect: Dialect, items: Sequence[ast.BlockItem], used: Mapping[str, Block]) -> list[Lexeme]:
    try:
        return lexemes(made, dialect)
    except UnexpectedInput:
        why = "with its spacing the text cannot be read again"
        raise InputError([failure_of(used[items[0].block], why)]) from None


@dataclass(frozen=True)
class _Gap:
    """What stands before a token."""

    trailing: str | None  # the comment at the end of the line before
    own: tuple[str, ...]  # lines without a token: comments, and "" for a blank line
    breaks: bool  # whether the token begins a line


class _Layout:
    def __init__(
        self, text: str, tokens: Sequence[Lexeme], owners: Mapping[int, tuple[Block, Span]] = _NO_OWNERS
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.owners = owners  # the language block, and the place of its item, that a token belongs to
        self.partner = _partners(tokens)
        self.blocks = {k for k, end in self.partner.items() if k < end and self._is_block(k, end)}
        self.lines: list[str] = []
        self.line = ""
        self.depth = 0  # open blocks

    def run(self) -> str:
        fresh = True  # whether the next token begins an item, a rule or an arm
        edges: list[int] = []
        opened: set[int] = set()  # blocks whose content begins on a new line, so that their end does too
        for k, token in enumerate(self.tokens):
            gap = self._gap(k)
            closing = token.type == "RBRACE" and self.partner[k] in self.blocks
            self._comments(gap, fresh)
            if closing:
                self.depth -= 1
            if closing:
                if self.depth == 0 or self.partner[k] in opened:
                    self._break()
            elif k and ((gap.breaks and not self._clings(k, gap)) or self._must_break(k)):
                self._break()
                opened.update({k - 1} & self.blocks)
            if not self.line:
                extra = 0 if fresh or closing else 1
                self.line = " " * (_INDENT * (self.depth + extra)) + token.text
            else:
                self.line += (" " if self._space(k, bool(edges)) else "") + token.text
            if k in self.blocks:
                self.depth += 1
            if token.type == "LBRACE" and self._opens_edges(k):
                edges.append(k)
            elif edges and self.partner.get(k) == edges[-1]:
                edges.pop()
            fresh = token.type == "SEMICOLON" or k in self.blocks or (closing and self._ends_item(k))
            fresh = fresh or self._ends_block_item(k)
        self._comments(self._gap(len(self.tokens)), True)
        self._break()
        return "\n".join(self.lines).rstrip("\n") + "\n"

    # ---- lines and comments

    def _break(self) -> None:
        if self.line:
            self.lines.append(self.line)
            self.line = ""

    def _comments(self, gap: _Gap, fresh: bool) -> None:
        if gap.trailing is not None:
            self.line = f"{self.line}  {gap.trailing}" if self.line else gap.trailing
        if gap.own:
            self._break()
        indent = " " * (_INDENT * (self.depth + (0 if fresh else 1)))
        for comment in gap.own:
            if comment or (self.lines and self.lines[-1] and not self.lines[-1].endswith("{")):
                self.lines.append(indent + comment if comment else "")

    def _gap(self, k: int) -> _Gap:
        start = self.tokens[k - 1].end if k else 0
        end = self.tokens[k].start if k < len(self.tokens) else len(self.text)
        trailing: str | None = None
        own: list[str] = []
        newlines = 0 if k else 1
        for found in _GAP.finditer(self.text, start, end):
            piece = found.group(0).rstrip()
            if not piece:
                newlines += 1
                if newlines > 1 and k and (not own or own[-1]):
                    own.append("")
            elif newlines == 0:
                trailing = piece
            else:
                own.append(piece)
                newlines = 0
        last = k == len(self.tokens) or (self.tokens[k].type == "RBRACE" and self.partner[k] in self.blocks)
        while last and own and not own[-1]:
            own.pop()
        return _Gap(trailing, tuple(own), newlines > 0 or bool(own) or trailing is not None)

    def _clings(self, k: int, gap: _Gap) -> bool:
        return self.tokens[k].type in ("SEMICOLON", "COMMA") and gap.trailing is None and not gap.own

    def _must_break(self, k: int) -> bool:
        """Whether a token begins a line by rule: an item of the game, and the game's last brace."""
        if self.depth == 0:
            return self.tokens[k - 1].type == "SEMICOLON"
        before = self.tokens[k - 1]
        ended = (
            before.type == "SEMICOLON"
            or k - 1 in self.blocks
            or self._ends_block_item(k - 1)
            or (before.type == "RBRACE" and self.partner[k - 1] in self.blocks and self._ends_item(k - 1))
        )
        return self.depth == 1 and ended

    # ---- brackets

    def _is_block(self, start: int, end: int) -> bool:
        """Whether braces hold statements (of a game, a share or a match) and not values."""
        if self.tokens[start].type != "LBRACE":
            return False
        depth = 0
        for k in range(start + 1, end):
            if self.tokens[k].type == "LBRACE":
                depth += 1
            elif self.tokens[k].type == "RBRACE":
                depth -= 1
            elif depth == 0 and self.tokens[k].type == "SEMICOLON":
                return True
        return end == start + 1 or not any(t.type == "LBRACE" for t in self.tokens[:start])

    def _ends_item(self, k: int) -> bool:
        """Whether a closing brace ends a `share`, or the item of a block, and not a `match` inside an expression."""
        if k in self.owners:
            return self._ends_block_item(k)
        head = self.partner[k] - 1
        if self.tokens[head].type == "RPAR":
            head = self.partner[head] - 1
        return self.tokens[head - 1].type in ("SHARE", "EXTENDS")

    def _opens_edges(self, k: int) -> bool:
        """Whether a brace opens a list of edges: of a rule, or of a graph, `graph road on room = {`."""
        before = [token.type for token in self.tokens[max(k - 5, 0) : k]]
        return before[-1] == "EDGES" or before[-3::2] == ["GRAPH", "EQUAL"] or before[-5::2] == ["GRAPH", "ON", "EQUAL"]

    def _ends_block_item(self, k: int) -> bool:
        return k in self.owners and self.tokens[k].end == self.owners[k][1].end

    # ---- spaces

    def _space(self, k: int, in_edges: bool) -> bool:
        before, here = self.tokens[k - 1], self.tokens[k]
        if k in self.owners and k - 1 in self.owners and self.owners[k][1] == self.owners[k - 1][1]:
            block, span = self.owners[k]
            with failures_reported(block, span):
                wanted = block.space(before.text, here.text)
            if wanted is not None:
                return wanted or re.fullmatch(r"\w\w", before.text[-1:] + here.text[:1]) is not None
        if here.type in ("COMMA", "SEMICOLON", "RPAR", "RSQB", "COLON") or before.type in ("LPAR", "LSQB"):
            return False
        if before.type in ("DOTS", "DOT", "CIRCUMFLEX") or here.type in _TIGHT:
            return False
        if in_edges and {"MINUS", "LINK"} & {before.type, here.type}:
            return False
        if here.type == "LPAR":
            return before.type not in _NAMES_BEFORE_CALL
        if here.type == "LSQB":
            return before.type not in _NAMES_BEFORE_INDEX
        if before.type == "LBRACE":
            return k - 1 in self.blocks
        if here.type == "RBRACE":
            return self.partner[k] in self.blocks
        if before.type == "MINUS" and not self._binary(k - 1):
            return False
        if "OVER" in (before.type, here.type):
            at = k if here.type == "OVER" else k - 1
            return not (self.tokens[at - 1].type == "INT" == self.tokens[at + 1].type)
        return True

    def _binary(self, k: int) -> bool:
        return k > 0 and self.tokens[k - 1].type in _VALUE_ENDS


def _partners(tokens: Sequence[Lexeme]) -> dict[int, int]:
    """For each bracket the position of its other half."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for k, token in enumerate(tokens):
        if token.type in ("LPAR", "LSQB", "LBRACE"):
            stack.append(k)
        elif token.type in ("RPAR", "RSQB", "RBRACE"):
            start = stack.pop()
            found[start], found[k] = k, start
    return found
