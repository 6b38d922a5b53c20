"""What is raised for wrong input, and at a limit.  Neither ever shows a traceback: the command line turns the first
into exit status 2 and the second into 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language.diagnostics.diagnostic import Diagnostic, Source
from posgc.language.diagnostics.rendering import render

__all__ = ["InputError", "LimitError"]

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
        shown = [render(diagnostic, self.source, colour) for diagnostic in self.diagnostics[:LISTED]]
        more = len(self.diagnostics) - LISTED
        return "\n".join([*shown, f"… and {more} more"] if more > 0 else shown)


class LimitError(Exception):
    """A stated resource limit was reached; the message says which, the estimate, and what to change."""
