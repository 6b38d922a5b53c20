"""Playing a game: whole episodes for traces, and mean returns with a confidence interval from as many as wanted.

An estimate goes through the episodes in batches whose size depends on the horizon alone, so memory does not grow
with their number.  Means and squared deviations of batches are combined by the formula of Chan, Golub and LeVeque
(1983, Algorithms for computing the sample variance: analysis and recommendations, The American Statistician 37).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.model.arrays import Model
from posgc.play.kinds import player_of
from posgc.play.players import Player
from posgc.play.simulator import Simulator, Step
from posgc.policy.existing import existing
from posgc.policy.strategy import Strategy
from posgc.workers import ALONE, Workers, in_order

__all__ = ["Episodes", "Estimate", "estimate", "play", "record"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BATCH = 1 << 14
"""Episodes that are played at a time: the arrays of a step then stay in the processor's cache."""

BATCH_STEPS = 1 << 22
"""Joint steps of a batch, at most, so that Ctrl-C finds something finished; long episodes go in smaller batches."""

LEAST_BATCH = 1 << 10
"""Episodes of a batch however long they are: below, the work is Python's."""

LOOK = 64
"""Steps after which the progress is told."""

RECORD_LIMIT = 1 << 27
"""Numbers that recorded episodes may consist of (a GiB)."""

CONFIDENCE = 0.95
"""Level of the normal interval around a mean."""


@dataclass(frozen=True)
class Episodes:
    """What happened in N episodes of H steps."""

    state: Ints  # [H + 1, N]
    observation: Ints  # [H + 1, N], joint indices of o_1..o_{H+1}
    action: Ints  # [H, N], joint indices
    reward: Floats  # [n, H, N], undiscounted
    returns: Floats  # [n, N], discounted
    # [H, N] by name, what the player told of itself at each decision: a machine its `node`, and the `component` that
    # the shared seed chose, numbered as in `PolicyStep.weight`; controllers their `node[agent]`, a mixture its `part`
    inner: dict[str, Ints]

    @property
    def mean(self) -> Floats:
        """Mean return of each agent, [n]."""
        return np.asarray(self.returns.mean(axis=1))

    @property
    def error(self) -> Floats:
        """Standard error of the mean of each agent, [n]."""
        return np.asarray(self.returns.std(axis=1, ddof=1) / np.sqrt(self.returns.shape[1]))


@dataclass(frozen=True)
class Estimate:
    """Discounted returns of the episodes played."""

    episodes: int
    mean: Floats  # [n]
    squares: Floats  # [n], sum of the squared deviations from the mean
    stopped: bool = False  # the user interrupted, and fewer episodes were played than asked for

    @property
    def error(self) -> Floats | None:
        """Standard error of the mean of each agent, [n]; None for a single episode."""
        if self.episodes < 2:
            return None
        return np.asarray(np.sqrt(self.squares / (self.episodes - 1) / self.episodes))

    @property
    def interval(self) -> Floats | None:
        """Normal confidence interval of each mean at level CONFIDENCE, [n, 2]; None for a single episode."""
        if self.error is None:
            return None
        reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * self.error
        return np.stack([self.mean - reach, self.mean + reach], axis=1)


def play(information: Information, policy: Strategy, episodes: int, seed: int = 0) -> Episodes:
    """Play the policy; the same seed gives the same episodes.  Raises ValueError for fewer than two."""
    if episodes < 2:
        raise ValueError("at least two episodes are needed for a mean with an error")
    return record(information.model, player_of(information, policy), episodes, seed)


def record(model: Model, player: Player, episodes: int, seed: int = 0) -> Episodes:
    """Episodes 0 to `episodes - 1` of a seed, in full.  Raises LimitError where they would fill the memory."""
    numbers = (model.horizon + 1) * (5 + model.n_agents) * episodes
    if numbers > RECORD_LIMIT:
        raise LimitError(
            f"{episodes} whole episodes of {model.horizon} steps are {numbers} numbers (limit "
            f"{RECORD_LIMIT}); record fewer episodes, or take a shorter horizon"
        )
    simulator = Simulator(model, seed)
    begun = simulator.reset(episodes)
    states, observations, actions, rewards = [simulator.state], [begun.observation], [], []
    inner: dict[str, list[Ints]] = {}
    for step, _ in _steps(simulator, player, begun):
        for name, told in player.inner().items():
            inner.setdefault(name, []).append(told)
        states.append(simulator.state)
        observations.append(step.observation)
        actions.append(step.action)
        rewards.append(step.reward)
    reward = np.stack(rewards, axis=1)
    returns = np.einsum("iht,h->it", reward, model.discount ** np.arange(model.horizon))
    return Episodes(
        np.stack(states),
        np.stack(observations),
        np.stack([a for a in actions if a is not None]),
        reward,
        returns,
        {name: np.stack(told) for name, told in inner.items()},
    )


def estimate(
    model: Model,
    player: Player,
    episodes: int,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    workers: Workers = ALONE,
) -> Estimate:
    """Mean discounted returns of episodes 0 to `episodes - 1` of a seed, the same for any number of processes.

    A KeyboardInterrupt ends it with the batches that are finished, if there are any.  Raises ValueError for
    fewer than one episode, LimitError where a process ends before its time.
    """
    if episodes < 1:
        raise ValueError("at least one episode is needed")
    horizon = model.horizon
    size = min(BATCH, max(LEAST_BATCH, BATCH_STEPS // horizon))
    tasks = [(first, min(size, episodes - first)) for first in range(0, episodes, size)]

    def told(first: int, steps: int) -> None:
        progress("simulate", first * horizon + steps, episodes * horizon)

    found = Estimate(0, np.zeros(model.n_agents), np.zeros(model.n_agents))
    try:
        work = _Returns(Simulator(model, seed), player, told if workers.alone else _untold)
        with closing(workers.crew(work)) as crew:
            for batch in in_order(crew, tasks):
                found = _joined(found, batch)
                told(found.episodes, 0)
    except KeyboardInterrupt:
        if not found.episodes:
            raise
        return Estimate(found.episodes, found.mean, found.squares, stopped=True)
    return found


def _untold(first: int, steps: int) -> None:
    """Other processes do not tell how far they are within a batch."""


@dataclass(frozen=True)
class _Returns:
    """Plays a batch: number of the first episode, and how many."""

    simulator: Simulator
    player: Player
    told: Callable[[int, int], None]  # the first episode of the batch, and its joint steps so far

    def __call__(self, batch: tuple[int, int]) -> Estimate:
        first, count = batch
        begun = self.simulator.reset(count, first)
        paid = np.zeros((len(self.simulator.agents), count))
        for step, worth in _steps(self.simulator, self.player, begun):
            paid += worth * step.reward
            if step.h % LOOK == 0 or step.done:
                self.told(first, (step.h - 1) * count)
        mean = paid.mean(axis=1)
        return Estimate(count, mean, np.square(paid - mean[:, None]).sum(axis=1))


def _steps(simulator: Simulator, player: Player, step: Step) -> Iterator[tuple[Step, float]]:
    """The steps after decisions 1..H, and what their rewards are worth at the beginning."""
    worth = 1.0
    while not step.done:
        step = simulator.step(_existing(step, player.act(step, simulator.chance)))
        yield step, worth
        worth *= simulator.discount


def _existing(step: Step, actions: Ints) -> Ints:
    """The actions [n, B], those that exist in place of those that do not: where nobody can come, and where nothing is
    earned any more, a strategy may say anything."""
    if step.played is None:
        return actions
    return np.stack([existing(own, played) for own, played in zip(actions, step.played, strict=True)])


def _joined(one: Estimate, two: Estimate) -> Estimate:
    """The estimate of both, by their means and not by sums of squares, which cancel where the mean is large."""
    both, apart = one.episodes + two.episodes, two.mean - one.mean
    return Estimate(
        both,
        one.mean + apart * (two.episodes / both),
        one.squares + two.squares + np.square(apart) * (one.episodes * two.episodes / both),
    )
