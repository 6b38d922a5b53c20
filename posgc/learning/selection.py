"""Policy selection by rollouts (Liu & Zhang 2023, Algorithm 6, PoS).

Candidate j is the policy of model j.  For every agent i and model m, its best response to candidate j in model m is
found; candidate and deviations are played in the environment, and the candidate is taken whose largest gain of a
deviation, max_i max_m (R_i^{j,m} - R_i^j), is least.  As some model is good, some deviation is nearly a best response
in the game.  Gains that are so estimated bound the gap from below alone: deviations that no model knows are not played.
Of a team's policies the one with the largest mean return is taken.

Best responses are found on pairs (node of the candidate, node of the model), which step on the same increments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.information.payoff import private_types
from posgc.judge.deviating import components_of, table_positions
from posgc.judge.in_model import best_response
from posgc.judge.pairs import first_nodes, follow_edges
from posgc.language.concepts import CONCEPTS
from posgc.learning.construct import Learned, LearnedGraph
from posgc.learning.rounds import Task
from posgc.learning.sampling import returns
from posgc.model.ragged import distinct_rows
from posgc.play.players import PolicyPlayer
from posgc.policy.completed import completed
from posgc.policy.machine import Machine, PolicyStep

__all__ = ["Chosen", "paired", "rollouts_needed", "selected"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """The candidate taken, from 0, the scores of all, and what a score is, in words."""

    index: int
    scores: tuple[float, ...]
    what: str


def rollouts_needed(task: Task, candidates: int, rollouts: int) -> int:
    """Episodes of a selection among so many candidates."""
    deviations = 0 if CONCEPTS[task.concept].optimises else task.structure.n_agents * candidates
    return rollouts * candidates * (1 + deviations)


def selected(task: Task, models: Sequence[Learned], policies: Sequence[Machine], rollouts: int, first: int) -> Chosen:
    """Play the candidates, in episodes from number `first` on, and select.  Raises as `collect`."""
    played = 0

    def mean(machine: Machine) -> npt.NDArray[np.float64]:
        nonlocal played
        player = PolicyPlayer(task.structure, machine)
        found = returns(task.environment, task.structure, player, rollouts, task.seed, first + played)
        played += rollouts
        return np.asarray(found.mean(axis=1))

    own = [mean(policy) for policy in policies]
    if CONCEPTS[task.concept].optimises:
        scores = tuple(float(earned[0]) for earned in own)
        return Chosen(int(np.argmax(scores)), scores, "mean returns")
    kind: Literal["cce", "ce"] = "ce" if task.concept == "ce" else "cce"
    gains = []
    for policy, earned in zip(policies, own, strict=True):
        worst = -np.inf
        for model in models:
            graph, machine = paired(model, policy)
            for i in range(task.structure.n_agents):
                deviating = best_response(graph, machine, i, kind)
                worst = max(worst, float(mean(deviating)[i] - earned[i]))
        gains.append(worst)
    return Chosen(int(np.argmin(gains)), tuple(gains), "largest gains of learned deviations")


def paired(model: Learned, policy: Machine) -> tuple[LearnedGraph, Machine]:
    """The model on pairs (node of the policy, node of the model), and the policy on the same nodes."""
    machine = completed(policy, model.structure)
    pairs = np.stack([first_nodes(machine, model.root_z), model.root_to], axis=1)
    pairs, root_to = distinct_rows(pairs)
    steps, kept = [], []
    for step, played in zip(model.steps, machine.steps, strict=True):
        kept.append(pairs)
        mine, theirs = pairs.T
        row, edge = np.nonzero(step.to[theirs] >= 0)
        to = np.full((len(pairs), len(step.z)), -1)
        following = pairs
        if len(row):
            node = follow_edges(played, mine[row], step.z[edge], step.h)
            following, to[row, edge] = distinct_rows(np.stack([node, step.to[theirs[row], edge]], axis=1))
        cut = {name: getattr(step, name)[theirs] for name in ("private", "law", "tried", "known", "visits")}
        steps.append(replace(step, to=to, reward=step.reward[:, theirs], **cut))
        pairs = following
    both = replace(model, steps=tuple(steps), root_to=root_to)
    graph = both.with_rewards(model.kind, lambda step: both.rewards(step, both.unknown))
    parts = tuple(_prescribed(graph, k, played, kept[k][:, 0]) for k, played in enumerate(machine.steps))
    return graph, Machine(graph.root_z, graph.root_to, parts, "uniform")


def _prescribed(graph: LearnedGraph, k: int, played: PolicyStep, node: Ints) -> PolicyStep:
    """What is played at step k + 1 of the pairs, on the private information that the model knows."""
    layer = graph.layers[k]
    components, owner = components_of(played, node)
    codes, _ = private_types(graph.information, layer.h, layer.table.cells.u)
    tables = []
    for i, own in enumerate(codes):
        at = table_positions(played, i, own, layer.h)
        choices = len(graph.information.choices(i, layer.h))
        laws = [played.behaviour(i, components, np.asarray(p), choices) for p in at]
        tables.append(np.stack(laws, axis=1))
    indptr = np.searchsorted(owner, np.arange(len(node) + 1))
    none = np.zeros(0, np.int64)
    z = none if layer.table.z is None else layer.table.z
    edges = layer.edge_indptr, layer.edge_z, layer.edge_to
    return PolicyStep(codes, indptr, played.weight[components], tuple(tables), z, *edges)
