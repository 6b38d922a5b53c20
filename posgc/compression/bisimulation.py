"""Merging nodes that no policy can tell apart: bisimulation on a graph of common beliefs.

Two nodes of a step are put into one class when they have

1. the same rewards: sum_s beta(u, s) R_i(s, a) agrees for every agent, u and a;
2. the same increments, each leading to the same class of the next step;
3. the same class transitions: P(u, class' | a) agrees for every u, a and class'.

Then the stage games of the two have equal payoffs under every class-measurable policy, for every concept and every
deviation, by induction from the last step; so solving the quotient is lossless, values and gaps included.  Condition
2 makes the class a function of the increments (equation 5.1 of Liu & Zhang 2023), so that a policy on classes
runs in the game.  Beliefs may well differ: states that no reward and no increment tells apart are merged.

Equality is to `BISIMULATION_TOLERANCE`, relative to the largest reward, and absolute for probabilities.  Where
neither a layer nor the classes of the next change from one step to the one before, the quotient is used again.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.graph import Graph, Layer
from posgc.information.merge import Merge, merge_rows
from posgc.model.ragged import gather

__all__ = ["BISIMULATION_TOLERANCE", "quotient"]

Ints = npt.NDArray[np.int64]

_NOTHING = np.zeros(0, np.int64)

BISIMULATION_TOLERANCE = 1e-12
"""L1 distance of the signatures (rewards over the largest reward, transition probabilities) of merged nodes."""


def quotient(graph: Graph) -> Graph:
    """The graph with one node a class, each with the belief of its first member; a layer's `merge_error` is the largest
    distance of a signature to the one that stands for it."""
    layers: list[Layer] = []
    following: Merge | None = None
    scale = max(1e-300, max(float(np.abs(r.data).max(initial=0.0)) for la in graph.layers for r in la.table.reward))
    done: tuple[Layer, Merge | None, Layer, Merge] | None = None
    for layer in reversed(graph.layers):
        # identity of the arrays: a long game whose layers are shared is reduced once
        if done is not None and _alike(layer, done[0]) and done[1] is following:
            merged, classes = replace(done[2], h=layer.h), done[3]
        else:
            classes = _classes(layer, following, scale)
            merged = _merged(layer, classes, following)
            if done is not None and _alike(layer, done[0]) and np.array_equal(classes.member, done[3].member):
                classes = done[3]
        done = layer, following, merged, classes
        layers.append(merged)
        following = classes
    assert following is not None
    return Graph(graph.information, tuple(reversed(layers)), graph.root, graph.root_z, following.member[graph.root_to])


def _alike(one: Layer, two: Layer) -> bool:
    return one.belief is two.belief and one.table is two.table and one.edge_to is two.edge_to


def _classes(layer: Layer, following: Merge | None, scale: float) -> Merge:
    """The classes of a layer, given those of the next."""
    table, n = layer.table, len(layer)
    blocks = [sparse.csr_array(layer.belief @ reward) / scale for reward in table.reward]
    label = np.zeros(n, dtype=np.int64)
    weights = _u_weights(layer)
    if following is not None:
        assert table.flow is not None and table.flow_choice is not None
        flow = sparse.csr_array(layer.belief @ table.flow)
        flow.sort_indices()
        # transitions into the members of a class are added up: condition 3
        target = following.member[layer.successors(flow, 0)]
        width = len(table.cells.u) * len(table.actions)
        row = np.repeat(np.arange(n), np.diff(flow.indptr))
        column = table.flow_choice[flow.indices] + target * width
        moves = sparse.csr_array((flow.data, (row, column)), shape=(n, width * (int(following.member.max()) + 1)))
        moves.sum_duplicates()
        # rewards and probabilities side by side: rows within the tolerance of each other meet conditions 1 and 3
        blocks.append(moves)
        label = _edge_labels(layer, following.member)
    signature = sparse.csr_array(sparse.hstack([*blocks, weights], format="csr"))
    signature.eliminate_zeros()
    signature.sort_indices()
    return merge_rows(
        signature.indptr.astype(np.int64), signature.indices, signature.data, BISIMULATION_TOLERANCE, label
    )


def _u_weights(layer: Layer) -> sparse.csr_array:
    """P(u | node), so that no row is empty and prescriptions are about the same private informations."""
    cells = layer.table.cells
    total = sparse.csr_array(
        (np.ones(len(cells)), (np.arange(len(cells)), cells.u_of)), shape=(len(cells), len(cells.u))
    )
    return sparse.csr_array(layer.belief @ total)


def _edge_labels(layer: Layer, classes: Ints) -> Ints:
    """A number for each node, equal for nodes with the same increments leading to the same classes."""
    n = len(layer)
    counts = np.diff(layer.edge_indptr)
    row = np.repeat(np.arange(n), counts)
    column = np.arange(len(row)) - np.repeat(layer.edge_indptr[:-1], counts)
    key = layer.edge_z.astype(np.int64) * (int(classes.max()) + 1) + classes[layer.edge_to] + 1
    label = np.zeros(n, dtype=np.int64)
    by_column = np.argsort(column, kind="stable")
    bounds = np.searchsorted(column[by_column], np.arange(int(counts.max(initial=0)) + 1))
    for begin, end in pairwise(bounds):  # one round for each edge of the widest node
        here = np.zeros(n, dtype=np.int64)
        here[row[by_column[begin:end]]] = key[by_column[begin:end]]
        _, rank = np.unique(here, return_inverse=True)
        _, label = np.unique(label * (int(rank.max()) + 1) + rank, return_inverse=True)
        label = label.astype(np.int64)
    return label


def _merged(layer: Layer, classes: Merge, following: Merge | None) -> Layer:
    """The layer's representatives, their edges leading to classes."""
    kept = classes.representative
    at, counts = gather(layer.edge_indptr, kept)
    to = layer.edge_to[at] if following is None else following.member[layer.edge_to[at]].astype(np.int32)
    return replace(
        layer,
        belief=layer.belief[kept],
        edge_indptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        edge_z=layer.edge_z[at],
        edge_to=to,
        parent=_NOTHING,
        parent_z=_NOTHING,
        merge_error=classes.error,
    )
