"""Coded diagnostics: what is wrong, where, and the cure.

A mistake of the user is a `Diagnostic`; passes collect them and raise one `InputError` with all of
them.  A resource limit is a `LimitError`.  Neither ever shows a traceback: the command line turns the
first into exit status 2 and the second into 3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = [
    "Diagnostic",
    "InputError",
    "Label",
    "LimitError",
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


LISTED = 100
"""Mistakes that the text of an `InputError` shows; the rest are counted."""


class InputError(Exception):
    """The input is wrong; `diagnostics` holds every mistake that was found, in source order.

    Its text is what the command line prints: the first `LISTED` mistakes, with carets into `source`, and the number
    of the rest.  `status` is the exit status of the command line.
    """

    status = 2

    def __init__(self, diagnostics: Sequence[Diagnostic], source: Source | None = None) -> None:
        super().__init__(tuple(diagnostics), source)  # the arguments, so that a copy can be made in another process
        self.diagnostics = tuple(diagnostics)
        self.source = source

    def __str__(self) -> str:
        return self.rendered()

    def rendered(self, colour: bool = False) -> str:
        """The text; with `colour`, for a terminal that takes ANSI escapes."""
        from posgc.language.diagnostics.rendering import render  # which reads these classes

        shown = [render(diagnostic, self.source, colour) for diagnostic in self.diagnostics[:LISTED]]
        more = len(self.diagnostics) - LISTED
        return "\n".join([*shown, f"… and {more} more"] if more > 0 else shown)


class LimitError(Exception):
    """A stated resource limit was reached; the message says which, the estimate, and what to change."""
