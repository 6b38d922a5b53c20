"""Fits of games of hidden states to episodes, in small tasks that do not depend on each other.

A fit begins at `restarts` random games, makes `SEGMENT` steps from each, and pursues the likeliest, `SEGMENT` steps at
a time.  Random numbers are those of the seed, the round, and what they are for, so that neither the order of the tasks
nor who does them changes what is found; and what is under way (`Underway`) is plain, so that a checkpoint can hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.information.items import Structure
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError
from posgc.learning.fitted import fitted_information, judged_in
from posgc.learning.latent import Data, Fit, Latent, climbed
from posgc.learning.symbols import Symbols
from posgc.model.rewards import RewardKind
from posgc.policy.strategy import Strategy
from posgc.workers import Crew, in_order

__all__ = ["ALL", "REST", "SEGMENT", "Chain", "Fits", "Fitter", "Judge", "Segment", "Underway"]

Ints = npt.NDArray[np.int64]

SEGMENT = 20
"""Steps of expectation maximisation that are made at a time: from each random beginning, and between two looks at
whether to save or to stop."""
HELD_OUT = 0.2
"""Share of the episodes that are held out where numbers of states are compared."""
ALL, REST = 0, -1
"""Which episodes are fitted: all, or those that are not held out; from 1 on, a resample with that number."""
SPLIT, GUESS, RESAMPLE = 0, 1, 2
"""What random numbers are for."""
KEPT = 4
"""Sets of episodes that are kept sorted."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Steps of a fit to some episodes, from a game, or from the random one with that number."""

    which: int
    states: int
    begin: Latent | int
    steps: int = SEGMENT

    def done(self, fitter: Fitter) -> Fit:
        """The game after these steps."""
        data, begin = fitter.data(self.which), self.begin
        if isinstance(begin, int):
            begin = data.guess(self.states, fitter.rng(GUESS, self.which - REST, self.states, begin))
        return climbed(data, begin, self.steps)


@dataclass(frozen=True, eq=False)
class Judge:
    """What agents gain by deviating from a strategy in a fitted game."""

    latent: Latent
    strategy: Strategy
    against: DeviationKind
    tolerance: float
    max_nodes: int

    def done(self, fitter: Fitter) -> tuple[float, ...] | None:
        """Gains [n]; None where the game is too large to judge in."""
        information = fitted_information(self.latent, fitter.structure, fitter.discount, fitter.kind)
        try:
            judgement = judged_in(information, self.strategy, self.against, self.tolerance, self.max_nodes)
        except LimitError:
            return None
        return judgement.gains


class Fitter:
    """Does the tasks of one round; it is what other processes are sent."""

    def __init__(
        self, symbols: Symbols, seed: int, round: int, structure: Structure, discount: float, kind: RewardKind
    ) -> None:
        self.symbols, self._seed, self._round = symbols, seed, round
        self.structure, self.discount, self.kind = structure, discount, kind
        self._data: dict[int, Data] = {}

    def __call__(self, task: Segment | Judge) -> Any:
        """What the task finds."""
        return task.done(self)

    def rng(self, *purpose: int) -> np.random.Generator:
        """Random numbers of their own for each purpose in each round."""
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(self._round, *purpose)))

    @cached_property
    def held_out(self) -> Symbols:
        """The episodes that are held out; at least one, where there are two."""
        return self.symbols.some(self._split[: self._held])

    def data(self, which: int) -> Data:
        """The episodes of a fit; all that occurs in any episode can happen in its game."""
        if which not in self._data:
            while len(self._data) >= KEPT:
                del self._data[next(iter(self._data))]
            self._data[which] = Data.of(self._some(which), self.symbols)
        return self._data[which]

    def _some(self, which: int) -> Symbols:
        size = self.symbols.size
        if which == ALL:
            return self.symbols
        if which == REST:
            return self.symbols.some(self._split[self._held :])
        return self.symbols.some(self.rng(RESAMPLE, which).integers(size, size=size))

    @property
    def _held(self) -> int:
        return max(1, int(self.symbols.size * HELD_OUT))

    @property
    def _split(self) -> Ints:
        return self.rng(SPLIT).permutation(self.symbols.size)


@dataclass(frozen=True, eq=False)
class Chain:
    """A fit that is under way."""

    begun: int = 0  # random beginnings that were tried
    climbed: int = 0  # steps from the likeliest of them
    steps: int = 0  # all steps
    best: Fit | None = None  # the likeliest beginning so far, then where its pursuit is

    def tried(self, found: Fit) -> Chain:
        """With another beginning."""
        better = self.best is None or found.log_likelihood > self.best.log_likelihood
        return Chain(self.begun + 1, 0, self.steps + found.steps, found if better else self.best)

    def pursued(self, found: Fit) -> Chain:
        """With the likeliest one pursued."""
        return replace(self, climbed=self.climbed + found.steps, steps=self.steps + found.steps, best=found)

    def over(self, steps: int) -> bool:
        """Whether nothing is left to do, with so many steps of pursuit at most."""
        assert self.best is not None
        return self.climbed >= steps or (self.climbed > 0 and self.best.settled)

    @property
    def fit(self) -> Fit:
        """The game so far, with all steps that were made for it."""
        assert self.best is not None
        return replace(self.best, steps=self.steps)


@dataclass
class Underway:
    """What a round's fits have come to."""

    tried: list[float] = field(default_factory=list)  # held-out log-likelihoods of 1, 2, .. states
    chains: dict[tuple[int, int], Chain] = field(default_factory=dict)  # by episodes and states
    gains: list[tuple[float, ...] | None] = field(default_factory=list)  # of resamples 1, 2, ..: see `Judge`


class Fits:
    """Brings fits to their end.  `pause` is asked after each task, and says whether to leave it at that."""

    def __init__(
        self,
        fitter: Fitter,
        crew: Crew,
        restarts: int,
        underway: Underway,
        pause: Callable[[str, int, int], bool],
    ) -> None:
        self.fitter, self.crew, self.underway, self.pause = fitter, crew, underway, pause
        self._restarts = restarts

    def bring(self, fits: Sequence[tuple[int, int]], steps: int, what: str) -> bool:
        """Bring the fits to so many states each, of the episodes `which`, (which, states), to their end; whether all
        are there.  Where it is told to leave it at that, each task that is answered all the same counts."""
        chains = self.underway.chains
        for key in fits:
            chains.setdefault(key, Chain())
        begins = [(key, r) for key in fits for r in range(chains[key].begun, self._beginnings(key))]
        if not self._all(begins, [Segment(*key, r) for key, r in begins], Chain.tried, steps, what):
            return False
        while left := [(key, 0) for key in fits if not chains[key].over(steps)]:
            tasks = [self._next(key, steps) for key, _ in left]
            if not self._all(left, tasks, Chain.pursued, steps, what):
                return False
        return True

    def _beginnings(self, key: tuple[int, int]) -> int:
        return self._restarts if key[1] > 1 else 1

    def _next(self, key: tuple[int, int], steps: int) -> Segment:
        chain = self.underway.chains[key]
        return Segment(*key, chain.fit.latent, min(SEGMENT, steps - chain.climbed))

    def _all(
        self,
        keys: list[tuple[tuple[int, int], int]],
        tasks: list[Segment],
        counted: Callable[[Chain, Fit], Chain],
        steps: int,
        what: str,
    ) -> bool:
        """Whether all of the tasks were done."""
        chains = self.underway.chains
        for (key, _), found in zip(keys, answers := in_order(self.crew, tasks), strict=False):
            assert isinstance(found, Fit)
            chains[key] = chain = counted(chains[key], found)
            if self.pause(f"{what}, log-likelihood {found.log_likelihood:.6g} an episode", chain.climbed, steps):
                answers.close()
                return False
        return True
