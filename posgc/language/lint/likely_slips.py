"""Names that are legal and likely misspelt: of protocols (W706) and of enumerators (W707)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from posgc.language.diagnostics import Label
from posgc.language.diagnostics.likeness import misspelt
from posgc.language.diagnostics.report import Reporter
from posgc.language.sharing.structures import STANDARD
from posgc.language.text import syntax as ast

__all__ = ["check_likely_slips"]


def check_likely_slips(game: ast.GameText, reporter: Reporter) -> None:
    """Warns of a protocol with nearly the name of a standard structure, and of words that are nearly one."""
    own = {item.head.name for item in game.items if isinstance(item, ast.Share)}
    for item in game.items:
        if isinstance(item, ast.Share) and item.rules is not None and item.head.name not in STANDARD:
            meant = misspelt(item.head.name, STANDARD.keys() - own)
            if meant is not None:
                what = f"`{item.head.name}` is nearly the standard structure `{meant}`, which stays what it is"
                cure = f"did you mean `{meant}`? Else give the protocol a name unlike it"
                reporter.warning("W706", what, item.head.span, cure)
    for first, second in combinations(_enumerations(game), 2):
        _check_words(first, second, reporter)


def _enumerations(game: ast.GameText) -> Iterator[ast.Enumeration]:
    for item in game.items:
        if isinstance(item, ast.TypeDef | ast.Variable | ast.Chance) and isinstance(item.type, ast.Enumeration):
            yield item.type


def _check_words(first: ast.Enumeration, second: ast.Enumeration, reporter: Reporter) -> None:
    """Two enumerations with words in common: a word of the second that is nearly one of the first only."""
    ours, theirs = {w.text for w in first.words}, {w.text for w in second.words}
    if not ours & theirs:
        return
    for word in second.words:
        meant = misspelt(word.text, ours - theirs) if word.text not in ours else None
        if meant is not None:
            here = next(w.span for w in first.words if w.text == meant)
            what = f"the word `{word.text}` is nearly `{meant}`, and is another one"
            cure = f"did you mean `{meant}`? Else give the words names that are less alike"
            reporter.warning("W707", what, word.span, cure, (Label(here, f"`{meant}` stands here"),))
