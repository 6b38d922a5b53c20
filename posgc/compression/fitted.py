"""How far a fitted model is from the game: Definition 5 of Liu & Zhang (2023) for an M with laws of its own.

M is a graph whose nodes say P^M(u, a, z) and E^M r themselves (`posgc.learning`), where a compressed graph reads the
game's tables (`posgc.compression.measured`).  On pairs of a true common belief beta and a node c^ of M,

    f^z = max_gamma sum_z | P(z | beta, gamma) - P^M(z | c^, gamma) |
    f^r_i = max_gamma | E[r_i | beta, gamma] - E^M[r_i | c^, gamma] |

and epsilon_{z,h}, epsilon_{r,h} are their largest expectations over the game's policies.  What M does not know, a
private information or an action that no episode showed there, has probability 0 and reward 0, and so has all that
follows an increment that no episode showed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.compression.measured import NEGLIGIBLE, Measured
from posgc.compression.prescriptions import CHUNK_NUMBERS, Prescriptions, largest_expectations, prescriptions
from posgc.information.graph import Layer
from posgc.information.items import Information
from posgc.judge.pairs import PairLayer, pair_layers
from posgc.model.rewards import reward_spans
from posgc.policy.machine import Edges

__all__ = ["FittedGraph", "measure_fitted"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class FittedGraph(Protocol):
    """What is read of a model; members as in `posgc.information.graph.Graph`.

    Of a layer, `belief @ table.flow` is P^M(u, z | node, a) of every column (u, a, z), `belief @ table.reward[i]` what
    agent i earns at every (u, a), weighted with P^M(u | node).
    """

    @property
    def layers(self) -> Sequence[Layer]: ...
    @property
    def root_z(self) -> Ints: ...
    @property
    def root_to(self) -> Ints: ...


@dataclass(frozen=True)
class _Machine:
    """The nodes as a machine that reads increments, with a last node in each step for what M does not know."""

    root_z: Ints
    root_to: Ints
    steps: tuple[Edges, ...]
    first_otherwise: int


def measure_fitted(information: Information, graph: FittedGraph, max_pairs: int) -> Measured:
    """epsilon_z (L1) and epsilon_r (unit of the rewards) of a model of the game, by step.

    Pairs whose beliefs are near enough are one, which `Measured` includes as `posgc.compression.measured` does.  Raises
    LimitError where the pairs or the work would be too much.
    """
    layers, first, probability = pair_layers(information, _machine(graph), max_pairs, cure="")
    chosen = [prescriptions(information, pairs.h, pairs.cells.u) for pairs in layers]
    n = information.n_agents
    found = largest_expectations(layers, chosen, lambda pairs, g: _errors(pairs, graph.layers[pairs.h - 1], g))
    start = found[:, :, first] @ probability
    met = np.cumsum([pairs.merge_error for pairs in layers])
    return Measured(
        start[:, n] + 2 * met,
        start[:, :n].T + reward_spans(information.model) * met,
        all(g.exact for g in chosen) and float(met[-1]) <= NEGLIGIBLE,
        tuple(len(pairs.node) for pairs in layers),
    )


def _machine(graph: FittedGraph) -> _Machine:
    nothing = np.zeros(0, np.int64)
    following = [len(layer) for layer in graph.layers[1:]]
    steps = tuple(
        Edges(
            nothing if layer.table.z is None else layer.table.z,
            np.append(layer.edge_indptr, layer.edge_indptr[-1]),
            layer.edge_z,
            layer.edge_to,
            otherwise,
        )
        for layer, otherwise in zip(graph.layers, [*following, None], strict=True)
    )
    return _Machine(graph.root_z, graph.root_to, steps, len(graph.layers[0]))


def _errors(pairs: PairLayer, layer: Layer, g: Prescriptions) -> Floats:
    """f^r of every agent and f^z, [n + 1, pairs]; f^z of the last step, after which nothing is learnt, is 0."""
    step, n = pairs.step, len(pairs.step.reward)
    n_u, n_actions, n_z = len(step.cells.u), len(step.actions), 0 if step.z is None else len(step.z)
    own_u = np.searchsorted(step.cells.u, layer.table.cells.u)
    rewards = [_aligned(layer.belief @ table, own_u, n_actions, (n_u, n_actions)) for table in layer.table.reward]
    law = _law(layer, own_u, step.z, (n_u, n_actions))
    found = np.zeros((n + 1, len(pairs.node)))
    block = max(1, CHUNK_NUMBERS // (n_u * n_actions * max(1, n_z)))
    for begin in range(0, len(pairs.node), block):
        own, node = pairs.belief[begin : begin + block], pairs.node[begin : begin + block]
        for i in range(n):
            gap = sparse.csr_array(own @ step.reward[i] - rewards[i][node]).toarray().reshape(-1, n_u, n_actions)
            found[i, begin : begin + block] = np.maximum(g.best(gap), g.best(-gap))
        if n_z:
            assert step.ahead is not None and step.ahead_choice is not None and step.ahead_az is not None
            column = step.ahead_choice * n_z + step.ahead_az % n_z
            true = _moved(sparse.csr_array(own @ step.ahead), column, n_u * n_actions * n_z)
            far = sparse.csr_array(true - law[node]).toarray()
            found[n, begin : begin + block] = g.farthest(far.reshape(-1, n_u, n_actions, n_z))
    return found


def _aligned(table: sparse.csr_array, own_u: Ints, n_actions: int, shape: tuple[int, int]) -> sparse.csr_array:
    """[N + 1, U * A]: M's columns (u, a) at the places of the game's u, and an empty row for what M does not know."""
    column = (own_u[:, None] * n_actions + np.arange(n_actions)).ravel()
    return _moved(_and_nothing(table), column, shape[0] * shape[1])


def _law(layer: Layer, own_u: Ints, z: Ints | None, shape: tuple[int, int]) -> sparse.csr_array:
    """[N + 1, U * A * Z]: M's law of (u, a, z) at the places of the game's codes."""
    table = layer.table
    if z is None or table.z is None:
        return sparse.csr_array((len(layer) + 1, 0))
    assert table.flow is not None and table.flow_choice is not None and table.flow_z is not None
    u, action = np.divmod(table.flow_choice, shape[1])
    column = (own_u[u] * shape[1] + action) * len(z) + np.searchsorted(z, table.z)[table.flow_z]
    return _moved(_and_nothing(sparse.csr_array(layer.belief @ table.flow)), column, shape[0] * shape[1] * len(z))


def _and_nothing(table: sparse.csr_array) -> sparse.csr_array:
    """The table with an empty row below."""
    below = np.append(table.indptr, table.indptr[-1])
    return sparse.csr_array((table.data, table.indices, below), (table.shape[0] + 1, table.shape[1]))


def _moved(table: sparse.csr_array, column: Ints, width: int) -> sparse.csr_array:
    """The table with column k at `column[k]`, which differ."""
    return sparse.csr_array((table.data, column[table.indices], table.indptr), (table.shape[0], width))
