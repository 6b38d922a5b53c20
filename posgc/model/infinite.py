"""Discounted games without end, cut where what follows no longer matters.

With discount d < 1 and rewards in [low, high], what an agent earns after step H lies in d^H / (1 - d) * [low, high].
So values of the first H steps are right to within that, and any gap to within d^H / (1 - d) * (high - low), whatever
the concept: a deviation before step H is judged exactly, one after it cannot gain more.  Backward induction over H
steps is value iteration from zero, and this is its a-priori residual (Puterman 1994, Markov Decision Processes,
section 6.3); stage equilibria of general-sum games need not converge, and nothing here asks that they do.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.model.arrays import Model

__all__ = ["TAIL", "require_steady", "steps_that_matter", "tail"]

Floats = npt.NDArray[np.float64]

TAIL = 1e-8
"""Weight d^H of what is cut off, relative to the game without end."""

MOST_STEPS = 100_000
"""Steps that a game without end is cut to, at most."""


def steps_that_matter(discount: float) -> int:
    """The least H with discount^H <= TAIL.  Raises InputError for a discount of 1, LimitError past `MOST_STEPS`."""
    if discount >= 1:
        raise _impossible("a game without end needs a discount below 1", "give --discount G, or a finite --horizon")
    steps = 1 if discount == 0 else max(1, math.ceil(math.log(TAIL) / math.log(discount)))
    if steps > MOST_STEPS:
        raise LimitError(f"with discount {discount} {steps} steps matter (limit {MOST_STEPS}); give a --horizon")
    return steps


def require_steady(model: Model) -> None:
    """Raises InputError (E619) where dynamics, rewards or choices change with the step, or may do so later."""
    if not model.steady:
        raise _impossible("a game without end may not change with the step", "give a finite --horizon")


def _impossible(why: str, cure: str) -> InputError:
    return InputError([Diagnostic("E619", why, help=cure)])


def tail(model: Model) -> Floats:
    """[n, 2]: what each agent can earn after step H at least and at most, discounted to step 1."""
    rewards = model.kernel(model.horizon).reward.reshape(model.n_agents, -1)
    weight = model.discount**model.horizon / (1 - model.discount)
    return weight * np.stack([rewards.min(axis=1), rewards.max(axis=1)], axis=1)
