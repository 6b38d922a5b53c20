"""A policy judged in the game it was found in: values, best responses and their spans on a graph's own nodes.

This is Algorithm 4 of Liu & Zhang (2023) for every agent at once, and for NE, CCE and CE deviations: backward
induction with the graph's beliefs and edges in place of the true ones.  On a compressed graph the gap found here is
the model's own; it says nothing of the true game until the error of the compression is added.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.graph import Graph, Layer
from posgc.information.items import Information, InformationStructure
from posgc.information.step import StepTable
from posgc.judge.deviating import Flows, backward, best_reply
from posgc.judge.judgement import gains_of
from posgc.judge.pairs import TrueStep, true_step
from posgc.language.concepts import DeviationKind
from posgc.policy.machine import Machine, PolicyStep
from posgc.policy.strategy import Strategy

__all__ = ["InModel", "best_response", "evaluate_in_model", "made_for"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class InModel:
    """`values[n]`, `gains[n]` at the start; `value_span[n, H]` and `best_span[n, H]`: at step h (entry h - 1) the
    largest less the smallest value of a node, of going on with the policy and of deviating from there on."""

    values: Floats
    gains: Floats
    value_span: Floats
    best_span: Floats


@dataclass(frozen=True)
class _ModelLayer:
    """A layer of the graph in the shape in which the verifier reads layers of pairs."""

    h: int
    node: Ints
    belief: sparse.csr_array
    step: TrueStep
    layer: Layer

    @property
    def edges(self) -> npt.NDArray[np.int32]:
        """Layers that share this array lead to the same nodes."""
        return self.layer.edge_to

    def follow(self, pair: Ints, az: Ints) -> Ints:
        """The next node for each (node, position of a * Z + z)."""
        assert self.layer.table.z is not None
        width = len(self.layer.table.z)
        known = np.repeat(np.arange(len(self.layer)), np.diff(self.layer.edge_indptr)) * width + self.layer.edge_z
        return self.layer.edge_to[np.searchsorted(known, pair * width + az % width)].astype(np.int64)


def made_for(strategy: Strategy, graph: Graph) -> TypeGuard[Machine]:
    """Whether the strategy is a machine whose nodes are those of the graph: as many, with the same edges."""
    if not isinstance(strategy, Machine) or strategy.unseen != "refuse" or strategy.sizes != graph.sizes:
        return False

    def same(one: npt.NDArray[Any] | None, two: npt.NDArray[Any]) -> bool:
        return one is two or np.array_equal(np.zeros(0) if one is None else one, two)

    if not (same(graph.root_z, strategy.root_z) and same(graph.root_to, strategy.root_to)):
        return False
    return all(
        same(layer.table.z, step.z)
        and same(layer.edge_indptr, step.edge_indptr)
        and same(layer.edge_z, step.edge_z)
        and same(layer.edge_to, step.edge_to)
        for layer, step in zip(graph.layers, strategy.steps, strict=True)
    )


def evaluate_in_model(graph: Graph, policy: Machine, kind: DeviationKind) -> InModel:
    """Values and best responses of a policy on the nodes of the graph that it was made for."""
    information, horizon = graph.information, len(graph.layers)
    spans = np.zeros((2, information.n_agents, horizon))
    steps: dict[int, TrueStep] = {}
    flows = Flows()
    value: Floats | None = None
    best: Floats | None = None
    for layer, step in zip(reversed(graph.layers), reversed(policy.steps), strict=True):
        seen = _layer(graph, layer, steps)
        value, best = backward(information, seen, step, value, best, kind, flows)
        spans[0, :, layer.h - 1], spans[1, :, layer.h - 1] = np.ptp(value, axis=1), np.ptp(best, axis=1)
    assert value is not None and best is not None
    values, deviations = value[:, graph.root_to] @ graph.root, best[:, graph.root_to] @ graph.root
    return InModel(values, gains_of(kind, deviations, values), spans[0], spans[1])


class Layered(Protocol):
    """Layers of nodes with beliefs, computed from the game or learned; each member as `Graph` has it."""

    @property
    def information(self) -> InformationStructure: ...
    @property
    def layers(self) -> tuple[Layer, ...]: ...
    @property
    def discount(self) -> float: ...


def best_response(graph: Layered, policy: Machine, agent: int, kind: Literal["cce", "ce"] = "cce") -> Machine:
    """The policy with the agent's part replaced by its best response in M: one that hears no recommendation, or, for a
    CE, the action that is recommended to it at each step."""
    steps: list[PolicyStep] = []
    known: dict[int, TrueStep] = {}
    best: Floats | None = None
    for layer, step in zip(reversed(graph.layers), reversed(policy.steps), strict=True):
        seen = _layer(graph, layer, known)
        best, actions = best_reply(graph.information, seen, step, best, agent, graph.discount, kind)
        actions = np.repeat(actions, np.diff(step.indptr), axis=0)
        tables = list(step.tables)
        tables[agent] = actions[:, :, 0] if kind == "cce" else _answered(step.tables[agent], actions)
        steps.append(replace(step, tables=tuple(tables)))
    return replace(policy, steps=tuple(reversed(steps)))


def _answered(table: npt.NDArray[Any], answer: Ints) -> npt.NDArray[Any]:
    """The table [K, P, ..] with `answer[K, P, a]` in place of every recommended action a."""
    if table.ndim == 2:
        return np.take_along_axis(answer, table[:, :, None].astype(np.int64), axis=2)[:, :, 0]
    law = np.zeros(table.shape)
    component, private = np.indices(table.shape[:2])
    for a in range(table.shape[2]):
        law[component, private, answer[:, :, a]] += table[:, :, a]
    return law


def _layer(graph: Layered, layer: Layer, steps: dict[int, TrueStep]) -> _ModelLayer:
    key = id(layer.table)
    if key not in steps:
        information, table = graph.information, layer.table
        # a game's step is worked out anew, so that a mistake in its table shows; a learned one has only its table
        if isinstance(information, Information):
            steps[key] = true_step(information, layer.h, table.cells)
        else:
            steps[key] = _tabled(table)
    return _ModelLayer(layer.h, np.arange(len(layer)), layer.belief, steps[key], layer)


def _tabled(table: StepTable) -> TrueStep:
    """What the table says of rewards and increments; what is held afterwards it need not say."""
    if table.flow is None:
        return TrueStep(table.cells, table.actions, table.reward)
    assert table.z is not None and table.flow_choice is not None and table.flow_z is not None
    az = table.flow_choice % len(table.actions) * len(table.z) + table.flow_z
    return TrueStep(
        table.cells,
        table.actions,
        table.reward,
        z=table.z,
        ahead=table.flow,
        ahead_choice=table.flow_choice,
        ahead_az=az,
    )
