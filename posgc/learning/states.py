"""How many hidden states: the number under which held-out episodes are likeliest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posgc.learning.fits import REST, Fits
from posgc.learning.latent import likelihood

__all__ = ["Chosen", "chosen_states", "likeliest_so_far"]

PATIENCE = 2
"""Numbers of states without a gain after which no more are tried."""
STEPS = 100
"""Steps of each fit, which is made for comparison only."""


@dataclass(frozen=True)
class Chosen:
    """A number of states, and the mean log-likelihood of held-out episodes, in nats, for all that were tried."""

    states: int
    tried: tuple[float, ...]  # of 1, 2, .. states


def chosen_states(fits: Fits, most: int) -> Chosen | None:
    """The number from 1 to `most` under which held-out episodes are likeliest; the least for a tie.  None where it was
    left before that was known.

    Numbers are tried until two of them in turn bring nothing.  Every one is fitted to the same four fifths, in games
    in which all episodes can happen: else a single one that shows something new would decide.  A single episode leaves
    none to hold out, and one state is taken.
    """
    tried, held_out = fits.underway.tried, fits.fitter.held_out
    if fits.fitter.symbols.size == 1:
        return Chosen(1, ())
    while True:
        best = likeliest(dict(enumerate(tried, start=1)))
        ahead = range(len(tried) + 1, min(most, best + PATIENCE) + 1)  # all of these are looked at, whatever is found
        if not ahead:
            return Chosen(best, tuple(tried))
        if not fits.bring([(REST, states) for states in ahead], STEPS, "fit for comparison"):
            return None
        for states in ahead:
            tried.append(likelihood(held_out, fits.underway.chains.pop((REST, states)).fit.latent))


def likeliest_so_far(fits: Fits) -> int:
    """The number of states under which held-out episodes are likeliest by the fits as far as they are; 1 without
    any."""
    found = dict(enumerate(fits.underway.tried, start=1))
    for (which, states), chain in fits.underway.chains.items():
        if which == REST and chain.best is not None:
            found[states] = likelihood(fits.fitter.held_out, chain.best.latent)
    return likeliest(found)


def likeliest(tried: Mapping[int, float]) -> int:
    """The number of states with the most, the least for a tie; 1 where none was tried."""
    return max(sorted(tried), key=tried.__getitem__, default=1)
