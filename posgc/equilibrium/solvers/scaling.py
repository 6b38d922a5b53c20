"""Payoffs brought to one scale before any programme is written: tolerances are then relative to the game."""

from __future__ import annotations

import numpy as np

from posgc.equilibrium.correlated.selection import Scale
from posgc.equilibrium.layer import Group
from posgc.equilibrium.stage import Floats, Stages

__all__ = ["scaled"]


def scaled(stages: Stages, group: Group, start: int, stop: int) -> tuple[list[Floats], Scale]:
    """Every agent's payoff, least 0 in each u and of unit range, and the scale."""
    parts, units, offsets = [], [], []
    rest = tuple(range(2, 2 + stages.n_agents))
    for i in range(stages.n_agents):
        payoff = group.payoff(stages, i, start, stop)
        low = payoff.min(axis=rest, keepdims=True)
        unit = (payoff.max(axis=rest, keepdims=True) - low).max(axis=1, keepdims=True)
        parts.append((payoff - low) / np.where(unit > 0, unit, 1.0))
        units.append(unit.ravel())
        offsets.append(low.sum(axis=1).ravel())
    unit = np.stack(units)
    most = unit.max(axis=0)
    # an indifferent agent has no unit of its own; 1 would dwarf the others' where payoffs are tiny
    return parts, Scale(np.where(unit > 0, unit, np.where(most > 0, most, 1.0)), np.stack(offsets))
