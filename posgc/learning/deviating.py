"""What an agent gains by deviating from a strategy in an environment that nobody knows: estimated by learning to.

For each agent a deviation is learned: the others play the strategy, and what is left is an environment of that agent
alone, in which it is shown its news of each step (`InformationStructure.news`) and, where a recommendation is heard
(a CE), the action that the strategy has for it.  It is learned in like any other, by adaptive rounds
(`posgc.learning.laci`).  A deviation that was learned earns no more than the best one, so its expected gain bounds the
gap from below, and nothing bounds it from above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.items import Structure
from posgc.judge.histories import forgets
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.signature import Signature, Variable
from posgc.learning.construct import Construction
from posgc.learning.laci import learned
from posgc.learning.rounds import Adaptive, Task
from posgc.planning.oracles import Selection
from posgc.play.chance import Chance
from posgc.play.environment import Budget, CountedEnvironment, Environment
from posgc.play.kinds import News, player_of
from posgc.play.players import Player, PolicyPlayer
from posgc.play.simulator import Step
from posgc.policy.machine import Machine
from posgc.policy.mismatch import PolicyMismatch
from posgc.policy.strategy import Strategy

__all__ = ["Deviation", "Heard", "learned_deviation"]

Ints = npt.NDArray[np.int64]
Heard = Literal["nothing", "action"]
"""What a deviator is told of what the strategy has for it: nothing, or at each step the action of that step."""

LARGEST_NEWS = 1 << 20
"""Values of what an agent can learn at a step."""
DEVIATOR = 1 << 20
"""Purpose of the deviator's own random numbers."""
ROUNDS = Adaptive(8, 0.2, 0.1)
WINDOWS = Construction(10, 5.0)
"""How deviations are learned; `docs/learning.md` says what the numbers mean."""


@dataclass(frozen=True, eq=False)
class Deviation:
    """A deviation of one agent from a strategy that the others play."""

    structure: Structure
    strategy: Strategy
    agent: int
    heard: Heard
    policy: Machine  # in the environment of that agent alone

    @property
    def allowed(self) -> bool:
        """Whether the deviator remembers no more than its agent does under `forget`."""
        return not forgets(self.structure)

    def player(self, seed: int) -> Player:
        """Who plays strategy and deviation in the whole environment; the deviation draws by random numbers of
        `seed`, which are not the strategy's."""
        return _Deviating(self, seed)


def learned_deviation(
    environment: Environment,
    structure: Structure,
    strategy: Strategy,
    agent: int,
    heard: Heard,
    samples: int,
    seed: int,
    first: int,
    progress: Callable[[str, int, int], None],
) -> tuple[Deviation, int]:
    """A deviation that was learned in at most `samples` joint steps of episodes from number `first` on, and how many
    it took.

    Raises InputError: E640 for a budget below an episode, E641 where the environment fails or the agent can learn too
    much at a step, E637 where the strategy lacks an instruction; LimitError where a model is too large.
    """
    alone = _Alone(environment, structure, strategy, agent, heard, seed, first)
    counted = CountedEnvironment(alone, Budget(samples))
    task = Task(counted, alone.structure, "team", "common", _own_seed(seed), WINDOWS, Selection(), progress)
    found = learned(task, ROUNDS, 1, 1)
    return Deviation(structure, strategy, agent, heard, found.policy), counted.samples


class _Alone:
    """The environment of one agent alone, who is shown its news and, where it hears it, the strategy's action."""

    def __init__(
        self,
        environment: Environment,
        structure: Structure,
        strategy: Strategy,
        agent: int,
        heard: Heard,
        seed: int,
        first: int,
    ) -> None:
        self._environment, self._agent, self._seed, self._first = environment, agent, seed, first
        self._others = _Others(structure, strategy, agent, heard)
        self.structure = _structure_alone(structure, agent, self._others.sizes)
        self.agents, self.horizon, self.discount = (
            self.structure.signature.agents,
            structure.horizon,
            environment.discount,
        )
        self.action_sizes = self.structure.signature.action_sizes
        self.observation_sizes = self.structure.signature.observation_sizes
        self.largest_batch: int | None = getattr(environment, "largest_batch", None)
        self._chance, self._played = Chance(seed, 0, 0), np.zeros((0, 0), np.int64)

    def reset(self, batch: int, first: int = 0) -> Step:
        """As `Environment.reset`."""
        self._chance = Chance(self._seed, self._first + first, batch)
        return self._shown(self._environment.reset(batch, self._first + first), None)

    def step(self, actions: Ints) -> Step:
        """As `Environment.step`."""
        played = self._played.copy()
        played[self._agent] = actions[0]
        return self._shown(self._environment.step(played), actions[0])

    def _shown(self, step: Step, action: Ints | None) -> Step:
        shown = np.zeros(len(step.observation), np.int64)
        if not step.done:
            self._played, shown = self._others.played(step, self._chance)
        return _step_alone(step, shown, action, self._agent, self.structure)


class _Others:
    """What the strategy plays, and what the deviator is shown."""

    def __init__(self, structure: Structure, strategy: Strategy, agent: int, heard: Heard) -> None:
        """Raises InputError (E641) where there is too much that the agent can learn at a step."""
        self._player, self._news, self._agent = player_of(structure, strategy), News(structure), agent
        actions, steps = structure.signature.action_sizes[agent], range(1, structure.horizon + 1)
        news = max(prod(Codec.of(structure, structure.news(agent, h)).sizes) for h in steps)
        self.sizes = (news,) if heard == "nothing" else (news, actions)  # values of what it is shown
        if prod(self.sizes) > LARGEST_NEWS:
            name = structure.signature.agents[agent]
            what = f"{name} can learn {prod(self.sizes):,} things at a step (limit {LARGEST_NEWS:,})"
            cure = "wrap the environment in coarser spaces"
            raise InputError([Diagnostic("E641", f"the environment cannot be learned in: {what}", help=cure)])

    def played(self, step: Step, chance: Chance) -> tuple[Ints, Ints]:
        """What the strategy plays, [n, B], and what the deviator is shown, [B]."""
        try:
            actions = self._player.act(step, chance)
        except PolicyMismatch as error:
            what, cure = f"the strategy cannot be deviated from: {error}", "it has to say what to play whatever happens"
            raise InputError([Diagnostic("E637", what, help=cure)]) from None
        shown = self._news.observe(step)[self._agent]
        return actions, shown if len(self.sizes) == 1 else shown * self.sizes[1] + actions[self._agent]


class _Deviating:
    """A player: all follow the strategy but one, who deviates."""

    def __init__(self, deviation: Deviation, seed: int) -> None:
        structure, agent = deviation.structure, deviation.agent
        self._others = _Others(structure, deviation.strategy, agent, deviation.heard)
        self._structure, self._agent = _structure_alone(structure, agent, self._others.sizes), agent
        self._own, self._seed = PolicyPlayer(self._structure, deviation.policy), _own_seed(seed)
        self._last: Ints | None = None

    def act(self, step: Step, chance: Chance) -> Ints:
        """As `Player.act`."""
        actions, shown = self._others.played(step, chance)
        alone = _step_alone(step, shown, None if step.action is None else self._last, self._agent, self._structure)
        self._last = self._own.act(alone, replace(chance, seed=self._seed))[0]
        actions[self._agent] = self._last
        return actions

    def inner(self) -> dict[str, Ints]:
        """As `Player.inner`."""
        return self._own.inner()


def _own_seed(seed: int) -> int:
    """A seed of random numbers that have nothing to do with those of `seed`."""
    return int(np.random.SeedSequence(seed, spawn_key=(DEVIATOR,)).generate_state(1, np.uint32)[0])


def _step_alone(step: Step, shown: Ints, action: Ints | None, agent: int, structure: Structure) -> Step:
    signature = structure.signature
    paid = np.repeat(step.reward[agent : agent + 1], 2, axis=0)
    masks = tuple(np.full(size, not step.done) for size in signature.action_sizes)
    return Step(step.h, step.done, shown, action, paid, masks, signature.observation_sizes)


def _structure_alone(structure: Structure, agent: int, sizes: tuple[int, ...]) -> Structure:
    """Who knows what in the environment of one agent alone, who is shown so many values.

    A bystander without choices knows all but what the agent is told, so that this alone is private; it is forgotten at
    once, since a deviation of a CE reads what it is told at that step (Liu & Zhang 2023, Definition 10).
    """
    horizon, name = structure.horizon, structure.signature.agents[agent]
    act = (Variable("act", 0, _labels(structure.signature.action_sizes[agent])),)
    seen = tuple(Variable(what, 0, _labels(size)) for what, size in zip(("news", "told"), sizes, strict=False))
    lags = LagTable("deviating", ((1, 1),), ((0, 0), (0, NEVER))[: len(sizes)], forget=0)
    active, observed = np.ones((horizon, 1), bool), np.ones((horizon + 1, len(sizes)), bool)
    return Structure(Signature((name, f"not {name}"), act, seen), horizon, active, observed, lags)


def _labels(size: int) -> tuple[str, ...]:
    return tuple(map(str, range(size)))
