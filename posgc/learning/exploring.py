"""Which policies gather the episodes, as long as agents keep to the protocol: uniform draws, and adaptive rounds.

`adaptive_policy` makes the exploring policy of a round from the model of the rounds before: the policy that is best in
the model once every choice earns a bonus `optimism * span / sqrt(n)`, n being how often it was tried at that window and
span what the rewards met can still differ by.  Agents follow it but for `wander` of their actions, which they draw
uniformly, each by itself.  All this lies in Pi, the policies of the protocol, so it needs no central executor: the
agents need to have the same model, and nothing else in common.
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
    """The model as a team's, where every choice earns a bonus and what is not known earns the most.

    Agents that share their rewards maximise these and the bonus; others explore for the bonus alone.
    """
    common = model.kind == "common"
    span = (model.most - model.least).max(axis=0)
    unknown = model.most[:1] if common else span[None]

    def reward(step: LearnedStep) -> Floats:
        paid = model.rewards(step, unknown)[:1] if common else np.zeros((1, len(step), len(step.u) * len(step.actions)))
        bonus = np.ones(paid.shape) * (0.0 if common else span[step.h - 1])
        bonus[:, :, step.choice] = optimism * span[step.h - 1] / np.sqrt(np.maximum(step.tried, 1))
        return paid + bonus

    return model.with_rewards("common", reward)
