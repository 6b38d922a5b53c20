"""Names that are wrong where they are declared, and right where they are used: one mistake, at the declaration.

They are misspelt there, or missing from a list of words whose comma stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from posgc.language.diagnostics import Diagnostic, Label, Replacement, Span
from posgc.language.diagnostics.likeness import misspelt
from posgc.language.elaborate.names import Builtin, Names
from posgc.language.text import syntax as ast
from posgc.language.text.stop import span_at
from posgc.language.text.syntax.walk import nodes

__all__ = ["blame_declarations", "blame_gaps"]

_WORD = re.compile(r'"[^"\n]*"|#[^\n]*|([A-Za-z_]\w*)')
_MISSING = "E208"  # a law of what is declared
_UNKNOWN = ("E201", "E216", "E501", "E503", "E509")  # names without a meaning


def blame_declarations(
    errors: Sequence[Diagnostic], tree: ast.GameText, names: Names, text: str
) -> tuple[Diagnostic, ...]:
    """The errors, with one at the declaration (E201) in place of those of the uses, where the name that is declared
    stands nowhere else, and all that are taken for it are the same other name, which stands at two places or more."""
    declared = {name for name, entity in names.table.items() if not isinstance(entity, Builtin)} | names.words.keys()
    declared |= {item.head.name for item in tree.items if isinstance(item, ast.Share)}
    meant: defaultdict[str, list[tuple[str, Diagnostic]]] = defaultdict(list)  # uses by the name that is suggested
    for error in errors:
        for change in error.replacements[:1]:
            meant[change.text].append((text[change.span.start : change.span.end], error))
    suggested = {name: uses for name, uses in meant.items() if name in declared and len({u for u, _ in uses}) == 1}
    if not suggested:
        return tuple(errors)
    places = _places(text)
    left = list(errors)
    for name, uses in suggested.items():
        used = uses[0][0]
        if len(places[name]) == 1 and len(places[used]) > 1 and used not in declared:
            at, use = (
                span_at(text, start, start + len(w)) for w, start in ((name, places[name][0]), (used, places[used][0]))
            )
            left = [e for e in left if not (_is_of(e, used, text) or _follows(e, at))]
            left.append(_misdeclared(name, at, used, use))
    return tuple(sorted(left, key=lambda d: d.span.start if d.span else -1))


def blame_gaps(errors: Sequence[Diagnostic], tree: ast.GameText, text: str) -> tuple[Diagnostic, ...]:
    """The errors, where a name without a meaning is taken for the word that is missing beside a comma of a type.

    There is one for each such comma, and it points to the first use of the word.
    """
    types = [node for item in tree.items for node in nodes(item) if isinstance(node, ast.Enumeration)]
    gaps = [node.span for node in types if node.incomplete]
    left = list(errors)
    for gap in errors:
        at = gap.span
        comma = gap.code == "E101" and at is not None and text[at.start : at.end] == ","
        unknown = [(e, word[1]) for e in left if e.code == "E201" and (word := _word_of(e, text)) is not None]
        if not comma or at is None or not unknown or not any(g.start <= at.start < g.end for g in gaps):
            continue
        # a name that is nearly another one is rather a slip of its own
        use, name = min(
            unknown, key=lambda u: misspelt(u[1], [change.text for change in u[0].replacements]) is not None
        )
        assert use.span is not None
        label = Label(use.span, f"`{name}` is used here and not declared")
        cure = f"write `{name}` beside it, or take it out"
        left = [e for e in left if e is not gap and not _is_of(e, name, text)]
        left.append(replace(gap, help=cure, labels=(label,), replacements=()))
    return tuple(sorted(left, key=lambda d: d.span.start if d.span else -1))


def _word_of(error: Diagnostic, text: str) -> re.Match[str] | None:
    word = _WORD.match(text, error.span.start) if error.span is not None else None
    return word if word is not None and word[1] else None


def _is_of(error: Diagnostic, name: str, text: str) -> bool:
    """Whether an error says of the name that it has no meaning."""
    word = _word_of(error, text)
    return error.code in _UNKNOWN and word is not None and word[1] == name


def _follows(error: Diagnostic, declaration: Span) -> bool:
    return error.code == _MISSING and error.span is not None and error.span.start == declaration.start


def _misdeclared(name: str, place: Span, used: str, use: Span) -> Diagnostic:
    what = f"`{name}` is declared here and used nowhere; `{used}` is used and not declared"
    label, change = Label(use, "used here first"), Replacement(place, used)
    return Diagnostic("E201", what, place, f"did you mean `{used}`?", "error", (label,), (change,))


def _places(text: str) -> defaultdict[str, list[int]]:
    """Where each word of a text stands, comments and titles left out."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for found in _WORD.finditer(text):
        if found[1] is not None:
            places[found[1]].append(found.start())
    return places
