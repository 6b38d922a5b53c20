"""The common-information graph: common beliefs, layer by layer, merged where they are equal.

A node of step h is a common belief beta(u, s) = P(u_h, s_h | c_h).  Under Assumption 3 of Liu & Zhang
(2023) it does not depend on the strategies, so it is computed here under uniformly random actions, which
give every possible increment positive probability.  Because chi and xi do not read c_h, two histories of
the same step with equal beliefs have equal continuations, and are merged.

Merging is lossless for the team optimum, for zero-sum values, for the existence of NE, CE and CCE, and
for the value of every deviation from a policy that reads only the node.  It is *not* lossless for the set
of equilibria of a general-sum game: continuations that differ between merged histories, rewards and
punishments, are lost.

Beliefs merge when their supports are equal and they differ by at most `MERGE_TOLERANCE` in L1;
`Layer.merge_error` is the largest distance met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import initial_codes
from posgc.information.items import Information
from posgc.information.merge import Merge, merge_rows
from posgc.information.step import Cells, StepTable, same_step, step_table
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather, pointers

__all__ = ["DEFAULT_MAX_NODES", "MERGE_TOLERANCE", "Graph", "Layer", "expand_graph", "grow_layers"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MERGE_TOLERANCE = 1e-12
"""L1 distance of beliefs below which histories are taken for the same (beliefs sum to 1)."""

DEFAULT_MAX_NODES = 4_000_000
"""Nodes of the whole graph; a node with its edges takes some hundred bytes."""

CHUNK_ENTRIES = 12_000_000
"""Entries of unmerged child beliefs that are held at one time."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Layer:
    """The N nodes of step h.

    `belief` is CSR [N, X] over `table.cells`, rows sum to 1.  Node k's successors are the edges
    `edge_indptr[k]:edge_indptr[k + 1]`: increment `table.z[edge_z]`, ascending, leads to node `edge_to` of
    the next layer (no edges at the last step).  `parent[k]` and `parent_z[k]` are one node of the layer
    before and one increment code that lead here (-1 and the code of z_1 at the first step).
    """

    h: int
    belief: sparse.csr_array
    table: StepTable
    edge_indptr: Ints
    edge_z: npt.NDArray[np.int32]
    edge_to: npt.NDArray[np.int32]
    parent: Ints
    parent_z: Ints
    merge_error: float

    def __len__(self) -> int:
        return int(self.belief.shape[0])

    def successors(self, flow: sparse.csr_array, first: int) -> Ints:
        """The next-layer node of every entry of `flow` = belief[first:first + m] @ table.flow."""
        assert self.table.z is not None and self.table.flow_z is not None
        width = len(self.table.z)
        node = np.repeat(np.arange(first, first + flow.shape[0]), np.diff(flow.indptr))
        wanted = node * width + self.table.flow_z[flow.indices]
        known = np.repeat(np.arange(len(self)), np.diff(self.edge_indptr)) * width + self.edge_z
        return self.edge_to[np.searchsorted(known, wanted)].astype(np.int64)


@dataclass(frozen=True)
class Graph:
    """All layers; `root[k]` is the probability of first node k, reached by increment code `root_z[k]`."""

    information: Information
    layers: tuple[Layer, ...]
    root: Floats
    root_z: Ints
    root_to: Ints

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of nodes of each step."""
        return tuple(len(layer) for layer in self.layers)


def expand_graph(
    information: Information,
    max_nodes: int = DEFAULT_MAX_NODES,
    progress: Progress | None = None,
    upto: int | None = None,
) -> Graph:
    """The graph of steps 1..H (or 1..upto), built forward.

    Raises LimitError before the layer that would carry the number of nodes past `max_nodes` is finished.
    """
    last = information.model.horizon if upto is None else upto
    first = _first(information)
    layers: list[Layer] = []
    for layer, edges in _grow(information, first, max_nodes, last):
        if edges is not None:
            layers[-1] = replace(layers[-1], edge_indptr=edges.indptr, edge_z=edges.z, edge_to=edges.to)
            if progress is not None:
                progress("graph", layer.h - 1, last)
        layers.append(layer)
    return Graph(information, tuple(layers), first.probability, first.z, first.to)


def grow_layers(information: Information, max_nodes: int = DEFAULT_MAX_NODES) -> Iterator[Layer]:
    """The layers of `expand_graph` one at a time and without edges; each is grown only when it is asked for.

    Raises LimitError as `expand_graph` does, after all layers before have been handed out.
    """
    for layer, _ in _grow(information, _first(information), max_nodes, information.model.horizon):
        yield layer


def _grow(information: Information, first: _First, max_nodes: int, last: int) -> Iterator[tuple[Layer, _Growth | None]]:
    """Each layer without its own edges, with the growth that led to it (None for the first)."""
    belief, cells, error = first.belief, first.cells, 0.0
    parent, parent_z = np.full(belief.shape[0], -1), first.z[_first_reach(first.to, belief.shape[0])]
    tables: dict[tuple[object, ...], StepTable] = {}
    sizes: list[int] = []
    grown: _Growth | None = None
    for h in range(1, last + 1):
        table = _table(information, h, cells, tables)
        empty = np.zeros(0, np.int32)
        no_edges = np.zeros(belief.shape[0] + 1, np.int64)
        yield Layer(h, belief, table, no_edges, empty, empty, parent, parent_z, error), grown
        if h == last:
            return
        sizes.append(belief.shape[0])
        grown = _expand(belief, table, max_nodes - sum(sizes), h, last, sizes[:-1])
        assert table.following is not None and table.z is not None
        belief, cells, error = _trim(grown.belief, table.following, grown.error)
        parent, parent_z = grown.parent, table.z[grown.parent_z]


def _table(information: Information, h: int, cells: Cells, known: dict[tuple[object, ...], StepTable]) -> StepTable:
    """The step's table; steps that look alike share one."""
    key = same_step(information, h, cells)
    if key not in known:
        known[key] = step_table(information, h, cells)
    return known[key]


@dataclass(frozen=True)
class _First:
    """Increment codes z_1, the node of each, the probability of each, and the first beliefs."""

    z: Ints
    to: Ints
    probability: Floats
    belief: sparse.csr_array
    cells: Cells


def _first(information: Information) -> _First:
    initial = information.model.initial
    z_code, u = initial_codes(information, initial.observation)
    cells, cell = Cells.of(u, initial.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    joint = sparse.csr_array((initial.probability, (z_of, cell)), shape=(len(z), len(cells)))
    joint.sum_duplicates()
    probability: Floats = np.asarray(joint.sum(axis=1)).ravel()
    joint.data /= np.repeat(probability, np.diff(joint.indptr))
    merge = merge_rows(joint.indptr.astype(np.int64), joint.indices, joint.data, MERGE_TOLERANCE)
    return _First(z, merge.member, probability, joint[merge.representative], cells)


def _first_reach(to: Ints, n: int) -> Ints:
    """For each of n targets the first position that leads to it."""
    first = np.full(n, len(to), dtype=np.int64)
    np.minimum.at(first, to, np.arange(len(to)))
    return first


@dataclass(frozen=True)
class _Growth:
    belief: sparse.csr_array
    indptr: Ints
    z: npt.NDArray[np.int32]
    to: npt.NDArray[np.int32]
    parent: Ints
    parent_z: Ints
    error: float


@dataclass(frozen=True)
class _Children:
    """Distinct child beliefs of a chunk of nodes (CSR parts), and the edges that lead to them."""

    counts: Ints
    index: Ints
    data: Floats
    node: Ints
    z: Ints
    to: Ints
    error: float


def _expand(belief: sparse.csr_array, table: StepTable, room: int, h: int, last: int, sizes: list[int]) -> _Growth:
    """All children of a layer, merged; chunk by chunk, so that unmerged children never fill the memory."""
    assert table.joint is not None and table.following is not None
    per_cell = np.diff(table.joint.indptr)
    work = np.add.reduceat(per_cell[belief.indices], belief.indptr[:-1])
    chunk_of = (np.cumsum(work) - 1) // CHUNK_ENTRIES
    bounds = np.concatenate((np.flatnonzero(np.diff(chunk_of, prepend=-1)), [belief.shape[0]]))
    parts: list[_Children] = []
    found = 0
    for begin, end in pairwise(bounds):
        parts.append(_children(belief, table, int(begin), int(end)))
        found += len(parts[-1].counts)
        if found > room and (len(parts) == 1 or _joined(parts)[1].representative.size > room):
            raise LimitError(_too_many(h, last, [*sizes, belief.shape[0]], found, end / belief.shape[0]))
    (indptr, index, data), merge = _joined(parts)
    shift = np.cumsum([0, *(len(part.counts) for part in parts)])
    to = np.concatenate([merge.member[part.to + s] for part, s in zip(parts, shift[:-1], strict=True)])
    node = np.concatenate([part.node for part in parts])
    z = np.concatenate([part.z for part in parts])
    at, counts = gather(indptr, merge.representative)
    kept = sparse.csr_array(
        (data[at], index[at], np.concatenate(([0], np.cumsum(counts)))),
        shape=(len(merge.representative), len(table.following)),
    )
    reach = _first_reach(to, len(merge.representative))
    error = max(merge.error, *(part.error for part in parts))
    return _Growth(
        kept, pointers(node, belief.shape[0]), z.astype(np.int32), to.astype(np.int32), node[reach], z[reach], error
    )


def _joined(parts: list[_Children]) -> tuple[tuple[Ints, Ints, Floats], Merge]:
    """The children of all chunks as one CSR, and how they merge."""
    counts = np.concatenate([part.counts for part in parts])
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    index = np.concatenate([part.index for part in parts])
    data = np.concatenate([part.data for part in parts])
    if len(parts) == 1:
        everything = np.arange(len(counts), dtype=np.int64)
        return (indptr, index, data), Merge(everything, everything, 0.0)
    return (indptr, index, data), merge_rows(indptr, index, data, MERGE_TOLERANCE)


def _children(belief: sparse.csr_array, table: StepTable, begin: int, end: int) -> _Children:
    """Successor beliefs of nodes begin:end, normalised and merged among themselves."""
    assert table.joint is not None and table.joint_z is not None and table.joint_cell is not None
    assert table.z is not None
    joint = belief[begin:end] @ table.joint
    joint.eliminate_zeros()  # products that underflow
    joint.sort_indices()
    node = np.repeat(np.arange(begin, end), np.diff(joint.indptr))
    edge_key = node * len(table.z) + table.joint_z[joint.indices]
    starts = np.flatnonzero(np.diff(edge_key, prepend=-1))
    indptr = np.append(starts, len(edge_key)).astype(np.int64)
    data = joint.data / np.repeat(np.add.reduceat(joint.data, starts), np.diff(indptr))
    index = table.joint_cell[joint.indices]
    merge = merge_rows(indptr, index, data, MERGE_TOLERANCE)
    at, counts = gather(indptr, merge.representative)
    keys = edge_key[starts]
    return _Children(counts, index[at], data[at], keys // len(table.z), keys % len(table.z), merge.member, merge.error)


def _trim(belief: sparse.csr_array, cells: Cells, error: float) -> tuple[sparse.csr_array, Cells, float]:
    """Leave out the cells that no node gives positive probability."""
    used = np.unique(belief.indices)
    if len(used) == len(cells):
        return belief, cells, error
    kept, _ = Cells.of(cells.u[cells.u_of[used]], cells.s[used])
    position = np.zeros(len(cells), dtype=np.int64)
    position[used] = np.arange(len(used))
    shape = (belief.shape[0], len(used))
    return sparse.csr_array((belief.data, position[belief.indices], belief.indptr), shape=shape), kept, error


def _too_many(h: int, last: int, sizes: list[int], found: int, share: float) -> str:
    """What was reached, and an estimate of what the whole would take."""
    here = found / share
    growth = max(1.0, here / sizes[-1])
    total = sum(sizes) + here * sum(growth**k for k in range(min(last - h, 200)))
    return (
        f"step {h + 1} has more than {found} common beliefs after {share:.0%} of step {h} ({sum(sizes)} nodes up to "
        f"step {h}); at this growth (about {growth:.3g} times a step) {last} steps would take about {total:.2g} nodes. "
        "Raise --max-nodes, shorten --horizon, share more, or compress"
    )
