"""Two plans and what they prove of the value of a zero-sum game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Behaviour, Plans
from posgc.information.precision import charged
from posgc.model.arrays import Model
from posgc.model.rewards import largest_to_come

__all__ = ["Solution", "assessed", "charge", "charges"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Solution:
    """A behaviour of each agent: the first one's earns at least `lower` whatever the second does, and no behaviour of
    the first earns more than `upper` against the second one's; `value` is what the two earn together."""

    behaviours: tuple[Behaviour, Behaviour]
    value: float
    lower: float
    upper: float

    @property
    def width(self) -> float:
        """Of the bracket on the value: the sum of what both agents could gain by other plans."""
        return self.upper - self.lower


def assessed(game: ExtensiveGame, first: Behaviour, second: Behaviour) -> Solution:
    """The two behaviours with exact best responses to both, rounding and merging left aside (`charge`)."""
    one, two = Plans.of(game, 0), Plans.of(game, 1)
    x, y = one.plan(first), two.plan(second)
    for_first, for_second = game.payoff @ y, -(game.payoff.T @ x)
    return Solution((first, second), float(x @ for_first), -two.best(for_second), one.best(for_first))


def charge(model: Model, game: ExtensiveGame) -> float:
    """The largest of `charges`; in a zero-sum game, by how much `lower` and `upper` may be off."""
    return float(charges(model, game).max())


def charges(model: Model, game: ExtensiveGame) -> Floats:
    """[n]: by how much what an agent earns may be off because of rounding and of merging rows that were nearly
    proportional.

    All weights and plans are sums of products of non-negative numbers, so that a relative change of them changes an
    expectation by that times the sizes of the rewards to come (`posgc.information.precision`).
    """
    steps = len(game.layers)
    terms = np.zeros(model.horizon, dtype=np.int64)
    for h, layer in enumerate(game.layers):
        for agent, sets in enumerate(layer.sets):
            met = np.bincount(layer.joint[agent], minlength=1).max() * layer.payoff[0, 0].size
            terms[h] += int(met) + int(np.diff(sets.into.indptr).max()) + len(sets) + sets.n_choices
    merged = np.zeros(model.horizon)
    merged[:steps] = game.merged
    return charged(model, terms).rounding + largest_to_come(model) @ merged
