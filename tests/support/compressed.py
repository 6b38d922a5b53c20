"""Random games that are long enough to be compressed, their compressed solutions, and the error of a compression by
enumeration of everything that can be prescribed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from posgc_value_iteration import ValueIteration
from support.checks import concepts, distance, node_belief, walk
from support.games import STRUCTURES, Shape, random_game
from support.tree import Digits, History, Known, Tree

from posgc.compression import CompressedGame
from posgc.compression.assess import Assessment, Limits, assess
from posgc.information.dropping import drop_own_actions
from posgc.information.graph import Graph
from posgc.information.items import Information
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.model.rewards import reward_spans
from posgc.plugin import Problem
from posgc.plugin.specs import compression_of
from posgc.policy.artefact import Result
from posgc.policy.machine import Machine

__all__ = ["Worst", "apply", "close", "game", "judged", "long_shape", "plan", "randomised", "served"]

Law = dict[Known, float]


def long_shape(seed: int, structures: tuple[str, ...] = STRUCTURES) -> Shape:
    """A shape of up to five steps; small enough for the library, mostly too large to be played out."""
    rng = np.random.default_rng(seed)
    rewards = ("general", "common", "zero_sum")[seed % 3]
    n = 2 if rewards == "zero_sum" else int(rng.choice([2, 2, 2, 3, 1]))
    horizon = int(rng.choice([1, 2, 3, 3, 4, 4, 5])) if n < 3 else int(rng.integers(1, 4))
    return Shape(
        str(rng.choice(structures)),
        n,
        int(rng.choice([1, 2, 2, 3])),
        horizon,
        tuple(int(rng.choice([1, 2, 2, 2, 3])) for _ in range(n)),
        tuple(int(rng.choice([1, 2, 2])) for _ in range(n)),
        rewards,
        ("dense", "sparse", "coarse")[int(rng.integers(3))],
        bool(rng.integers(2)),
        int(rng.integers(3)) == 0,
        int(rng.integers(6)) == 0,
        float(rng.choice([1.0, 0.9, 0.5])),
        seed,
    )


def game(shape: Shape) -> Information:
    """The game of a shape after the drop pass."""
    return drop_own_actions(Information(*random_game(shape)))


def apply(information: Information, spec: str, max_nodes: int = 20_000) -> CompressedGame | None:
    """The compressed game; None where the compression does not serve."""
    compression, options = compression_of(spec)
    if compression.applies(information, options) is not None:
        return None
    return compression.apply(information, options, max_nodes, lambda *_: None)


def served(shape: Shape, seed: int) -> ConceptName:
    """One of the concepts that value iteration solves exactly for such rewards."""
    every = concepts(shape)
    return every[seed % len(every)]


def plan(information: Information, concept: ConceptName, graph: Graph | None) -> Result:
    """What value iteration makes of the compressed game (of the game itself without one)."""
    problem = Problem(information, concept, 10**6, 0, graph)
    return ValueIteration().emit(problem, ValueIteration.options()).run(lambda *_: None)


def randomised(policy: Machine, seed: int) -> Machine:
    """The machine with other prescriptions: bounds are claimed for every policy, not for good ones only."""
    rng, steps = np.random.default_rng(seed), []
    for step in policy.steps:
        tables = tuple(
            rng.dirichlet(np.ones(t.shape[2]), t.shape[:2]) if t.ndim == 3 else rng.permuted(t, axis=0)
            for t in step.tables
        )
        steps.append(replace(step, tables=tables))
    return replace(policy, steps=tuple(steps))


def judged(compressed: CompressedGame, policy: Machine, concept: ConceptName) -> Assessment:
    """The assessment, with room for everything."""
    return assess(compressed, policy, CONCEPTS[concept].deviations(), Limits(200_000, 500_000), 0)


def close(information: Information) -> float:
    """What rounding may do: 1e-9 of the summed spans, 1e-12 of the summed rewards."""
    model = information.model
    discount = model.discount ** np.arange(model.horizon)
    largest = max(float(np.abs(kernel.reward).max()) for kernel in model.kernels)
    return float(1e-9 * (reward_spans(model).max(axis=0) * discount).sum() + 1e-12 * largest * model.horizon)


@dataclass(frozen=True)
class _Group:
    """Histories with one c_h and their weights, everything prescribed so far allowed for."""

    entries: list[tuple[float, History]]

    @property
    def weight(self) -> float:
        return sum(w for w, _ in self.entries)


class Worst:
    """epsilon_z and epsilon_r from Definition 5, for M a graph: at every c_h every joint prescription is tried, each
    agent's a map from what it holds to its choices; the error at step h is the largest expectation of

        max_gamma |P(z | c_h, gamma) - P^M(z | c^_h, gamma)|_1   or   max_gamma |E r_i - E^M r_i|.

    Assumption 3 is not used, beliefs are those of what was prescribed."""

    def __init__(self, tree: Tree, graph: Graph) -> None:
        self.tree, self.graph, self.nodes = tree, graph, walk(tree, graph)
        self.sample = [
            {(tree.code(tree.union(tree.knowledge(x)[1])), x.state): x for _, x in level} for level in tree.histories()
        ]

    def epsilon(self, h: int, agent: int | None) -> float:
        """epsilon_{z,h}, or an agent's epsilon_{r,h}."""
        return self._largest(h, lambda group: self._error(group, agent))

    def distance(self, h: int) -> float:
        """The largest expectation of |P(p, s | c_h) - P^M(p, s | c^_h)|_1."""
        return self._largest(h, self._distance)

    def _largest(self, h: int, error: Callable[[_Group], float]) -> float:
        return sum(self._worst(group, h, error) for group in self._apart(self.tree.start()))

    def _worst(self, group: _Group, target: int, error: Callable[[_Group], float]) -> float:
        h = group.entries[0][1].h
        if h == target:
            return error(group)
        best = 0.0
        for prescribed in self._prescriptions([x for _, x in group.entries]):
            ahead = [(w * q, nxt) for w, x in group.entries for q, nxt in self.tree.after(x, prescribed(x))]
            best = max(best, sum(self._worst(g, target, error) for g in self._apart(ahead)))
        return best

    def _error(self, group: _Group, agent: int | None) -> float:
        """weight(c_h) times f."""
        h = group.entries[0][1].h
        node = self.nodes[h - 1][self.tree.knowledge(group.entries[0][1])[0]]
        believed = node_belief(self.tree, self.graph.layers[h - 1], node)
        model = [(w, self.sample[h - 1][cell]) for cell, w in believed.items()]
        true = [(w / group.weight, x) for w, x in group.entries]
        worst = 0.0
        for prescribed in self._prescriptions([x for _, x in true] + [x for _, x in model]):
            if agent is None:
                left, right = self._law(true, prescribed), self._law(model, prescribed)
                far = sum(abs(left.get(z, 0.0) - right.get(z, 0.0)) for z in left.keys() | right.keys())
            else:
                far = abs(self._reward(true, prescribed, agent) - self._reward(model, prescribed, agent))
            worst = max(worst, far)
        return group.weight * worst

    def _distance(self, group: _Group) -> float:
        h, tree = group.entries[0][1].h, self.tree
        true: dict[tuple[int, int], float] = defaultdict(float)
        for w, x in group.entries:
            true[tree.code(tree.union(tree.knowledge(x)[1])), x.state] += w / group.weight
        node = self.nodes[h - 1][tree.knowledge(group.entries[0][1])[0]]
        return group.weight * distance(true, node_belief(tree, self.graph.layers[h - 1], node))

    def _law(self, entries: list[tuple[float, History]], prescribed: Callable[[History], Digits]) -> Law:
        law: Law = defaultdict(float)
        if entries[0][1].h < self.tree.horizon:
            for w, x in entries:
                for q, nxt in self.tree.after(x, prescribed(x)):
                    law[self.tree.increment(x, nxt)] += w * q
        return law

    def _reward(
        self, entries: list[tuple[float, History]], prescribed: Callable[[History], Digits], agent: int
    ) -> float:
        return sum(w * self.tree.reward(agent, x, prescribed(x)) for w, x in entries)

    def _prescriptions(self, histories: list[History]) -> Iterator[Callable[[History], Digits]]:
        tree, h = self.tree, histories[0].h
        keys = sorted({(i, own) for x in histories for i, own in enumerate(tree.knowledge(x)[1])})
        for choice in product(*(tree.own_actions(i, h) for i, _ in keys)):
            table = dict(zip(keys, choice, strict=True))
            yield lambda x, table=table: sum(  # type: ignore[misc]
                (table[i, own] for i, own in enumerate(tree.knowledge(x)[1])), ()
            )

    def _apart(self, entries: list[tuple[float, History]]) -> list[_Group]:
        groups: dict[Known, list[tuple[float, History]]] = defaultdict(list)
        for w, x in entries:
            groups[self.tree.knowledge(x)[0]].append((w, x))
        return [_Group(group) for group in groups.values()]
