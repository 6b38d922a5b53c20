"""XML as a tree of elements that know their places; nothing beyond the text itself is ever read.

The parser is the standard library's expat.  A document type declaration is refused before it is read: without one
there are no entities but the five that XML has, so nothing can expand, and nothing outside can be named.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from xml.parsers import expat

import numpy as np

from posgc.plugin import Diagnostic, InputError, Source, Span

__all__ = ["Element", "Word", "parse_xml"]

_WORD = re.compile(r"\S+")


class Word(NamedTuple):
    """One word that an element gives, and where it stands: `at` is its offset, or that of the element's tag."""

    text: str
    document: Document
    at: int
    length: int

    @property
    def span(self) -> Span:
        return self.document.span(self.at, self.length)


@dataclass
class Element:
    """An element; offsets count bytes of UTF-8."""

    tag: str
    attributes: dict[str, str]
    document: Document
    start: int  # of its first tag
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)  # what stands in it outside of its children
    inside: int = -1  # of what follows that tag
    end: int = -1  # of its last tag

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def span(self) -> Span:
        """The span of the first tag's name."""
        return self.document.span(self.start + 1, len(self.tag))

    def named(self, tag: str) -> list[Element]:
        """The children of that name."""
        return [child for child in self.children if child.tag == tag]

    def words(self) -> Iterator[Word]:
        """The words of the text; a word stands at its own place, or at the tag where markup stands between."""
        text = self.text
        plain = text.isascii() and self.document.bytes[self.inside : self.end] == text.encode()
        for found in _WORD.finditer(text):
            yield self.word(found.group(), self.inside + found.start() if plain else None)

    def word(self, text: str, at: int | None = None) -> Word:
        """A word that this element gives, at an offset or at its tag."""
        place = (self.start + 1, len(self.tag)) if at is None else (at, len(text))
        return Word(text, self.document, *place)


_BLOCK = 1024


class Document:
    """A text, and spans in it by UTF-8 offset."""

    def __init__(self, source: Source) -> None:
        self.bytes = source.text.encode()

    @cached_property
    def _lines(self) -> list[int]:
        """Where lines begin, as UTF-8 offsets."""
        ends = np.flatnonzero(np.frombuffer(self.bytes, np.uint8) == ord("\n"))
        return [0, *(ends + 1).tolist()]

    @cached_property
    def _blocks(self) -> list[int]:
        """The characters that begin before every _BLOCK-th byte."""
        leads = (np.frombuffer(self.bytes, np.uint8) & 0xC0) != 0x80
        counts = np.add.reduceat(leads, np.arange(0, len(leads), _BLOCK), dtype=np.int64)
        return [0, *np.cumsum(counts).tolist()]

    def _character(self, at: int) -> int:
        block = at // _BLOCK
        return int(self._blocks[block]) + sum(byte & 0xC0 != 0x80 for byte in self.bytes[block * _BLOCK : at])

    def span(self, at: int, length: int) -> Span:
        at = min(at, len(self.bytes))
        line = bisect_right(self._lines, at)
        start = self._character(at)
        return Span(start, start + length, line, start - self._character(self._lines[line - 1]) + 1)


def parse_xml(source: Source) -> Element:
    """The outermost element.  Raises InputError (I101) where the text is not well-formed XML, or declares a
    document type."""
    document = Document(source)
    parser = expat.ParserCreate()
    top: list[Element] = []
    stack: list[Element] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, document, parser.CurrentByteIndex)
        (stack[-1].children if stack else top).append(element)
        stack.append(element)

    def finish(tag: str) -> None:
        stack.pop().end = parser.CurrentByteIndex

    def read(text: str) -> None:
        if stack[-1].inside < 0:
            stack[-1].inside = parser.CurrentByteIndex
        stack[-1].pieces.append(text)

    def refuse(*_: object) -> None:
        at = document.span(parser.CurrentByteIndex, len("<!DOCTYPE"))
        raise InputError(
            [
                Diagnostic(
                    "I101",
                    "a document type declaration, which could define entities",
                    at,
                    "delete it: no reader of this format needs one",
                )
            ],
            source,
        )

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, finish, read
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document.bytes.decode(), True)
    except expat.ExpatError as error:
        at = document.span(max(parser.ErrorByteIndex, 0), 1)
        raise InputError(
            [
                Diagnostic(
                    "I101",
                    f"this is not well-formed XML: {expat.errors.messages[error.code]}",
                    at,
                    "close every tag, and quote every attribute",
                )
            ],
            source,
        ) from None
    return top[0]
