"""Back-ends that return the least that the contract allows: every kind of strategy, claiming nothing.

All of them play the first choice whatever happens (in DecTiger: listen), so what they earn is known by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.graph import expand_graph
from posgc.information.items import InformationStructure, Item
from posgc.plugin import NoOptions, Problem, Result
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.machine import Machine, PolicyStep, Unseen
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy

__all__ = ["KINDS", "Constant", "Stub", "constant"]

Ints = npt.NDArray[np.int64]

KINDS = ("graph machine", "machine", "blank machine", "stationary", "controllers", "mixture", "opaque")


def codes(structure: InformationStructure, items: tuple[Item, ...]) -> npt.NDArray[np.int64]:
    return np.arange(prod(Codec.of(structure, items).sizes))


def one_step(private: list[Ints], z: Ints) -> PolicyStep:
    """One node that plays the first choice and leads to one node."""
    tables = tuple(np.zeros((1, len(known)), np.int64) for known in private)
    edges = np.array([0, len(z)]), np.arange(len(z)), np.zeros(len(z), np.int64)
    return PolicyStep(tuple(private), np.array([0, 1]), np.ones(1), tables, z, *edges)


def machine(structure: InformationStructure, unseen: Unseen = "refuse", blank: bool = False) -> Machine:
    """One node a step; where it is blank, no edge leads on from step 1."""
    steps, horizon = [], structure.horizon
    for h in range(1, horizon + 1):
        private = [codes(structure, structure.private_of(i, h)) for i in range(structure.n_agents)]
        end = h == horizon or blank
        z = np.zeros(0, np.int64) if end else codes(structure, structure.increment(h + 1))
        steps.append(one_step(private, z))
    root = codes(structure, structure.increment(1))
    return Machine(root, np.zeros(len(root), np.int64), tuple(steps), unseen)


def stationary(structure: InformationStructure) -> Stationary:
    """A node that covers the codes of all steps."""
    steps = range(1, structure.horizon + 1)
    most = [max(len(codes(structure, structure.private_of(i, h))) for h in steps) for i in range(structure.n_agents)]
    z = max(len(codes(structure, structure.increment(h))) for h in steps)
    step = one_step([np.arange(count) for count in most], np.arange(z))
    return Stationary(np.arange(z), np.zeros(z, np.int64), step)


def controllers(structure: InformationStructure) -> Controllers:
    """One node an agent and step."""
    agents = []
    for i in range(structure.n_agents):
        steps = []
        for h in range(1, structure.horizon + 1):
            news = codes(structure, structure.news(i, h + 1)) if h < structure.horizon else np.zeros(0, np.int64)
            to = np.zeros(len(news), np.int64)
            steps.append(ControllerStep(np.zeros(1, np.int64), np.array([0, len(news)]), news, to))
        root = codes(structure, structure.news(i, 1))
        agents.append(Controller(root, np.zeros(len(root), np.int64), tuple(steps)))
    return Controllers(tuple(agents))


class Constant:
    """An opaque player that plays one choice."""

    def __init__(self, structure: InformationStructure, choice: int) -> None:
        self.structure, self.info, self.choice = structure, {"made": "here"}, choice

    def laws(self, agent: int, h: int, history: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        assert history.shape[1] == h
        choices = len(self.structure.choices(agent, h))
        return np.tile(np.arange(choices) == self.choice, (len(history), 1)).astype(float)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"choice": np.array([self.choice])}


def constant(kind: str, structure: InformationStructure) -> Strategy:
    """The strategy of that kind that plays the first choice."""
    made = {
        "machine": lambda: machine(structure),
        "blank machine": lambda: machine(structure, "uniform", blank=True),
        "stationary": lambda: stationary(structure),
        "controllers": lambda: controllers(structure),
        "mixture": lambda: Mixture(np.array([0.25, 0.75]), (machine(structure), controllers(structure))),
        "opaque": lambda: Opaque(Constant(structure, 0)),
    }
    return made[kind]()


@dataclass(frozen=True)
class Stub:
    """A back-end of one kind."""

    kind: str

    name: ClassVar[str] = "stub"
    summary: ClassVar[str] = "plays the first choice"
    concepts: ClassVar[Any] = frozenset({"team", "nash", "ce", "cce"})
    reads: ClassVar[Any] = "model"
    options: ClassVar[type] = NoOptions

    def applies(self, facts: Any) -> str | None:
        return None

    def emit(self, problem: Problem, options: Any) -> Any:
        kind = self.kind

        class Planner:
            def run(self, progress: Any) -> Result:
                if kind == "graph machine":
                    return Result(on_graph(problem))
                return Result(constant(kind, problem.information.structure))

        return Planner()

    def player(self, arrays: Mapping[str, Any], info: Mapping[str, Any], structure: InformationStructure) -> Constant:
        assert info == {"made": "here"}
        return Constant(structure, int(arrays["choice"][0]))


def on_graph(problem: Problem) -> Machine:
    """The first choice on the nodes of the graph that is to be planned on."""
    graph = problem.compressed or expand_graph(problem.information, problem.max_nodes)
    structure, steps = problem.information.structure, []
    for layer in graph.layers:
        count = len(layer)
        private = tuple(codes(structure, structure.private_of(i, layer.h)) for i in range(structure.n_agents))
        tables = tuple(np.zeros((count, len(known)), np.int64) for known in private)
        z = np.zeros(0, np.int64) if layer.table.z is None else layer.table.z
        edges = layer.edge_indptr, layer.edge_z, layer.edge_to
        steps.append(PolicyStep(private, np.arange(count + 1), np.ones(count), tables, z, *edges))
    return Machine(graph.root_z, graph.root_to, tuple(steps))
