"""A player that can only be asked: a network, a search, a table of another program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Opaque", "OpaquePlayer", "StoredPlayer"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class OpaquePlayer(Protocol):
    """What a player has to answer."""

    @property
    def info(self) -> Mapping[str, Any]:
        """What `arrays` leaves out and the back-end needs to make the player again: plain JSON."""
        ...

    def laws(self, agent: int, h: int, history: Ints) -> Floats:
        """What the agent plays at step h on each of B own histories: probabilities [B, A_i] over its choices.

        `history` [B, h]: codes of its news of steps 1 to h (`InformationStructure.news`,
        `posgc.information.codes.learnt`).  The same history must always meet the same law.
        """
        ...

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """Numbers that make the player, by name; they are saved without pickle."""
        ...


@dataclass(frozen=True, eq=False)
class Opaque:
    """A strategy that is a player.

    Judged on histories where the tree of own histories is small enough to ask about all of it, else estimated by play.
    Whatever it is asked it has to answer, also what it has never seen.  Its file holds arrays and plain JSON, and is
    loaded by the back-end that made it: `player(arrays, info, structure)` of that plug-in returns the player.
    """

    kind: ClassVar = "opaque"

    player: OpaquePlayer

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nothing that could be counted."""
        return ()

    @property
    def n_nodes(self) -> int:
        """As `sizes`."""
        return 0


@dataclass(frozen=True, eq=False)
class StoredPlayer:
    """What a file holds of a player, before its back-end has made one of it (`posgc.pipeline.opening`)."""

    stored: dict[str, npt.NDArray[Any]]
    info: dict[str, Any]

    def laws(self, agent: int, h: int, history: Ints) -> Floats:
        """Raises TypeError: nobody has made the player yet."""
        raise TypeError("the player of this file has not been made by its back-end yet")

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As `OpaquePlayer.arrays`."""
        return self.stored
