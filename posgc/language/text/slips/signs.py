"""Signs that are wrong, out of place, or missing."""

from __future__ import annotations

import re

from posgc.language.diagnostics import Diagnostic, Replacement
from posgc.language.text.slips.forms import OPERAND
from posgc.language.text.slips.mistake import Mistake, replaced
from posgc.language.text.slips.openings import arm_follows
from posgc.language.text.stop import Stop, span_at

__all__ = ["arrow", "chained", "comment", "equals", "lone_comma", "missing_sign", "power", "prime", "trailing_comma"]

# What may be missing between two things that stand where they should, in the order in which it is tried.
_MISSING = (
    ("COMMA", ",", "E121"),
    ("COLON", ":", "E101"),
    ("ON", "on", "E101"),
    ("TILDE", "~", "E101"),
    ("EQUAL", "=", "E101"),
    ("WHEN", "when", "E101"),
)

_TYPED = ("type", "state", "action", "observation", "chance")


def chained(stop: Stop) -> Mistake | None:
    if stop.token.type != "COMPARE" or stop.text.startswith("=>", stop.start):
        return None
    if not (stop.last is not None and {"AND", "PLUS"} <= stop.accepts | {"PLUS"} and "AND" in stop.accepts):
        return None
    return Mistake(
        Diagnostic("E105", "comparisons are not chained", stop.span, "write `a < b and b < c`, or use parentheses")
    )


def comment(stop: Stop) -> Mistake | None:
    """Comments of other languages."""
    start = stop.start - 1 if stop.token in ("/", "*") and stop.text[stop.start - 1 : stop.start] == "/" else stop.start
    mark = stop.text[start : start + 2]
    if mark not in ("//", "/*"):
        return None
    end = stop.text.find("*/", start) + 2 if mark == "/*" else stop.text.find("\n", start)
    if (mark == "/*" and end == 1) or end < 0:
        end = len(stop.text)
    here = span_at(stop.text, start, start + 2)
    return Mistake(Diagnostic("E109", "a comment begins with `#`", here, "write `# ...`"), (), end)


def power(stop: Stop) -> Mistake | None:
    if stop.token != "*" or stop.last is None or stop.last != "*" or stop.last.end_pos != stop.start:
        return None
    here = span_at(stop.text, stop.start - 1, stop.end)
    earlier = stop.earlier(*stop.before[-1])
    found = Diagnostic(
        "E109", "`**` is not an operator here", here, "write `^` for a power", "error", (), (Replacement(here, "^"),)
    )
    return Mistake(found, ("^",), stop.end, earlier)


def arrow(stop: Stop) -> Mistake | None:
    """`=>` of other languages, in whose place ours has several signs, and `->` for `:`."""
    foreign = next((sign for sign in ("=>", "->") if stop.text.startswith(sign, stop.start)), None)
    if foreign is None:
        return None
    both = span_at(stop.text, stop.start, stop.start + 2)
    for ours in (":", "->"):
        if ours != foreign and stop.kind_of(ours) is not None:
            change = (Replacement(both, ours),)
            what = f"`{foreign}` is not an operator here"
            return Mistake(Diagnostic("E109", what, both, f"write `{ours}`", "error", (), change), (ours,), both.end)
    if foreign == "->":
        return None
    cure = "write `>=` to compare, or `if a then b else c`"
    return Mistake(Diagnostic("E109", "`=>` is not an operator here", both, cure))


def equals(stop: Stop) -> Mistake | None:
    """`=` for `==` or `:`, and `:` for `=`."""
    if stop.begins or stop.token.type not in ("EQUAL", "COLON"):
        return None
    if stop.token == ":":
        width = 2 if stop.text.startswith(":=", stop.start) else 1
        whole = stop.earlier(stop.token, stop.state_stack, stop.value_stack, end=stop.start + width)
        fits = "EQUAL" in stop.accepts
        return replaced(whole, "E122", "a value follows `=`, not `:`", "=") if fits else None
    if stop.text.startswith("=<", stop.start) and "COMPARE" in stop.accepts:
        whole = stop.earlier(stop.token, stop.state_stack, stop.value_stack, end=stop.start + 2)
        return replaced(whole, "E109", "`=<` is not an operator here", "<=", cure="write `<=`")
    inner = [b for k, b in stop.open if k >= stop.level]
    if "COLON" in stop.accepts and (inner[-1:] == ["{"] or (not inner and stop.within == "match")):
        return replaced(stop, "E122", "in braces a value follows `:`, not `=`", ":")
    if "COMPARE" in stop.accepts:
        return replaced(stop, "E104", "`=` defines; it does not compare", "==", cure="write `==`")
    if "COLON" in stop.accepts:
        return replaced(stop, "E122", "a type follows `:`, not `=`", ":")
    return None


def missing_sign(stop: Stop) -> Mistake | None:
    """A sign that is missing between two things."""
    if stop.last is None or stop.begins or stop.token.type in ("", "SEMICOLON"):
        return None
    for kind, sign, code in _MISSING:
        if stop.follows(kind, stop.token.type) and not (sign == "," and _of_a_pair(stop)):
            end = stop.last.end_pos or 0
            change = (Replacement(span_at(stop.text, end, end), sign if sign == "," else f" {sign}"),)
            message, cure = f"a `{sign}` is missing before this", f"write `{sign}` between"
            found = Diagnostic(code, message, stop.span, cure, "error", (), change)
            doubtful = sign == "," and [b for k, b in stop.open if k >= stop.level][-1:] != ["{"]
            return Mistake(found, (sign,), stop.start, doubtful=doubtful)
    return None


def _of_a_pair(stop: Stop) -> bool:
    """Whether this is a part of a value in a mixture, which no value with its probability follows."""
    inner = [k for k, b in stop.open if k >= stop.level and b == "{"]
    return bool(inner) and ":" in stop.value_stack[inner[-1] :] and not arm_follows(stop.ahead())


def lone_comma(stop: Stop) -> Mistake | None:
    """A comma before which nothing stands in its list."""
    if stop.token != "," or stop.last is None or stop.last not in (",", "(", "[", "{"):
        return None
    inner = [k for k, _ in stop.open if k >= stop.level]
    of_type = bool(inner) and _of_a_type(stop, inner[-1])
    change = (Replacement(stop.span, ""),)
    found = Diagnostic("E101", "nothing stands before this `,`", stop.span, "take it out", "error", (), change)
    return Mistake(found, (), stop.end, doubtful=not of_type, incomplete=of_type)


def _of_a_type(stop: Stop, brace: int) -> bool:
    """Whether a bracket on the stack of values opens the words of a type."""
    return stop.keyword in _TYPED and stop.value_stack[brace] == "{" and str(stop.value_stack[brace - 1]) in ":="


def trailing_comma(stop: Stop) -> Mistake | None:
    """A comma behind which nothing follows."""
    if stop.last is None or stop.last != "," or str(stop.token) not in (")", "]", "}", ";"):
        return None
    here = span_at(stop.text, stop.last.start_pos or 0, stop.last.end_pos or 0)
    earlier = stop.earlier(*stop.before[-1])
    found = Diagnostic("E101", "nothing follows this `,`", here, "take it out", "error", (), (Replacement(here, ""),))
    if not earlier.follows(stop.token.type):
        return None
    inner = [k for k, _ in stop.open if k >= stop.level]
    of_type = bool(inner) and _of_a_type(stop, inner[-1])
    return Mistake(found, (), here.end, earlier, doubtful=stop.token != "}", incomplete=of_type)


def prime(stop: Stop) -> Mistake | None:
    """A prime on a left side, or before an index."""
    defines = {"EQUAL", "TILDE", "LSQB"} & stop.accepts and not stop.accepts >= OPERAND
    if stop.token == "'" and defines and stop.keyword:
        cure = "take it out"
        if stop.keyword in ("next", "observe"):
            cure += f": `{stop.keyword}` is about the next step already"
        change = (Replacement(stop.span, ""),)
        found = Diagnostic("E123", "what a line defines has no prime", stop.span, cure, "error", (), change)
        return Mistake(found, (), stop.end)
    before = re.compile(r"'([A-Za-z_]\w*)(?!['\w])").match(stop.text, stop.start)
    if before is not None and stop.accepts >= OPERAND:
        here = span_at(stop.text, stop.start, before.end())
        change = (Replacement(here, f"{before[1]}'"),)
        cure = f"write `{before[1]}'`"
        return Mistake(
            Diagnostic("E123", "a prime stands behind the name", here, cure, "error", (), change), (), stop.end
        )
    if stop.token != "[" or stop.last is None or stop.last != "'":
        return None
    close = _matching(stop.text, stop.start)
    if close is None:
        return None
    index = stop.text[stop.start : close + 1]
    both = span_at(stop.text, stop.last.start_pos or 0, close + 1)
    change = (Replacement(both, f"{index}'"),)
    name = stop.before[-2][0] if len(stop.before) > 1 else ""
    cure = f"write `{name}{index}'`"
    return Mistake(Diagnostic("E123", "a prime stands behind the index", both, cure, "error", (), change))


def _matching(text: str, opening: int) -> int | None:
    """Where the bracket closes that opens here, on the same line."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if depth == 0:
            return at
        if text[at] in "\n;":
            break
    return None
