"""`include "common.posg";`: the text of a file in place of the line, before anything is parsed.

What is made is one text, with a note of what came from where, so that whoever keeps it keeps the whole game.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from posgc.language.diagnostics import Diagnostic, InputError, Piece, Source, with_line_feeds
from posgc.language.files import require_regular
from posgc.language.text import syntax as ast
from posgc.language.text.parse import MAX_BYTES, decode
from posgc.language.text.stop import span_at

__all__ = ["with_includes", "without_includes"]

_INCLUDE = re.compile(r'#[^\n]*|\binclude\s*"([^"\n]*)"\s*;|"[^"\n]*"')
_DEEPEST = 20  # files that include one another
_MOST = 1000  # files that are included, each as often as it is


_NOTHING: Mapping[Path, str] = {}


def with_includes(source: Source, folder: Path, opened: Mapping[Path, str] = _NOTHING) -> Source:
    """The source with the files that it includes, which lie in the folder or below it.

    `opened` holds texts that are read in place of those of the files, by paths without links: what an editor has not
    yet saved.
    Raises InputError (E125) for a file that is missing, lies elsewhere, includes itself or is no text, and E112 where
    all is too large.
    """
    if _INCLUDE.search(source.text) is None:
        return source
    reading = _Reading(Path(os.path.realpath(folder)), opened)
    own = Path(os.path.realpath(source.name))
    reading.add(source, [own] if own.is_file() else [], reading.root)
    return Source(source.name, "".join(reading.texts), tuple(reading.pieces))


@dataclass
class _Reading:
    root: Path
    opened: Mapping[Path, str]
    texts: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    size: int = 0
    files: int = 0

    def add(self, source: Source, above: list[Path], folder: Path) -> None:
        """The text of a file, read on behalf of those above it; what it names is looked for in its own folder."""
        text, at = source.text, 0
        for found in _INCLUDE.finditer(text):
            if found[1] is None:
                continue
            self._append(source, at, found.start())
            at = found.end()
            name, path = found[1], self._path(source, found, folder)
            if path in above:
                chain = " -> ".join([*(p.name for p in above), path.name])
                raise _refused(source, found, f"`{name}` includes itself: {chain}", "take one of the lines out")
            if len(above) >= _DEEPEST or self.files >= _MOST:
                what = f"more than {_MOST} files, or files that include one another {_DEEPEST} deep"
                raise _refused(source, found, f"this game includes {what}", "join some of the files")
            self.files += 1
            inner = self._read(source, found, path)
            self.add(inner, [*above, path], path.parent)
        self._append(source, at, len(text))

    def _append(self, source: Source, start: int, end: int) -> None:
        place = span_at(source.text, start, end)
        self.pieces.append(Piece(self.size, source.name, place.line, place.column))
        self.texts.append(source.text[start:end])
        self.size += end - start
        if self.size > MAX_BYTES:
            what = f"with the files that it includes, the game is larger than {MAX_BYTES:,} bytes"
            cure = "a game of this size is better given in a numeric format such as .dpomdp"
            raise InputError([Diagnostic("E112", what, None, cure)], source)

    def _path(self, source: Source, found: re.Match[str], folder: Path) -> Path:
        """The file that a line names, as a path without links."""
        path = folder if "\0" in found[1] else Path(os.path.realpath(folder / found[1]))
        if path == folder or not path.is_relative_to(self.root):
            cure = f"name a file in the folder of the game or below it ({self.root})"
            raise _refused(source, found, f"`{found[1]}` lies outside of the folder of the game", cure)
        return path

    def _read(self, source: Source, found: re.Match[str], path: Path) -> Source:
        shown = os.path.normpath(os.path.join(os.path.dirname(source.name), found[1]))
        if path in self.opened:
            return Source(shown, with_line_feeds(self.opened[path]))
        try:
            require_regular(path, MAX_BYTES)
            return decode(shown, path.read_bytes())
        except OSError as error:
            raise _refused(source, found, f"cannot read `{found[1]}`: {error.strerror}", "correct the name") from None


def _refused(source: Source, found: re.Match[str], what: str, cure: str) -> InputError:
    return InputError([Diagnostic("E125", what, span_at(source.text, *found.span()), cure)], source)


def without_includes(tree: ast.GameText, mistakes: Sequence[Diagnostic] = ()) -> tuple[ast.GameText, list[Diagnostic]]:
    """The tree with what a folder is missing for as items that could not be read, and their mistakes (E125).

    Of an item in which one of the `mistakes` of syntax lies nothing more is said.
    """
    places = [d.span.start for d in mistakes if d.span is not None]
    items, found = list[ast.Item](), list[Diagnostic]()
    for item in tree.items:
        if isinstance(item, ast.Include):
            if not any(item.span.start <= at < item.span.end for at in places):
                cure = "give the folder in which it lies, `--folder DIR`, or read the game from its file"
                found.append(Diagnostic("E125", f"`{item.path}` cannot be included without a folder", item.span, cure))
            items.append(ast.Broken("", None, (), item.span))
        else:
            items.append(item)
    return replace(tree, items=tuple(items)), found
