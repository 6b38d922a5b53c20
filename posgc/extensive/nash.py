"""Nash equilibria of two agents: paths from several priors, and the profile of least gap that they meet.

Where no path ends in an equilibrium, regret minimisers play one another, and their last play and its average are looked
at too.  General-sum play need not come near an equilibrium, and the gap says how near it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.extensive.basis import Singular
from posgc.extensive.choices import Choices
from posgc.extensive.complementarity import Bimatrix, Path
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Behaviour, Plans
from posgc.extensive.regret import Learner, RegretOptions

__all__ = ["Equilibrium", "NashOptions", "solve_nash"]

Floats = npt.NDArray[np.float64]

LOOKS = 64
"""Pivots between two looks at the profile on the path."""
PATIENCE = 10
"""Pivots for each variable of the game after which the first path is given up, the second after twice as many, and so
on: most paths have fewer than one for each variable, but some are very long, and from other priors there are shorter
ones.  Of ten games with 150 actions of each agent and normal payoffs, three had a first path of more than 10."""


ROUNDS = 1024
"""Of regret minimisation where no path ended in an equilibrium; it is looked at after 1, 2, 4, ... of them."""


@dataclass(frozen=True)
class NashOptions:
    """When a profile is good enough, and how many priors are tried."""

    epsilon: tuple[float, float]  # what each agent may gain at most, in the unit of the rewards
    priors: int = 20  # at most: the first is uniform unless `random`, others are drawn
    random: bool = False
    seed: int = 0
    rounds: int = ROUNDS  # of regret minimisation, where no path ends in an equilibrium


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """The best profile that was met: the one whose gains are the least multiple of those that are good enough."""

    behaviours: tuple[Behaviour, Behaviour]
    values: tuple[float, float]
    gains: tuple[float, float]  # by exact best responses
    pivots: int  # of all paths
    priors: int  # that were tried
    rounds: int  # of regret minimisation
    found: bool  # whether no gain is larger than was asked


def solve_nash(
    game: ExtensiveGame,
    options: NashOptions,
    stop: Callable[[], bool] = lambda: False,
    told: Callable[[int, float], None] = lambda pivots, gap: None,
) -> Equilibrium:
    """Follow paths until no agent gains more than `options.epsilon`, the priors are spent, or `stop()` says so.

    `told(pivots, gap)` is called now and then with the least gap so far.
    """
    search = _Search(game, options.epsilon)
    rng = np.random.default_rng(options.seed)
    tried = 0
    while search.excess > 1 and tried < options.priors and not stop():
        drawn = options.random or tried > 0
        laws = [choices.random(rng) if drawn else choices.uniform() for choices in search.agents]
        tried += 1
        search.follow((laws[0], laws[1]), PATIENCE * tried, stop, told)
    if search.excess > 1:
        search.play(options.rounds, stop, told)
    if search.profile is None:  # no time for one
        search.look(*(choices.plan(choices.uniform()) for choices in search.agents))
    return search.best(tried)


class _Search:
    """The best profile so far."""

    def __init__(self, game: ExtensiveGame, epsilon: tuple[float, float]) -> None:
        self.plans = Plans.of(game, 0), Plans.of(game, 1)
        self.agents = Choices.of(game.sets(0)), Choices.of(game.sets(1))
        self.payoffs = game.terms.matrix(0), game.terms.matrix(1)
        self.game = Bimatrix.of(self.agents, self.payoffs)
        self.epsilon, self.pivots, self.rounds = epsilon, 0, 0
        self.excess = np.inf  # the largest gain as a multiple of what is good enough; at most 1 is an equilibrium
        self.profile: tuple[Floats, Floats] | None = None
        self.gains, self.values = (np.inf, np.inf), (np.nan, np.nan)

    def look(self, first: Floats, second: Floats) -> None:
        """As `keep`, of plans that are given by their variables."""
        self.keep(*(choices.expand @ v for choices, v in zip(self.agents, (first, second), strict=True)))

    def keep(self, first: Floats, second: Floats) -> None:
        """Keep a pair of plans where their gap is less than before."""
        # as it will be played: laws in proportion to the plan
        x, y = (plans.plan(plans.behaviour(plan)) for plans, plan in zip(self.plans, (first, second), strict=True))
        met = self.payoffs[0] @ y, self.payoffs[1].T @ x
        values = float(x @ met[0]), float(y @ met[1])
        best = [plans.best(gradient) for plans, gradient in zip(self.plans, met, strict=True)]
        gains = max(0.0, best[0] - values[0]), max(0.0, best[1] - values[1])
        excess = max(g / e if e > 0 else (np.inf if g > 0 else 0.0) for g, e in zip(gains, self.epsilon, strict=True))
        if self.profile is None or excess < self.excess:
            self.excess, self.profile, self.gains, self.values = excess, (x, y), gains, values

    def follow(
        self,
        laws: tuple[Floats, Floats],
        patience: int,
        stop: Callable[[], bool],
        told: Callable[[int, float], None],
    ) -> None:
        """Follow the path from a prior to its end, or for `patience` pivots a variable, or until rounding loses it."""
        a, b = (choices.plan(law) for choices, law in zip(self.agents, laws, strict=True))
        longest = patience * (len(a) + len(b))
        try:
            path = Path(self.game, (a, b))
            while not path.done and path.pivots < longest:
                path.pivot()
                self.pivots += 1
                if path.pivots % LOOKS == 0 or stop():
                    self.look(*path.plans())
                    told(self.pivots, max(self.gains))
                    if self.excess <= 1 or stop():
                        return
            self.look(*path.plans())
        except Singular:
            return  # what was met on the way counts

    def play(self, rounds: int, stop: Callable[[], bool], told: Callable[[int, float], None]) -> None:
        """Look at what regret minimisers play in turn, and at its average; round t weighs t^2."""
        one, two = (Learner(plans, RegretOptions(0.0)) for plans in self.plans)
        while self.rounds < rounds and not stop():
            self.rounds += 1
            one.answer(self.payoffs[0] @ two.x, self.rounds)
            two.answer(self.payoffs[1].T @ one.x, self.rounds)
            for learner in (one, two):
                learner.total += self.rounds**2 * learner.x
            if self.rounds.bit_count() == 1:
                self.keep(one.x, two.x)
                self.keep(one.total, two.total)
                told(self.pivots, max(self.gains))
                if self.excess <= 1:
                    return

    def best(self, priors: int) -> Equilibrium:
        """What was met."""
        assert self.profile is not None
        (one, two), (x, y) = self.plans, self.profile
        behaviours = one.behaviour(x), two.behaviour(y)
        return Equilibrium(behaviours, self.values, self.gains, self.pivots, priors, self.rounds, self.excess <= 1)
