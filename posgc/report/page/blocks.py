"""What a page is made of, as plain data: `page.html` has a macro for each kind.

A text is a paragraph, a `Grid` a table and a `Branch` a tree (`posgc.report.parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from posgc.report.parts import Branch, Grid

__all__ = ["Block", "Bullets", "Commands", "Facts", "Figure", "Finding", "Fold", "Section", "Verbatim"]


@dataclass(frozen=True)
class Bullets:
    """A list of texts."""

    kind: ClassVar[str] = "bullets"
    items: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """Names with texts."""

    kind: ClassVar[str] = "facts"
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Verbatim:
    """Lines that are shown as they stand; `label` says what they are."""

    kind: ClassVar[str] = "verbatim"
    text: str
    label: str


@dataclass(frozen=True)
class Commands:
    """What to type, and what it does."""

    kind: ClassVar[str] = "commands"
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Figure:
    """A picture: `svg` is an element made by `posgc.report.page.figures`, and trusted; `label` says what it shows."""

    kind: ClassVar[str] = "figure"
    svg: str
    label: str


@dataclass(frozen=True)
class Finding:
    """A statement, whether it holds, what it means, and why it is so."""

    kind: ClassVar[str] = "finding"
    title: str
    holds: bool | None
    meaning: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Fold:
    """What is read on demand."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: Sequence[Block]


Block = str | Grid | Branch | Bullets | Facts | Verbatim | Commands | Figure | Finding | Fold


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading; `name` is its anchor."""

    name: str
    title: str
    lead: str
    blocks: Sequence[Block] = field(default=())
