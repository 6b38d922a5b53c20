"""Cutting a layer into pieces: bounded chunks, and groups of nodes with the same support.

Only private informations of positive probability matter to a stage game; nodes whose supports agree are
relabelled to their present types and solved as arrays of one shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.stage import Floats, Ints, Stages

__all__ = ["CHUNK", "Group", "chunks", "segment_starts", "support_groups"]

CHUNK = 1 << 18  # float64 entries a temporary may take (2 MiB): fastest of 2^14..2^24 for team and gaps


def chunks(total: int, per_item: int, budget: int = CHUNK) -> Iterator[tuple[int, int]]:
    """Consecutive (start, stop) covering range(total), at most max(1, budget // per_item) items each."""
    step = max(1, budget // max(1, per_item))
    for start in range(0, total, step):
        yield start, min(total, start + step)


@dataclass(frozen=True, eq=False)
class Group:
    """Nodes of equal support, with private informations renumbered so that all occur."""

    nodes: Ints  # ascending
    columns: Ints  # [U'], the u's of positive weight
    present: tuple[Ints, ...]  # for each agent i the p_i's that occur, ascending
    types: Ints  # [n, U'], positions in `present`

    def payoff(self, stages: Stages, agent: int, start: int, stop: int) -> Floats:
        """[stop - start, U', A_1..A_n] of the group's nodes start..stop-1, sign applied; may be a view."""
        array, sign = stages.of_agent(agent)
        whole = len(self.nodes) == stages.n_nodes  # then a view, without a copy of the layer
        part = array[start:stop] if whole else array[self.nodes[start:stop]]
        if len(self.columns) < stages.n_types:
            part = part[:, self.columns]
        return part if sign > 0 else -part


def support_groups(stages: Stages) -> Iterator[Group]:
    """The nodes grouped by the set of u with positive weight; groups ordered by first node."""
    mask = stages.weight > 0
    if mask.all():
        patterns = [np.arange(stages.n_nodes)]
    else:
        # bytes rather than booleans: rows are compared as one value each
        packed = np.packbits(mask, axis=1)
        key = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
        _, first, label = np.unique(key, return_index=True, return_inverse=True)
        order = np.argsort(label, kind="stable")
        bounds = np.searchsorted(label[order], np.arange(len(first) + 1))
        patterns = [order[bounds[g] : bounds[g + 1]] for g in np.argsort(first)]
    for nodes in patterns:
        if len(nodes):
            yield _relabelled(stages, nodes, np.flatnonzero(mask[nodes[0]]))


def _relabelled(stages: Stages, nodes: Ints, columns: Ints) -> Group:
    present, types = [], []
    for row in stages.types[:, columns]:
        values, position = np.unique(row, return_inverse=True)
        present.append(values)
        types.append(position)
    return Group(nodes, columns, tuple(present), np.array(types, dtype=np.int64))


def segment_starts(owner: Ints) -> Ints:
    """Where each run of equal values begins in a sorted array."""
    return np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if len(owner) else np.zeros(0, dtype=np.int64)
