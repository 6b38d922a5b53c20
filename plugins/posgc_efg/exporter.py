"""`.efg`: the game's tree of histories under its protocol, whatever that is; see `posgc.information.tree`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TextIO

from posgc.information.efg_text import efg_text
from posgc.information.extensive import Infosets, efg_lines
from posgc.information.items import Information
from posgc.information.tree import game_tree, require_nodes

__all__ = ["EfgExporter", "EfgOptions"]


AT_ONCE = 5_000_000
"""Nodes up to which the tree is made in layers, in some hundred bytes a node; larger ones are written as they are
walked, some twenty times slower."""


@dataclass(frozen=True)
class EfgOptions:
    """`nodes`: the largest tree that is written; a node takes about 100 bytes."""

    nodes: int = 2_000_000


@dataclass(frozen=True)
class EfgExporter:
    """See the module."""

    name: ClassVar[str] = "efg"
    summary: ClassVar[str] = "extensive-form game for Gambit and OpenSpiel (.efg), under any protocol"
    options: ClassVar[type] = EfgOptions
    conditional_moves: ClassVar[bool] = True

    def applies(self, information: Information) -> str | None:
        """Every game is a tree."""
        return None

    def export(self, information: Information, options: Any, target: TextIO) -> None:
        """Raises LimitError where the tree has more nodes than the option allows."""
        nodes, model = require_nodes(information, options.nodes, "raise --option nodes=N"), information.model
        title = f"{model.name}, horizon {model.horizon}, sharing {information.protocol.name}"
        if nodes <= AT_ONCE and model.always_legal:  # layers have as many choices at every moment
            target.writelines(efg_text(information, title, model.title))
            return
        root = game_tree(information, Infosets(model.n_agents))
        target.writelines(efg_lines(title, model.signature.agents, root, model.title))
