"""The stage games of a layer: what each joint action is worth at each node U_i(p, a).

U_i(u, a) = sum_s beta(u, s) [R_i(s, a) + discount * sum_z P(z | u, s, a) V_i(next node)], the prior folded in,
so that Q_i(gamma) = sum_{u, a} U_i(u, a) prod_j gamma_j(a_j | p_j(u)) is multilinear (paper, Proposition 9).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.information.codes import project
from posgc.information.graph import Layer
from posgc.information.items import InformationStructure

__all__ = ["existing_choices", "private_types", "stage_payoffs", "stage_weights", "transitions"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def private_types(information: InformationStructure, h: int, u: Ints) -> tuple[tuple[Ints, ...], Ints]:
    """Agents' private information at step h, from codes u_h [U]: codes of p_i ascending, and types[n, U] indexing
    them."""
    codes, types = [], []
    for row in project(information, h, u):
        own, index = np.unique(row, return_inverse=True)
        codes.append(own)
        types.append(index)
    return tuple(codes), np.stack(types)


def existing_choices(information: InformationStructure, layer: Layer) -> tuple[Ints, ...] | None:
    """For each agent [N, P_i, A_i]: what is played at a node, given a private information as `private_types` numbers
    them, where one of the choices is chosen (`StepTable.played`).  None where all exist in every state.

    It is the same in all states that are then possible (`require_known_moves`); a private information that is not
    possible at the node keeps its choices.
    """
    table = layer.table
    if table.played is None:
        return None
    codes, types = private_types(information, layer.h, table.cells.u)
    node, cell = np.repeat(np.arange(len(layer)), np.diff(layer.belief.indptr)), layer.belief.indices
    found = []
    for own, of, known in zip(table.played, types, codes, strict=True):
        played = np.tile(np.arange(own.shape[1]), (len(layer), len(known), 1))
        played[node, of[table.cells.u_of[cell]]] = own[cell]
        found.append(played)
    return tuple(found)


def stage_weights(layer: Layer, first: int, last: int) -> Floats:
    """P(u | node) of nodes first:last, shape [last - first, U]."""
    belief, n_u = layer.belief[first:last], len(layer.table.cells.u)
    row = np.repeat(np.arange(last - first), np.diff(belief.indptr))
    key = row * n_u + layer.table.cells.u_of[belief.indices]
    total = np.bincount(key, weights=belief.data, minlength=(last - first) * n_u)
    return np.asarray(total, dtype=np.float64).reshape(last - first, n_u)


def stage_payoffs(layer: Layer, first: int, last: int, following: Floats | None, discount: float) -> Floats:
    """U of nodes first:last, shape [m, last - first, U, A_h].

    `following[m, N']` are the next layer's values of the first m agents; None at the last step takes m = n
    agents' rewards alone, and [m, 0] arrays m agents'.
    """
    table = layer.table
    belief = layer.belief[first:last]
    n_u, n_actions = len(table.cells.u), len(table.actions)
    m = len(table.reward) if following is None else len(following)
    payoff = np.stack([(belief @ table.reward[i]).toarray() for i in range(m)])
    if following is not None and table.flow is not None:
        to, key, probability = _futures(layer, first, last)
        for i in range(m):
            ahead = np.bincount(key, weights=probability * following[i, to], minlength=payoff[i].size)
            payoff[i] += discount * ahead.reshape(payoff[i].shape)
    return payoff.reshape(m, last - first, n_u, n_actions)


def transitions(layer: Layer, n_following: int) -> Floats:
    """P(u, next node | node, a), shape [N, U, A_h, n_following]: what `stage_payoffs` weighs the next values with."""
    shape = len(layer), len(layer.table.cells.u), len(layer.table.actions), n_following
    to, key, probability = _futures(layer, 0, len(layer))
    law = np.bincount(key * n_following + to, weights=probability, minlength=int(np.prod(shape)))
    return np.asarray(law, dtype=np.float64).reshape(shape)


def _futures(layer: Layer, first: int, last: int) -> tuple[Ints, Ints, Floats]:
    """What follows nodes first:last: next node, position in [last - first, U, A_h], and probability of each way."""
    table = layer.table
    assert table.flow is not None and table.flow_choice is not None
    flow = layer.belief[first:last] @ table.flow
    flow.sort_indices()
    row = np.repeat(np.arange(last - first), np.diff(flow.indptr))
    key = row * (len(table.cells.u) * len(table.actions)) + table.flow_choice[flow.indices]
    return layer.successors(flow, first), key, flow.data
