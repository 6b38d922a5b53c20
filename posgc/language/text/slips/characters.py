"""Characters that begin no token: signs of other languages, quotes of word processors, stray letters and points."""

from __future__ import annotations

import re

from posgc.language.diagnostics import Diagnostic, Replacement
from posgc.language.diagnostics.example_agents import agents_in, with_agents
from posgc.language.text.slips.mistake import Mistake
from posgc.language.text.stop import Stop, span_at

__all__ = ["character"]

_FOREIGN = (
    ("&&", "and"),
    ("||", "or"),
    ("!", "not"),
    ("&", "and"),
    ("|", "or"),
    ("%", "mod"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("→", "->"),
    ("∧", "and"),
    ("∨", "or"),
    ("¬", "not"),
    ("−", "-"),
    ("–", "-"),
    ("×", "*"),
    ("·", "*"),
    ("…", ".."),
    ("′", "'"),
    ("’", "'"),
    ("‘", "'"),
)
_QUOTED = re.compile(r"[“”„«‟]([^“”„«»‟\"\n]*)[“”»‟\"]")
_POINT = re.compile(r"\.([0-9]*)")


def character(stop: Stop) -> Mistake | None:
    """What is wrong with a character without a meaning; None for other tokens."""
    if stop.token.type not in ("", "DOT"):
        return None
    at = stop.start
    if stop.text[at] == ".":
        return _point(stop, at)
    if stop.text[at] == '"':
        end = stop.text.find("\n", at)
        here = span_at(stop.text, at, end if end > 0 else len(stop.text))
        found = Diagnostic("E103", "this title is not closed on its line", here, 'end it with `"`')
        return Mistake(found, ('""',), _brace(stop, here.end))
    quoted = _QUOTED.match(stop.text, at)
    if quoted is not None:
        here = span_at(stop.text, at, quoted.end())
        change = (Replacement(here, f'"{quoted[1]}"'),)
        cure = f'write `"{quoted[1]}"`'
        found = Diagnostic("E124", "a title stands in straight quotes", here, cure, "error", (), change)
        return Mistake(found, (f'"{quoted[1]}"',), here.end)
    return _foreign(stop, at) or _stray(stop, at)


def _brace(stop: Stop, end: int) -> int:
    """Where the brace stands that a title which is not closed has taken in, or else the end of the line."""
    brace = stop.text.rfind("{", stop.start, end)
    return brace if brace >= 0 else end


def _foreign(stop: Stop, at: int) -> Mistake | None:
    percent = re.search(r"([0-9]+)\s*$", stop.text[max(0, at - 20) : at]) if stop.text[at] == "%" else None
    if percent is not None and re.match(r"%\s*[;,})\]]", stop.text[at : at + 20]):
        cure = f"write `{int(percent[1]) / 100:g}`"
        return Mistake(Diagnostic("E109", "`%` is no part of a number", span_at(stop.text, at, at + 1), cure))
    for foreign, ours in _FOREIGN:
        if stop.text.startswith(foreign, at):
            here = span_at(stop.text, at, at + len(foreign))
            spaced = f" {ours} " if ours.isalpha() else ours
            change = (Replacement(here, spaced),)
            code, what = "E109", f"`{foreign}` is not an operator here"
            if ours == "'":
                code, what = "E124", f"`{foreign}` is no prime: a prime is a straight `'`"
            found = Diagnostic(code, what, here, f"write `{ours}`", "error", (), change)
            return Mistake(found, (ours,), here.end)
    if stop.text[at] == "?":
        here, cure = span_at(stop.text, at, at + 1), "write `if a then b else c`"
        return Mistake(Diagnostic("E120", "`?` is no sign of this language", here, cure), whole=True)
    return None


def _stray(stop: Stop, at: int) -> Mistake:
    c = stop.text[at]
    here = span_at(stop.text, at, at + 1)
    shown = c if c.isprintable() else f"U+{ord(c):04X}"
    message = f"the character `{shown}` has no meaning here"
    if c == "'":
        cure = "a prime stands right after a name: `tiger'`; a title is in double quotes"
        return Mistake(Diagnostic("E110", message, here, cure))
    if c.isalpha():
        begin = re.search(r"\w*$", stop.text[:at])
        end = re.compile(r"\w*").match(stop.text, at)
        assert begin is not None and end is not None  # both match nothing too
        word = stop.text[begin.start() : end.end()]
        cure = "names are made of the letters a to z, digits and `_`"
        earlier = None
        if begin.start() < at and stop.last is not None and stop.last.end_pos == at:
            earlier = stop.earlier(*stop.before[-1])
        return Mistake(Diagnostic("E110", message, here, cure), (word,), end.end(), earlier, "NAME")
    return Mistake(Diagnostic("E110", message, here, "take it out"))


def _point(stop: Stop, at: int) -> Mistake:
    if re.search(r"[A-Za-z_]\w*$", stop.text[max(0, at - 80) : at]):
        here = span_at(stop.text, at, at + 1)
        cure = with_agents("what is an agent's is `act[ann]`", agents_in(stop.text))
        return Mistake(Diagnostic("E120", "names have no parts with points", here, cure))
    if stop.text.startswith("...", at - 2):
        here = span_at(stop.text, at - 2, at + 1)
        change = (Replacement(here, ".."),)
        found = Diagnostic("E109", "`...` is not an operator here", here, "write `..`", "error", (), change)
        return Mistake(found, (), here.end)
    before = re.search(r"[0-9]+$", stop.text[max(0, at - 20) : at])
    after = _POINT.match(stop.text, at)
    digits = after[1] if after else ""
    start = at - len(before[0]) if before else at
    if before and re.search(r"[0-9]\.$", stop.text[max(0, start - 2) : start]):
        here = span_at(stop.text, at, at + 1 + len(digits))
        return Mistake(Diagnostic("E102", "a number has one decimal point", here, "take the rest out"), (), here.end)
    if before and re.search(r"[0-9][eE][+-]?$", stop.text[max(0, start - 3) : start]):
        here = span_at(stop.text, at, at + 1 + len(digits))
        return Mistake(Diagnostic("E102", "an exponent has no decimal point", here, "take the point out"), (), here.end)
    number = f"{before[0] if before else '0'}.{digits or '0'}"
    here = span_at(stop.text, start, at + 1 + len(digits))
    if stop.text[here.start : here.end] == number:
        what, cure = f"`{number}` cannot stand here", "a whole number is wanted here"
        return Mistake(Diagnostic("E101", what, here, cure), (), here.end)
    change = (Replacement(here, number),)
    found = Diagnostic(
        "E102", "a decimal point needs digits on both sides", here, f"write `{number}`", "error", (), change
    )
    return Mistake(found, () if before else (number,), here.end)
