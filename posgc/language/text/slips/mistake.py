"""A syntax error, and how reading goes on after it."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from posgc.language.diagnostics import Diagnostic, Label, Replacement
from posgc.language.text.stop import Stop

__all__ = ["Mistake", "replaced"]


@dataclass(frozen=True)
class Mistake:
    """A syntax error; `words` are read in place of the text up to `resume`."""

    diagnostic: Diagnostic
    words: tuple[str, ...] = ()
    resume: int | None = None  # where reading goes on; None: after the statement, whose wrong part is left out
    since: Stop | None = None  # where the words are read from, if not from where the parser stopped
    kind: str | None = None  # the kind of token that the words are, where their form does not tell
    whole: bool = False  # whether the whole expression is wrong, and not the smallest part in which the parser stopped
    doubtful: bool = False  # whether the words may not be what was meant: nothing else is said of that part
    incomplete: bool = False  # whether a list of words lacks one
    declares: tuple[Token, ...] = ()  # what a doubtful statement may declare beside what is read


def replaced(
    stop: Stop,
    code: str,
    message: str,
    word: str,
    labels: tuple[Label, ...] = (),
    cure: str = "",
    kind: str | None = None,
    doubtful: bool = False,
) -> Mistake:
    """A mistake that is mended by reading `word` in place of the token."""
    help = cure or (f"did you mean `{word}`?" if word.isalpha() else f"write `{word}`")
    changes = () if kind else (Replacement(stop.span, word),)
    diagnostic = Diagnostic(code, message, stop.span, help, "error", labels, changes)
    return Mistake(diagnostic, (word,), stop.end, stop, kind, doubtful=doubtful)
