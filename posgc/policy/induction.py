"""Backward induction on the common-information graph, for any stage oracle (Liu & Zhang 2023, Algorithm 1).

From the last step to the first, every node of a layer becomes a stage game of prescriptions whose payoffs
are the rewards plus the values of the next layer (Nayyar, Mahajan and Teneketzis 2013); the oracle solves
whole layers, in blocks that bound the memory.  A back-end chooses the oracle and nothing else, so all of
them mean the same by a stage game, a value and a policy.

Needs Assumption 3: without it a node's belief, hence its stage game, would depend on earlier prescriptions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.equilibrium import Stages, StageSolution
from posgc.information.graph import Graph, Layer
from posgc.information.items import Information
from posgc.information.payoff import private_types, stage_payoffs, stage_weights
from posgc.model.rewards import RewardKind, reward_kind
from posgc.policy.artefact import Concept, Header, Policy, PolicyStep

__all__ = ["Induction", "Oracle"]

Floats = npt.NDArray[np.float64]
Oracle = Callable[[Stages], StageSolution]
Progress = Callable[[str, int, int], None]
CHUNK_NUMBERS = 12_000_000
"""float64 payoffs held at one time (96 MB)."""


@dataclass(frozen=True)
class Induction:
    """One graph, one oracle: `oracle` answers for `concept`, `backend` and `options` go into the policy's header.

    `expand` makes the graph, exact or compressed.
    """

    expand: Callable[[Progress], Graph]
    concept: Concept
    oracle: Oracle
    backend: str
    options: Any

    def run(self, progress: Progress) -> Policy:
        """Raises LimitError when the graph outgrows its limit, and whatever the oracle raises."""
        graph = self.expand(progress)
        model = graph.information.model
        kind = reward_kind(model)
        values: Floats | None = None
        slack: float | None = 0.0
        worst, bound, methods, steps = 0.0, 0.0, [], []
        for layer in reversed(graph.layers):
            solved = _solve_layer(graph, layer, values, kind, self.oracle)
            values = solved.value
            short = solved.short_of_team
            slack = None if slack is None or short is None else short + model.discount * slack
            worst, bound = max(worst, solved.gap), solved.gap + model.discount * bound
            methods += solved.methods
            steps.append(solved.step)
            progress("solve", model.horizon - layer.h + 1, model.horizon)
        assert values is not None
        start = values[:, graph.root_to] @ graph.root
        if kind != "general":
            start = np.array([start[0], -start[0]]) if kind == "zero_sum" else np.repeat(start[0], model.n_agents)
        reached = float(start[0]) if self.concept == "team" else None
        upper = None if reached is None or slack is None else reached + slack
        header = self._header(graph.information, start, (reached, upper), (worst, bound), methods)
        return Policy(header, graph.root_z, graph.root_to, tuple(reversed(steps)))

    def _header(
        self, information: Information, values: Floats, bounds: tuple[float | None, float | None],
        gaps: tuple[float, float], methods: list[str],
    ) -> Header:  # fmt: skip
        model = information.model
        protocol = information.protocol
        notes = tuple(f"stage games: {line}" for line in _summary(methods))
        return Header(
            model.name, model.digest, protocol.name,
            (protocol.action_lags, protocol.observation_lags, protocol.forget),
            tuple(sorted(information.dropped)), model.signature.agents, model.horizon, self.concept,
            self.backend, asdict(self.options), tuple(map(float, values)), *bounds, *gaps, notes,
        )  # fmt: skip


@dataclass(frozen=True)
class _SolvedLayer:
    """A layer's prescriptions, values [m, N], by how much these may fall short of the optimum at most (a team's:
    for other concepts `upper` bounds something else, what was selected, and this means nothing; None where the oracle
    bounds no optimum), the largest gap of a stage, and the methods used."""

    step: PolicyStep
    value: Floats
    short_of_team: float | None
    gap: float
    methods: list[str]


def _solve_layer(
    graph: Graph, layer: Layer, following: Floats | None, kind: RewardKind, oracle: Oracle
) -> _SolvedLayer:
    model = graph.information.model
    m = model.n_agents if kind == "general" else 1
    choices = [len(model.choices(i, layer.h)) for i in range(model.n_agents)]
    codes, types = private_types(graph.information, layer)
    per_node = m * types.shape[1] * len(layer.table.actions)
    block = max(1, CHUNK_NUMBERS // per_node)
    ahead = np.zeros((m, 0)) if following is None else following
    solved = []
    for first in range(0, len(layer), block):
        last = min(first + block, len(layer))
        payoff = stage_payoffs(layer, first, last, ahead, model.discount)
        stages = Stages(
            payoff.reshape(m, last - first, types.shape[1], *choices), types, tuple(map(len, codes)),
            stage_weights(layer, first, last), kind,
        )  # fmt: skip
        solved.append(oracle(stages))
    indptr = np.cumsum(np.concatenate([[0], *(np.diff(s.indptr) for s in solved)])).astype(np.int64)
    tables = tuple(_stack([s.tables[i] for s in solved], choices[i]) for i in range(model.n_agents))
    step = PolicyStep(
        codes, indptr, np.concatenate([s.weight for s in solved]), tables,
        np.zeros(0, np.int64) if layer.table.z is None else layer.table.z,
        layer.edge_indptr, layer.edge_z, layer.edge_to,
    )  # fmt: skip
    uppers = [s.upper for s in solved if s.upper is not None]
    short = None
    if len(uppers) == len(solved):
        short = max(0.0, *(float((up - s.value[0]).max()) for up, s in zip(uppers, solved, strict=True)))
    values = np.concatenate([s.value[:m] for s in solved], axis=1)
    gap = max(float(s.gap.max()) for s in solved)
    return _SolvedLayer(step, values, short, max(gap, 0.0), [s.method for s in solved])


def _stack(tables: list[npt.NDArray[Any]], n_choices: int) -> npt.NDArray[Any]:
    """Tables of several chunks as one; deterministic ones are spelt out where others are not."""
    if any(table.ndim == 3 for table in tables):
        tables = [t if t.ndim == 3 else (t[..., None] == np.arange(n_choices)).astype(np.float64) for t in tables]
    return np.concatenate(tables)


def _summary(methods: list[str]) -> list[str]:
    """`oracle: way count, way count` of all layers, counts added up by oracle and way; and what is not proved."""
    totals: dict[str, Counter[str]] = {}
    for text in methods:
        oracle, _, ways = text.partition(": ")
        for way in filter(None, ways.split(", ")):
            name, _, count = way.rpartition(" ")
            totals.setdefault(oracle, Counter())[name] += int(count)
    lines = [f"{oracle}: " + ", ".join(f"{w} {k}" for w, k in ways.items()) for oracle, ways in totals.items()]
    if unproved := sum(ways["bounded"] for ways in totals.values()):
        lines.append(f"the optimum of {unproved} (bounded) is not proved; a better prescription may exist")
    return lines
