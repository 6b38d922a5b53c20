"""The names of a file, as an editor asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from posgc.language.diagnostics import Span

__all__ = ["Kind", "Name"]

Kind = Literal[
    "parameter",
    "agent",
    "graph",
    "type",
    "word",
    "state",
    "action",
    "observation",
    "chance",
    "definition",
    "function",
    "protocol",
    "index",
    "argument",
]
"""What a name is; a `word` is an enumerator, an `index` and an `argument` have a meaning inside of one line only."""


@dataclass(frozen=True)
class Name:
    """One meaning of a name: to rename it is to change all its `places`."""

    text: str
    kind: Kind
    # In the notation of the language, such as `{left, right}`, `0..3` or `real`; None where it is not known.
    type: str | None
    # Where it is declared; families and words may be declared piece by piece.
    declarations: tuple[Span, ...]
    uses: tuple[Span, ...]

    @property
    def span(self) -> Span:
        """The first declaration."""
        return self.declarations[0]

    @property
    def places(self) -> tuple[Span, ...]:
        """Declarations and uses, in order."""
        return tuple(sorted((*self.declarations, *self.uses), key=lambda s: s.start))
