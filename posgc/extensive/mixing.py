"""A correlated equilibrium as a mixture of few rounds of regret minimisation, with its gap.

The rounds are many, and the gap of their average falls at worst with the square root of their number.  Other weights
do better: some of the rounds are kept, evenly spread, and a linear programme finds the weights of least gap
(`posgc.extensive.master`), of which few are positive.  Joint plans that answer its multipliers join the rounds
(`posgc.extensive.answering`), again and again, the more often the longer the run is.  A single round is tried as well:
by itself it is a Nash equilibrium where its gap is 0.  Two agents whose play has not come to rest by then are given a
Nash equilibrium found by pivoting, which is a correlated equilibrium of every form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.extensive.answering import answers
from posgc.extensive.master import Master, Profile
from posgc.extensive.nash import NashOptions, solve_nash
from posgc.extensive.resuming import Arrays, numbers_of, plans_of
from posgc.extensive.trigger_regret import Dynamics
from posgc.language.concepts import DeviationKind
from posgc.policy.checkpoint import Checkpoint, Content, Facts, number_of

__all__ = ["ENOUGH", "Mixed", "minimise_trigger_regret"]

Floats = npt.NDArray[np.float64]

ENOUGH = 1e-6
"""The gain that is small enough where nothing else is asked for, relative to the largest span."""
FIRST_CHECK = 8
"""Rounds before the first mixture is made; later ones come after half as many again."""
KEPT = 48
"""Rounds that are kept to be mixed, at most; every second one is left out when there are as many."""
PROGRAMME_ROWS = 40_000
"""Rows up to which the linear programme is solved: with 20,000 HiGHS takes a second, with 150,000 a minute."""
PROGRAMME_SECONDS = 20.0
"""After which a linear programme is given up, and the rounds are mixed evenly."""
ANSWERS = 4
"""Linear programmes of one mixture, at least; the multipliers of each are answered, and the answers join the next."""
ANSWERED = 8
"""There are as many as this part of the rounds, where that is more."""
PIVOTING_ROUND = 24
"""The first mixture from this round on is one of two agents' Nash equilibria, where pivoting finds one."""
PIVOTING_SEQUENCES = 1_000
"""Sequences of both agents up to which it is looked for."""
NOTHING = 1e-12
"""Weights that are left out."""
ROUNDED = 1e-9
"""By how much the sum of weights that were saved may miss 1."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """The best mixture that was met."""

    profiles: tuple[Profile, ...]
    weight: Floats  # [profiles], positive
    gains: Floats  # [n], by the best deviation
    rounds: int
    closed: bool  # whether no gain is more than was asked

    @property
    def values(self) -> Floats:
        """[n]: what the agents earn."""
        return np.asarray(self.weight @ np.stack([profile.values for profile in self.profiles]))


def minimise_trigger_regret(
    master: Master,
    kind: DeviationKind,
    epsilon: float,
    rounds: int,
    stop: Callable[[], bool] = lambda: False,
    told: Callable[[int, float], None] = lambda rounds, gap: None,
    left: Callable[[], float | None] = lambda: None,
    checkpoint: Checkpoint | None = None,
) -> Mixed:
    """Play until nobody gains more than `epsilon` (in the unit of the rewards), the rounds are spent, or `stop()`.

    `told(rounds, gap)` is called now and then with the least gap so far; `left()` says how many seconds a programme may
    take.  The run goes on from the `checkpoint`, where there is one, and is saved there; it ends as if it had never
    been left.  Raises InputError where that cannot be read or written (E642, E643, E615).
    """
    run = _Run(master, kind, epsilon, rounds)
    if checkpoint is not None and not checkpoint.restore(run.accept):
        checkpoint.save(run.content)  # where it cannot be written, that is known before anything is played
    while not run.over:
        stopping = stop()
        if run.due or stopping:
            found = run.mixed(stop, left)
            told(run.t, float(found.gains.max()))
            if stopping or stop():  # the time may have cut its programme short: a run that goes on mixes anew
                if checkpoint is not None:
                    checkpoint.save(run.content)
                return found
            run.keep(found)
        if checkpoint is not None and (run.over or checkpoint.due):
            checkpoint.save(run.content)
        if not run.over:
            run.round()
    assert run.best is not None
    return run.best


def _mixed(master: Master, profiles: list[Profile], weight: Floats, t: int, epsilon: float) -> Mixed:
    """The mixture without what has next to no weight, with its gains."""
    (some,) = np.nonzero(weight > NOTHING)
    return _valued(master, [profiles[k] for k in some.tolist()], weight[some] / weight[some].sum(), t, epsilon)


def _valued(master: Master, profiles: list[Profile], weight: Floats, t: int, epsilon: float) -> Mixed:
    """The mixture with its gains."""
    gains = master.gains(profiles, weight)
    return Mixed(tuple(profiles), weight, gains, t, bool(gains.max() <= epsilon))


class _Run:
    """What is played, some of the rounds so far, evenly spread, and the best mixture."""

    def __init__(self, master: Master, kind: DeviationKind, epsilon: float, rounds: int) -> None:
        self.master, self.epsilon, self.rounds = master, epsilon, rounds
        self.programme = sum(one.rows for one in master.deviations) <= PROGRAMME_ROWS
        self.dynamics, self.t = Dynamics(master.game, kind), 1  # the round that is played, from 1
        self.looked = 0  # the round of the last mixture
        self.best: Mixed | None = None
        self.every, self.profiles = 1, [master.profile(self.dynamics.plans)]  # all rounds that `every` divides

    @property
    def due(self) -> bool:
        """Whether a mixture is to be made in this round."""
        return self.t >= self.looked + max(FIRST_CHECK, self.looked // 2) or self.t == self.rounds

    @property
    def over(self) -> bool:
        """Whether no round is to follow: nobody gains more than was asked, or the rounds are spent."""
        return self.best is not None and (self.best.closed or self.looked == self.rounds)

    def round(self) -> None:
        """The next round."""
        self.dynamics.round()
        self.t += 1
        if self.t % self.every == 0:
            self.profiles.append(self.master.profile(self.dynamics.plans))
            if len(self.profiles) == KEPT:
                self.profiles, self.every = self.profiles[1::2], 2 * self.every

    def keep(self, best: Mixed) -> None:
        """Keep the best mixture so far."""
        self.best, self.looked = best, self.t

    def mixed(self, stop: Callable[[], bool], left: Callable[[], float | None]) -> Mixed:
        """The best mixture so far, or a better one that is made now, unless `stop()`; nothing is kept of it."""
        best = self.best
        for some, weight in self._mixtures(() if best is None else best.profiles, stop, left):
            found = _mixed(self.master, some, weight, self.t, self.epsilon)
            best = found if best is None or found.gains.max() < best.gains.max() else best
            if best.closed or stop():
                break
        assert best is not None
        return best

    def _mixtures(
        self, best: tuple[Profile, ...], stop: Callable[[], bool], left: Callable[[], float | None]
    ) -> Iterator[tuple[list[Profile], Floats]]:
        """What can be made of the rounds and of the `best` mixture so far, the quickest first."""
        last = self.master.profile(self.dynamics.plans)
        yield [last], np.ones(1)
        if self.looked < PIVOTING_ROUND <= self.t and sum(self.master.game.terms.sizes) <= PIVOTING_SEQUENCES:
            yield from self._equilibrium(stop)
        some = [*self.profiles, last]
        if not self.programme:
            yield some, np.full(len(some), 1 / len(some))
            return
        some += best  # so that no mixture is worse than the one before
        for _ in range(max(ANSWERS, self.t // ANSWERED)):
            seconds = left()
            limit = PROGRAMME_SECONDS if seconds is None else min(seconds, PROGRAMME_SECONDS)
            found = self.master.solve(some, time_limit=limit, stop=stop)
            if found is None:
                yield some, np.full(len(some), 1 / len(some))
                return
            yield some, found.weight
            some = [*some, *answers(self.master, found, self.dynamics)]

    def _equilibrium(self, stop: Callable[[], bool]) -> Iterator[tuple[list[Profile], Floats]]:
        """The Nash equilibrium at the end of the path from uniform play, of two agents."""
        game = self.master.game
        if game.n_agents == 2:
            found = solve_nash(game, NashOptions((self.epsilon, self.epsilon), priors=1, rounds=0), stop)
            plans = [one.plans.plan(laws) for one, laws in zip(self.dynamics.learners, found.behaviours, strict=True)]
            yield [self.master.profile(plans)], np.ones(1)

    def content(self) -> Content:
        """What a checkpoint holds of the run in a round."""
        best, arrays = self.best, self.dynamics.content()
        tables = {"kept": self.profiles} | ({} if best is None else {"best": best.profiles})
        for name, profiles in tables.items():
            for agent, size in enumerate(self.master.game.terms.sizes):
                plans = [profile.plans[agent] for profile in profiles]
                arrays[f"{name}_{agent}"] = np.concatenate(plans, axis=None).reshape(-1, size)
        if best is not None:
            arrays["weight"] = best.weight
        return {"round": self.t, "looked": self.looked, "best": 0 if best is None else best.rounds}, arrays

    def accept(self, facts: Facts, arrays: Arrays) -> None:
        """Go on from there.  Raises ValueError or KeyError where it does not hold this run."""
        self.t = number_of(facts["round"], self.rounds)
        self.looked = number_of(facts["looked"], self.t)
        if not self.t:
            raise ValueError("it is at a round that this run does not have")
        made = number_of(facts["best"], self.t)
        while self.t // self.every >= KEPT:
            self.every *= 2
        self.dynamics.accept(arrays)
        self.profiles = self._profiles(arrays, "kept", self.t // self.every)
        if made:
            weight = numbers_of(arrays, "weight", arrays["weight"].shape, NOTHING)
            if weight.ndim != 1 or abs(weight.sum() - 1) > ROUNDED:
                raise ValueError("its weights are not a law")
            profiles = self._profiles(arrays, "best", len(weight))
            self.best = _valued(self.master, profiles, weight, made, self.epsilon)

    def _profiles(self, arrays: Arrays, name: str, count: int) -> list[Profile]:
        learners = enumerate(self.dynamics.learners)
        plans = [plans_of(arrays, f"{name}_{agent}", one.plans, count) for agent, one in learners]
        return [self.master.profile(of_all) for of_all in zip(*plans, strict=True)]
