"""The texts that an editor holds, and what is known of the games that they are parts of.

A file that does not begin a game is a part of one: it is read with a game that includes it, of the editor's or else of
its folder or one above.  Places are a file, a line and a column, from 0, in characters.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from posgc.language import Analysis, Diagnostic, InputError, Source, Span, analyse, decode
from posgc.language.blocks.contract import Block
from posgc.language.diagnostics import with_line_feeds
from posgc.language.text.includes import with_includes
from posgc.language.text.scanning import begins_an_item
from posgc.language.text.stop import span_at

__all__ = ["Desk", "Place", "Reading", "place_of"]

Place = tuple[str, int, int, int, int]
"""A file, and the line and column of the first character and of the one behind the last."""

_SPACE = re.compile(r"(?:\s++|#[^\n]*+)*+")
_HEAD = "game g {\n"
_LINE = re.compile(r"(?:graph|include)\b")


@dataclass(frozen=True)
class Reading:
    """What is known of a game: of its own file and of those that it includes."""

    root: str  # the name of its own file
    analysis: Analysis
    failure: InputError | None  # why the files that it includes cannot be read; then the analysis is without them

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The names of its files, its own first."""
        of_failure = () if self.failure is None or self.failure.source is None else (self.failure.source.name,)
        return tuple(dict.fromkeys((self.root, *(p.name for p in self.analysis.source.pieces), *of_failure)))

    def diagnostics(self) -> Iterator[tuple[Diagnostic, Source]]:
        """All diagnostics, each with the source in which its places are."""
        if self.failure is not None and self.failure.source is not None:
            yield from ((d, self.failure.source) for d in self.failure.diagnostics)
        for d in self.analysis.diagnostics:
            if self.failure is None or d.code != "E125":  # which says again that a file is missing
                yield d, self.analysis.source

    def offset(self, name: str, line: int, column: int) -> int | None:
        """Where a place of a file is in the text of the game; None where that file is no part of it."""
        source = self.analysis.source
        if not source.pieces:
            return _offset(source.text, line, column) if _same(name, self.root) else None
        starts = [*(p.start for p in source.pieces), len(source.text)]
        for piece, (start, end) in zip(source.pieces, pairwise(starts), strict=True):
            if not _same(name, piece.name) or (line + 1, column + 1) < (piece.line, piece.column):
                continue
            down = line + 1 - piece.line
            at = _offset(source.text[start:end], down, column if down else column + 1 - piece.column)
            if at is not None:
                return start + at
        return None


def place_of(source: Source, span: Span) -> Place:
    """Where the characters of a span are; what goes on in another file ends with its own."""
    name, line, column = source.place(span)
    at = bisect_right(source.pieces, span.start, key=lambda piece: piece.start)
    end = min(span.end, source.pieces[at].start) if at < len(source.pieces) else span.end
    inside = source.text[span.start : end]
    down = inside.count("\n")
    last = len(inside) - inside.rfind("\n") - 1 if down else column - 1 + len(inside)
    return name, line - 1, column - 1, line - 1 + down, last


def _offset(text: str, line: int, column: int) -> int | None:
    """The place of a line and column, both from 0, of a text; None where it has not so many."""
    start = 0
    for _ in range(line):
        start = text.find("\n", start) + 1
        if not start:
            return None
    end = text.find("\n", start)
    return start + column if start + column <= (end if end >= 0 else len(text)) else None


def _is_part(text: str) -> bool:
    """Whether a text begins with a line of a game, and is not one itself."""
    begin = _SPACE.match(text)
    assert begin is not None  # it matches nothing too
    return begins_an_item(text[begin.end() :]) or _LINE.match(text, begin.end()) is not None


def _same(one: str, other: str) -> bool:
    return one == other or os.path.realpath(one) == os.path.realpath(other)


@dataclass
class Desk:
    """What an editor has open: texts by the names of their files, which need not be saved."""

    blocks: Mapping[str, Block] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    _readings: dict[str, Reading] = field(default_factory=dict)
    _earlier: dict[str, Reading] = field(default_factory=dict)  # of texts that have changed since
    _roots: dict[str, str] = field(default_factory=dict)  # the games of open parts

    def put(self, name: str, text: str) -> None:
        """A file that was opened or changed."""
        self.texts[name] = with_line_feeds(text)
        self._forget(name)

    def close(self, name: str) -> None:
        """From now on the file is what is on the disk."""
        self.texts.pop(name, None)
        self._forget(name)

    def changed_on_disk(self, name: str) -> None:
        """A file that another program wrote, made or removed; what is open is as the editor has it."""
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._roots.clear()
        for root, reading in list(self._readings.items()):
            if reading.failure is not None or any(_same(name, file) for file in reading.files):
                self._earlier[root] = self._readings.pop(root)

    def roots(self, name: str) -> list[str]:
        """The open games that a change of the file changes: itself, or those of which it is a part."""
        if self._begins(name):
            return [name]
        open_ones = [game for game in self.texts if self._begins(game)]
        found = [game for game in open_ones if any(_same(name, file) for file in self.reading(game).files)]
        return found or [self.root(name)]

    def root(self, name: str) -> str:
        """The game to which a file belongs; the file itself where there is none."""
        if name not in self._roots:
            self._roots[name] = name if self._begins(name) else next(self._hosts(name), name)
        return self._roots[name]

    def reading(self, name: str) -> Reading:
        """What is known of the game to which a file belongs."""
        root = self.root(name)
        if root not in self._readings:
            self._readings[root] = self._read(root)
        return self._readings[root]

    def latest(self, name: str) -> Analysis:
        """What is known of the game to which a file belongs, of an earlier text where the newest is not yet read."""
        root = self.root(name)
        kept = self._readings.get(root) or self._earlier.get(root) or self.reading(name)
        return kept.analysis

    def before(self, name: str, line: int, column: int) -> tuple[str, int]:
        """The text of a file with the head of a game where it has none, and a place of the file in it."""
        text = self.text(name)
        head = _HEAD if _is_part(text) else ""
        offset = _offset(text, line, column)
        return head + text, len(head) + (len(text) if offset is None else offset)

    def text(self, name: str) -> str:
        """The text of a file, from the editor or the disk; "" where there is none."""
        if name in self.texts:
            return self.texts[name]
        for other, text in self.texts.items():
            if _same(other, name):
                return text
        try:
            return decode(name, Path(name).read_bytes()).text
        except (OSError, ValueError, InputError):
            return ""

    def at(self, name: str, line: int, column: int) -> tuple[Analysis, int] | None:
        """The game to which a file belongs, and a place of the file in its text."""
        reading = self.reading(name)
        offset = reading.offset(name, line, column)
        return None if offset is None else (reading.analysis, offset)

    def span(self, name: str, first: tuple[int, int], last: tuple[int, int]) -> tuple[Analysis, Span] | None:
        """The same of a stretch of the file, from one line and column to another."""
        start, end = self.at(name, *first), self.at(name, *last)
        if start is None or end is None:
            return None
        return start[0], span_at(start[0].source.text, start[1], max(start[1], end[1]))

    def is_lost(self, name: str) -> bool:
        """Whether a file is a part of a game, and none is found that includes it."""
        return _is_part(self.text(name)) and self.root(name) == name

    def _begins(self, name: str) -> bool:
        return not _is_part(self.text(name))

    def _hosts(self, part: str) -> Iterator[str]:
        """Games that include a file: those that are open, then those of its folder and of the folders above."""
        opened = [name for name in self.texts if self._begins(name)]
        path, name = Path(os.path.realpath(part)), os.path.basename(part)
        if not path.is_file():
            return
        beside = (str(p) for folder in path.parents for p in sorted(folder.glob("*.posg")) if p.is_file())
        for game in (*opened, *beside):
            text = self.text(game)
            if name in text and "include" in text and not _is_part(text):
                self._readings.setdefault(game, self._read(game))
                if any(_same(part, file) for file in self._readings[game].files):
                    yield game

    def _read(self, name: str) -> Reading:
        source = Source(name, self.text(name))
        path = Path(name)
        try:
            if path.is_absolute():
                opened = {Path(os.path.realpath(n)): text for n, text in self.texts.items() if Path(n).is_absolute()}
                source = with_includes(source, path.parent, opened)
        except InputError as error:
            return Reading(name, analyse(source, blocks=self.blocks), error)
        return Reading(name, analyse(source, blocks=self.blocks), None)
