"""A whole file."""

from __future__ import annotations

from dataclasses import dataclass, field

from posgc.language.diagnostics import Span
from posgc.language.text.syntax.block_item import BlockItem
from posgc.language.text.syntax.declarations import (
    Agents,
    Chance,
    Definition,
    Discount,
    Draw,
    Graph,
    Horizon,
    Param,
    Reward,
    Terminal,
    TypeDef,
    Variable,
)
from posgc.language.text.syntax.expressions import Word
from posgc.language.text.syntax.sharing import Expect, Share

__all__ = ["Broken", "GameText", "Include", "Item", "Use"]


@dataclass(frozen=True)
class Broken:
    """An item that could not be read; the mistake has been reported."""

    keyword: str  # the word with which it begins, "" where that is not seen
    name: Word | None  # what it declares or defines, None where that is not seen
    words: tuple[Word, ...]  # what else it may declare: enumerators, agents
    span: Span = field(compare=False)

    def may_be(self, keyword: str) -> bool:
        """Whether this may be an item that begins with the word."""
        return self.keyword in (keyword, "")


@dataclass(frozen=True)
class Include:
    """`include "common.posg";`, where the text of the file was not put in its place."""

    path: str
    span: Span = field(compare=False)


Item = (
    Broken
    | Param
    | Horizon
    | Discount
    | Agents
    | Graph
    | TypeDef
    | Variable
    | Chance
    | Definition
    | Draw
    | Reward
    | Terminal
    | Share
    | Expect
    | BlockItem
    | Include
)


@dataclass(frozen=True)
class Use:
    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True)
class GameText:
    """A whole file."""

    uses: tuple[Use, ...]
    name: str
    title: str
    items: tuple[Item, ...]
    span: Span = field(compare=False)
