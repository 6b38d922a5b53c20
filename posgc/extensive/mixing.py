"""A correlated equilibrium as a mixture of few rounds of regret minimisation, with its gap.

The rounds are many, and the gap of their average falls at worst with the square root of their number.  Other weights
do better: some of the rounds are kept, evenly spread, and a linear programme finds the weights of least gap
(`posgc.extensive.master`), of which few are positive.  Its multipliers make deviators, and plans that these leave
unchanged join the rounds (`Dynamics.unmoved`; Papadimitriou & Roughgarden 2008 do so for games without steps).  A
single round is tried as well: by itself it is a Nash equilibrium where its gap is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.extensive.master import Master, Profile
from posgc.extensive.trigger_regret import Dynamics
from posgc.language.concepts import DeviationKind

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
"""Profiles at most that answer the multipliers of one linear programme after the other."""
NOTHING = 1e-12
"""Weights that are left out."""


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
) -> Mixed:
    """Play until nobody gains more than `epsilon` (in the unit of the rewards), the rounds are spent, or `stop()`.

    `told(rounds, gap)` is called now and then with the least gap so far; `left()` says how many seconds a programme may
    take.
    """
    dynamics, kept = Dynamics(master.game, kind), _Kept(master)
    best: Mixed | None = None
    check, t = FIRST_CHECK, 0
    while True:
        t += 1
        kept.add(t, dynamics)
        stopping = t == rounds or stop()
        if t >= check or stopping:
            check = t + max(FIRST_CHECK, t // 2)
            for some, weight in kept.mixtures(() if best is None else best.profiles, left):
                found = _mixed(master, some, weight, t, epsilon)
                best = found if best is None or found.gains.max() < best.gains.max() else best
                if best.closed:
                    break
            assert best is not None
            told(t, float(best.gains.max()))
            if stopping or best.closed:
                return best
        dynamics.round()


def _mixed(master: Master, profiles: list[Profile], weight: Floats, t: int, epsilon: float) -> Mixed:
    """The mixture without what has next to no weight, with its gains."""
    (some,) = np.nonzero(weight > NOTHING)
    weight = weight[some] / weight[some].sum()
    chosen = [profiles[k] for k in some.tolist()]
    gains = master.gains(chosen, weight)
    return Mixed(tuple(chosen), weight, gains, t, bool(gains.max() <= epsilon))


class _Kept:
    """Some of the rounds, evenly spread over all so far, and the last one."""

    def __init__(self, master: Master) -> None:
        self.master, self.every = master, 1
        self.profiles, self.last = list[Profile](), list[Profile]()
        self.programme = sum(one.rows for one in master.deviations) <= PROGRAMME_ROWS

    def add(self, t: int, dynamics: Dynamics) -> None:
        """The round t."""
        self.dynamics, plans = dynamics, dynamics.plans
        if t % self.every == 0:
            self.profiles.append(self.master.profile(plans))
            if len(self.profiles) == KEPT:
                self.profiles, self.every = self.profiles[1::2], 2 * self.every

    def mixtures(
        self, best: tuple[Profile, ...], left: Callable[[], float | None]
    ) -> Iterator[tuple[list[Profile], Floats]]:
        """What can be made of them and of the `best` mixture so far, the quickest first."""
        last = self.master.profile(self.dynamics.plans)
        yield [last], np.ones(1)
        some, seconds = [*self.profiles, last], left()
        if not self.programme:
            yield some, np.full(len(some), 1 / len(some))
            return
        some += best  # so that no mixture is worse than the one before
        for _ in range(ANSWERS):
            limit = PROGRAMME_SECONDS if seconds is None else min(seconds, PROGRAMME_SECONDS)
            found = self.master.solve(some, time_limit=limit)
            if found is None:
                yield some, np.full(len(some), 1 / len(some))
                return
            yield some, found.weight
            flows = zip(self.master.deviations, found.flows, self.master.game.terms.sizes, strict=True)
            weights = [one.weights(flow, size) for one, flow, size in flows]
            some = [*some, self.master.profile(self.dynamics.unmoved(weights))]
