"""Brackets that are never closed, or close nothing."""

from __future__ import annotations

import re

from lark import Token

from posgc.language.diagnostics import Diagnostic, Label, Replacement
from posgc.language.text.slips.items import item_follows
from posgc.language.text.slips.mistake import Mistake, replaced
from posgc.language.text.slips.openings import arm_follows
from posgc.language.text.stop import CLOSING, END, Stop, span_at

__all__ = ["closes_nothing", "unclosed", "unclosed_before_a_word", "unclosed_match"]

_CLOSERS = {")": "(", "]": "[", "}": "{"}


def unclosed(stop: Stop) -> Mistake | None:
    """A bracket that is still open where its statement ends."""
    token = stop.token
    ends = token.type in (END, "SEMICOLON") or item_follows(stop)
    inner = [(k, b) for k, b in stop.open if k >= stop.level]
    if ends and inner and not (token.type == "SEMICOLON" and "SEMICOLON" in stop.accepts):
        opening = inner[-1][1]
        close = tuple(CLOSING[b] for _, b in reversed(inner))
        return Mistake(
            _never_closed(stop, opening),
            (*close, *(";" if token != ";" else ())),
            stop.start,
            doubtful=True,
        )
    if _of_left_side(stop):
        return Mistake(_never_closed(stop, inner[-1][1]), ("]",), stop.start)
    if not stop.level and token.type not in (END, "") and stop.last is not None and stop.follows("LBRACE", token.type):
        found = Diagnostic("E108", "the `{` of the game is missing", stop.span, "write `{` before this")
        return Mistake(found, ("{",), stop.start)
    brace = next(stop.blocks(), None)
    if brace is None or (stop.within == "game" and token.type != END):
        return None
    if token.type == END or (item_follows(stop) and not stop.balanced):
        here = _never_closed(stop, stop.value_stack[brace])
        finish = ("}", ";") if stop.within == "match" else ("}",)
        return Mistake(here, (*(";" if "SEMICOLON" in stop.accepts else ()), *finish), stop.start)
    return None


def unclosed_match(stop: Stop) -> Mistake | None:
    """A `match` that goes on behind its last arm as if it were closed."""
    token = stop.token
    if stop.within != "match" or not stop.begins or token.type in ("", END, "RBRACE"):
        return None
    if not stop.follows("RBRACE", token.type) or (token == ";" and _more_arms(stop.rest())):
        return None
    return Mistake(_never_closed(stop, stop.value_stack[next(stop.blocks())]), ("}",), stop.start)


def _more_arms(rest: str) -> bool:
    """Whether an arm follows, or the `}` behind the last one."""
    return arm_follows(rest) or re.match(r"\}\s*[^\s}]", rest) is not None


def unclosed_before_a_word(stop: Stop) -> Mistake | None:
    """A bracket that is still open where a word, or the `{` of a `match`, stands behind what it holds."""
    inner = [b for k, b in stop.open if k >= stop.level][-1:]
    word = stop.token.isalpha() and stop.token.type != "NAME"
    if not inner or inner[0] == "{" or not (word or stop.token == "{"):
        return None
    close = CLOSING[inner[0]]
    kind = stop.kind_of(close)
    if kind is None or not stop.follows(kind, stop.token.type):
        return None
    return Mistake(_never_closed(stop, inner[0]), (close,), stop.start, doubtful=True)


def _of_left_side(stop: Stop) -> bool:
    """Whether the sign of a definition or a law stands in the bracket of what it defines: `init s[i = a;`."""
    own = stop.value_stack[stop.level :]
    signs = [value for value in own if isinstance(value, Token) and value in ("=", "~", ":")]
    inner = [bracket for k, bracket in stop.open if k >= stop.level]
    return stop.token in ("=", "~") and inner == ["["] and not signs and stop.follows("RSQB")


def _never_closed(stop: Stop, opening: Token) -> Diagnostic:
    at = opening.start_pos or 0
    cure = f"write the missing `{CLOSING[opening]}`"
    return Diagnostic("E108", f"this `{opening}` is never closed", span_at(stop.text, at, at + 1), cure)


def closes_nothing(stop: Stop) -> Mistake | None:
    """A closing bracket of another kind, or one too many."""
    closer = str(stop.token)
    if closer not in _CLOSERS or stop.token.type == "":
        return None
    inner = [b for k, b in stop.open if k >= stop.level]
    if inner and CLOSING[inner[-1]] != closer:
        wanted = CLOSING[inner[-1]]
        opened = Label(span_at(stop.text, inner[-1].start_pos or 0, (inner[-1].start_pos or 0) + 1), "opened here")
        if stop.kind_of(wanted) is not None and (closer != "}" or stop.surplus > 0):
            return replaced(
                stop,
                "E108",
                f"`{inner[-1]}` is open here, and `{closer}` does not close it",
                wanted,
                (opened,),
                cure=f"write `{wanted}` here, or `{_CLOSERS[closer]}` where it opens",
                doubtful=True,
            )
        if closer == "}" and stop.kind_of(wanted) is not None:
            return Mistake(_never_closed(stop, inner[-1]), (wanted,), stop.start, doubtful=True)
        return None
    if inner or closer == "}":
        return None
    diagnostic = Diagnostic(
        "E108", f"this `{closer}` closes nothing", stop.span, "take it out", "error", (), (Replacement(stop.span, ""),)
    )
    return Mistake(diagnostic, (), stop.end, doubtful=True)
