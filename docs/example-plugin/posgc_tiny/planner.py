"""Exact team planning: backward induction over the layers of common beliefs."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from posgc.equilibrium import Stages, team
from posgc.information.graph import expand_graph
from posgc.information.payoff import private_types, stage_payoffs, stage_weights
from posgc.plugin import NoOptions, Problem
from posgc.policy.artefact import Header, Policy, PolicyStep


@dataclass(frozen=True)
class Tiny:
    name: ClassVar = "tiny"
    summary: ClassVar = "exact team planning in ten lines"
    concepts: ClassVar = frozenset({"team"})
    reads: ClassVar = "model"
    options: ClassVar = NoOptions

    def applies(self, facts):
        if facts.rewards != "common":
            return "it needs rewards that all agents share"
        return None if facts.independent else f"it needs Assumption 3: {facts.why_not_independent}"

    def emit(self, problem, options):
        return TinyPlanner(problem)


@dataclass(frozen=True)
class TinyPlanner:
    problem: Problem

    def run(self, progress):
        info, model = self.problem.information, self.problem.information.model
        graph = expand_graph(info, self.problem.max_nodes, progress)
        ahead, steps = np.zeros((1, 0)), []
        for layer in reversed(graph.layers):
            codes, types = private_types(info, layer)
            payoff = stage_payoffs(layer, 0, len(layer), ahead, model.discount)
            shape = (1, len(layer), types.shape[1], *(len(model.choices(i, layer.h)) for i in range(info.n_agents)))
            weights = stage_weights(layer, 0, len(layer))
            best = team(Stages(payoff.reshape(shape), types, tuple(map(len, codes)), weights, "common"))
            z = np.zeros(0, np.int64) if layer.table.z is None else layer.table.z
            steps.insert(0, PolicyStep(codes, best.indptr, best.weight, best.tables, z,
                                       layer.edge_indptr, layer.edge_z, layer.edge_to))
            ahead = best.value[:1]
        value = float(ahead[0, graph.root_to] @ graph.root)
        return Policy(self.header(info, value), graph.root_z, graph.root_to, tuple(steps))

    def header(self, info, value):
        model, rules = info.model, info.protocol
        return Header(
            model.name, model.digest, rules.name, (rules.action_lags, rules.observation_lags, rules.forget),
            tuple(sorted(info.dropped)), model.signature.agents, model.horizon, "team", Tiny.name, {},
            (value,) * info.n_agents,
        )
