"""Brackets that are missing where something opens, of another kind, or one too many."""

from __future__ import annotations

import re

from lark import Token

from posgc.language.diagnostics import Diagnostic, Label, Replacement
from posgc.language.text.scanning import begins_an_item
from posgc.language.text.slips.mistake import Mistake, replaced
from posgc.language.text.stop import CLOSING, END, Stop, span_at

__all__ = [
    "another_bracket",
    "arm_follows",
    "brace_too_many",
    "closed_by_another",
    "missing_brace",
    "missing_opening",
    "opened_twice",
]

_SIGN = re.compile(r'"[^"\n]*"|#[^\n]*|[()\[\]{};]')
_AHEAD = 1000  # characters in which a bracket that is opened here would be closed
_ARM = re.compile(r"[-\w(][-\w\s.,()\[\]]*:")
_RULE = re.compile(r"(\[[^\];]*\]+\s*)?(after|to|along)\b")
_RULES = re.compile(rf"\w+\s*{_RULE.pattern}|forget\b")


def arm_follows(rest: str) -> bool:
    """Whether a text begins with an arm of a `match`."""
    return _ARM.match(rest) is not None


def missing_opening(stop: Stop) -> Mistake | None:
    """`o i]` and `noisy s, 0.9)`: what closes this one is there."""
    token, last = stop.token, stop.last
    if last is None or token.type in ("", END) or stop.begins:
        return None
    for sign in "[(":
        kind = stop.kind_of(sign)
        if kind is not None and stop.follows(kind, token.type) and _closes(stop, sign, stop.start):
            return _opening(stop, sign, None)
    before = stop.earlier(*stop.before[-1])
    kind = before.kind_of("[")
    inner = [b for k, b in stop.open if k >= stop.level]
    if token != "]" or last.type != "NAME" or kind is None or inner[-1:] == ["["] or not _closes(stop, "[", stop.start):
        return None
    sure = len(stop.before) < 2 or stop.before[-2][0].type == "NAME" or stop.before[-2][0] == "reward"
    return _opening(before, "[", before, doubtful=not sure) if before.follows(kind, "NAME", "RSQB") else None


def _opening(stop: Stop, sign: str, since: Stop | None, doubtful: bool = False) -> Mistake:
    here = span_at(stop.text, stop.start, stop.start)
    what, cure = f"the `{sign}` before this is missing", f"write `{sign}`"
    found = Diagnostic("E108", what, stop.span, cure, "error", (), (Replacement(here, sign),))
    return Mistake(found, (sign,), stop.start, since, doubtful=doubtful)


def another_bracket(stop: Stop) -> Mistake | None:
    """`act(ann]`: the bracket that closes is right, and the one that opens is not."""
    token = stop.token
    pattern = stop.within == "match" and arm_follows(f"({stop.rest()}")
    if str(token) not in (*CLOSING, *CLOSING.values()) or (stop.begins and not pattern):
        return None
    for sign in CLOSING:
        if sign != token and stop.kind_of(sign) is not None and _closes(stop, sign, stop.end):
            what, cure = f"`{CLOSING[sign]}` closes this, and it opens with `{sign}`", f"write `{sign}`"
            return replaced(stop, "E108", what, sign, cure=cure)
    return None


def _closes(stop: Stop, sign: str, at: int) -> bool:
    """Whether what stands from a place to the end of the statement closes a bracket beside those that are open."""
    expected = [CLOSING[sign], *(CLOSING[b] for k, b in reversed(stop.open) if k >= stop.level)]
    opened: list[str] = []
    for found in _SIGN.finditer(stop.text, at, at + _AHEAD):
        mark = found[0]
        if mark in CLOSING:
            opened.append(CLOSING[mark])
        elif mark == ";" and not opened:
            break
        elif mark in CLOSING.values():
            wanted = opened.pop() if opened else expected.pop(0) if expected else ""
            if mark != wanted:
                return False
            if not (opened or expected):
                return True
    return False


def opened_twice(stop: Stop) -> Mistake | None:
    """`act[[i]`: one of two brackets is closed."""
    before = list(stop.before)
    for k in range(len(before) - 1, 0, -1):
        token, states, values = before[k]
        if token not in ("[", "(") or before[k - 1][0] != token:
            continue
        earlier = stop.earlier(token, states, values)
        if not earlier.follows(*(t.type for t, _, _ in before[k + 1 :]), stop.token.type):
            continue
        change = (Replacement(earlier.span, ""),)
        found = Diagnostic("E108", f"this `{token}` is never closed", earlier.span, "take it out", "error", (), change)
        return Mistake(found, (), earlier.end, earlier)
    return None


def missing_brace(stop: Stop) -> Mistake | None:
    """Rules of a protocol, arms of a `match`, or a list of edges without their `{`."""
    token, only = stop.token, stop.accepts == {"LBRACE"}
    if only and token in ("(", "[") and arm_follows(stop.rest()) and _open_at_colon(stop.ahead()):
        return replaced(stop, "E108", f"`}}` closes this, and it opens with `{{`, not `{token}`", "{", cure="write `{`")
    if not stop.level or token.type in ("", END) or not stop.follows("LBRACE", token.type):
        return None
    if stop.keyword == "share" and stop.within == "game":
        if token == "}" and _RULES.match(stop.rest()):
            return replaced(stop, "E108", "rules stand in `{` and `}`", "{", cure="write `{`")
        rule = token.type in ("FORGET", "CHANCE") or (token.type == "NAME" and _RULE.match(stop.rest()) is not None)
        if not rule and (token != "}" or stop.on_new_line or not stop.rest()):
            return None
    elif not only or (stop.keyword != "graph" and not arm_follows(stop.ahead())):
        return None
    change = (Replacement(span_at(stop.text, stop.start, stop.start), "{ "),)
    found = Diagnostic("E108", "the `{` before this is missing", stop.span, "write `{`", "error", (), change)
    return Mistake(found, ("{",), stop.start)


def _open_at_colon(text: str) -> bool:
    """Whether more brackets open than close before the first `:`."""
    head = text.partition(":")[0]
    return sum(map(head.count, "([")) > sum(map(head.count, ")]"))


def brace_too_many(stop: Stop) -> Mistake | None:
    """A second `{` before rules or arms, or a `}` that closes nothing before its statement ends."""
    token, text = stop.token, stop.text
    if token == "{" and stop.begins and stop.within != "game" and text[: stop.start].rstrip().endswith("{"):
        return _left_out(stop, "this `{` is one too many")
    if token != "}" or stop.begins or stop.on_new_line or any(k >= stop.level for k, _ in stop.open):
        return None
    rest = stop.rest()
    ends = rest.startswith(";")
    if stop.within == "game":
        more = rest != "" and not begins_an_item(rest)
    elif stop.within == "match":
        behind = rest[1:].lstrip()
        more = ends and stop.last == "}" and (behind.startswith("}") or arm_follows(behind))
    else:
        more = ends
    return _left_out(stop, "this `}` closes nothing", doubtful=not ends) if more else None


def _left_out(stop: Stop, what: str, doubtful: bool = False) -> Mistake:
    found = Diagnostic("E108", what, stop.span, "take it out", "error", (), (Replacement(stop.span, ""),))
    return Mistake(found, (), stop.end, doubtful=doubtful)


def closed_by_another(stop: Stop) -> Mistake | None:
    """Another bracket in place of the `}` behind rules or arms, or of the last one of the game."""
    token, rest = stop.token, stop.rest()
    if not stop.begins or str(token) not in (")", "]", "(", "[", "{") or not stop.follows("RBRACE"):
        return None
    ends = {"game": not rest, "match": rest.startswith(";"), "share": rest == "}" or begins_an_item(rest)}
    if not ends[stop.within] and (stop.within == "game" or str(token) in CLOSING):
        return None
    opening: Token = stop.value_stack[next(stop.blocks())]
    at = opening.start_pos or 0
    what = f"`{{` is open here, and `{token}` does not close it"
    return replaced(stop, "E108", what, "}", (Label(span_at(stop.text, at, at + 1), "opened here"),))
