"""The error of a compression where the true graph does not fit: estimates by play, with confidence intervals.

Neither is a bound.  `sampled_error` plays uniformly at random, filters the true common belief of every episode
exactly, and averages its L1 distance to the belief of the compressed node: an estimate of the expectation in
Definition 5 of Liu & Zhang (2023) under *one* policy, where epsilon asks for the worst.  `sampled_gap` plays the
policy, and against it the best response that each agent has in M (Algorithm 4): what that gains in the true game is,
sampling error apart, a lower bound on what the best deviation gains.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.compression.contract import CompressedGame
from posgc.compression.measured import graph_machine
from posgc.information.graph import Graph
from posgc.information.step import same_step
from posgc.judge.in_model import best_response
from posgc.judge.pairs import TrueStep, first_pairs, follow_edges, true_step, used_cells
from posgc.play.players import PolicyPlayer
from posgc.play.sampler import CONFIDENCE, estimate
from posgc.policy.machine import Machine

__all__ = ["SampledError", "SampledGap", "sampled_error", "sampled_gap"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REACH = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""Standard errors either side of a mean that make a normal interval of level `CONFIDENCE`."""

PLAYED_STEPS = 2_000_000
"""Episodes times steps that are played for an estimate."""

LEAST_EPISODES = 400
"""Episodes that are played however long they are."""


@dataclass(frozen=True)
class SampledError:
    """The L1 distance of true and compressed belief at each step under uniform play."""

    mean: Floats  # [H]
    half: Floats  # [H], half the 95 % interval
    episodes: int


@dataclass(frozen=True)
class SampledGap:
    """What a policy of M earns in the true game, and what deviating from it there gains."""

    values: Floats  # [n], mean return under the policy
    values_half: Floats  # [n], half the 95 % interval
    gains: Floats  # [n], what each agent's best response in M gains in the true game
    gains_half: Floats  # [n], half the 95 % interval
    episodes: int


def sampled_gap(compressed: CompressedGame, policy: Machine, seed: int) -> SampledGap:
    """Play a policy of `compressed.graph`, and every agent's best response in M against it, in the true game."""
    information = compressed.graph.information
    episodes = int(np.clip(PLAYED_STEPS // information.model.horizon, LEAST_EPISODES, 20_000))

    def earned(chosen: Machine) -> tuple[Floats, Floats]:
        found = estimate(information.model, PolicyPlayer(information, compressed.lift(chosen)), episodes, seed)
        assert found.error is not None
        return found.mean, REACH * found.error

    values, halves = earned(policy)
    gains, reaches = np.zeros(len(values)), np.zeros(len(values))
    for agent in range(len(values)):  # the episodes share their chance, so independent intervals are on the safe side
        mean, half = earned(best_response(compressed.graph, policy, agent))
        gains[agent], reaches[agent] = mean[agent] - values[agent], np.hypot(half[agent], halves[agent])
    return SampledGap(values, halves, gains, reaches, episodes)


def sampled_error(graph: Graph, seed: int, episodes: int = 1000) -> SampledError:
    """Distances of true and compressed beliefs along episodes of uniform play."""
    information, rng, machine = graph.information, np.random.default_rng(seed), graph_machine(graph)
    first, probability, node, belief, cells = first_pairs(information, machine)
    start = rng.choice(first, size=episodes, p=probability / probability.sum())
    node, belief = node[start], belief[start]
    steps: dict[tuple[object, ...], TrueStep] = {}
    mean, half = np.zeros(len(graph.layers)), np.zeros(len(graph.layers))
    for layer, edges in zip(graph.layers, machine.steps, strict=True):
        wide = layer.table.cells.find(cells)
        shape = (episodes, len(layer.table.cells))
        own = sparse.csr_array((belief.data, wide[belief.indices], belief.indptr), shape=shape)
        distance: Floats = np.asarray(abs(own - layer.belief[node]).sum(axis=1)).ravel()
        mean[layer.h - 1] = distance.mean()
        half[layer.h - 1] = REACH * distance.std(ddof=1) / np.sqrt(episodes)
        if layer.h < len(graph.layers):
            key = same_step(information, layer.h, cells)
            if key not in steps:
                steps[key] = true_step(information, layer.h, cells)
            step = steps[key]
            belief, z = _advance(step, belief, rng)
            node = follow_edges(edges, node, z, layer.h)
            assert step.following is not None
            belief, cells = used_cells(belief, step.following)
    return SampledError(mean, half, episodes)


def _advance(step: TrueStep, belief: sparse.csr_array, rng: np.random.Generator) -> tuple[sparse.csr_array, Ints]:
    """A cell of each belief, a uniform joint action and their outcome are drawn; the posteriors, and codes of z."""
    assert step.after is not None and step.after_az is not None and step.after_cell is not None
    assert step.z is not None and step.following is not None
    rows, n_z = belief.shape[0], len(step.z)
    joint = sparse.csr_array(belief @ step.after)
    joint.eliminate_zeros()
    joint.sort_indices()
    owner = np.repeat(np.arange(rows), np.diff(joint.indptr))
    az = step.after_az[joint.indices]
    action = rng.integers(len(step.actions), size=rows)
    weight = np.where(az // n_z == action[owner], joint.data, 0.0)
    total = np.cumsum(weight)
    before = np.concatenate(([0.0], total))[joint.indptr[:-1]]
    aim = before + rng.random(rows) * (total[joint.indptr[1:] - 1] - before)
    drawn = az[np.clip(np.searchsorted(total, aim, side="right"), joint.indptr[:-1], joint.indptr[1:] - 1)]
    kept = az == drawn[owner]
    counts = np.bincount(owner[kept], minlength=rows)
    data = joint.data[kept] / np.repeat(np.bincount(owner[kept], weights=joint.data[kept], minlength=rows), counts)
    posterior = sparse.csr_array(
        (data, step.after_cell[joint.indices[kept]], np.concatenate(([0], np.cumsum(counts)))),
        shape=(rows, len(step.following)),
    )
    return posterior, step.z[drawn % n_z]
