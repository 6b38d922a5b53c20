"""`.efg`: the game's tree of histories under its protocol, whatever that is; see `posgc.information.tree`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TextIO

from posgc.information.extensive import Infosets, efg_lines
from posgc.information.items import Information
from posgc.information.tree import game_tree, require_nodes

__all__ = ["EfgExporter", "EfgOptions"]


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

    def applies(self, information: Information) -> str | None:
        """Every game is a tree."""
        return None

    def export(self, information: Information, options: Any, target: TextIO) -> None:
        """Raises LimitError where the tree has more nodes than the option allows."""
        require_nodes(information, options.nodes, "raise --option nodes=N")
        model = information.model
        infosets = Infosets(model.n_agents)
        title = f"{model.name}, horizon {model.horizon}, sharing {information.protocol.name}"
        target.writelines(efg_lines(title, model.signature.agents, game_tree(information, infosets), model.title))
