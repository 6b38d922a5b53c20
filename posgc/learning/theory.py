"""How many episodes the theory asks for (Liu & Zhang 2023, equation D.1 with the parameters of Theorem 16's proof).

The bound's universal constants are not given in the paper and are 1 here; rewards lie in [0, 1].  It is shown beside
what was played, for comparison, and nothing relies on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from posgc.information.codes import Codec
from posgc.information.items import Structure

__all__ = ["Asked", "episodes_of_theory"]


@dataclass(frozen=True)
class Asked:
    """What the theory is asked for, and what it needs to know of the game."""

    gap: float  # alpha, of rewards in [0, 1], above 0
    risk: float  # delta, the probability of failing, in (0, 1)
    gamma: float  # of Assumption 2, in (0, 1]
    states: int  # S
    length: int  # L, increments of a window


def episodes_of_theory(structure: Structure, asked: Asked) -> float:
    """log10 of N_0, the episodes for each step h: a logarithm, since the number itself may not be a float."""
    signature, horizon = structure.signature, structure.horizon
    actions, seen = float(np.prod(signature.action_sizes)), float(np.prod(signature.observation_sizes))
    held = max(float(np.prod(Codec.of(structure, structure.private(h)).sizes)) for h in range(1, horizon + 1))
    alpha, windows = asked.gap, asked.length * log(actions * seen)  # log of the number of windows
    base = 200 * (horizon + 1) ** 2
    phi = log(alpha / base) + 2 * log(asked.gamma) - log(horizon**8 * asked.states**5) - 4 * log(seen)
    zeta = log(alpha / base) + phi - 2 * asked.length * log(actions) - asked.length * log(seen)
    zeta = min(zeta, log(alpha / (2 * base * actions * held)))
    theta_1, theta_2 = log(alpha / (base * seen)), log(alpha / (base * actions * held))
    fails = log(4 * horizon / (asked.risk / 3))
    private = log(held + fails + windows) - zeta - 2 * theta_1
    following = log(actions) + log(seen + fails + windows + log(held * actions)) - 2 * zeta - 2 * theta_2
    return max(private, following) / log(10)
