"""Cures of diagnostics as changes of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from posgc.language import Analysis, Diagnostic
from posgc.language.diagnostics import Replacement

__all__ = ["Mend", "mends"]


@dataclass(frozen=True)
class Mend:
    """The cure of a diagnostic; `title` is what a menu shows."""

    title: str
    diagnostic: Diagnostic
    changes: tuple[Replacement, ...]


def mends(analysis: Analysis, start: int, end: int) -> Iterator[Mend]:
    """The cures that can be made by machine of what is wrong in `start:end` of the text."""
    for diagnostic in analysis.diagnostics:
        span = diagnostic.span
        if span is not None and diagnostic.replacements and span.start <= end and start <= span.end:
            yield Mend(_title(analysis, diagnostic), diagnostic, diagnostic.replacements)


def _title(analysis: Analysis, diagnostic: Diagnostic) -> str:
    """What is done, such as "replace `tigr` by `tiger`"."""
    if len(diagnostic.replacements) > 1:
        return diagnostic.help
    (change,) = diagnostic.replacements
    old, new = analysis.source.text[change.span.start : change.span.end].strip(), change.text.strip()
    if not old:
        return f"put in `{new}`"
    return f"replace `{old}` by `{new}`" if new else f"take out `{old}`"
