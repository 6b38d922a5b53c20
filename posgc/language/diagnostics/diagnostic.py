"""Coded diagnostics: what is wrong, where, and the cure.

A mistake of the user is a `Diagnostic`; passes collect them and raise one `InputError` with all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = [
    "Diagnostic",
    "Label",
    "Replacement",
    "Source",
    "Span",
    "with_line_feeds",
]


def with_line_feeds(text: str) -> str:
    """The text with lines that end in a line feed, where single carriage returns ended them; `\\r\\n` stays."""
    return re.sub("\r(?!\n)", "\n", text) if "\r" in text else text


@dataclass(frozen=True)
class Source:
    """A text and the name by which its reader knows it (a path, or `<command line>`)."""

    name: str
    text: str

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
