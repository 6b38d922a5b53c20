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

__all__ = ["Diagnostic", "InputError", "LimitError", "Source", "Span", "render", "with_line_feeds"]


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
class Diagnostic:
    """One mistake, or what is odd."""

    code: str  # registered in `posgc.language.diagnostics.codes`; of a language block `NAME.code`
    message: str  # what is wrong
    span: Span | None = None  # where; None for what stands in no text
    help: str = ""  # the cure
    severity: Literal["error", "warning", "note"] = "error"


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
        shown = [render(diagnostic, self.source) for diagnostic in self.diagnostics[:LISTED]]
        more = len(self.diagnostics) - LISTED
        return "\n".join([*shown, f"… and {more} more"] if more > 0 else shown)


class LimitError(Exception):
    """A stated resource limit was reached; the message says which, the estimate, and what to change."""


SHOWN, SHOWN_BEFORE = 400, 200
"""Characters of a line that are shown, and of these before the place in question."""


def render(diagnostic: Diagnostic, source: Source | None) -> str:
    """The diagnostic as text: place, code, message, the source line with a caret, and the cure."""
    head = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    rows = [head]
    span = diagnostic.span
    if source is not None and span is not None:
        text = source.line(span.line)
        width = max(1, min(span.end - span.start, len(text) - span.column + 1, SHOWN_BEFORE))
        gutter = str(span.line)
        pad = " " * len(gutter)
        cut = max(0, span.column - 1 - SHOWN_BEFORE)
        before, text = text[cut : span.column - 1], text[cut : cut + SHOWN]
        if cut:
            before, text = f"…{before[1:]}", f"…{text[1:]}"
        # Tabs keep their width, so that the caret stands under the span in any terminal.
        lead = "".join(c if c == "\t" else " " for c in before)
        rows += [
            f"{pad}--> {source.name}:{span.line}:{span.column}",
            f"{gutter} | {text}",
            f"{pad} | {lead}{'^' * width}",
        ]
    elif source is not None:
        rows.append(f"  --> {source.name}")
    if diagnostic.help:
        rows.append(f"  help: {diagnostic.help}")
    return "\n".join(rows)
