"""Rounds of exploration: who plays in each.

An explorer says, round after round, which players play how many episodes, and learns from the counts after it.  What it
remembers is plain, so that a checkpoint can hold it (`posgc.learning.gathering` plays the rounds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from posgc.information.items import Structure
from posgc.language.concepts import ConceptName
from posgc.learning.basecamp import Executor, sink_probability
from posgc.learning.construct import Construction, Learned, construct
from posgc.learning.counting import Counts
from posgc.learning.exploring import Wandering, optimistic_graph
from posgc.learning.planned import planned
from posgc.learning.resuming import Memory, Read
from posgc.model.rewards import RewardKind
from posgc.planning.oracles import Selection
from posgc.play.environment import CountedEnvironment
from posgc.play.players import Player, PolicyPlayer, UniformPlayer
from posgc.policy.checkpoint import Facts, number_of
from posgc.policy.machine import Machine
from posgc.workers import ALONE, Workers

__all__ = ["Adaptive", "AdaptiveExplorer", "Explorer", "Players", "Spanning", "SpanningExplorer", "Task"]

Players = list[tuple[Player, int]]
"""Players, and how many episodes each plays, one after the other."""

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
    stop: Callable[[], bool] = lambda: False  # asked now and then whether to stop with what there is
    workers: Workers = ALONE  # who play and count

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
    scout: int = 0  # increments of the windows by which scouts tell what is new; 0: there are none


@dataclass(frozen=True)
class Spanning:
    """How rounds of BaSeCAMP go."""

    rounds: int  # K at most, from 1; the first is uniform
    length: int  # L, steps that the executor's windows look back
    least: int  # N1, visits that a window needs
    settled: float  # largest probability of the sink in the executor's model at which no more is looked for


class Explorer(Protocol):
    """Who plays in each round."""

    rounds: int  # at most
    structures: tuple[Structure, ...]  # under which episodes are counted; the first is the task's

    def size(self, k: int, episodes: int, left: int) -> int:
        """Episodes of round k, from 0, of so many in all of which so many are left."""
        ...

    def players(self, size: int, counts: Counts | None) -> Players:
        """Who plays the next round's episodes; `counts` of all so far under the first structure, None where there are
        none.  Asked again before the round is over, the same."""
        ...

    def learn(self, counts: Sequence[Counts], left: int) -> None:
        """A round is over: the counts of all episodes so far under each structure, and how many are left."""
        ...

    def memory(self) -> Memory:
        """What it has to remember to go on."""
        ...

    def recall(self, facts: Facts, read: Read) -> None:
        """Go on from what `memory` told.  Raises ValueError, TypeError or KeyError where it did not."""
        ...


class AdaptiveExplorer:
    """The first round is uniform, every other one half uniform, half policies of the model so far that wander.  A
    team's is the best one with a bonus for what was tried seldom, for others it is the one that would be learned now:
    gaps are decided where it leads, and one step beside.  Half of a team's are scouts, who plan with the bonus on short
    windows: on long ones all is new, and the bonus leads nowhere.  One round is uniform draws alone."""

    def __init__(self, task: Task, asked: Adaptive) -> None:
        self._task, self._asked = task, asked
        self.rounds = asked.rounds
        self.structures: tuple[Structure, ...] = (task.structure,)
        self._policies: list[Machine] = []  # of the round that is played, the scouts' last

    def size(self, k: int, episodes: int, left: int) -> int:
        """As `Explorer.size`: as equal as whole numbers allow."""
        return episodes * (k + 1) // self.rounds - episodes * k // self.rounds

    def players(self, size: int, counts: Counts | None) -> Players:
        """As `Explorer.players`."""
        structure = self._task.structure
        uniform = UniformPlayer(structure)
        if counts is None:
            return [(uniform, size)]
        if not self._policies:
            self._policies = self._planned(counts)
        found, left = Players(), size - size // 2
        for k, policy in enumerate(self._policies):
            share = left // (len(self._policies) - k)
            found.append((Wandering(PolicyPlayer(structure, policy), structure, self._asked.wander), share))
            left -= share
        return [*found, (uniform, size // 2)]

    def learn(self, counts: Sequence[Counts], left: int) -> None:
        """As `Explorer.learn`: the next round's policies are made when it begins."""
        self._policies = []

    def memory(self) -> Memory:
        """As `Explorer.memory`."""
        return {"policies": len(self._policies)}, self._policies

    def recall(self, facts: Facts, read: Read) -> None:
        """As `Explorer.recall`."""
        known = number_of(facts["policies"], 2)
        self._policies = [read(k, self._task.structure.horizon) for k in range(known)]

    def _planned(self, counts: Counts) -> list[Machine]:
        task, asked = self._task, self._asked
        if task.kind != "common":
            return [task.policy(task.model(counts))]
        constructions = [task.construction]
        if asked.scout:
            constructions.append(replace(task.construction, length=asked.scout))
        graphs = [
            optimistic_graph(replace(task, construction=one).model(counts), asked.optimism) for one in constructions
        ]
        return [planned(graph, "team", task.seed, Selection(), task.progress)[0] for graph in graphs]


class SpanningExplorer:
    """BaSeCAMP; once the executor's model has hardly any way to what is not known, what is left of the episodes is
    played in one round."""

    def __init__(self, task: Task, asked: Spanning) -> None:
        self._task, self._asked = task, asked
        self._executor = Executor(task.structure, task.seed, asked.length, asked.least)
        self.rounds = asked.rounds
        self.structures: tuple[Structure, ...] = (task.structure, self._executor.structure)
        self._settled = False

    def size(self, k: int, episodes: int, left: int) -> int:
        """As `Explorer.size`."""
        return left if self._settled or k == self.rounds - 1 else min(left, max(1, episodes // self.rounds))

    def players(self, size: int, counts: Counts | None) -> Players:
        """As `Explorer.players`."""
        horizon, done, found = self._task.structure.horizon, 0, Players()
        for player, steps in self._executor.players():
            found.append((player, size * (done + steps) // horizon - size * done // horizon))
            done += steps
        return found

    def learn(self, counts: Sequence[Counts], left: int) -> None:
        """As `Explorer.learn`."""
        if left:
            model = self._executor.model(counts[1], self._task.environment.discount)
            self._executor.learn(model)
            self._settled = sink_probability(model, self._task.seed) <= self._asked.settled

    def memory(self) -> Memory:
        """As `Explorer.memory`."""
        spanners = self._executor.spanners
        machines = [one for rounds in spanners for ones in rounds for one in ones]
        sizes = [[len(ones) for ones in rounds] for rounds in spanners]
        return {"settled": self._settled, "spanners": sizes}, machines

    def recall(self, facts: Facts, read: Read) -> None:
        """As `Explorer.recall`."""
        self._settled = bool(facts["settled"])
        k, spanners = 0, list[list[list[Machine]]]()
        for tau, rounds in enumerate(facts["spanners"], start=2):
            sizes = [number_of(size) for size in rounds]
            if len(sizes) != len(facts["spanners"][0]):
                raise ValueError("its spanners are not of the same rounds")
            spanners.append([[read(k + sum(sizes[:r]) + i, tau - 1) for i in range(n)] for r, n in enumerate(sizes)])
            k += sum(sizes)
        self._executor.recall(spanners)
