"""Value iteration with common information (Liu & Zhang 2023, Algorithm 1; Nayyar et al. 2013).

From the last step to the first, every node of a layer becomes a stage game of prescriptions whose payoffs
are the rewards plus the values of the next layer, and a stage oracle solves the whole layer:

- `team`: the best joint prescription (common rewards only);
- `nash`: the saddle point of a zero-sum stage by linear programming, or the team optimum where rewards are
  common, which is a Nash equilibrium; other games are PPAD-hard already at one stage and are refused;
- `cce`, `ce`: a (coarse) correlated equilibrium of the stage, agent form.

Needs Assumption 3: without it a node's belief, hence its stage game, would depend on earlier prescriptions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from posgc.equilibrium import Stages, StageSolution, correlated, nash, team
from posgc.information.graph import Graph, Layer, expand_graph
from posgc.information.payoff import private_types, stage_payoffs, stage_weights
from posgc.model.rewards import RewardKind, reward_kind
from posgc.plugin import Facts, NoOptions, Problem, Progress
from posgc.policy.artefact import Concept, Header, Policy, PolicyStep

__all__ = ["ValueIteration", "ValueIterationPlanner"]

Floats = npt.NDArray[np.float64]
Oracle = Callable[[Stages], StageSolution]
CHUNK_NUMBERS = 12_000_000
"""float64 payoffs held at one time (96 MB)."""


@dataclass(frozen=True)
class ValueIteration:
    """See the module."""

    name: ClassVar[str] = "value-iteration"
    summary: ClassVar[str] = "exact backward induction on the common-information graph (Algorithm 1)"
    concepts: ClassVar[frozenset[Concept]] = frozenset({"team", "nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = NoOptions

    def applies(self, facts: Facts) -> str | None:
        """Rewards must fit the concept, and Assumption 3 must hold."""
        if facts.concept == "team" and facts.rewards != "common":
            return "a team optimum needs rewards that all agents share"
        if facts.concept == "nash" and facts.rewards == "general":
            return (
                "a Nash equilibrium of a general-sum stage is PPAD-hard to find; this back-end finds it for common "
                "rewards and for two-agent zero-sum games (--concept ce or cce serves general-sum games)"
            )
        if facts.independent is not True:
            state = "fails" if facts.independent is False else "is not decided"
            return f"Assumption 3 (strategy-independent beliefs) {state}: {facts.why_not_independent}"
        return None

    def emit(self, problem: Problem, options: Any) -> ValueIterationPlanner:
        """The planner of this problem."""
        return ValueIterationPlanner(problem, options)


@dataclass(frozen=True)
class ValueIterationPlanner:
    """Backward induction for one problem."""

    problem: Problem
    options: NoOptions

    def run(self, progress: Progress) -> Policy:
        """Raises LimitError when the graph outgrows `problem.max_nodes`."""
        information = self.problem.information
        model = information.model
        graph = expand_graph(information, self.problem.max_nodes, progress)
        kind = reward_kind(model)
        oracle = _oracle(self.problem.concept, kind)
        values: Floats | None = None
        slack, methods, steps = 0.0, [], []
        for layer in reversed(graph.layers):
            step, values, missing, method = _solve_layer(graph, layer, values, kind, oracle)
            slack = missing + model.discount * slack
            methods += method
            steps.append(step)
            progress("solve", model.horizon - layer.h + 1, model.horizon)
        assert values is not None
        start = values[:, graph.root_to] @ graph.root
        if kind != "general":
            start = np.array([start[0], -start[0]]) if kind == "zero_sum" else np.repeat(start[0], model.n_agents)
        team_bounds = (float(start[0]), float(start[0]) + slack) if self.problem.concept == "team" else (None, None)
        return Policy(self._header(start, team_bounds, methods), graph.root_z, graph.root_to, tuple(reversed(steps)))

    def _header(self, values: Floats, bounds: tuple[float | None, float | None], methods: list[str]) -> Header:
        information, model = self.problem.information, self.problem.information.model
        protocol = information.protocol
        notes = tuple(f"stage games: {line}" for line in _summary(methods))
        return Header(
            model.name, model.digest, protocol.name,
            (protocol.action_lags, protocol.observation_lags, protocol.forget),
            tuple(sorted(information.dropped)), model.signature.agents, model.horizon, self.problem.concept,
            ValueIteration.name, asdict(self.options), tuple(map(float, values)), *bounds, notes,
        )  # fmt: skip


def _oracle(concept: Concept, kind: RewardKind) -> Oracle:
    if concept == "team":
        return team
    if concept == "nash":
        return nash
    return lambda stages: correlated(stages, concept)


def _solve_layer(
    graph: Graph, layer: Layer, following: Floats | None, kind: RewardKind, oracle: Oracle
) -> tuple[PolicyStep, Floats, float, list[str]]:
    """The layer's prescriptions, the values [m, N], by how much they may fall short, and the methods."""
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
    missing = max(float((s.upper - s.value[0]).max()) if s.upper is not None else 0.0 for s in solved)
    values = np.concatenate([s.value[:m] for s in solved], axis=1)
    return step, values, max(missing, 0.0), [s.method for s in solved]


def _stack(tables: list[npt.NDArray[Any]], n_choices: int) -> npt.NDArray[Any]:
    """Tables of several chunks as one; deterministic ones are spelt out where others are not."""
    if any(table.ndim == 3 for table in tables):
        tables = [t if t.ndim == 3 else (t[..., None] == np.arange(n_choices)).astype(np.float64) for t in tables]
    return np.concatenate(tables)


def _summary(methods: list[str]) -> list[str]:
    """`oracle: way count, way count` of all layers, counts added up by oracle and way."""
    totals: dict[str, Counter[str]] = {}
    for text in methods:
        oracle, _, ways = text.partition(": ")
        for way in filter(None, ways.split(", ")):
            name, _, count = way.rpartition(" ")
            totals.setdefault(oracle, Counter())[name] += int(count)
    return [f"{oracle}: " + ", ".join(f"{w} {k}" for w, k in ways.items()) for oracle, ways in totals.items()]
