"""Chance: random numbers that belong to an episode, and draws from many rows at once.

**Streams.**  Every purpose (the dynamics of step h, the shared seed of step h, agent i's own coin of step h)
has its own pseudo-random stream, PCG64 DXSM keyed by (seed, purpose, step), and episode e uses the e-th number
of each.  So what happens in an episode depends on the seed and the episode's number alone: not on how many
episodes are played, nor on how they are cut into batches or shared among workers.  PCG jumps to any place of
its stream at once (O'Neill 2014, PCG: A family of simple fast space-efficient statistically good algorithms
for random number generation, section 4.3.1).

**Rows.**  A ragged array of laws is sampled by inverting cumulative probabilities: all draws bisect their rows
in lockstep, about log2 of the longest row in passes over the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["Chance", "Rows", "require_seed"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def require_seed(seed: int) -> None:
    """Raises ValueError for a negative seed."""
    if seed < 0:
        raise ValueError("a seed is not negative")


@dataclass(frozen=True)
class Chance:
    """The random numbers of consecutive episodes."""

    seed: int
    first: int  # number of the first episode
    size: int  # how many episodes

    def uniforms(self, *purpose: int) -> Floats:
        """One number in [0, 1) for each episode, [size]; other purposes give independent ones."""
        # a stream for each purpose, jumped to the batch's first episode: how episodes are cut into batches changes
        # nothing
        bits = np.random.PCG64DXSM(np.random.SeedSequence(self.seed, spawn_key=purpose))
        return np.random.Generator(bits.advance(self.first)).random(self.size)


@dataclass(frozen=True)
class Rows:
    """Laws in rows."""

    indptr: Ints  # entries of row r are indptr[r]:indptr[r + 1]
    # [entries], cumulative probabilities, raised to infinity from the last positive entry on, so that rounding never
    # leads to what cannot occur
    cumulative: Floats

    @staticmethod
    def of(indptr: Ints, probability: Floats) -> Rows:
        """Rows that sum to 1 up to rounding; a row may be empty if it is never drawn from.

        The running sum gives back 1 at the beginning of each row, so that it stays small and its rounding too.
        """
        indptr = indptr.astype(np.int64)
        begins, ends = indptr[:-1], indptr[1:]
        filled = ends > begins
        steps = probability.astype(np.float64)
        steps[begins[filled]] -= 1.0
        running = np.cumsum(steps)
        offset = np.where(begins > 0, running[begins - 1], 0.0) - 1.0
        running -= np.repeat(offset, ends - begins)
        # the last positive entry takes what rounding leaves of 1, so that a number close to 1 never draws what cannot
        # occur
        positive = np.where(probability > 0, np.arange(len(running)), -1)
        last = np.maximum.reduceat(positive, begins[filled])
        running[np.arange(len(running)) >= np.repeat(last, (ends - begins)[filled])] = np.inf
        return Rows(indptr, running)

    @cached_property
    def longest(self) -> int:
        """The number of entries of the longest row."""
        return int(np.diff(self.indptr).max(initial=0))

    def draw(self, rows: Ints, uniforms: Floats) -> Ints:
        """The entry of each row where its cumulative probability passes the number in [0, 1)."""
        at, last = self.indptr[rows], self.indptr[rows + 1] - 1
        for bit in reversed(range((self.longest - 1).bit_length())):
            probe = np.minimum(at + (1 << bit) - 1, last)
            # bisection with a power of two for a step: after all bits `at` is the first entry above the number
            at += (self.cumulative[probe] <= uniforms).astype(np.int64) << bit
        return at
