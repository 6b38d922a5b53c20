"""Collects what is wrong, odd or leniently read in one imported file, to be reported in one go.

Codes: I101 malformed, I102 unknown name or index, I103 a row does not sum to one, I104 a header
statement is missing, repeated or out of order, I105 a value out of range, I106 the reward reading does
not fit the game; W101 readers differ on the rewards; N101 to N110 leniencies, each said once with a count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Literal

from lark import Token

from posgc.language.diagnostics import Diagnostic, InputError, Source, Span
from posgc.language.diagnostics.allowed import is_allowed

__all__ = ["SHOWN", "Complaints", "span_in", "span_of"]

SHOWN = 20  # errors listed per code; the rest are counted


def span_of(token: Token) -> Span:
    """The span of a token without the blanks at its end."""
    return span_in(token, 0, len(token.rstrip()))


def span_in(token: Token, offset: int, length: int) -> Span:
    """The span of `length` characters at `offset` of a token, within its first line."""
    start, line, column = token.start_pos or 0, token.line or 1, token.column or 1
    return Span(start + offset, start + offset + length, line, column + offset)


def _place(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span else -1


class Complaints:
    """Errors and notes of one file.  Errors are capped per code with a count of the rest; notes are merged.

    Notes whose code is in `moot` are not taken: what is odd in one dialect may be the rule in another.
    """

    def __init__(self, source: Source, moot: frozenset[str] = frozenset()) -> None:
        self.source = source
        self.moot = moot
        self._errors: list[Diagnostic] = []
        self._notes: dict[str, Diagnostic] = {}
        self._repeats: Counter[str] = Counter()
        self._unlisted: Counter[str] = Counter()

    def error(self, code: str, message: str, span: Span | None, help: str = "") -> None:
        self._errors.append(Diagnostic(code, message, span, help))

    def unlisted(self, code: str, count: int) -> None:
        """Count further errors of a code that need not be worded, for SHOWN of them have been."""
        self._unlisted[code] += count

    def note(self, code: str, message: str, span: Span | None, help: str = "", *, warn: bool = False) -> None:
        """Record a leniency; of several with one code the first is kept and the others are counted."""
        if code in self.moot:
            return
        if code in self._notes:
            self._repeats[code] += 1
        else:
            severity: Literal["warning", "note"] = "warning" if warn else "note"
            self._notes[code] = Diagnostic(code, message, span, help, severity)

    def __len__(self) -> int:
        return len(self._errors)

    def notes(self) -> tuple[Diagnostic, ...]:
        """Notes and warnings in source order, each with the number of its repetitions; no warning that a comment on the
        line of its first place allows."""
        said = []
        for code, note in self._notes.items():
            if is_allowed(note, self.source):
                continue
            more = self._repeats[code]
            said.append(replace(note, message=f"{note.message} (and {more} more)") if more else note)
        return tuple(sorted(said, key=_place))

    def settle(self) -> None:
        """Raise InputError with all errors so far, in source order, if there is any."""
        if not self._errors:
            return
        shown: list[Diagnostic] = []
        count = Counter(self._unlisted)
        listed: Counter[str] = Counter()
        for diagnostic in sorted(self._errors, key=_place):
            count[diagnostic.code] += 1
            if listed[diagnostic.code] < SHOWN:
                listed[diagnostic.code] += 1
                shown.append(diagnostic)
        left = count - listed
        rest = [Diagnostic(code, f"and {k} more of {code}, not listed") for code, k in left.items()]
        raise InputError(shown + rest, self.source)
