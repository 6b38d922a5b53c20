"""The construct of a language block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from posgc.language.diagnostics import Span

__all__ = ["BlockItem"]


@dataclass(frozen=True)
class BlockItem:
    """One item that a language block reads."""

    block: str  # the name of the block
    node: Any  # what the block has made of the item
    expressions: tuple[Any, ...]  # the expressions in it, which the language itself can read
    span: Span = field(compare=False)
