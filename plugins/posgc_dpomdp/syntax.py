"""The text of a `.dpomdp` file as header items and statements: lines are told apart, nothing is resolved.

Every text parses.  Lines that fit nothing are complained of here (I101, or I105 where a number is not
finite), each with the cure for the mistake it looks like; what MADP would choke on and we read is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from lark import Lark, Token, Tree

from posgc.plugin import Span
from posgc.plugin.complaints import Complaints, span_of

__all__ = ["Document", "Item", "Statement", "Word", "parse", "words"]

_BLANK = re.compile(r"\n[ \t\r]*\n")
_KEY = re.compile(r"\s*(agents|discount|values|states|start|actions|observations|[tor])\b", re.IGNORECASE)
_NOT_FINITE = re.compile(r"(?<![\w-])[+-]?(nan|inf|infinity)(?![\w-])", re.IGNORECASE)
_NUMBERS = re.compile(r"[-+.eE\d\s]+")
_WORD = re.compile(r'"([^"\n]*)"|[^\s"]+|"')


class Word(NamedTuple):
    """One word of a header line; `quoted` tells the SDMS dialect."""

    text: str
    quoted: bool
    span: Span
    line: int


class Statement(NamedTuple):
    """A T, O or R statement: its fields, and after them a number, a keyword, or number lines below.

    `head` stands where the statement begins, and is an ENTRY (with a number as `tail`), an OPEN (with a row,
    a matrix or a keyword as `block`) or an INLINE (with a keyword as `tail`).  `fields` and `tail` are the
    texts between the colons of `head`; those that are tokens stand somewhere else (`place`).  `cut` is true
    where a malformed line follows: then a count of numbers that is too small tells nothing new.
    """

    head: Token
    fields: Sequence[str]
    tail: str
    block: tuple[Token, ...] = ()
    cut: bool = False

    def places(self) -> Iterator[tuple[Token, int]]:
        """For each field, then for the tail, a token and the offset in it at which the text begins."""
        offset = self.head.find(":") + 1
        for text in (*self.fields, self.tail):
            yield (text, 0) if isinstance(text, Token) else (self.head, offset)
            offset += len(text) + 1


def _on_one_line(head: Token, block: tuple[Token, ...] = (), cut: bool = False) -> Statement:
    _, *fields, tail = head.split(":")
    return Statement(head, fields, tail, block, cut)


@dataclass(frozen=True)
class Item:
    """A header item: its key (`agents` … `observations`, `start include`), and its lines of words."""

    key: str
    token: Token
    lines: tuple[Token, ...]


@dataclass(frozen=True)
class Document:
    """The file in parts."""

    items: tuple[Item, ...]  # of the header, in file order
    statements: tuple[Statement, ...]  # in file order
    damaged: frozenset[str]  # letters and keys with malformed lines


def words(line: Token) -> Iterator[Word]:
    """The words of a line, unquoted, each with its span."""
    start, row, column = line.start_pos or 0, line.line or 1, line.column or 1
    for found in _WORD.finditer(line):
        at = found.start()
        quoted = found.group(1) is not None
        span = Span(start + at, start + found.end(), row, column + at)
        yield Word(found.group(1) if quoted else found.group(), quoted, span, row)


@cache
def _parser() -> Lark:
    return Lark.open_from_package("posgc_grammars", "dpomdp.lark", parser="lalr", maybe_placeholders=False)


def parse(complaints: Complaints) -> Document:
    """Split the source into items and statements; malformed lines and lexical leniencies are recorded."""
    text = complaints.source.text
    nodes = _parser().parse(text).children
    items: list[Item] = []
    statements: list[Statement] = []
    damaged: set[str] = set()
    for node, before, after in zip(nodes, [None, *nodes], [*nodes[1:], None], strict=False):
        if isinstance(node, Tree):
            first, *rest = (token for token in node.children if isinstance(token, Token))
            if node.data == "header":
                items.append(Item(" ".join(first.rstrip(": \t").split()), first, tuple(rest)))
            else:
                statements.append(_on_one_line(first, tuple(rest), _is_malformed(after)))
        elif node.type == "MALFORMED":
            letter = node[0] if node[0] in "TOR" else statements[-1].head[0] if statements else ""
            key = _KEY.match(node)
            damaged.add(key.group(1).lower() if key and len(key.group(1)) > 1 else letter)
            # The numbers below a malformed statement are not a second mistake.
            if not (_is_malformed(before) and _NUMBERS.fullmatch(node)):
                _malformed(node, complaints)
        else:
            statements.append(_on_one_line(node))
    if not items and not statements and not len(complaints):
        complaints.error("I101", "the file is empty", None, "a .dpomdp file begins with `agents: 2`")
    _leniencies(text, items[0].token.start_pos or 0 if items else 0, complaints)
    return Document(tuple(items), tuple(statements), frozenset(damaged))


def _is_malformed(node: object) -> bool:
    return isinstance(node, Token) and node.type == "MALFORMED"


def _malformed(line: Token, complaints: Complaints) -> None:
    """Say of a line that fits nothing what it looks like and what would mend it."""
    bad = _NOT_FINITE.search(line)
    if bad and (line[0] in "TOR" or not re.search(r"[A-Za-z]", _NOT_FINITE.sub("", line))):
        at = Span(
            (line.start_pos or 0) + bad.start(),
            (line.start_pos or 0) + bad.end(),
            line.line or 1,
            (line.column or 1) + bad.start(),
        )
        complaints.error("I105", f"`{bad.group()}` is not a finite number", at, "write a finite number")
        return
    key = _KEY.match(line)
    if line[0] in "TOR" and line[1:].lstrip().startswith(":"):
        message = f"this {line[0]} statement does not end in `:` and a number, or in `:`"
        cure = "a colon comes before the final number; a row or matrix starts on the next line, after a colon"
    elif key and ":" in line and key.group(1).lower() in _near(line):
        word = key.group(1)
        right = word.upper() if len(word) == 1 else word.lower()
        message, cure = (
            f"`{line.split(':')[0].strip()}` is not a keyword",
            f"the format is case-sensitive: `{right}:`",
        )
    elif re.match(r"[+-]?\.?\d", line):
        message = "numbers that belong to no statement, or a number that is malformed"
        cure = "a row or matrix follows `T: … :`, `O: … :` or `R: … :` and holds numbers only"
    elif not line.isprintable() and not line.replace("\t", "").strip().isprintable():
        message, cure = "this is not text", "is the file a `.dpomdp` file, unpacked and undamaged?"
    else:
        message = "neither a header item nor a T, O or R statement"
        cure = "lines begin with agents, discount, values, states, start, actions, observations, T, O or R"
    complaints.error("I101", message, span_of(line), cure)


def _near(line: str) -> str:
    return line.split(":", maxsplit=1)[0].strip().lower()


def _leniencies(text: str, first: int, complaints: Complaints) -> None:
    """Note what MADP's own reader chokes on: trailing comments, blank lines, a missing last newline."""
    at = text.find("#")
    while at >= 0:
        begin = text.rfind("\n", 0, at) + 1
        if text[begin:at].strip():
            span = Span(at, at + 1, text.count("\n", 0, at) + 1, at - begin + 1)
            complaints.note(
                "N101",
                "a comment after a statement, which MADP does not read",
                span,
                "put comments on lines of their own",
            )
            break
        end = text.find("\n", at)
        at = text.find("#", end) if end >= 0 else -1
    # MADP's own files have blank lines among the comments at the top: those it reads.
    body = text.rstrip()
    blank = _BLANK.search(body, first)
    if blank:
        at = blank.start() + 1
        complaints.note(
            "N102",
            "a blank line, which MADP does not read everywhere",
            Span(at, at, text.count("\n", 0, at) + 1, 1),
            "put `#` on it",
        )
    if body and not text.endswith("\n"):
        complaints.note("N103", "no newline at the end of the file, which MADP does not read", None)
