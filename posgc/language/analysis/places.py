"""Where names stand, collected while a tree is walked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from posgc.language.analysis.names import Kind, Name
from posgc.language.diagnostics import Span

__all__ = ["Entry", "Places", "Scope", "name_span"]


def name_span(span: Span, name: str) -> Span:
    """The place of a name with which a longer construct begins."""
    return Span(span.start, span.start + len(name), span.line, span.column)


@dataclass
class Entry:
    """A name in the making."""

    text: str
    kind: Kind
    type: str | None = None
    declarations: list[Span] = field(default_factory=list)
    uses: list[Span] = field(default_factory=list)


Scope = dict[str, Entry]
"""The indices and arguments that have a meaning where an expression stands."""


class Places:
    """The names found so far: those of the whole file by name space, and those of single lines."""

    def __init__(self) -> None:
        self.names: Scope = {}
        self.words: Scope = {}
        self.protocols: Scope = {}
        self._locals: list[Entry] = []

    def declare(self, space: Scope, text: str, kind: Kind, span: Span) -> None:
        space.setdefault(text, Entry(text, kind)).declarations.append(name_span(span, text))

    def local(self, text: str, kind: Kind, span: Span, type: str | None = None) -> Entry:
        """A new index or argument."""
        entry = Entry(text, kind, type, [name_span(span, text)])
        self._locals.append(entry)
        return entry

    def use(self, text: str, span: Span, scope: Scope) -> None:
        """A use of what the name means here, if it means anything."""
        entry = scope.get(text) or self.names.get(text) or self.words.get(text)
        if entry is not None:
            entry.uses.append(name_span(span, text))

    def entries(self) -> list[Entry]:
        """Every name in the making, in the order of first declarations."""
        entries = [*self.names.values(), *self.words.values(), *self.protocols.values(), *self._locals]
        return sorted(entries, key=lambda e: e.declarations[0].start)

    def all(self) -> Iterator[Name]:
        """Every name, in the order of first declarations."""
        for entry in self.entries():
            places = sorted(entry.declarations, key=lambda s: s.start), sorted(entry.uses, key=lambda s: s.start)
            yield Name(entry.text, entry.kind, entry.type, tuple(places[0]), tuple(places[1]))
