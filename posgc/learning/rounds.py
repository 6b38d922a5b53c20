"""Rounds of exploration: what is played in each, and the counts after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from posgc.information.items import Structure
from posgc.language.concepts import ConceptName
from posgc.learning.basecamp import Executor, sink_probability
from posgc.learning.construct import Construction, Learned, construct
from posgc.learning.counting import Counts, count, merged
from posgc.learning.exploring import Wandering, optimistic_graph
from posgc.learning.planned import planned
from posgc.learning.sampling import collect, joined
from posgc.model.rewards import RewardKind
from posgc.planning.oracles import Selection
from posgc.play.environment import CountedEnvironment
from posgc.play.players import Player, PolicyPlayer, UniformPlayer
from posgc.policy.machine import Machine

__all__ = ["Adaptive", "Spanning", "Task", "adaptive_rounds", "basecamp_rounds", "gathered", "uniform_round"]

CHUNK = 1 << 18
"""Episodes that are counted at a time."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Task:
    """What is to be learned, in what, and how models are made and planned in."""

    environment: CountedEnvironment
    structure: Structure
    concept: ConceptName
    kind: RewardKind
    seed: int
    construction: Construction
    selection: Selection
    progress: Progress

    def model(self, counts: Counts) -> Learned:
        """The model that the counts make.  Raises LimitError where a table is too large."""
        return construct(counts, self.structure, self.environment.discount, self.kind, self.construction)

    def policy(self, model: Learned) -> Machine:
        """The policy of the concept in a model."""
        return planned(model.graph, self.concept, self.seed, self.selection, self.progress)[0]


@dataclass(frozen=True)
class Adaptive:
    """How adaptive rounds go."""

    rounds: int  # from 1; the first is uniform
    wander: float  # share of the actions of an exploring policy that are drawn uniformly
    optimism: float  # weight of the bonus for what was tried seldom


@dataclass(frozen=True)
class Spanning:
    """How rounds of BaSeCAMP go."""

    rounds: int  # K at most, from 1; the first is uniform
    length: int  # L, steps that the executor's windows look back
    least: int  # N1, visits that a window needs
    settled: float  # largest probability of the sink in the executor's model at which no more is looked for


def gathered(task: Task, structures: Sequence[Structure], player: Player, episodes: int, first: int) -> list[Counts]:
    """The counts, under each structure, of episodes `first` to `first + episodes - 1`, which `player` plays."""
    parts: list[list[Counts]] = [[] for _ in structures]
    for begin in range(first, first + episodes, CHUNK):
        size = min(CHUNK, first + episodes - begin)
        batch = joined(list(collect(task.environment, task.structure, player, size, task.seed, begin)))
        for own, structure in zip(parts, structures, strict=True):
            own.append(count(batch, structure))
        task.progress("play", task.environment.samples, task.environment.samples + task.environment.left)
    return [merged(own) for own in parts]


def uniform_round(task: Task, episodes: int) -> Iterator[Counts]:
    """One round of uniform draws."""
    yield from gathered(task, [task.structure], UniformPlayer(task.structure), episodes, 0)


def adaptive_rounds(task: Task, episodes: int, asked: Adaptive) -> Iterator[Counts]:
    """The counts after each round: the first is uniform, every other one half uniform, half a policy of the model so
    far that wanders.  A team's is the best one with a bonus for what was tried seldom, for others it is the one that
    would be learned now: gaps are decided where it leads, and one step beside."""
    uniform: Player = UniformPlayer(task.structure)
    counts: Counts | None = None
    for k in range(asked.rounds):
        size, first = _share(episodes, asked.rounds, k), 0 if counts is None else counts.episodes
        players = [(uniform, size)]
        if counts is not None:
            model = task.model(counts)
            if task.kind == "common":
                graph = optimistic_graph(model, asked.optimism)
                policy, _ = planned(graph, "team", task.seed, Selection(), task.progress)
            else:
                policy = task.policy(model)
            explorer = Wandering(PolicyPlayer(task.structure, policy), task.structure, asked.wander)
            players = [(explorer, size - size // 2), (uniform, size // 2)]
        played = _played(task, [task.structure], players, first)
        if played:
            counts = merged([*([] if counts is None else [counts]), *played[0]])
            yield counts


def basecamp_rounds(task: Task, episodes: int, asked: Spanning) -> Iterator[Counts]:
    """The counts after each round; once the executor's model has hardly any way to what is not known, what is left of
    the episodes is played in one round."""
    executor = Executor(task.structure, task.seed, asked.length, asked.least)
    structures, mine, theirs = [task.structure, executor.structure], list[Counts](), list[Counts]()
    left, settled = episodes, False
    for k in range(asked.rounds):
        size = left if settled or k == asked.rounds - 1 else min(left, max(1, episodes // asked.rounds))
        if not size:
            return
        done, players = 0, []
        for player, steps in executor.players():
            share = size * (done + steps) // task.structure.horizon - size * done // task.structure.horizon
            players.append((player, share))
            done += steps
        own, seen = _played(task, structures, players, episodes - left)
        mine, theirs, left = [merged([*mine, *own])], [merged([*theirs, *seen])], left - size
        yield mine[0]
        if left:
            model = executor.model(theirs[0], task.environment.discount)
            executor.learn(model)
            settled = sink_probability(model, task.seed) <= asked.settled


def _played(
    task: Task, structures: Sequence[Structure], players: Sequence[tuple[Player, int]], first: int
) -> list[list[Counts]]:
    """Counts under each structure of the episodes of each player, one player after the other; empty without any."""
    parts = []
    for player, size in players:
        if size:
            parts.append(gathered(task, structures, player, size, first))
            first += size
    return [list(own) for own in zip(*parts, strict=True)]


def _share(episodes: int, rounds: int, k: int) -> int:
    """Episodes of round k: as equal as whole numbers allow."""
    return episodes * (k + 1) // rounds - episodes * k // rounds
