"""What a result says, before it is known where: lines, tables and trees of plain text.

The terminal (`posgc.report.console.put`) and the page (`posgc.report.page`) print the same parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Branch", "Grid", "Part"]


@dataclass(frozen=True)
class Grid:
    """A table: headings, and rows of as many cells."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Branch:
    """A line of a tree, and what hangs from it."""

    text: str
    children: tuple[Branch, ...] = ()


Part = str | Grid | Branch
