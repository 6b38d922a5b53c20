"""Notations of other languages: ranges, sets, comparisons, decimal commas, assignments."""

from __future__ import annotations

import re

from posgc.language.diagnostics import Diagnostic, Replacement
from posgc.language.text.slips.mistake import Mistake
from posgc.language.text.slips.openings import arm_follows
from posgc.language.text.stop import Stop, span_at

__all__ = ["assignment", "comparison", "decimal_comma", "drawn", "listed", "product", "spaced_name", "value_sign"]

_COMPARISONS = {"===": "==", "!==": "!=", "<>": "!=", "=!": "!=", "=>": ">="}
_TYPED = ("type", "state", "action", "observation", "chance")


def comparison(stop: Stop) -> Mistake | None:
    """`===` and `<>`, of which the first sign has been read."""
    if stop.token == "is" and "COMPARE" in stop.accepts:
        change = (Replacement(stop.span, "=="),)
        found = Diagnostic("E109", "`is` is not an operator here", stop.span, "write `==`", "error", (), change)
        return Mistake(found, ("==",), stop.end)
    if stop.last is None or stop.last.end_pos != stop.start or not stop.before:
        return None
    for foreign, ours in _COMPARISONS.items():
        at = stop.last.start_pos or 0
        if stop.text.startswith(foreign, at) and len(stop.last) < len(foreign) and stop.last.type == "COMPARE":
            here = span_at(stop.text, at, at + len(foreign))
            change = (Replacement(here, ours),)
            what, cure = f"`{foreign}` is not an operator here", f"write `{ours}`"
            found = Diagnostic("E109", what, here, cure, "error", (), change)
            return Mistake(found, (ours,), here.end, stop.earlier(*stop.before[-1]))
    return None


def value_sign(stop: Stop) -> Mistake | None:
    """A sign behind `horizon`, `discount` or `agents`, which need none."""
    if stop.last is None or str(stop.token) not in ("=", ":") or stop.last not in ("horizon", "discount", "agents"):
        return None
    here = span_at(stop.text, stop.last.end_pos or 0, stop.end)
    what, cure = f"no `{stop.token}` follows `{stop.last}`", "take it out"
    change = (Replacement(here, ""),)
    return Mistake(Diagnostic("E101", what, stop.span, cure, "error", (), change), (), stop.end)


def assignment(stop: Stop) -> Mistake | None:
    """`+=`."""
    if stop.token != "+" or not stop.text.startswith("+=", stop.start) or "EQUAL" not in stop.accepts:
        return None
    here = span_at(stop.text, stop.start, stop.start + 2)
    cure = "write `=`; several `reward` lines of one agent add up" if stop.keyword == "reward" else "write `=`"
    change = (Replacement(here, "="),)
    found = Diagnostic("E109", "`+=` is not an operator here", here, cure, "error", (), change)
    return Mistake(found, ("=",), here.end)


def decimal_comma(stop: Stop) -> Mistake | None:
    """`0,5`."""
    if stop.token != "," or stop.last is None or stop.last.type != "INT" or stop.last.end_pos != stop.start:
        return None
    digits = re.compile(r"[0-9]+").match(stop.text, stop.end)
    if digits is None:
        return None
    here = span_at(stop.text, stop.last.start_pos or 0, digits.end())
    number = f"{stop.last}.{digits[0]}"
    change = (Replacement(here, number),)
    found = Diagnostic("E102", "a decimal point is no comma", here, f"write `{number}`", "error", (), change)
    return Mistake(found, (number,), here.end, stop.earlier(*stop.before[-1]))


def drawn(stop: Stop) -> Mistake | None:
    """`uniform(a, b)`, `uniform[a, b]`, and mixtures in other brackets than braces."""
    inner = stop.open[-1:]
    if stop.token == "," and inner and inner[0][1] == "(" and inner[0][0] >= stop.level:
        before = stop.value_stack[inner[0][0] - 1]
        if before == "uniform":
            return _whole(stop, "values to choose from stand in braces", "write `uniform {a, b}`")
    if stop.token == "[" and stop.last == "uniform":
        return _whole(stop, "values to choose from stand in braces", "write `uniform {a, b}`")
    if stop.token == ".." and stop.keyword in ("init", "next", "observe"):
        return _whole(stop, "a range is no distribution", "write `uniform {1, 2}`, or `uniform(c: c in 1..2)`")
    if stop.token in (":", ",") and inner and inner[0][1] == "[" and stop.value_stack[inner[0][0] - 1] == "~":
        return _whole(stop, "a mixture stands in braces", "write `{a: 0.5, b: 0.5}`")
    return None


def listed(stop: Stop) -> Mistake | None:
    """Types in other notations: `{1, 2}`, `[0, 5]`, `0-5`."""
    if stop.keyword not in _TYPED or not any(v == ":" or v == "=" for v in stop.value_stack[stop.level :]):
        return None
    inner = [b for k, b in stop.open if k >= stop.level]
    number = stop.last is not None and stop.last.type == "INT"
    if stop.token == "," and inner[-1:] == ["{"] and number:
        return _whole(stop, "the words of a type are names", "numbers are a range, such as `0..2`")
    if stop.token == "," and inner[-1:] == ["["]:
        return _whole(stop, "a type has no `[`", "numbers are a range, `0..5`; words stand in braces, `{a, b}`")
    if number and stop.token == ";" and stop.kind_of("..") is not None:
        return _whole(stop, "this is no type", "numbers are a range, `0..5`; words stand in braces, `{a, b}`")
    return None


def product(stop: Stop) -> Mistake | None:
    """`4(a - b)`."""
    if stop.token != "(" or stop.last is None or stop.last.type != "INT" or stop.kind_of("*") is None:
        return None
    if arm_follows(stop.ahead()) and (
        stop.within == "match" or [b for k, b in stop.open if k >= stop.level][-1:] == ["{"]
    ):
        return None  # what is missing ends an arm, or a part of a mixture
    change = (Replacement(span_at(stop.text, stop.start, stop.start), " * "),)
    found = Diagnostic("E101", "a `*` is missing before this", stop.span, "write `*` between", "error", (), change)
    return Mistake(found, ("*",), stop.start)


def spaced_name(stop: Stop) -> Mistake | None:
    """A name in two words, where a statement says what it declares."""
    second = stop.token.type == "NAME" or re.fullmatch(r"[a-z_]+", stop.token) is not None
    if not second or stop.last is None or stop.last.type != "NAME" or len(stop.value_stack) != stop.level + 2:
        return None
    if (
        stop.on_new_line
        or stop.last == "on"
        or stop.keyword == "agents"
        or stop.token in ("in", "when")
        or stop.keyword == "expect"
    ):
        return None
    law = stop.token.type != "NAME" or stop.rest()[:1] == "("  # what a `~` is missing before
    if stop.follows("ON", "NAME") or (law and stop.follows("TILDE", stop.token.type)):
        return None
    rest = stop.text[stop.start :].partition(";")[0]
    if stop.keyword == "let" and re.search(r"(?<![=!<>])=(?!=)", rest) is None:
        return None  # the sign is missing
    name = f"{stop.last}_{stop.token}"
    here = span_at(stop.text, stop.last.start_pos or 0, stop.end)
    found = Diagnostic("E101", "a name has no spaces", here, f"write `{name}`", "error", (), (Replacement(here, name),))
    earlier = stop.earlier(*stop.before[-1])
    return Mistake(found, (name,), stop.end, earlier, "NAME", doubtful=True, declares=(stop.last,))


def _whole(stop: Stop, what: str, cure: str) -> Mistake:
    return Mistake(Diagnostic("E120", what, stop.span, cure), whole=True)
