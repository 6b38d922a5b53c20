"""Words that are misspelt, reserved, or of other languages."""

from __future__ import annotations

import re

from posgc.language.diagnostics import Diagnostic, Replacement
from posgc.language.diagnostics.likeness import closest, misspelt
from posgc.language.text.scanning import is_declared
from posgc.language.text.slips.forms import OPERAND
from posgc.language.text.slips.mistake import Mistake, replaced
from posgc.language.text.stop import Stop, span_at

__all__ = [
    "bare_if",
    "choice",
    "doubled",
    "like_a_word",
    "local_definition",
    "missing_else",
    "missing_if",
    "misspelt_word",
    "quoted",
    "reserved",
]

_CHOICE = "write `if a then b else c`"


def misspelt_word(stop: Stop) -> Mistake | None:
    """A word that is nearly one of the language which would stand here, or one that would have before."""
    if stop.token.type == "NAME" and stop.rest()[:1] != "(" and not is_declared(stop.text, stop.token):
        keyword = _nearest(stop)
        if keyword is not None:
            return replaced(stop, "E119", f"`{stop.token}` cannot stand here", keyword)
    for number, (token, states, values) in reversed(list(enumerate(stop.before))):
        if token.type != "NAME" or is_declared(stop.text, token):
            continue
        earlier = stop.earlier(token, states, values)
        word = None if earlier.begins else _nearest(earlier)
        between = [t.type for t, _, _ in list(stop.before)[number + 1 :]]
        if word is not None and earlier.follows(earlier.keywords[word], *between, stop.token.type):
            return replaced(earlier, "E119", f"`{token}` is not followed by `{stop.token}`", word)
    return None


def doubled(stop: Stop) -> Mistake | None:
    """A word that stands twice where it should stand once; in parentheses what is missing may be something between."""
    if len(stop.before) > 1 and str(stop.before[-1][0]) == str(stop.before[-2][0]):  # the second was taken for a name
        earlier = stop.earlier(*stop.before[-1])
        if earlier.token.isidentifier() and earlier.follows(stop.token.type):
            what, change = f"`{earlier.token}` stands here twice", (Replacement(earlier.span, ""),)
            return Mistake(
                Diagnostic("E101", what, earlier.span, "take one out", "error", (), change), (), earlier.end, earlier
            )
    if stop.last is None or str(stop.token) != str(stop.last) or not stop.token.isidentifier():
        return None
    change = (Replacement(stop.span, ""),)
    found = Diagnostic("E101", f"`{stop.token}` stands here twice", stop.span, "take one out", "error", (), change)
    return Mistake(found, (), stop.end, doubtful=[b for k, b in stop.open if k >= stop.level][-1:] == ["("])


def like_a_word(stop: Stop) -> Mistake | None:
    """A word that is somewhat like one of the language which would stand here."""
    if stop.token.type != "NAME" or is_declared(stop.text, stop.token):
        return None
    word = closest(str(stop.token), [w for w in stop.keywords if len(w) > 2])
    return None if word is None else replaced(stop, "E119", f"`{stop.token}` cannot stand here", word)


def _nearest(stop: Stop) -> str | None:
    return misspelt(str(stop.token), stop.keywords)


def reserved(stop: Stop) -> Mistake | None:
    """A word of the language as a name."""
    token = stop.token
    if "NAME" not in stop.accepts or not re.fullmatch(r"[a-z_]+", token) or token.type in ("NAME", "NOT", ""):
        return None
    if token == "if" and stop.accepts >= OPERAND:
        return None
    cure = f"choose another name, `{token}_` say"
    if token == "agents":
        cure = "the agents are the type `agent`: `i in agent`"
    message = f"`{token}` is a word of the language and cannot be a name here"
    if stop.accepts >= OPERAND:  # nothing can be declared by this name
        return Mistake(Diagnostic("E106", message, stop.span, cure))
    return replaced(stop, "E106", message, str(token), cure=cure, kind="NAME")


def local_definition(stop: Stop) -> Mistake | None:
    """`let ... in` of other languages."""
    if stop.token != "let" or stop.begins or stop.on_new_line or not stop.accepts >= OPERAND:
        return None
    name = re.match(r"\w*", stop.rest())
    cure = f"write the definition in a line of its own before this one: `let {name[0] if name else 'x'} = ...;`"
    return Mistake(Diagnostic("E120", "a definition cannot stand inside of an expression", stop.span, cure))


def choice(stop: Stop) -> Mistake | None:
    """Choices of other languages: braces or colons in an `if`, or an `if` behind a value."""
    mixture = stop.token == "{" and re.match(r"[^{};]*:", stop.rest())
    if mixture and "THEN" in stop.accepts:
        change = (Replacement(span_at(stop.text, stop.start, stop.start), "then "),)
        found = Diagnostic("E101", "a `then` is missing before this", stop.span, "write `then`", "error", (), change)
        return Mistake(found, ("then",), stop.start)
    if stop.token in ("{", ":") and {"THEN", "ELSE"} & stop.accepts:
        return Mistake(Diagnostic("E120", f"the parts of an `if` have no `{stop.token}`", stop.span, _CHOICE))
    if stop.token == "if" and stop.follows("WHEN", "NAME"):
        return replaced(stop, "E120", "an action is held back by `when`, not `if`", "when", cure="write `when`")
    if (
        stop.token == "if"
        and re.match(r"[\w(]", stop.rest())
        and stop.level
        and not stop.begins
        and {"PLUS", "SEMICOLON"} <= stop.accepts
    ):
        return Mistake(Diagnostic("E120", "an `if` stands before its values", stop.span, _CHOICE), whole=True)
    return None


def quoted(stop: Stop) -> Mistake | None:
    """A word in quotes where an expression is wanted."""
    found = re.compile(r"(['\"])([A-Za-z_]\w*)\1").match(stop.text, stop.start)
    if found is None or not stop.accepts >= OPERAND:
        return None
    whole = stop.earlier(stop.token, stop.state_stack, stop.value_stack, end=found.end())
    return replaced(whole, "E120", "words stand without quotes", found[2], cure=f"write `{found[2]}`")


def missing_if(stop: Stop) -> Mistake | None:
    """A `then` without its `if`."""
    if stop.token != "then" or stop.begins or "NAME" in stop.accepts:
        return None
    return Mistake(Diagnostic("E101", "the `if` before this `then` is missing", stop.span, _CHOICE), whole=True)


def missing_else(stop: Stop) -> Mistake | None:
    """An `if` that ends before its `else`."""
    if "ELSE" not in stop.accepts or stop.token.type != "SEMICOLON":
        return None
    cure = "every `if` has both: `if a then b else c`"
    return Mistake(Diagnostic("E101", "this `if` has no `else`", stop.span, cure))


def bare_if(stop: Stop) -> Mistake | None:
    """An `if` under an operator, without parentheses."""
    if stop.token != "if" or "LPAR" not in stop.accepts:
        return None
    cure = "write `2 * (if a then b else c)`"
    return Mistake(Diagnostic("E101", "an `if` under an operator needs parentheses", stop.span, cure))
