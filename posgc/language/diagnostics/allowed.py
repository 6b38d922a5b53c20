"""`# posgc: allow W705`: a comment that says of a warning on its line, "I mean it"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from posgc.language.diagnostics.diagnostic import Diagnostic, Source, Span

__all__ = ["allowances", "is_allowed"]

_LEAD = "# posgc:"
_COMMENT = re.compile(r"# posgc:[ \t]*(?:allow\b[ \t]*)?([^\n]*)")
_CODES = re.compile(r"[A-Z]\d{3}\b(?:[ \t]*,?[ \t]*[A-Z]\d{3}\b)*")


def is_allowed(diagnostic: Diagnostic, source: Source | None) -> bool:
    """Whether a comment on one of the lines of a warning allows it."""
    span = diagnostic.span
    if diagnostic.severity != "warning" or source is None or span is None or _LEAD not in source.text:
        return False
    last = span.line + source.text.count("\n", span.start, span.end)
    found = _allowed(source.text)
    return any(diagnostic.code in found.get(line, ()) for line in range(span.line, last + 1))


def allowances(text: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Every such comment, and the codes that it names; none where it cannot be read."""
    for comment in _COMMENT.finditer(text):
        line = text.count("\n", 0, comment.start()) + 1
        column = comment.start() - text.rfind("\n", 0, comment.start())
        codes = _CODES.match(comment[1]) if "allow" in comment[0] else None
        end = comment.start() + len(comment[0].rstrip())
        yield (
            Span(comment.start(), end, line, column),
            tuple(re.findall(r"[A-Z]\d{3}", codes[0])) if codes is not None else (),
        )


@lru_cache(maxsize=4)
def _allowed(text: str) -> dict[int, set[str]]:
    """The codes that are allowed, by line."""
    found: dict[int, set[str]] = {}
    for span, codes in allowances(text):
        found.setdefault(span.line, set()).update(codes)
    return found
