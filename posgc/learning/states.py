"""How many hidden states: the number under which held-out episodes are likeliest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from posgc.learning.latent import Fit, fit, likelihood
from posgc.learning.symbols import Symbols

__all__ = ["Chosen", "chosen_states"]

HELD_OUT = 0.2
"""Share of the episodes that are held out."""
PATIENCE = 2
"""Numbers of states without a gain after which no more are tried."""
STEPS = 100
"""Steps of each fit, which is made for comparison only."""


@dataclass(frozen=True)
class Chosen:
    """A number of states, and the mean log-likelihood of held-out episodes, in nats, for all that were tried."""

    states: int
    tried: dict[int, float]


def chosen_states(
    symbols: Symbols,
    most: int,
    rng: np.random.Generator,
    restarts: int,
    stop: Callable[[int, float], bool] = lambda steps, found: False,
) -> Chosen:
    """The number from 1 to `most` under which held-out episodes are likeliest; less for a tie within a standard error.

    Numbers are tried in turn until two of them bring nothing.  Every one is fitted to the same four fifths, in games in
    which all episodes can happen: else a single one that shows something new would decide.  A single episode leaves
    none to hold out, and one state is taken.
    """
    if symbols.size == 1:
        return Chosen(1, {})
    order = rng.permutation(symbols.size)
    held = max(1, int(symbols.size * HELD_OUT))
    rest, test = symbols.some(order[held:]), symbols.some(order[:held])
    tried, best = dict[int, float](), 1
    for states in range(1, most + 1):
        found: Fit = fit(rest, states, rng, restarts=restarts, steps=STEPS, stop=stop, met=symbols)
        tried[states] = likelihood(test, found.latent)
        if tried[states] > tried[best]:
            best = states
        if states >= best + PATIENCE:
            break
    return Chosen(best, tried)
