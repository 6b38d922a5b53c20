"""The error of a compression, measured against the true graph (Liu & Zhang 2023, Definition 5).

On pairs of a true common belief beta and a node c^ of M, with prescriptions gamma of the step,

    f^z = max_gamma sum_z | P(z | beta, gamma) - P^M(z | c^, gamma) |
    f^r_i = max_gamma | E[r_i | beta, gamma] - E[r_i | c^, gamma] |

and epsilon_{z,h}, epsilon_{r,h} are the largest expectations of f over the policies that lead to step h: a decision
process on the pairs, whose actions are joint prescriptions, solved backward from h for every h at once.
Deterministic prescriptions suffice: f is convex in each agent's, and the decision process is linear.  Where a step
has at most `MAX_PRESCRIPTIONS` joint ones they are enumerated and the numbers are exact.  Beyond that an executor who
sees all private information chooses (the paper's Pi^gen, as far as it reads (c_h, p_h)), and

    f^z <= sum_u max_a sum_z | . |,  f^r likewise in closed form,

so that the numbers are upper bounds; `Measured.exact` says which.  M's rewards are the game's own, so that epsilon_r
comes of beliefs only; it is in the unit of the rewards.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.graph import Graph, Layer
from posgc.information.items import Information
from posgc.information.payoff import private_types
from posgc.judge.pairs import PairLayer, TrueStep, pair_layers
from posgc.judge.verify import Distances
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import reward_spans
from posgc.policy.machine import Edges

__all__ = ["MAX_PRESCRIPTIONS", "Measured", "graph_machine", "measure"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAX_PRESCRIPTIONS = 1024
"""Deterministic joint prescriptions of a step that are enumerated."""

MAX_PRODUCTS = 50_000_000
"""Pairs times steps times prescriptions that the decision processes may visit."""

NEGLIGIBLE = 1e-9
"""L1 distance that tolerances may add in all where errors are called exact."""

CHUNK_NUMBERS = 4_000_000
"""float64 numbers held at one time."""


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
    chosen = [_prescriptions(information, layer) for layer in graph.layers]
    work = sum(len(la.node) * la.h * len(g.choice) for la, g in zip(layers, chosen, strict=True))
    if work > MAX_PRODUCTS:
        raise LimitError(f"measuring the error exactly would take {work:.2g} evaluations (limit {MAX_PRODUCTS:.2g})")
    n = information.n_agents
    ahead = np.zeros((0, n + 1, 0))  # [targets h' > h, quantities, pairs of step h + 1]
    for pairs, layer, g in zip(reversed(layers), reversed(graph.layers), reversed(chosen), strict=True):
        # one backward pass serves every target step: what was found for later targets is carried along
        ahead = np.concatenate([_errors(pairs, layer, g)[None], _propagate(pairs, g, ahead)])
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


@dataclass(frozen=True)
class _Prescriptions:
    """The joint prescriptions over which a maximum is taken."""

    # [G, U], the position of the joint action at each u under each joint prescription; where these are too many, [A, U]
    # of constant ones, from which maxima are taken u by u
    choice: Ints
    exact: bool  # false where these are too many
    u: Ints  # [U], codes of the joint private informations

    def best(self, table: Floats) -> Floats:
        """max over prescriptions of sum_u table[..., u, a]."""
        if not self.exact:
            return np.asarray(table.max(axis=-1).sum(axis=-1))
        columns = np.arange(self.choice.shape[1])
        total = np.full(table.shape[:-2], -np.inf)
        for row in self.choice:
            np.maximum(total, table[..., columns, row].sum(axis=-1), out=total)
        return total


def _prescriptions(information: Information, layer: Layer) -> _Prescriptions:
    model = information.model
    sizes = [len(model.choices(i, layer.h)) for i in range(model.n_agents)]
    codes, types = private_types(information, layer)
    u = layer.table.cells.u
    count = 1.0
    for own, size in zip(codes, sizes, strict=True):
        count *= float(size) ** len(own)
    if count > MAX_PRESCRIPTIONS:
        # all joint actions at every u: `best` then takes each u's maximum by itself
        constant = np.repeat(np.arange(int(np.prod(sizes)))[:, None], len(u), axis=1)
        return _Prescriptions(constant, len(u) == 1, u)
    rows = []
    for maps in product(*(product(range(size), repeat=len(own)) for own, size in zip(codes, sizes, strict=True))):
        # joint action at each u, agents in order, the first most significant
        joint = np.zeros(len(u), dtype=np.int64)
        for agent, size in enumerate(sizes):
            joint = joint * size + np.array(maps[agent])[types[agent]]
        rows.append(joint)
    return _Prescriptions(np.unique(np.stack(rows), axis=0), True, u)


def _errors(pairs: PairLayer, layer: Layer, g: _Prescriptions) -> Floats:
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


def _spread(gap: sparse.csr_array, layer: Layer, g: _Prescriptions, n_u: int, n_actions: int, n_z: int) -> Floats:
    """max over prescriptions of the L1 distance of the laws of z, for every row of belief differences."""
    table = layer.table
    assert table.flow is not None and table.flow_choice is not None and table.flow_z is not None
    flow = sparse.csr_array(gap @ table.flow)
    flat = np.zeros((gap.shape[0], n_u * n_actions * n_z))
    row = np.repeat(np.arange(gap.shape[0]), np.diff(flow.indptr))
    flat[row, table.flow_choice[flow.indices] * n_z + table.flow_z[flow.indices]] = flow.data
    dense: Floats = flat.reshape(-1, n_u, n_actions, n_z)
    if not g.exact:
        return g.best(np.abs(dense).sum(axis=-1))
    columns, worst = np.arange(n_u), np.zeros(gap.shape[0])
    for choice in g.choice:
        np.maximum(worst, np.abs(dense[:, columns, choice].sum(axis=1)).sum(axis=1), out=worst)
    return worst


def _propagate(pairs: PairLayer, g: _Prescriptions, ahead: Floats) -> Floats:
    """The largest expectation of each value of the next step, [targets, quantities, pairs]."""
    step: TrueStep = pairs.step
    targets, quantities = ahead.shape[:2]
    result = np.zeros((targets, quantities, len(pairs.node)))
    if step.ahead is None or not targets:
        return result
    assert step.ahead_choice is not None and step.ahead_az is not None
    n_u, n_actions = len(step.cells.u), len(step.actions)
    width, position = n_u * n_actions, np.searchsorted(g.u, step.cells.u)
    here = _Prescriptions(g.choice[:, position], g.exact, step.cells.u)
    block = max(1, CHUNK_NUMBERS // width)
    for begin in range(0, len(pairs.node), block):
        end = min(begin + block, len(pairs.node))
        flow = sparse.csr_array(pairs.belief[begin:end] @ step.ahead)
        row = np.repeat(np.arange(begin, end), np.diff(flow.indptr))
        to = pairs.follow(row, step.ahead_az[flow.indices])
        key = (row - begin) * width + step.ahead_choice[flow.indices]
        for t in range(targets):
            for q in range(quantities):
                weights = flow.data * ahead[t, q, to]
                worth = np.bincount(key, weights=weights, minlength=(end - begin) * width).astype(float)
                result[t, q, begin:end] = here.best(worth.reshape(-1, n_u, n_actions))
    return result
