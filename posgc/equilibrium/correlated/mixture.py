"""Collecting mixtures of prescriptions group by group into the flat layout of `StageSolution`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from posgc.equilibrium.gaps import behaviour
from posgc.equilibrium.layer import Group
from posgc.equilibrium.stage import Floats, Ints, Stages, Table
from posgc.equilibrium.team.oracle import smallest_int

__all__ = ["Mixture"]


@dataclass(eq=False)
class Mixture:
    """A builder: `add` parts in any order, then `finish` once."""

    stages: Stages
    nodes: list[Ints] = field(default_factory=list)  # of each part added: the node of each component
    weights: list[Floats] = field(default_factory=list)  # of each part: the probability of each component
    tables: list[list[Table]] = field(default_factory=list)  # of each part: one table for each agent

    def add(self, group: Group, nodes: Ints, weight: Floats, played: Sequence[Table]) -> None:
        """Components k of nodes[k] with weight[k]; played[i] is [k, present p_i] or [k, present p_i, A_i]."""
        wide = []
        for p, a, present, part in zip(
            self.stages.type_counts, self.stages.actions, group.present, played, strict=True
        ):
            whole: Table = np.zeros((len(part), p, *part.shape[2:]), dtype=smallest_int(a) if part.ndim == 2 else float)
            if part.ndim == 3:
                whole[:, :, 0] = 1.0  # a p_i that cannot occur has action 0
            whole[:, present] = part
            wide.append(whole)
        self.nodes.append(nodes)
        self.weights.append(weight)
        self.tables.append(wide)

    def finish(self) -> tuple[Ints, Floats, list[Table]]:
        """(indptr, weight, tables), components sorted by node, order of addition kept within a node."""
        nodes = np.concatenate(self.nodes)
        order = np.argsort(nodes, kind="stable")
        indptr = np.searchsorted(nodes[order], np.arange(self.stages.n_nodes + 1)).astype(np.int64)
        tables = []
        for i, actions in enumerate(self.stages.actions):
            parts = [part[i] for part in self.tables]
            if len({part.ndim for part in parts}) > 1:
                parts = [behaviour(part, actions) for part in parts]
            tables.append(np.concatenate(parts)[order])
        return indptr, np.concatenate(self.weights)[order], tables
