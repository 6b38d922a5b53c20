"""The common-information graph: common beliefs, layer by layer, merged where they are equal.

A node of step h is a common belief beta(u, s) = P(u_h, s_h | c_h).  Under Assumption 3 of Liu & Zhang
(2023) it does not depend on the strategies, so it is computed here under uniformly random actions, which
give every possible increment positive probability.  Because chi and xi do not read c_h, two histories of
the same step with equal beliefs have equal continuations, and are merged.

Merging is lossless for the team optimum, for zero-sum values, for the existence of NE, CE and CCE, and
for the value of every deviation from a policy that reads only the node.  It is *not* lossless for the set
of equilibria of a general-sum game: continuations that differ between merged histories, rewards and
punishments, are lost.

Beliefs merge when their supports are equal and they differ by at most a tolerance in L1, `MERGE_TOLERANCE` unless
a coarser one is asked for; `Layer.merge_error` is the largest distance met.  What goes on is the representative,
so a graph is a game of its own, with transitions that read the node alone.  Posteriors are compared with the
nodes of the step before as well: where a layer's dynamics and nodes are those of the layer before, both share
their arrays, and everything after costs nothing until the dynamics change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.first_beliefs import FirstBeliefs, first_beliefs
from posgc.information.growth import Capacity, Columns, first_reach, grow
from posgc.information.items import Information
from posgc.information.merge import MERGE_TOLERANCE, merge_rows
from posgc.information.step import Cells, StepTable, same_step, step_table
from posgc.model.rewards import RewardKind, reward_kind

__all__ = [
    "DEFAULT_MAX_NODES",
    "MERGE_TOLERANCE",
    "FirstBeliefs",
    "Graph",
    "Layer",
    "columns",
    "expand_graph",
    "first_beliefs",
    "grow_layers",
    "reachable_tables",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


DEFAULT_MAX_NODES = 4_000_000
"""Nodes of the whole graph; a node with its edges takes some hundred bytes."""

WIDTH = 32
"""Probabilities that the beliefs of the graph hold for each node that is allowed, or of `DEFAULT_MAX_NODES` where fewer
are: one takes 12 bytes, and while a layer is merged twice as much again."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Layer:
    """The N nodes of step h."""

    h: int
    belief: sparse.csr_array  # [N, X] over the X cells of `table`, rows sum to 1
    table: StepTable
    edge_indptr: Ints  # [N + 1]; the edges of node k are edge_indptr[k]:edge_indptr[k + 1], none at the last step
    edge_z: npt.NDArray[np.int32]  # [edges], index into `table.z`, ascending within a node
    edge_to: npt.NDArray[np.int32]  # [edges], node of the next layer
    parent: Ints  # [N], one node of the layer before that leads here; -1 at the first step, empty in a compressed graph
    # [N], the increment code by which it leads here; that of z_1 at the first step, empty in a compressed graph
    parent_z: Ints
    merge_error: float  # the largest L1 distance between a belief and the one that stands for it

    def __len__(self) -> int:
        return int(self.belief.shape[0])

    @property
    def cells(self) -> Cells:
        """The columns of `belief`."""
        return self.table.cells

    @property
    def actions(self) -> Ints:
        """The allowed joint actions."""
        return self.table.actions

    def leading(self, edges: _Edges) -> Layer:
        """The same nodes with these edges."""
        return replace(self, edge_indptr=edges.indptr, edge_z=edges.z, edge_to=edges.to)

    def successors(self, flow: sparse.csr_array, first: int) -> Ints:
        """The next-layer node of every entry of `flow` = belief[first:first + m] @ table.flow."""
        assert self.table.z is not None and self.table.flow_z is not None
        width = len(self.table.z)
        node = np.repeat(np.arange(first, first + flow.shape[0]), np.diff(flow.indptr))
        wanted = node * width + self.table.flow_z[flow.indices]
        # edges are sorted by (node, increment), so that the combined key ascends and a search finds each
        known = np.repeat(np.arange(len(self)), np.diff(self.edge_indptr)) * width + self.edge_z
        return self.edge_to[np.searchsorted(known, wanted)].astype(np.int64)


@dataclass(frozen=True)
class Graph:
    """All layers, and how play enters the first."""

    information: Information
    layers: tuple[Layer, ...]
    root: Floats  # [R], probability of each first increment
    root_z: Ints  # [R], its code
    root_to: Ints  # [R], the node of the first layer that it leads to

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of nodes of each step."""
        return tuple(len(layer) for layer in self.layers)

    @property
    def discount(self) -> float:
        """What a reward is worth a step later."""
        return self.information.model.discount

    @cached_property
    def rewards(self) -> RewardKind:
        """Whose interests agree."""
        return reward_kind(self.information.model)


def expand_graph(
    information: Information,
    max_nodes: int = DEFAULT_MAX_NODES,
    progress: Progress | None = None,
    upto: int | None = None,
    tolerance: float = MERGE_TOLERANCE,
) -> Graph:
    """The graph of steps 1..H (or 1..upto), built forward, beliefs within `tolerance` (L1) merged.

    Raises LimitError before the layer is finished that would carry the number of nodes held past `max_nodes`, or that
    of probabilities past `WIDTH` times as many.
    """
    # a layer is handed out before its edges are known: they are found together with the layer that follows
    last = information.model.horizon if upto is None else upto
    first = first_beliefs(information, tolerance)
    layers: list[Layer] = []
    for layer, edges in _grow(information, first, max_nodes, last, tolerance):
        if edges is not None:
            layers[-1] = layers[-1].leading(edges)
            if progress is not None:
                progress("graph", layer.h - 1, last)
        layers.append(layer)
    return Graph(information, tuple(layers), first.probability, first.z, first.to)


def grow_layers(information: Information, max_nodes: int = DEFAULT_MAX_NODES) -> Iterator[Layer]:
    """The layers of `expand_graph` one at a time and without edges; each is grown only when it is asked for.

    Raises LimitError as `expand_graph` does, after all layers before have been handed out.
    """
    first = first_beliefs(information)
    for layer, _ in _grow(information, first, max_nodes, information.model.horizon, MERGE_TOLERANCE):
        yield layer


@dataclass(frozen=True)
class _Edges:
    """Edges of a layer, as `Layer` documents them."""

    indptr: Ints
    z: npt.NDArray[np.int32]
    to: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Next:
    """The layer that follows one."""

    edges: _Edges  # that lead to it
    belief: sparse.csr_array  # [N', X']
    cells: Cells
    parent: Ints  # [N'], a node that leads here
    parent_z: Ints  # [N'], the increment code by which it does
    error: float  # of merging


def _grow(
    information: Information, first: FirstBeliefs, max_nodes: int, last: int, tolerance: float
) -> Iterator[tuple[Layer, _Edges | None]]:
    """Each layer without its own edges, with the edges that led to it (None for the first)."""
    belief, cells, error = first.belief, first.cells, first.error
    parent, parent_z = np.full(belief.shape[0], -1), first.z[first_reach(first.to, belief.shape[0])]
    tables: dict[tuple[object, ...], StepTable] = {}
    held, entries, most = belief.shape[0], belief.nnz, WIDTH * max(max_nodes, DEFAULT_MAX_NODES)
    sizes = [held]
    edges: _Edges | None = None
    done: tuple[sparse.csr_array, StepTable, _Next] | None = None
    for h in range(1, last + 1):
        table = _table(information, h, cells, tables)
        empty = np.zeros(0, np.int32)
        no_edges = np.zeros(belief.shape[0] + 1, np.int64)
        yield Layer(h, belief, table, no_edges, empty, empty, parent, parent_z, error), edges
        if h == last:
            return
        # identity, not equality: arrays are shared exactly where `_following` proved that nothing changes any more
        if done is None or done[0] is not belief or done[1] is not table:
            said = partial(_too_many, h, last, sizes, max_nodes - held, most)
            capacity = Capacity(max_nodes - held, said, most - entries)
            done = belief, table, _following(belief, table, tolerance, capacity)
        grown = done[2]
        # a layer that shares its arrays with the one before takes no memory of its own
        if grown.belief is not belief:
            held, entries = held + grown.belief.shape[0], entries + grown.belief.nnz
        sizes.append(grown.belief.shape[0])
        belief, cells, error, edges = grown.belief, grown.cells, grown.error, grown.edges
        parent, parent_z = grown.parent, grown.parent_z


def _following(belief: sparse.csr_array, table: StepTable, tolerance: float, capacity: Capacity) -> _Next:
    """The layer after this one; its very nodes, and hence its arrays, where those do not change any more."""
    assert table.following is not None and table.z is not None
    grown = grow(belief, columns(table), tolerance, capacity=capacity)
    indptr, n = grown.indptr(belief.shape[0]), grown.belief.shape[0]
    to, error = grown.to, grown.error
    rows, cells = _trim(grown.belief, table.following)
    # layers of very different sizes cannot turn out equal, and comparing them costs as much as growing them
    if n <= 2 * belief.shape[0] and cells.key == table.cells.key:
        rows, member, moved = _settle(belief, rows, tolerance)
        # the two merges follow each other, so that their errors add up
        to, error, cells, n = member[to], error + moved, table.cells, rows.shape[0]
    reach = first_reach(to, n)
    edges = _Edges(indptr, grown.signal.astype(np.int32), to.astype(np.int32))
    return _Next(edges, rows, cells, grown.row[reach], table.z[grown.signal[reach]], error)


def _settle(old: sparse.csr_array, new: sparse.csr_array, tolerance: float) -> tuple[sparse.csr_array, Ints, float]:
    """New rows with those of the layer before put in their place where they are near; where each went; how far.

    `old` itself comes back when it holds them all and no row of it is missed.
    """
    # old rows come first: the lowest index of a class represents it, so that old rows win
    both = sparse.vstack([old, new], format="csr")
    both.sort_indices()
    merge = merge_rows(both.indptr.astype(np.int64), both.indices, both.data, tolerance)
    hit = np.unique(merge.member[old.shape[0] :])
    member = np.searchsorted(hit, merge.member[old.shape[0] :])
    chosen = merge.representative[hit]
    if len(chosen) == old.shape[0] and (chosen < old.shape[0]).all():
        return old, member, merge.error
    return both[chosen], member, merge.error


def columns(table: StepTable) -> Columns:
    """Increments and next cells as the signals of a growing layer."""
    assert table.joint is not None and table.joint_z is not None and table.joint_cell is not None
    assert table.z is not None and table.following is not None
    return Columns(table.joint, table.joint_z, table.joint_cell, len(table.z), len(table.following))


def _table(information: Information, h: int, cells: Cells, known: dict[tuple[object, ...], StepTable]) -> StepTable:
    """The step's table; steps that look alike share one."""
    key = same_step(information, h, cells)
    if key not in known:
        known[key] = step_table(information, h, cells)
    return known[key]


def reachable_tables(information: Information) -> Iterator[StepTable]:
    """The tables of steps 1..H on all cells that can occur then; steps that look alike share one."""
    cells = first_beliefs(information).cells
    known: dict[tuple[object, ...], StepTable] = {}
    for h in range(1, information.model.horizon + 1):
        table = _table(information, h, cells, known)
        yield table
        if table.following is not None:
            cells = table.following


def _trim(belief: sparse.csr_array, cells: Cells) -> tuple[sparse.csr_array, Cells]:
    """Leave out the cells that no node gives positive probability."""
    used = np.unique(belief.indices)
    if len(used) == len(cells):
        return belief, cells
    # a cell may be reachable from the cells of the step before and have no probability at any node
    kept, _ = Cells.of(cells.u[cells.u_of[used]], cells.s[used])
    position = np.zeros(len(cells), dtype=np.int64)
    position[used] = np.arange(len(used))
    shape = (belief.shape[0], len(used))
    return sparse.csr_array((belief.data, position[belief.indices], belief.indptr), shape=shape), kept


def _too_many(h: int, last: int, sizes: list[int], room: int, most: int, found: int, share: float) -> str:
    """What was reached, and an estimate of what the whole would take; `room` for so many nodes was left, and `most`
    probabilities are allowed."""
    wide = f"; all together hold more than {most} probabilities" if found <= room else ""
    # an extrapolation, and called one: the layer goes on as it began, later layers grow as this one
    here = found / share
    growth = max(1.0, here / sizes[-1])
    total = sum(sizes) + here * sum(growth**k for k in range(min(last - h, 200)))
    return (
        f"step {h + 1} has more than {found} common beliefs after {share:.0%} of step {h} ({sum(sizes)} nodes up to "
        f"step {h}{wide}); at this growth (about {growth:.3g} times a step) {last} steps would take about {total:.2g} "
        "nodes. Raise --max-nodes, shorten --horizon, share more, or compress"
    )
