"""Where the parser stops, what was probably meant: a syntax error with a code, a caret and a cure.

Each function of `_SLIPS` knows one slip of the pen; they are tried in order, and whatever is left is E101.  A mistake
may say which words to read in place of those that stand there, so that reading goes on as if it had been written right.
"""

from __future__ import annotations

from collections.abc import Callable

from posgc.language.diagnostics import Diagnostic
from posgc.language.text.slips import brackets, notations, openings, signs, statements, words
from posgc.language.text.slips.characters import character
from posgc.language.text.slips.forms import form_of
from posgc.language.text.slips.mistake import Mistake
from posgc.language.text.stop import END, Stop, span_at

__all__ = ["explain"]


def explain(stop: Stop) -> Mistake:
    """What is wrong where the parser stops."""
    for slip in _SLIPS:
        found = slip(stop)
        if found is not None:
            return found
    return _unexpected(stop)


def _after_the_game(stop: Stop) -> Mistake | None:
    if END not in stop.accepts:
        return None
    if stop.token == "}":
        return Mistake(Diagnostic("E108", "this `}` closes nothing", stop.span, "take it out"), (), stop.end)
    return Mistake(Diagnostic("E101", "nothing may stand after the game", stop.span, "take it out, or move the `}`"))


def _unexpected(stop: Stop) -> Mistake:
    """What no slip explains."""
    if stop.token.type == END:
        end = len(stop.text.rstrip())
        here = span_at(stop.text, max(0, end - 1), end)
        return Mistake(Diagnostic("E101", "the text ends too early", here, form_of(stop)))
    return Mistake(Diagnostic("E101", f"`{stop.token}` cannot stand here", stop.span, form_of(stop)))


_SLIPS: tuple[Callable[[Stop], Mistake | None], ...] = (
    statements.included,
    words.doubled,
    words.quoted,
    character,
    signs.comment,
    signs.power,
    notations.comparison,
    notations.value_sign,
    notations.assignment,
    notations.decimal_comma,
    notations.drawn,
    notations.listed,
    notations.product,
    signs.prime,
    signs.arrow,
    signs.lone_comma,
    signs.trailing_comma,
    openings.closed_by_another,
    openings.another_bracket,
    openings.missing_opening,
    openings.opened_twice,
    openings.missing_brace,
    openings.brace_too_many,
    brackets.unclosed_match,
    brackets.unclosed_before_a_word,
    brackets.unclosed,
    brackets.closes_nothing,
    statements.named_pattern,
    statements.comma_of_rules,
    statements.no_rules,
    statements.tuple_vertices,
    statements.unnamed_graph,
    statements.unfinished,
    statements.missing_semicolon,
    statements.no_statement,
    words.local_definition,
    words.choice,
    words.missing_if,
    words.missing_else,
    words.bare_if,
    signs.equals,
    signs.chained,
    words.misspelt_word,
    words.reserved,
    notations.spaced_name,
    signs.missing_sign,
    words.like_a_word,
    _after_the_game,
)
