"""Behaviours in information sets as controllers, which the judges and the player can run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Behaviour
from posgc.information.items import InformationStructure
from posgc.model.ragged import pointers
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.existing import existing

__all__ = ["controllers_of"]

Ints = npt.NDArray[np.int64]


def controllers_of(
    information: InformationStructure, game: ExtensiveGame, behaviours: Sequence[Behaviour]
) -> Controllers:
    """A controller for each agent, whose nodes are its information sets.

    News after which nothing can be earned any more has no edge; an agent that gets it draws uniformly to the end.
    """
    return Controllers(
        tuple(_controller(information, game, i, law) for i, law in enumerate(behaviours)), unseen="uniform"
    )


def _controller(information: InformationStructure, game: ExtensiveGame, agent: int, laws: Behaviour) -> Controller:
    sets, none = game.sets(agent), np.zeros(0, dtype=np.int64)
    laws = [law if one.played is None else existing(law, one.played) for one, law in zip(sets, laws, strict=True)]
    steps = []
    for h in range(1, information.horizon + 1):
        if h > len(sets):  # nobody earns anything from here on: a node that is never reached
            steps.append(_step(np.full((1, len(information.choices(agent, h))), 1.0), none, none, none))
        elif h == len(sets):
            steps.append(_step(laws[h - 1], none, none, none))
        else:
            after = sets[h]
            steps.append(_step(laws[h - 1], after.edge_from, after.edge_code, after.edge_to))
    return Controller(sets[0].edge_code, sets[0].edge_to, tuple(steps))


def _step(table: npt.NDArray[np.float64], source: Ints, code: Ints, to: Ints) -> ControllerStep:
    return ControllerStep(table / table.sum(axis=1, keepdims=True), pointers(source, len(table)), code, to)
