"""Collecting diagnostics: every mistake of a file in one run, each mistake once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from posgc.language.diagnostics import Diagnostic, InputError, Label, Replacement, Source, Span
from posgc.language.diagnostics.allowed import is_allowed
from posgc.language.diagnostics.likeness import closest

__all__ = ["Cure", "Reporter", "near"]


_OF_NAMES = ("E201", "E216", "E501", "E503")


@dataclass(frozen=True)
class Cure:
    """How to mend a mistake: in words and, where a machine can do it, as changes of the text."""

    text: str
    replacements: tuple[Replacement, ...] = ()


class Reporter:
    """The diagnostics found so far.  The same code at the same place is kept once: an expression that is
    elaborated for every agent is reported once.  Warnings that a comment of their line allows are left out."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: dict[tuple[str, int, int], Diagnostic] = {}
        self._unread: set[tuple[int, int]] = set()  # places with a mistake of syntax, of which nothing more is said
        self.failed = False  # whether there is an error

    def error(
        self, code: str, message: str, span: Span | None, help: str | Cure = "", labels: tuple[Label, ...] = ()
    ) -> None:
        cure = Cure(help) if isinstance(help, str) else help
        self._add(Diagnostic(code, message, span, cure.text, "error", labels, cure.replacements))

    def warning(
        self, code: str, message: str, span: Span | None, help: str = "", labels: tuple[Label, ...] = ()
    ) -> None:
        self._add(Diagnostic(code, message, span, help, "warning", labels))

    def take(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Adds what was found elsewhere."""
        for diagnostic in diagnostics:
            self._add(diagnostic)

    def _add(self, diagnostic: Diagnostic) -> None:
        if is_allowed(diagnostic, self.source):
            return
        span = diagnostic.span
        key = (diagnostic.code, span.start, span.end) if span else (diagnostic.message, -1, -1)
        if not diagnostic.code.startswith("E1") and key[1:] in self._unread:
            return
        if span is not None and diagnostic.code.startswith("E1"):
            self._unread.add(key[1:])
        self._found.setdefault(key, diagnostic)
        self.failed = self.failed or diagnostic.severity == "error"

    def reported(self, span: Span) -> bool:
        """Whether something is reported of exactly this place."""
        return any((start, end) == (span.start, span.end) for _, start, end in self._found)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self._sorted() if d.severity == "warning")

    def failure(self) -> InputError:
        """The exception that carries the errors; warnings wait until there are none."""
        errors = [d for d in self._sorted() if d.severity == "error"]
        # A name that is missing is one mistake however often it is used: the first use stands for all.
        first = {d.message: d for d in reversed(errors) if d.code in _OF_NAMES}
        return InputError([d for d in errors if d.code not in _OF_NAMES or first[d.message] is d], self.source)

    def check(self) -> None:
        """Raises `InputError` if there is an error."""
        if self.failed:
            raise self.failure()

    def _sorted(self) -> list[Diagnostic]:
        return sorted(self._found.values(), key=lambda d: d.span.start if d.span else -1)


def near(name: str, candidates: Iterable[str], span: Span | None = None) -> Cure | None:
    """The cure for an unknown name: a name like it, or None; `span` begins with the name."""
    known = set(candidates)
    found = closest(name, known) if name not in known else None
    if found is None:
        return None
    change = (
        () if span is None else (Replacement(Span(span.start, span.start + len(name), span.line, span.column), found),)
    )
    return Cure(f"did you mean `{found}`?", change)
