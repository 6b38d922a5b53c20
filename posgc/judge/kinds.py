"""What the judges make of each kind of strategy: how it is followed, and which gaps it can have."""

from __future__ import annotations

import numpy as np

from posgc.information.items import Information
from posgc.judge.asked_out import asked_out
from posgc.judge.following import FollowedMachine, Following
from posgc.judge.following_controllers import FollowedControllers
from posgc.judge.following_mixture import FollowedMixture
from posgc.language.concepts import DEVIATIONS, DeviationKind
from posgc.policy.completed import completed
from posgc.policy.controllers import Controllers
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture, Part
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy

__all__ = ["following_of", "machine_of", "require_kind", "sole_part"]


def sole_part(strategy: Strategy) -> Strategy:
    """The part of a mixture that has all the weight, else the strategy itself."""
    if isinstance(strategy, Mixture):
        (drawn,) = np.nonzero(strategy.weight)
        if len(drawn) == 1:
            return strategy.parts[int(drawn[0])]
    return strategy


def machine_of(strategy: Strategy, horizon: int) -> Machine | None:
    """The machine that the strategy is, or unrolls to; None where it is of another kind."""
    alone = sole_part(strategy)
    if isinstance(alone, Stationary):
        return alone.machine(horizon)
    return alone if isinstance(alone, Machine) else None


def require_kind(strategy: Strategy, kind: DeviationKind) -> None:
    """Raises ValueError where the strategy cannot have a gap of this kind."""
    alone = sole_part(strategy)
    if isinstance(alone, Mixture) and DEVIATIONS[kind].heard == "prescription":
        raise ValueError("a mixture drawn once an episode has no CE gap in strategic form; ask for the agent form")
    if isinstance(alone, Mixture):
        correlates = True
    elif isinstance(alone, Machine | Stationary):
        steps = alone.steps if isinstance(alone, Machine) else (alone.step,)
        correlates = any(len(step.weight) != len(step) for step in steps)
    else:
        correlates = False
    if correlates and not DEVIATIONS[kind].correlated:
        raise ValueError("a correlated policy has no Nash gap; ask for 'ce' or 'cce'")


def following_of(information: Information, strategy: Strategy, limit: int, tells: bool = False) -> Following:
    """The strategy as judges on histories follow it; `tells`: whether a deviator hears what it draws for it even where
    that tells nothing of the others.

    An opaque player is asked about all own histories that can occur; raises LimitError where these are more than
    `limit`, and PolicyMismatch where an answer is no law.
    """
    alone = sole_part(strategy)
    if not isinstance(alone, Mixture):
        if isinstance(alone, Machine | Stationary | Controllers):
            return _part(information, alone, tells)
        return FollowedControllers(information, asked_out(information, alone, limit))
    (drawn,) = np.nonzero(alone.weight)
    weight = alone.weight[drawn] / alone.weight.sum()
    return FollowedMixture(weight, tuple(_part(information, alone.parts[k], True) for k in drawn.tolist()))


def _part(information: Information, part: Part, tells: bool) -> Following:
    if isinstance(part, Controllers):
        return FollowedControllers(information, part, tells)
    machine = machine_of(part, information.model.horizon)
    assert machine is not None
    return FollowedMachine(information, completed(machine, information), tells)
