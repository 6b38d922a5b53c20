"""Where the parser stops, what was probably meant: a syntax error with a code, a caret and a cure.

Each function of `_SLIPS` knows one slip of the pen; they are tried in order, and whatever is left is E101.  A mistake
may say which words to read in place of those that stand there, so that reading goes on as if it had been written right.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from posgc.language.diagnostics import Diagnostic, Label, Replacement, Span
from posgc.language.diagnostics.likeness import closest
from posgc.language.text.characters import character
from posgc.language.text.forms import form_of
from posgc.language.text.mistake import Mistake, replaced
from posgc.language.text.stop import CLOSING, END, Stop, span_at

__all__ = ["explain"]

_STARTS_OPERAND = {"NAME", "INT", "LPAR"}
_CLOSERS = {")": "(", "]": "[", "}": "{"}


def explain(stop: Stop) -> Mistake:
    """What is wrong where the parser stops."""
    for slip in _SLIPS:
        found = slip(stop)
        if found is not None:
            return found
    return _unexpected(stop)


# ---- brackets


def _unclosed(stop: Stop) -> Mistake | None:
    """A bracket that is still open where its statement ends."""
    token = stop.token
    ends = token.type in (END, "SEMICOLON") or _item_follows(stop)
    inner = [(k, b) for k, b in stop.open if k >= stop.level]
    if ends and inner and not (token.type == "SEMICOLON" and "SEMICOLON" in stop.accepts):
        opening = inner[-1][1]
        close = tuple(CLOSING[b] for _, b in reversed(inner))
        return Mistake(
            _never_closed(stop, opening.start_pos or 0), (*close, *(";" if token != ";" else ())), stop.start
        )
    brace = next(stop.blocks(), None)
    if brace is None or (stop.within == "game" and token.type != END):
        return None
    if token.type == END or (_item_follows(stop) and not stop.balanced):
        here = _never_closed(stop, stop.value_stack[brace].start_pos)
        finish = ("}", ";") if stop.within == "match" else ("}",)
        return Mistake(here, (*(";" if "SEMICOLON" in stop.accepts else ()), *finish), stop.start)
    return None


def _never_closed(stop: Stop, at: int) -> Diagnostic:
    what = stop.text[at]
    return Diagnostic(
        "E108", f"this `{what}` is never closed", span_at(stop.text, at, at + 1), f"write the missing `{CLOSING[what]}`"
    )


def _closes_nothing(stop: Stop) -> Mistake | None:
    """A closing bracket of another kind, or one too many."""
    closer = str(stop.token)
    if closer not in _CLOSERS or stop.token.type == "":
        return None
    inner = [b for k, b in stop.open if k >= stop.level]
    if inner and CLOSING[inner[-1]] != closer:
        wanted = CLOSING[inner[-1]]
        opened = Label(span_at(stop.text, inner[-1].start_pos or 0, (inner[-1].start_pos or 0) + 1), "opened here")
        if stop.kind_of(wanted) is not None and closer != "}":
            return replaced(
                stop, "E108", f"`{inner[-1]}` is open here, and `{closer}` does not close it", wanted, (opened,)
            )
        if closer == "}" and stop.kind_of(wanted) is not None:
            return Mistake(_never_closed(stop, inner[-1].start_pos or 0), (wanted,), stop.start)
        return None
    if inner or closer == "}":
        return None
    diagnostic = Diagnostic(
        "E108", f"this `{closer}` closes nothing", stop.span, "take it out", "error", (), (Replacement(stop.span, ""),)
    )
    return Mistake(diagnostic, (), stop.end)


# ---- statements


def _missing_semicolon(stop: Stop) -> Mistake | None:
    if "SEMICOLON" not in stop.accepts or stop.last is None or stop.token.type in ("", "SEMICOLON"):
        return None
    word = stop.token[:1].isalpha() and stop.token.type not in ("NAME", "INT", "NUMBER")
    if not (
        stop.token == "}"
        or _item_follows(stop)
        or (stop.on_new_line and stop.token.type != "SEMICOLON")
        or (word and stop.kind_of(str(stop.token)) is None and _begins_rule(stop))
    ):
        return None
    end = stop.last.end_pos or 0
    at = span_at(stop.text, end - 1, end)
    after = Span(end, end, at.line, at.column + 1)
    missing = Diagnostic(
        "E107", "a `;` is missing", at, "end the line with `;`", "error", (), (Replacement(after, ";"),)
    )
    return Mistake(missing, (";",), stop.start)


def _item_follows(stop: Stop) -> bool:
    """Whether what stands here begins an item of the game, and can be nothing else."""
    return stop.token.type in _ITEMS and (
        stop.token != "horizon" or (stop.on_new_line and re.match(r"\w", stop.rest()) is not None)
    )


_ITEMS = {
    *("PARAM", "HORIZON", "DISCOUNT", "AGENTS", "TYPE", "KIND", "CHANCE", "LET", "DRAW", "REWARD", "TERMINAL"),
    *("SHARE", "EXPECT"),
}


def _begins_rule(stop: Stop) -> bool:
    return stop.within == "share" and stop.token.type in ("FORGET", "CHANCE")


def _unfinished(stop: Stop) -> Mistake | None:
    """An item begins where an expression is wanted."""
    if not (_item_follows(stop) and stop.on_new_line and stop.last is not None and stop.accepts >= _STARTS_OPERAND):
        return None
    end = stop.last.end_pos or 0
    here = span_at(stop.text, stop.last.start_pos or 0, end)
    return Mistake(
        Diagnostic("E101", f"nothing follows `{stop.last}`", here, "finish the line: an expression is wanted")
    )


def _no_statement(stop: Stop) -> Mistake | None:
    """A word that begins no statement, where one should begin."""
    if not stop.begins or stop.within != "game" or stop.token.type != "NAME":
        return None
    word = str(stop.token)
    keyword = closest(word, stop.keywords)
    if keyword is not None:
        return replaced(stop, "E119", f"`{word}` begins no statement", keyword)
    if re.match(r"=(?!=)", stop.rest()):
        before = Span(stop.start, stop.start, stop.span.line, stop.span.column)
        insertion = (Replacement(before, "let "),)
        cure = f"write `let {word} = ...;`"
        return Mistake(
            Diagnostic("E101", "a definition begins with `let`", stop.span, cure, "error", (), insertion),
            ("let",),
            stop.start,
        )
    return Mistake(
        Diagnostic(
            "E101",
            f"`{word}` begins no statement",
            stop.span,
            "a statement begins with a word such as `state`, `let` or `reward`",
        )
    )


# ---- words


def _misspelt(stop: Stop) -> Mistake | None:
    """A word that is nearly one of the language which would stand here, or one that would have before."""
    if stop.token.type == "NAME":
        keyword = closest(str(stop.token), [w for w in stop.keywords if len(w) > 2])
        if keyword is not None:
            return replaced(stop, "E119", f"`{stop.token}` cannot stand here", keyword)
    for token, states, values in reversed(stop.before[-6:]):
        if token.type != "NAME":
            continue
        earlier = Stop(stop.parser, stop.text, token, stop.states, states, values)
        if earlier.begins:
            continue
        for word in filter(None, [closest(str(token), [w for w in earlier.keywords if len(w) > 2])]):
            between = [t.type for t, _, _ in stop.before if (t.start_pos or 0) > (token.start_pos or 0)]
            if earlier.follows(earlier.keywords[word], *between, stop.token.type):
                return replaced(earlier, "E119", f"`{token}` is not followed by `{stop.token}`", word)
    return None


def _reserved(stop: Stop) -> Mistake | None:
    token = stop.token
    if "NAME" not in stop.accepts or not re.fullmatch(r"[a-z_]+", token) or token.type in ("NAME", "NOT", ""):
        return None
    if token == "if":
        return None
    return replaced(
        stop,
        "E106",
        f"`{token}` is a word of the language and cannot be a name here",
        str(token),
        cure=f"choose another name, `{token}_` say",
        kind="NAME",
    )


def _local_definition(stop: Stop) -> Mistake | None:
    """`let ... in` of other languages."""
    if stop.token != "let" or stop.begins or stop.on_new_line or not stop.accepts >= _STARTS_OPERAND:
        return None
    cure = "write the definition in a line of its own before this one: `let x = ...;`"
    return Mistake(Diagnostic("E120", "a definition cannot stand inside of an expression", stop.span, cure))


def _braces(stop: Stop) -> Mistake | None:
    """`if (a) { b } else { c }`, and other braces around parts of an `if`."""
    if stop.token != "{" or not {"THEN", "ELSE"} & stop.accepts:
        return None
    return Mistake(
        Diagnostic("E120", "the parts of an `if` stand in no braces", stop.span, "write `if a then b else c`")
    )


def _missing_else(stop: Stop) -> Mistake | None:
    if "ELSE" not in stop.accepts or stop.token.type != "SEMICOLON":
        return None
    cure = "every `if` has both: `if a then b else c`"
    return Mistake(Diagnostic("E101", "this `if` has no `else`", stop.span, cure))


def _bare_if(stop: Stop) -> Mistake | None:
    if stop.token != "if" or "LPAR" not in stop.accepts:
        return None
    cure = "write `2 * (if a then b else c)`"
    return Mistake(Diagnostic("E101", "an `if` under an operator needs parentheses", stop.span, cure))


# ---- signs


def _chained(stop: Stop) -> Mistake | None:
    if stop.token.type != "COMPARE" or stop.text.startswith("=>", stop.start):
        return None
    if not (stop.last is not None and {"AND", "PLUS"} <= stop.accepts | {"PLUS"} and "AND" in stop.accepts):
        return None
    return Mistake(
        Diagnostic("E105", "comparisons are not chained", stop.span, "write `a < b and b < c`, or use parentheses")
    )


def _arrow(stop: Stop) -> Mistake | None:
    """`=>` of other languages, in whose place ours has several signs."""
    if not stop.text.startswith("=>", stop.start):
        return None
    both = span_at(stop.text, stop.start, stop.start + 2)
    for ours in (":", "->", ">=") if "LINK" in stop.accepts or "COLON" in stop.accepts else (">=",):
        kind = stop.kind_of(ours)
        if kind is not None:
            change = (Replacement(both, ours),)
            found = Diagnostic("E109", "`=>` is not an operator here", both, f"write `{ours}`", "error", (), change)
            return Mistake(found, (ours,), both.end)
    return Mistake(Diagnostic("E109", "`=>` is not an operator here", both, "write `if a then b else c`"))


def _equals(stop: Stop) -> Mistake | None:
    if stop.token.type != "EQUAL" or stop.begins:
        return None
    inner = [b for k, b in stop.open if k >= stop.level]
    in_braces = inner[-1:] == ["{"] or (not inner and stop.within == "match")
    if "COLON" in stop.accepts and in_braces:
        return replaced(stop, "E122", "in braces a value follows `:`, not `=`", ":")
    if "COMPARE" in stop.accepts:
        return replaced(stop, "E104", "`=` defines; it does not compare", "==", cure="write `==`")
    return None


def _comma(stop: Stop) -> Mistake | None:
    """Two things of a list without a comma between."""
    if "COMMA" not in stop.accepts or stop.last is None or stop.token.type not in ("NAME", "INT", "NUMBER", "TRUTH"):
        return None
    if not stop.follows("COMMA", stop.token.type):
        return None
    end = stop.last.end_pos or 0
    between = span_at(stop.text, end, end)
    return Mistake(
        Diagnostic(
            "E121", "a `,` is missing before this", stop.span, "write `a, b`", "error", (), (Replacement(between, ","),)
        ),
        (",",),
        stop.start,
    )


def _trailing_comma(stop: Stop) -> Mistake | None:
    if stop.last is None or stop.last != "," or str(stop.token) not in (*_CLOSERS, ";"):
        return None
    comma = stop.last
    here = span_at(stop.text, comma.start_pos or 0, comma.end_pos or 0)
    states, values = stop.before[-1][1:]
    earlier = Stop(stop.parser, stop.text, comma, stop.states, states, values)
    found = Diagnostic("E101", "nothing follows this `,`", here, "take it out", "error", (), (Replacement(here, ""),))
    return Mistake(found, (), here.end, earlier) if earlier.follows(stop.token.type) else None


def _prime(stop: Stop) -> Mistake | None:
    """A prime on a left side, or before an index."""
    if stop.token == "'" and {"EQUAL", "TILDE", "LSQB"} & stop.accepts and stop.keyword:
        cure = (
            f"take it out: an `{stop.keyword}` line is about the next step already"
            if stop.keyword in ("next", "observe")
            else "take it out"
        )
        found = Diagnostic(
            "E123", "what a line defines has no prime", stop.span, cure, "error", (), (Replacement(stop.span, ""),)
        )
        return Mistake(found, (), stop.end)
    if stop.token == "[" and stop.last is not None and stop.last == "'":
        close = _matching(stop.text, stop.start)
        if close is None:
            return None
        both = span_at(stop.text, stop.last.start_pos or 0, close + 1)
        index = stop.text[stop.start : close + 1]
        cure = f"write `{index}'`"
        found = Diagnostic(
            "E123", "a prime stands after the index", both, cure, "error", (), (Replacement(both, f"{index}'"),)
        )
        states, values = stop.before[-1][1:]
        earlier = Stop(stop.parser, stop.text, stop.last, stop.states, states, values)
        return Mistake(found, (), stop.start, earlier)
    return None


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


def _comment(stop: Stop) -> Mistake | None:
    """Comments of other languages."""
    start = stop.start - 1 if stop.token == "/" and stop.text[stop.start - 1 : stop.start] == "/" else stop.start
    mark = stop.text[start : start + 2]
    if mark not in ("//", "/*"):
        return None
    end = stop.text.find("*/", start) + 2 if mark == "/*" else stop.text.find("\n", start)
    if (mark == "/*" and end == 1) or end < 0:
        end = len(stop.text)
    here = span_at(stop.text, start, start + 2)
    return Mistake(Diagnostic("E109", "a comment begins with `#`", here, "write `# ...`"), (), end)


def _power(stop: Stop) -> Mistake | None:
    if stop.token != "*" or stop.last is None or stop.last != "*" or stop.last.end_pos != stop.start:
        return None
    here = span_at(stop.text, stop.start - 1, stop.end)
    states, values = stop.before[-1][1:]
    earlier = Stop(stop.parser, stop.text, stop.last, stop.states, states, values)
    found = Diagnostic(
        "E109", "`**` is not an operator here", here, "write `^` for a power", "error", (), (Replacement(here, "^"),)
    )
    return Mistake(found, ("^",), stop.end, earlier)


def _after_the_game(stop: Stop) -> Mistake | None:
    if END not in stop.accepts:
        return None
    return Mistake(Diagnostic("E101", "nothing may stand after the game", stop.span, "take it out, or move the `}`"))


def _unexpected(stop: Stop) -> Mistake:
    """What no slip explains."""
    if stop.token.type == END:
        end = len(stop.text.rstrip())
        return Mistake(
            Diagnostic("E101", "the text ends too early", span_at(stop.text, max(0, end - 1), end), form_of(stop))
        )
    return Mistake(Diagnostic("E101", f"`{stop.token}` cannot stand here", stop.span, form_of(stop)))


_SLIPS: tuple[Callable[[Stop], Mistake | None], ...] = (
    character,
    _comment,
    _power,
    _prime,
    _arrow,
    _trailing_comma,
    _unclosed,
    _closes_nothing,
    _unfinished,
    _missing_semicolon,
    _no_statement,
    _local_definition,
    _braces,
    _missing_else,
    _bare_if,
    _equals,
    _chained,
    _misspelt,
    _reserved,
    _comma,
    _after_the_game,
)
