"""Where the parser stops, what was probably meant: a syntax error with a code, a caret and a cure.

A table of the usual slips of the pen (a missing semicolon, `.5`, `=` for `==`, a chained comparison, a
reserved word as a name, an unclosed bracket), tried in order; whatever is left is E101 with the list of
what could have come.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from posgc.language.diagnostics import Diagnostic, Span

__all__ = ["begins_item", "explain", "span_at", "unclosed"]

_WORDS = {
    "NAME": "a name",
    "INT": "an integer",
    "NUMBER": "a number",
    "STRING": "a title in quotes",
    "COMPARE": "a comparison",
    "KIND": "`state`, `action` or `observation`",
    "TRUTH": "`true` or `false`",
    "DRAW": "`init`, `next` or `observe`",
    "LINK": "`->`",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "TIMES": "`*`",
    "OVER": "`/`",
    "MOD": "`mod`",
    "PRIME": "`'`",
    "SEMICOLON": "`;`",
    "NOT": "`not`",
    "PER": "`per`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "CIRCUMFLEX": "`^`",
    "$END": "the end of the file",
    "__ANON_0": "`..`",
    "__ANON_1": "`->`",
}
_STARTS_OPERAND = {"NAME", "INT", "NUMBER", "LPAR"}
_OPERATORS = {"PLUS", "TIMES"}
_FOREIGN = (
    ("&&", "and"),
    ("||", "or"),
    ("!", "not"),
    ("&", "and"),
    ("|", "or"),
    ("%", "mod"),
    ("**", "^"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("′", "'"),
    ("’", "'"),
)
_RESERVED = re.compile(r"[a-z_]+")


def span_at(text: str, start: int, end: int) -> Span:
    """The span `start:end` of the text, its line and column counted."""
    line = text.count("\n", 0, start) + 1
    return Span(start, end, line, start - (text.rfind("\n", 0, start) + 1) + 1)


def explain(text: str, error: UnexpectedInput) -> Diagnostic:
    """The diagnostic of the first syntax error of a text."""
    if isinstance(error, UnexpectedToken):
        token = error.token
        accepts = set(error.accepts or error.expected or ())
        if token.type == "$END":
            return _ended(text, accepts)
        return _unexpected(text, token, accepts)
    position = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters):
        return _character(text, position, set(error.allowed or ()))
    return Diagnostic("E101", "this cannot be read", span_at(text, position, position + 1))


def _character(text: str, at: int, allowed: Collection[str]) -> Diagnostic:
    rest = text[at : at + 2]
    here = span_at(text, at, at + 1)
    if text[at] == '"':
        end = text.find("\n", at)
        return Diagnostic(
            "E103",
            "this title is not closed on its line",
            span_at(text, at, end if end > 0 else len(text)),
            'end it with `"`',
        )
    if text[at] == ".":
        return _dot(text, at)
    for foreign, ours in _FOREIGN:
        if rest.startswith(foreign):
            return Diagnostic(
                "E109",
                f"`{foreign}` is not an operator here",
                span_at(text, at, at + len(foreign)),
                f"write `{ours}`",
            )
    shown = text[at] if text[at].isprintable() else f"U+{ord(text[at]):04X}"
    cure = "names are made of the letters a to z, digits and `_`" if text[at].isalpha() else "take it out"
    if text[at] == "'":
        cure = "a prime stands right after a name: `tiger'`; a title is in double quotes"
    return Diagnostic("E110", f"the character `{shown}` has no meaning here", here, cure)


def _dot(text: str, at: int) -> Diagnostic:
    before = re.search(r"[0-9]+$", text[max(0, at - 20) : at])
    after = re.match(r"\.([0-9]*)", text[at : at + 20])
    digits = after.group(1) if after else ""
    start = at - len(before.group(0)) if before else at
    whole = before.group(0) if before else "0"
    return Diagnostic(
        "E102",
        "a decimal point needs digits on both sides",
        span_at(text, start, at + 1 + len(digits)),
        f"write `{whole}.{digits or '0'}`",
    )


def _ended(text: str, accepts: Collection[str]) -> Diagnostic:
    opening = unclosed(text)
    if opening is not None:
        return _never_closed(text, opening)
    end = len(text.rstrip())
    return Diagnostic("E101", "the text ends too early", span_at(text, max(0, end - 1), end), _wanted(accepts))


def _never_closed(text: str, opening: int) -> Diagnostic:
    return Diagnostic(
        "E108",
        f"this `{text[opening]}` is never closed",
        span_at(text, opening, opening + 1),
        "close it, or look for a bracket of another kind in between",
    )


def _unexpected(text: str, token: Token, accepts: Collection[str]) -> Diagnostic:
    start = token.start_pos or 0
    here = span_at(text, start, start + len(token))
    if token.type == "COMPARE":
        return Diagnostic("E105", "comparisons are not chained", here, "write `a < b and b < c`, or use parentheses")
    if token.type == "EQUAL" and "COMPARE" in accepts:
        return Diagnostic("E104", "`=` defines; it does not compare", here, "write `==`")
    if text[start : start + 2] in ("//", "/*") or (token == "/" and text[start - 1 : start + 1] == "//"):
        return Diagnostic("E109", "a comment begins with `#`", here, "write `# ...`")
    if token == "*" and text[start - 1 : start + 1] == "**":
        return Diagnostic("E109", "`**` is not an operator here", here, "write `^` for a power")
    if token == "if" and "LPAR" in accepts:
        return Diagnostic(
            "E101", "an `if` under an operator needs parentheses", here, "write `2 * (if a then b else c)`"
        )
    if "NAME" in accepts and _RESERVED.fullmatch(token) and token.type not in ("NAME", "NOT"):
        return Diagnostic(
            "E106",
            f"`{token}` is a word of the language and cannot be a name here",
            here,
            f"choose another name, `{token}_` say",
        )
    if token.type in ("INT", "NUMBER") and text[start - 1 : start] == ".":
        return _dot(text, start - 1)
    if "SEMICOLON" in accepts and _begins(token, text):
        end = len(_strip_comments(text, start))
        return Diagnostic("E107", "a `;` is missing", span_at(text, max(0, end - 1), end), "end the line with `;`")
    if token.type == "SEMICOLON" and {"RPAR", "RSQB"} & set(accepts):
        opening = unclosed(text[:start])
        if opening is not None and text[opening] != "{":
            return _never_closed(text, opening)
    if token.type in ("RBRACE", "RPAR", "RSQB"):
        message = f"this `{token}` comes too early, or closes nothing"
    else:
        message = f"`{token}` cannot stand here"
    return Diagnostic("E101", message, here, _wanted(accepts))


def _begins(token: Token, text: str) -> bool:
    """Whether a statement could begin (or a block end) with this token."""
    start = token.start_pos or 0
    newline = "\n" in text[len(_strip_comments(text, start)) : start]
    keyword = token.type not in ("NAME", "INT", "NUMBER") and token[:1].isalpha()
    return newline or keyword or token.type in ("RBRACE", "SHARE")


def _strip_comments(text: str, end: int) -> str:
    """The text before `end` without the white space and comments at its end."""
    head = text[:end].rstrip()
    while True:
        line = head.rfind("\n") + 1
        mark = _comment_start(head[line:])
        if mark is None:
            return head
        head = head[: line + mark].rstrip()


def begins_item(text: str, at: int) -> bool:
    """Whether what stands at `at` comes right after a statement, or after an opening brace."""
    return _strip_comments(text, at)[-1:] in (";", "{", "}")


def _comment_start(line: str) -> int | None:
    quoted = False
    for k, c in enumerate(line):
        if c == '"':
            quoted = not quoted
        elif c == "#" and not quoted:
            return k
    return None


def unclosed(text: str) -> int | None:
    """Position of the last bracket that is never closed, None if there is none."""
    pairs = {")": "(", "]": "[", "}": "{"}
    stack: list[int] = []
    for found in re.finditer(r'"[^"\n]*"|#[^\n]*|[()\[\]{}]', text):
        c = found.group(0)
        if c in "([{":
            stack.append(found.start())
        elif c in pairs and stack and text[stack[-1]] == pairs[c]:
            stack.pop()
    return stack[-1] if stack else None


def _wanted(accepts: Collection[str]) -> str:
    words = sorted({_WORDS.get(a, f"`{a.lower()}`") for a in accepts})
    if set(accepts) >= _STARTS_OPERAND:
        words = ["an expression", *(w for w in words if w == "`)`" or w == "`}`")]
    elif set(accepts) >= _OPERATORS:
        keep = ("`;`", "`)`", "`]`", "`}`", "`,`", "`:`", "`then`", "`else`")
        words = ["an operator", *(w for w in words if w in keep)]
    if not words:
        return ""
    if len(words) > 8:
        words = [*words[:8], "..."]
    return "expected " + (words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1])
