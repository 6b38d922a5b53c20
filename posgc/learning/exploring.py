"""Exploring policies of agents that keep to the protocol.

A player that wanders follows its policy but for a share of its actions, which each agent draws uniformly by itself.
All this lies in Pi, the policies of the protocol, so it needs no central executor: the agents need to have the same
model, and a shared seed where the policy mixes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure
from posgc.learning.construct import Learned, LearnedGraph, LearnedStep
from posgc.play.chance import Chance
from posgc.play.players import Player
from posgc.play.simulator import Step

__all__ = ["Wandering", "optimistic_graph"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WANDER, WHERE = 1000, 2000
"""From these on, purposes of each agent's random numbers: whether it leaves its policy, and what it then plays."""


@dataclass(frozen=True)
class Wandering:
    """A player that each agent leaves with probability `wander` at each step, for a uniform draw."""

    player: Player
    structure: InformationStructure
    wander: float

    def act(self, step: Step, chance: Chance) -> Ints:
        """As `Player.act`."""
        played = self.player.act(step, chance)
        for i in range(len(played)):
            leaves = chance.uniforms(WANDER + i, step.h) < self.wander
            choices = self.structure.choices(i, step.h)
            where = (chance.uniforms(WHERE + i, step.h) * len(choices)).astype(np.int64)
            played[i] = np.where(leaves, choices[where], played[i])
        return played

    def inner(self) -> dict[str, Ints]:
        """As `Player.inner`."""
        return self.player.inner()


def optimistic_graph(model: Learned, optimism: float) -> LearnedGraph:
    """A team's model in which every choice earns `optimism * span / sqrt(n)` more, n being how often it was tried at
    that window and span what the rewards met can still differ by; what is not known earns the most.

    Where nothing that was met can still differ, span is what rewards differ by in all, and 1 where they do not.
    """
    span = (model.most - model.least)[0]
    span = np.where(span > 0, span, span.max() or 1.0)

    def reward(step: LearnedStep) -> Floats:
        paid = model.rewards(step, model.most)
        paid[:, :, step.choice] += optimism * span[step.h - 1] / np.sqrt(np.maximum(step.tried, 1))
        return paid

    return model.with_rewards("common", reward)
