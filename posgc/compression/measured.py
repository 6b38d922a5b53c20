"""The error of a compression, measured against the true graph (Liu & Zhang 2023, Definition 5).

On pairs of a true common belief beta and a node c^ of M, with prescriptions gamma of the step,

    f^z = max_gamma sum_z | P(z | beta, gamma) - P^M(z | c^, gamma) |
    f^r_i = max_gamma | E[r_i | beta, gamma] - E[r_i | c^, gamma] |

and epsilon_{z,h}, epsilon_{r,h} are the largest expectations of f over the policies that lead to step h
(`posgc.compression.prescriptions`): exact where all prescriptions are enumerated, else upper bounds, with

    f^z <= sum_u max_a sum_z | . |,  f^r likewise in closed form;

`Measured.exact` says which.  M's rewards are the game's own, so that epsilon_r comes of beliefs only; it is in the unit
of the rewards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.compression.prescriptions import CHUNK_NUMBERS, Prescriptions, largest_expectations, prescriptions
from posgc.information.graph import Graph, Layer
from posgc.judge.pairs import PairLayer, pair_layers
from posgc.judge.verify import Distances
from posgc.model.rewards import reward_spans
from posgc.policy.machine import Edges

__all__ = ["Measured", "graph_machine", "measure"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-9
"""L1 distance that tolerances may add in all where errors are called exact."""


@dataclass(frozen=True)
class Measured:
    """The errors of a compression, entry h - 1 for step h."""

    epsilon_z: Floats  # [H], L1
    epsilon_r: Floats  # [n, H], in the unit of the rewards
    exact: bool  # whether these are the largest expectations themselves, not upper bounds
    pairs: tuple[int, ...]  # how many there are at each step


@dataclass(frozen=True)
class _Machine:
    """A machine that reads increments."""

    root_z: Ints  # codes of z_1
    root_to: Ints  # the first node that each leads to
    steps: tuple[Edges, ...]
    first_otherwise: None = None


def graph_machine(graph: Graph) -> _Machine:
    """The nodes of a graph as a machine that reads increments."""
    nothing = np.zeros(0, np.int64)
    steps = tuple(
        Edges(nothing if la.table.z is None else la.table.z, la.edge_indptr, la.edge_z, la.edge_to)
        for la in graph.layers
    )
    return _Machine(graph.root_z, graph.root_to, steps)


def measure(graph: Graph, max_pairs: int, distances: Distances | None = None) -> Measured:
    """epsilon_z and epsilon_r of a compressed graph; `distances` as in `verify`.

    Pairs whose beliefs are near enough are one, and prescriptions may move a belief within the tolerance of Assumption
    3's check: with delta_t the sum of both at step t, epsilon_z, h grows by 2 sum_{t <= h} delta_t, since f^z lies in
    [0, 2] and moves by at most the distance of the beliefs, and epsilon_r, h by the span of the rewards in place of 2.

    Raises LimitError where the pairs or the work would be too much, and PolicyMismatch where the graph lacks an
    increment that is possible in the game.
    """
    information = graph.information
    layers, first, probability = pair_layers(information, graph_machine(graph), max_pairs, cure="")
    chosen = [prescriptions(information, layer.h, layer.table.cells.u) for layer in graph.layers]
    n = information.n_agents
    ahead = largest_expectations(layers, chosen, lambda pairs, g: _errors(pairs, graph.layers[pairs.h - 1], g))
    start = ahead[:, :, first] @ probability
    merged: Floats = np.array([la.merge_error for la in layers])
    if distances is not None:
        # a pair goes on from the posterior of what was played, under any of |A| joint actions, which costs 1 + |A|
        # times as much as the posterior of uniform actions (docs/mathematics.md, section 3)
        merged = merged + (1 + np.array([0, *(len(la.actions) for la in layers[:-1])])) * distances(layers)
    met = np.cumsum(merged)
    return Measured(
        start[:, n] + 2 * met,
        start[:, :n].T + reward_spans(information.model) * met,
        all(g.exact for g in chosen) and float(met[-1]) <= NEGLIGIBLE,
        tuple(len(la.node) for la in layers),
    )


def _errors(pairs: PairLayer, layer: Layer, g: Prescriptions) -> Floats:
    """f^r of every agent and f^z, [n + 1, pairs]; f^z of the last step, after which nothing is learnt, is 0."""
    table = layer.table
    n, n_u, n_actions, total = len(table.reward), len(table.cells.u), len(table.actions), len(pairs.node)
    n_z = 0 if table.z is None else len(table.z)
    wide = table.cells.find(pairs.step.cells)
    found = np.zeros((n + 1, total))
    block = max(1, CHUNK_NUMBERS // (n_u * n_actions * max(1, n_z)))
    for begin in range(0, total, block):
        end = min(begin + block, total)
        own = pairs.belief[begin:end]
        true = sparse.csr_array((own.data, wide[own.indices], own.indptr), shape=(end - begin, len(table.cells)))
        gap = sparse.csr_array(true - layer.belief[pairs.node[begin:end]])
        for i in range(n):
            reward = (gap @ table.reward[i]).toarray().reshape(-1, n_u, n_actions)
            found[i, begin:end] = np.maximum(g.best(reward), g.best(-reward))
        if n_z:
            found[n, begin:end] = _spread(gap, layer, g, n_u, n_actions, n_z)
    return found


def _spread(gap: sparse.csr_array, layer: Layer, g: Prescriptions, n_u: int, n_actions: int, n_z: int) -> Floats:
    """max over prescriptions of the L1 distance of the laws of z, for every row of belief differences."""
    table = layer.table
    assert table.flow is not None and table.flow_choice is not None and table.flow_z is not None
    flow = sparse.csr_array(gap @ table.flow)
    flat = np.zeros((gap.shape[0], n_u * n_actions * n_z))
    row = np.repeat(np.arange(gap.shape[0]), np.diff(flow.indptr))
    flat[row, table.flow_choice[flow.indices] * n_z + table.flow_z[flow.indices]] = flow.data
    return g.farthest(flat.reshape(-1, n_u, n_actions, n_z))
