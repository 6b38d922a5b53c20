"""Learning by fitting a game of hidden states: rounds of episodes, a fit, and the policy that is planned in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from posgc.information.items import Structure
from posgc.language.concepts import ConceptName
from posgc.learning.exploring import Wandering
from posgc.learning.fitted import fitted_information, kinds_of_steps, planned_in
from posgc.learning.latent import Fit, fit
from posgc.learning.sampling import Batch, collect, joined, require_budget
from posgc.learning.states import Chosen, chosen_states
from posgc.learning.symbols import Symbols
from posgc.model.rewards import RewardKind
from posgc.play.environment import CountedEnvironment
from posgc.play.kinds import ControllersPlayer
from posgc.play.players import Player, PolicyPlayer, UniformPlayer
from posgc.policy.controllers import Controllers
from posgc.policy.machine import Machine
from posgc.policy.strategy import Strategy

__all__ = ["Fitting", "FoundHidden", "HiddenTask", "learned_hidden"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fitting:
    """How a game is fitted, and how episodes for it are gathered."""

    states: int  # 0: the likeliest number up to `most_states`
    most_states: int
    restarts: int
    steps: int
    rounds: int
    wander: float


@dataclass(frozen=True)
class HiddenTask:
    """What is to be learned, in what, and how it is planned."""

    environment: CountedEnvironment
    structure: Structure
    concept: ConceptName
    kind: RewardKind
    seed: int
    select: str
    tolerance: float
    max_nodes: int
    seconds: float
    progress: Progress


@dataclass(frozen=True)
class FoundHidden:
    """A policy, and what it was planned in."""

    strategy: Strategy
    how: str
    fit: Fit
    chosen: Chosen | None  # None where the number of states was given


def learned_hidden(task: HiddenTask, asked: Fitting) -> FoundHidden:
    """Spend the budget of the environment; the policy of the last round's fit.

    Raises InputError where the budget or the environment is at fault, LimitError where a model is too large.
    """
    require_budget(task.environment, task.structure.horizon)
    episodes = task.environment.left // task.structure.horizon
    rng, batches = np.random.default_rng(task.seed), list[Batch]()
    found: FoundHidden | None = None
    for k in range(asked.rounds):
        size = episodes * (k + 1) // asked.rounds - episodes * k // asked.rounds
        if size:
            strategy = None if found is None else found.strategy
            batches += _gathered(task, strategy, asked.wander, size, sum(batch.size for batch in batches))
            found = _planned(task, asked, joined(batches), rng)
    assert found is not None
    return found


def _gathered(task: HiddenTask, strategy: Strategy | None, wander: float, episodes: int, first: int) -> Iterator[Batch]:
    """The episodes of one round: uniform draws, and half of them the policy so far where there is one."""
    half = 0 if strategy is None else episodes // 2
    players: list[tuple[Player, int]] = [(UniformPlayer(task.structure), episodes - half)]
    if strategy is not None:
        players.append((Wandering(_player(task.structure, strategy), task.structure, wander), half))
    for player, size in players:
        if size:
            yield from collect(task.environment, task.structure, player, size, task.seed, first)
        first += size
        task.progress("play", task.environment.samples, task.environment.samples + task.environment.left)


def _player(structure: Structure, strategy: Strategy) -> Player:
    if isinstance(strategy, Controllers):
        return ControllersPlayer(structure, strategy)
    assert isinstance(strategy, Machine)
    return PolicyPlayer(structure, strategy)


def _planned(task: HiddenTask, asked: Fitting, batch: Batch, rng: np.random.Generator) -> FoundHidden:
    """The policy for the game that is fitted to the episodes."""
    signature = task.structure.signature
    actions, observations = (int(np.prod(sizes)) for sizes in (signature.action_sizes, signature.observation_sizes))
    symbols = Symbols.of(batch, actions, observations, kinds_of_steps(task.structure))

    def stop(steps: int, log_likelihood: float) -> bool:
        task.progress(f"fit, log-likelihood {log_likelihood:.6g} an episode", steps, asked.steps)
        return False

    chosen = None if asked.states else chosen_states(symbols, asked.most_states, rng, asked.restarts, stop)
    states = asked.states if chosen is None else chosen.states
    found = fit(symbols, states, rng, restarts=asked.restarts, steps=asked.steps, stop=stop)
    information = fitted_information(found.latent, task.structure, task.environment.discount, task.kind)
    strategy, how = planned_in(
        information,
        task.kind,
        task.concept,
        task.seed,
        task.select,
        task.tolerance,
        task.max_nodes,
        task.seconds,
        task.progress,
    )
    return FoundHidden(strategy, how, found, chosen)
