"""A layer of the graph turned into stage games and solved: prescriptions, values and what is certified of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from posgc.equilibrium import Stages, StageSolution
from posgc.information.graph import Layer
from posgc.information.items import InformationStructure
from posgc.information.payoff import private_types, stage_payoffs, stage_weights
from posgc.model.rewards import RewardKind
from posgc.policy.machine import PolicyStep

__all__ = ["Floats", "Ints", "Oracle", "Planned", "SolvedLayer", "solve_layer"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Oracle = Callable[[Stages], StageSolution]
CHUNK_NUMBERS = 12_000_000
"""float64 payoffs held at one time (96 MB)."""


class Planned(Protocol):
    """What is planned on: layers of nodes with beliefs, rewards and edges, computed from the game or learned.

    `posgc.information.graph.Graph`, exact or compressed, is one; each member means what it means there.
    """

    @property
    def information(self) -> InformationStructure: ...
    @property
    def layers(self) -> tuple[Layer, ...]: ...
    @property
    def root(self) -> Floats: ...
    @property
    def root_z(self) -> Ints: ...
    @property
    def root_to(self) -> Ints: ...
    @property
    def discount(self) -> float: ...
    @property
    def rewards(self) -> RewardKind: ...


@dataclass(frozen=True)
class SolvedLayer:
    """A layer's prescriptions, values [m, N], by how much these may fall short of the optimum at most (a team's:
    for other concepts `upper` bounds something else, what was selected, and this means nothing; None where the oracle
    bounds no optimum), the largest gap of a stage, and the methods used."""

    step: PolicyStep
    value: Floats
    short_of_team: float | None
    gap: float
    methods: list[str]


def solve_layer(graph: Planned, layer: Layer, following: Floats | None, oracle: Oracle) -> SolvedLayer:
    """The stage games of a layer, `following` [m, N'] being the values of the next one (None at the last step)."""
    information, kind = graph.information, graph.rewards
    m = information.n_agents if kind == "general" else 1
    choices = [len(information.choices(i, layer.h)) for i in range(information.n_agents)]
    codes, types = private_types(information, layer.h, layer.table.cells.u)
    per_node = m * types.shape[1] * len(layer.table.actions)
    block = max(1, CHUNK_NUMBERS // per_node)
    ahead = np.zeros((m, 0)) if following is None else following
    solved = []
    for first in range(0, len(layer), block):
        last = min(first + block, len(layer))
        payoff = stage_payoffs(layer, first, last, ahead, graph.discount)
        stages = Stages(
            payoff.reshape(m, last - first, types.shape[1], *choices),
            types,
            tuple(map(len, codes)),
            stage_weights(layer, first, last),
            kind,
        )
        solved.append(oracle(stages))
    indptr = np.cumsum(np.concatenate([[0], *(np.diff(s.indptr) for s in solved)])).astype(np.int64)
    tables = tuple(_stack([s.tables[i] for s in solved], choices[i]) for i in range(information.n_agents))
    step = PolicyStep(
        codes,
        indptr,
        np.concatenate([s.weight for s in solved]),
        tables,
        np.zeros(0, np.int64) if layer.table.z is None else layer.table.z,
        layer.edge_indptr,
        layer.edge_z,
        layer.edge_to,
    )
    uppers = [s.upper for s in solved if s.upper is not None]
    short = None
    if len(uppers) == len(solved):
        short = max(0.0, *(float((up - s.value[0]).max()) for up, s in zip(uppers, solved, strict=True)))
    values = np.concatenate([s.value[:m] for s in solved], axis=1)
    gap = max(float(s.gap.max()) for s in solved)
    return SolvedLayer(step, values, short, max(gap, 0.0), [s.method for s in solved])


def _stack(tables: list[npt.NDArray[Any]], n_choices: int) -> npt.NDArray[Any]:
    """Tables of several chunks as one; deterministic ones are spelt out where others are not."""
    if any(table.ndim == 3 for table in tables):
        tables = [t if t.ndim == 3 else (t[..., None] == np.arange(n_choices)).astype(np.float64) for t in tables]
    return np.concatenate(tables)
