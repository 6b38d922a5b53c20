"""The gap of a strategy in an environment that nobody knows, as far as deviations that are learned tell.

Nothing here is proved: numbers are means of episodes with normal intervals, and a deviation that was learned earns no
more in expectation than the best one, so that the gap is bounded from below alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from posgc.information.items import Structure
from posgc.language.concepts import CONCEPTS, DEVIATIONS, ConceptName, DeviationKind
from posgc.language.display import Display
from posgc.learning.deviating import Heard, learned_deviation
from posgc.learning.sampling import returns
from posgc.play.environment import Environment
from posgc.play.kinds import player_of
from posgc.play.sampler import CONFIDENCE, Estimate
from posgc.policy.strategy import Strategy

__all__ = ["LearnedGap", "learned_gap"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, repr=False)
class LearnedGap(Display):
    """What a strategy earns, and what deviations from it gain that were learned, one for each agent.

    All were played in the same episodes, so that of each episode the difference counts.
    """

    agents: tuple[str, ...]
    kind: DeviationKind  # the deviations that were learned
    value: Estimate  # returns of the strategy
    gain: Estimate  # what each agent's deviation returns more than the strategy, [n]
    learning: tuple[int, ...]  # [n] joint steps in which each agent's deviation was learned
    playing: tuple[int, ...]  # [1 + n] joint steps in which the strategy, and then each deviation, was played
    bounds: bool  # whether deviators remember no more than their agents (`forget`), so that gains bound the gap

    @property
    def least(self) -> float | None:
        """The gap is at least that with probability CONFIDENCE, as far as the normal law is that of means: the largest
        lower end of intervals that hold together, and 0.  None where deviators may remember more than agents do."""
        error = self.gain.error
        assert error is not None
        reach = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / len(self.agents)) * error
        return max(0.0, float((self.gain.mean - reach).max())) if self.bounds else None

    @property
    def samples(self) -> int:
        """Joint steps in all."""
        return sum(self.learning) + sum(self.playing)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        level, kind = f"{CONFIDENCE:.0%}", DEVIATIONS[self.kind].title
        values, gains = (_intervals(estimate) for estimate in (self.value, self.gain))
        least = (
            f"at least {self.least:.3g} ({level}); learned best responses bound it only from below"
            if self.least is not None
            else "not bounded: deviators remember what `forget` has their agents forget"
        )
        return f"{kind} gap estimated by learned deviations, {self.value.episodes:,} episodes of each", [
            *((f"value of {agent}", told) for agent, told in zip(self.agents, values, strict=True)),
            *((f"learned deviation of {agent} gains", told) for agent, told in zip(self.agents, gains, strict=True)),
            (f"{kind} gap", least),
            ("joint steps of learning", ", ".join(f"{steps:,}" for steps in self.learning)),
            ("joint steps of playing", ", ".join(f"{steps:,}" for steps in self.playing)),
        ]


def _intervals(estimate: Estimate) -> list[str]:
    assert estimate.interval is not None
    pairs = zip(estimate.mean, estimate.interval, strict=True)
    return [f"{mean:z.6g} ({low:z.6g} to {high:z.6g})" for mean, (low, high) in pairs]


def learned_gap(
    environment: Environment,
    structure: Structure,
    strategy: Strategy,
    concept: ConceptName,
    samples: int,
    episodes: int,
    seed: int,
    first: int,
    progress: Progress,
) -> LearnedGap:
    """Learn a deviation for each agent in at most `samples` joint steps each, and play strategy and deviations for
    `episodes` each, from number `first` on; learning plays those after them.

    Raises as `posgc.learning.deviating.learned_deviation`.
    """
    n, kind = structure.n_agents, CONCEPTS[concept].against[0]
    heard: Heard = "action" if kind == "ce" else "nothing"
    after = first + episodes
    earned = returns(environment, structure, player_of(structure, strategy), episodes, seed, first)
    gains, learning, bounds = np.zeros((n, episodes)), [], True
    for i in range(n):
        deviation, spent = learned_deviation(environment, structure, strategy, i, heard, samples, seed, after, progress)
        learning.append(spent)
        after += spent // structure.horizon
        player = deviation.player(seed)
        gains[i] = returns(environment, structure, player, episodes, seed, first)[i] - earned[i]
        bounds = bounds and deviation.allowed
    playing = (episodes * structure.horizon,) * (1 + n)
    agents = structure.signature.agents
    return LearnedGap(agents, kind, mean_of(earned), mean_of(gains), tuple(learning), playing, bounds)


def mean_of(returned: Floats) -> Estimate:
    """The mean of returns [n, episodes]."""
    mean = returned.mean(axis=1)
    return Estimate(returned.shape[1], mean, np.square(returned - mean[:, None]).sum(axis=1))
