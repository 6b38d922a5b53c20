"""Random policies, most of them bad: on the nodes of a graph, on every history of common information, or
on machines whose nodes have nothing to do with beliefs."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt
from support.tree import Known, Tree

from posgc.information.graph import Graph
from posgc.information.items import Information, Item
from posgc.language.concepts import ConceptName
from posgc.plugin import NoOptions
from posgc.policy.artefact import Claim, Origin, Policy, Result
from posgc.policy.binding import bound_to
from posgc.policy.machine import Machine, PolicyStep

__all__ = ["bound", "machine", "on_graph", "one_node", "unrolled"]

Ints = npt.NDArray[np.int64]
Edges = list[dict[int, int]]
"""For each node: increment code -> node of the next step."""


def bound(
    information: Information,
    strategy: Machine,
    concept: ConceptName = "ce",
    claim: Claim = Claim(),  # noqa: B008 (frozen)
    origin: Origin | None = None,
) -> Policy:
    """The policy that such a strategy is in this game; it claims nothing unless told to."""
    return bound_to(information, Result(strategy, claim), concept, "random", NoOptions(), origin=origin)


def on_graph(rng: np.random.Generator, tree: Tree, graph: Graph, product: bool) -> Machine:
    """Random prescriptions on the nodes of a graph."""
    edges: list[Edges] = []
    for layer in graph.layers:
        here: Edges = [{} for _ in range(len(layer))]
        if layer.table.z is not None:
            for k in range(len(layer)):
                for e in range(layer.edge_indptr[k], layer.edge_indptr[k + 1]):
                    here[k][int(layer.table.z[layer.edge_z[e]])] = int(layer.edge_to[e])
        edges.append(here)
    root = {int(z): int(to) for z, to in zip(graph.root_z, graph.root_to, strict=True)}
    return _policy(rng, tree, root, edges, product)


def unrolled(rng: np.random.Generator, tree: Tree, product: bool) -> Machine:
    """One node for each history of common information."""
    levels = tree.histories()
    nodes: list[dict[Known, int]] = []
    for level in levels:
        at: dict[Known, int] = {}
        for _, history in level:
            at.setdefault(tree.knowledge(history)[0], len(at))
        nodes.append(at)
    root = {tree.code(tree.increment(None, h)): nodes[0][tree.knowledge(h)[0]] for _, h in levels[0]}
    edges: list[Edges] = [[{} for _ in at] for at in nodes]
    for k, level in enumerate(levels[:-1]):
        for _, history in level:
            node = nodes[k][tree.knowledge(history)[0]]
            for _, action in tree.uniform(history):
                for _, nxt in tree.after(history, action):
                    code = tree.code(tree.increment(history, nxt))
                    edges[k][node][code] = nodes[k + 1][tree.knowledge(nxt)[0]]
    return _policy(rng, tree, root, edges, product)


def one_node(rng: np.random.Generator, information: Information, product: bool, pure: bool = False) -> Machine:
    """One node a step, tables over every code of p_i, whether or not it occurs; probabilities are eighths, which are
    exact in binary.  No history is listed, so this serves games of any size."""
    model = information.model

    def law(k: int, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        return rng.multinomial(8, np.full(k, 1 / k), shape) / 8

    def codes(items: tuple[Item, ...]) -> Ints:
        return np.arange(prod(information.size(item) for item in items))

    steps = []
    for h in range(1, model.horizon + 1):
        count = 1 if product else int(rng.integers(1, 4))
        private = tuple(codes(information.private_of(i, h)) for i in range(model.n_agents))
        sizes = [len(model.choices(i, h)) for i in range(model.n_agents)]
        tables = tuple(
            rng.integers(0, k, (count, len(known))) if pure or rng.random() < 0.5 else law(k, (count, len(known)))
            for k, known in zip(sizes, private, strict=True)
        )
        z = codes(information.increment(h + 1)) if h < model.horizon else np.zeros(0, np.int64)
        edges = np.array([0, len(z)]), np.arange(len(z)), np.zeros(len(z), np.int64)
        steps.append(PolicyStep(private, np.array([0, count]), law(count, ()), tables, z, *edges))
    root_z = codes(information.increment(1))
    return Machine(root_z, np.zeros(len(root_z), np.int64), tuple(steps))


def machine(rng: np.random.Generator, tree: Tree, product: bool, size: int = 3) -> Machine:
    """At most `size` nodes a step and random edges: equal beliefs are split and unequal ones merged."""
    levels = tree.histories()
    sizes = [int(rng.integers(1, size + 1)) for _ in levels]
    root = {tree.code(tree.increment(None, h)): int(rng.integers(sizes[0])) for _, h in levels[0]}
    edges: list[Edges] = []
    for k, level in enumerate(levels):
        codes = (
            set()
            if k + 1 == len(levels)
            else {
                tree.code(tree.increment(history, nxt))
                for _, history in level
                for _, action in tree.uniform(history)
                for _, nxt in tree.after(history, action)
            }
        )
        edges.append([{c: int(rng.integers(sizes[k + 1])) for c in sorted(codes)} for _ in range(sizes[k])])
    return _policy(rng, tree, root, edges, product)


def _policy(rng: np.random.Generator, tree: Tree, root: dict[int, int], edges: list[Edges], product: bool) -> Machine:
    """Random prescriptions on a given machine; a product policy has one component a node."""
    levels, steps = tree.histories(), []
    for h, (level, here) in enumerate(zip(levels, edges, strict=True), start=1):
        counts = np.ones(len(here), np.int64) if product else rng.integers(1, 4, len(here))
        total = int(counts.sum())
        indptr = np.concatenate([[0], np.cumsum(counts)])
        weight = np.concatenate([rng.dirichlet(np.ones(c)) for c in counts])
        private, tables = [], []
        for i in range(tree.n):
            codes = {tree.code(tree.knowledge(history)[1][i]) for _, history in level}
            private.append(np.array(sorted(codes), np.int64))
            choices = len(tree.own_actions(i, h))
            pure = rng.random() < 0.5
            tables.append(
                rng.integers(0, choices, (total, len(codes)))
                if pure
                else rng.dirichlet(np.ones(choices), (total, len(codes)))
            )
        z = np.array(sorted({code for node in here for code in node}), np.int64)
        place = {int(code): k for k, code in enumerate(z)}
        listed = [(place[code], to) for node in here for code, to in sorted(node.items())]
        steps.append(
            PolicyStep(
                tuple(private),
                indptr,
                weight,
                tuple(tables),
                z,
                np.concatenate([[0], np.cumsum([len(node) for node in here])]).astype(np.int64),
                np.array([k for k, _ in listed], np.int32),
                np.array([to for _, to in listed], np.int32),
            )
        )
    root_z = np.array(sorted(root), np.int64)
    root_to = np.array([root[int(code)] for code in root_z], np.int64)
    return Machine(root_z, root_to, tuple(steps))
