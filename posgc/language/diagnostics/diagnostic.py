"""Coded diagnostics: what is wrong, where, and the cure.

A mistake of the user is a `Diagnostic`; passes collect them and raise one `InputError` with all of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = [
    "Diagnostic",
    "Label",
    "Piece",
    "Replacement",
    "Source",
    "Span",
    "with_line_feeds",
]


def with_line_feeds(text: str) -> str:
    """The text with lines that end in a line feed, where single carriage returns ended them; `\\r\\n` stays."""
    return re.sub("\r(?!\n)", "\n", text) if "\r" in text else text


@dataclass(frozen=True)
class Piece:
    """From `start` on, a text comes from another file: there it begins at `line` and `column`, from 1."""

    start: int
    name: str
    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A text and the name by which its reader knows it (a path, or `<command line>`).

    `pieces`, in ascending order, say what was included from where; without them all is of one file.
    """

    name: str
    text: str
    pieces: tuple[Piece, ...] = ()

    def place(self, span: Span) -> tuple[str, int, int]:
        """The name of the file, the line and the column at which a span begins, as its writer counts them."""
        at = bisect_right(self.pieces, span.start, key=lambda piece: piece.start) - 1
        if at < 0:
            return self.name, span.line, span.column
        piece = self.pieces[at]
        before = self.text[piece.start : span.start]
        down, last = before.count("\n"), before.rfind("\n")
        return piece.name, piece.line + down, len(before) - last if down else piece.column + len(before)

    def line(self, number: int) -> str:
        """Line `number`, counted from 1, without its end."""
        lines = _lines(self.text)
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


@lru_cache(maxsize=2)
def _lines(text: str) -> list[str]:
    return text.split("\n")


@dataclass(frozen=True)
class Span:
    """Characters `start:end` of a source; `line` and `column` are those of `start`, from 1."""

    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True)
class Label:
    """Another place that belongs to a mistake, such as the first of two declarations."""

    span: Span
    text: str


@dataclass(frozen=True)
class Replacement:
    """A change that an editor can make: the characters of `span` are replaced by `text`."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One mistake, or what is odd."""

    code: str  # registered in `posgc.language.diagnostics.codes`; of a language block `NAME.code`
    message: str  # what is wrong
    span: Span | None = None  # where; None for what stands in no text
    help: str = ""  # the cure
    severity: Literal["error", "warning", "note"] = "error"
    labels: tuple[Label, ...] = ()  # other places, in the same source
    replacements: tuple[Replacement, ...] = ()  # the cure as changes of the text, where it can be made by machine
