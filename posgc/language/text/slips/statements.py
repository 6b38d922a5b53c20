"""Where a statement should begin or end: missing semicolons, and words that begin no statement."""

from __future__ import annotations

import re

from posgc.language.diagnostics import Diagnostic, Replacement, Span
from posgc.language.diagnostics.likeness import closest, misspelt
from posgc.language.text.scanning import is_declared
from posgc.language.text.slips.forms import OPERAND, form
from posgc.language.text.slips.items import item_follows
from posgc.language.text.slips.mistake import Mistake, replaced
from posgc.language.text.slips.openings import arm_follows
from posgc.language.text.stop import Stop, span_at

__all__ = [
    "comma_of_rules",
    "included",
    "missing_semicolon",
    "named_pattern",
    "no_rules",
    "no_statement",
    "tuple_vertices",
    "unfinished",
    "unnamed_graph",
]

_TYPES_OF_OTHERS = ("int", "integer", "float", "real", "double", "bool", "boolean", "var", "const")
_FUNCTIONS_OF_OTHERS = ("def", "define", "func", "function", "fn")
_LOOPS_OF_OTHERS = ("for", "forall", "foreach", "while")
_INCLUDES_OF_OTHERS = ("import", "load", "read", "require", "source", "using")
# What `name = ...` is, by what follows the name.
_DEFINED = (
    (re.compile(r"=\s*(\{\s*\w+\s*[,}]|\(\s*\w+\s*:|[\w.+*-]+\s*\.\.)"), "type", "a type"),
    (re.compile(r"=\s*\{\s*\w+\s*(\[\d+\]\s*)?-"), "graph", "a graph"),
    (re.compile(r"=[^;~=]*\bin\s*(\[|[\w.]+\.\.)"), "param", "a parameter"),
)
_DEFINITION = "let", "a definition"
_STATEMENTS = "a statement begins with a word such as `state`, `let` or `reward`"
_INDEX = r"(\[[^\];=~]*\]+)?"
# What a statement without its first word looks like, and how it may begin.
_SHAPES = (
    (re.compile(_INDEX + r"\s*:[^;~]*~"), "write `chance {0}`"),
    (re.compile(_INDEX + r"\s*:"), "write `state {0}`, `action {0}` or `observation {0}`"),
    (re.compile(_INDEX + r"\s*~"), "write `init {0}`, `next {0}` or `observe {0}`"),
    (re.compile(r"\(\w+\s*,\s*\w+\)\s*on\b|on\b"), "write `graph {0}`"),
    (re.compile(r"\[[^=;]*=(?!=)"), "write `let {0}`, or `init {0}` or `next {0}` for a law"),
    (re.compile(r"(\([^)]*\)\s*)?(\{|extends\b)"), "write `share {0}`"),
    (re.compile(r"\("), "write `let {0}`"),
)
_ITEM_OF_RULE = re.compile(r"(\[[^\];]*\]+\s*)?(after|to|along)\b")
_EACH = re.compile(r"\[[^\];]*\]\s*=")
_QUOTED = re.compile("[\"'<]")
_FILE = re.compile(r"""\(?\s*['"<]?([\w./-]+)['">]?\s*\)?""")


def included(stop: Stop) -> Mistake | None:
    """An `include` whose file stands in no quotes, or is missing."""
    if stop.keyword != "include" or len(stop.value_stack) != stop.level + 1:
        return None
    found = None if stop.on_new_line else _FILE.match(stop.text, stop.start)
    if found is None:
        word = stop.value_stack[-1]
        here = span_at(stop.text, word.start_pos, word.end_pos)
        return Mistake(Diagnostic("E101", "this `include` names no file", here, form("include")))
    whole = stop.earlier(stop.token, stop.state_stack, stop.value_stack, end=found.end())
    return replaced(whole, "E101", "the name of a file stands in quotes", f'"{found[1]}"')


def tuple_vertices(stop: Stop) -> Mistake | None:
    """Tuples in a list of edges."""
    if stop.token != "(" or stop.keyword != "graph" or [b for k, b in stop.open if k >= stop.level] != ["{"]:
        return None
    name = stop.value_stack[stop.level + 1]
    cure = f"write `graph {name}(v, w) on TYPE = v == TYPE(0, 0) and w == TYPE(0, 1) or ...;`"
    return Mistake(Diagnostic("E120", "edges between tuples are given by a condition", stop.span, cure))


def unnamed_graph(stop: Stop) -> Mistake | None:
    """`graph on TYPE`: its `on` was read as a name."""
    if stop.keyword != "graph" or stop.last is None or stop.last != "on" or not stop.follows("ON", stop.token.type):
        return None
    here = span_at(stop.text, stop.last.start_pos or 0, stop.last.end_pos or 0)
    cure = f"write `graph NAME on {stop.token}` with a name of your choice"
    return Mistake(Diagnostic("E101", "this graph has no name", here, cure), ("on",), stop.start)


def named_pattern(stop: Stop) -> Mistake | None:
    """The name of a type before the pattern of a tuple."""
    if stop.token != "(" or stop.within != "match" or stop.last is None or stop.last.type != "NAME":
        return None
    earlier = stop.earlier(*stop.before[-1])
    if not earlier.follows("LPAR"):
        return None
    here = span_at(stop.text, stop.last.start_pos or 0, stop.last.end_pos or 0)
    what, change = "the pattern of a tuple has no name", (Replacement(here, ""),)
    return Mistake(Diagnostic("E120", what, here, "take it out", "error", (), change), ("(",), stop.end, earlier)


def no_rules(stop: Stop) -> Mistake | None:
    """A protocol that extends another one, without rules."""
    if stop.token != ";" or stop.keyword != "share" or not stop.follows("LBRACE", "RBRACE") or stop.within != "game":
        return None
    what, cure = "the rules of this protocol are missing", "write `{ ... }` for `;`, `{ }` where it adds none"
    change = (Replacement(stop.span, " { }"),)
    return Mistake(Diagnostic("E101", what, stop.span, cure, "error", (), change), ("{", "}"), stop.end)


def missing_semicolon(stop: Stop) -> Mistake | None:
    if "SEMICOLON" not in stop.accepts or stop.last is None or stop.token.type in ("", "SEMICOLON"):
        return None
    word = stop.token[:1].isalpha() and stop.token.type not in ("NAME", "INT", "NUMBER")
    arm = stop.within == "match" and not any(k >= stop.level for k, _ in stop.open) and arm_follows(stop.ahead())
    if not (
        stop.token == "}"
        or arm
        or item_follows(stop)
        or (stop.on_new_line and stop.token.type != "SEMICOLON")
        or (word and stop.kind_of(str(stop.token)) is None and _begins_rule(stop))
        or (stop.within == "share" and stop.token.type == "NAME" and _ITEM_OF_RULE.match(stop.rest()))
    ):
        return None
    end = stop.last.end_pos or 0
    at = span_at(stop.text, end - 1, end)
    after = Span(end, end, at.line, at.column + 1)
    missing = Diagnostic(
        "E107", "a `;` is missing", at, "end the line with `;`", "error", (), (Replacement(after, ";"),)
    )
    return Mistake(missing, (";",), stop.start)


def comma_of_rules(stop: Stop) -> Mistake | None:
    """A comma between rules of a protocol, or between those whom one reaches."""
    if stop.token != "," or stop.within != "share" or [b for k, b in stop.open if k >= stop.level]:
        return None
    if "SEMICOLON" in stop.accepts:
        return replaced(stop, "E101", "a rule ends with `;`", ";")
    what, cure = "a rule speaks of one item, to one agent or all", "write a rule for each: `o to j after 1;` is for all"
    return Mistake(Diagnostic("E101", what, stop.span, cure))


def _begins_rule(stop: Stop) -> bool:
    return stop.within == "share" and stop.token.type in ("FORGET", "CHANCE")


def unfinished(stop: Stop) -> Mistake | None:
    """An item begins where an expression is wanted."""
    if not (item_follows(stop) and stop.on_new_line and stop.last is not None and stop.accepts >= OPERAND):
        return None
    end = stop.last.end_pos or 0
    here = span_at(stop.text, stop.last.start_pos or 0, end)
    return Mistake(
        Diagnostic("E101", f"nothing follows `{stop.last}`", here, "finish the line: an expression is wanted")
    )


def no_statement(stop: Stop) -> Mistake | None:
    """A word that begins no statement, where one should begin."""
    if not stop.begins or stop.within != "game":
        return None
    word = str(stop.token)
    declared = is_declared(stop.text, word)
    if word == "use":
        return Mistake(Diagnostic("E101", "`use` stands before the game", stop.span, form("use")))
    if stop.token.type != "NAME":
        return None
    if word in _INCLUDES_OF_OTHERS and stop.rest()[:1] == '"':
        what = f"`{word}` begins no statement"
        return replaced(stop, "E120", what, "include", cure='another file is read by `include "common.posg";`')
    cure = _of_another_language(word)
    if cure is not None:
        return Mistake(Diagnostic("E120", f"`{word}` begins no statement", stop.span, cure))
    keywords = {k: kind for k, kind in stop.keywords.items() if _may_follow(stop.rest(), k)}
    if re.match(r"=(?!=)", stop.rest()) and misspelt(word, keywords) is None and not declared:
        before = Span(stop.start, stop.start, stop.span.line, stop.span.column)
        first, what = next(((w, what) for form, w, what in _DEFINED if form.match(stop.rest())), _DEFINITION)
        change = (Replacement(before, f"{first} "),)
        what, cure = f"{what} begins with `{first}`", f"write `{first} {word} = ...;`"
        found = Diagnostic("E101", what, stop.span, cure, "error", (), change)
        return Mistake(found, (first,), stop.start, doubtful=first == "let")
    keyword = None if declared else closest(word, keywords)
    if keyword is not None:
        return replaced(stop, "E119", f"`{word}` begins no statement", keyword)
    cure = next((cure.format(word) for form, cure in _SHAPES if form.match(stop.rest())), _STATEMENTS)
    return Mistake(Diagnostic("E101", f"`{word}` begins no statement", stop.span, cure))


def _may_follow(rest: str, keyword: str) -> bool:
    """Whether what follows a word can follow the keyword."""
    signs = {"reward": _EACH, "include": _QUOTED}
    return re.match(r"\w", rest) is not None or (keyword in signs and signs[keyword].match(rest) is not None)


def _of_another_language(word: str) -> str | None:
    if word in _TYPES_OF_OTHERS:
        return "a number is `param n: int = 3;`, what changes is `state n: 0..3;`"
    if word in _FUNCTIONS_OF_OTHERS:
        return "a function is `let f(x) = ...;`"
    return "an index runs by itself: `init s[k] = ...;`" if word in _LOOPS_OF_OTHERS else None
