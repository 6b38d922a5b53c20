"""The fast chain against the plain one on a random game; each function fails with an assertion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import pytest
from posgc_value_iteration import ValueIteration
from support.games import Shape, random_game
from support.optimum import Coordinator, zero_sum_value
from support.play import Kind, Play
from support.policies import bound, machine, on_graph, unrolled
from support.tree import Belief, Digits, History, Known, Law, Tree

from posgc.information.dropping import drop_own_actions
from posgc.information.graph import Graph, Layer, expand_graph
from posgc.information.items import Information
from posgc.information.payoff import private_types, stage_payoffs, stage_weights
from posgc.judge.judgement import Judgement
from posgc.judge.verify import verify
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.plugin import Problem
from posgc.policy.artefact import Result
from posgc.policy.compatibility import require_compatible
from posgc.policy.machine import Machine

__all__ = [
    "check_graph",
    "check_independence",
    "check_policy",
    "check_random_policies",
    "check_solution",
    "check_stages",
    "concepts",
    "largest_defect",
    "prepared",
    "random_law",
    "solved",
]

K = TypeVar("K")
EXACT = 1e-9
"""Absolute; beliefs sum to 1 and rewards are of order 1."""

SOLVED = 1e-7
"""Absolute; what a linear programme with feasibility tolerances of 1e-10 may miss in several steps."""


def prepared(shape: Shape) -> tuple[Information, Tree, Graph]:
    """The game, after the drop pass, both ways."""
    model, protocol = random_game(shape)
    information = drop_own_actions(Information(model, protocol))
    return information, Tree(model, protocol, information.dropped), expand_graph(information)


# ---- beliefs


def random_law(tree: Tree, seed: int, sharp: bool) -> Law:
    """A random product policy: each agent's law reads (h, c_h, p_i); deterministic when sharp."""
    rng = np.random.default_rng(seed)
    known: dict[tuple[int, int, Known, Known], list[float]] = {}

    def law(history: History) -> list[tuple[float, Digits]]:
        common, private = tree.knowledge(history)
        joint: list[tuple[float, Digits]] = [(1.0, ())]
        for i in range(tree.n):
            own, key = tree.own_actions(i, history.h), (i, history.h, common, private[i])
            if key not in known:
                k = len(own)
                known[key] = list(np.eye(k)[rng.integers(k)] if sharp else rng.dirichlet(np.ones(k)))
            joint = [(p * q, a + b) for p, a in joint for q, b in zip(known[key], own, strict=True)]
        return [(p, a) for p, a in joint if p > 0]

    return law


def distance(left: Mapping[K, float], right: Mapping[K, float]) -> float:
    """L1."""
    return sum(abs(left.get(x, 0.0) - right.get(x, 0.0)) for x in left.keys() | right.keys())


def node_belief(tree: Tree, layer: Layer, k: int) -> dict[tuple[int, int], float]:
    """A node's belief, keyed by (code of u, state)."""
    cells, belief = layer.table.cells, layer.belief
    at = slice(belief.indptr[k], belief.indptr[k + 1])
    return {
        (int(cells.u[cells.u_of[x]]), int(cells.s[x])): float(p)
        for x, p in zip(belief.indices[at], belief.data[at], strict=True)
    }


def coded(tree: Tree, belief: Belief) -> dict[tuple[int, int], float]:
    """A plain belief keyed likewise."""
    return {(tree.code(tree.union(private)), s): w for (private, s), w in belief.items()}


def walk(tree: Tree, graph: Graph) -> list[dict[Known, int]]:
    """For each step the node to which the graph's edges lead from every c_h that can occur."""
    levels = tree.histories()
    first: dict[Known, int] = {}
    for _, history in levels[0]:
        (at,) = np.flatnonzero(graph.root_z == tree.code(tree.increment(None, history)))
        first[tree.knowledge(history)[0]] = int(graph.root_to[at])
    result = [first]
    for layer, level in zip(graph.layers[:-1], levels[:-1], strict=True):
        ahead: dict[Known, int] = {}
        for _, history in level:
            k = result[-1][tree.knowledge(history)[0]]
            for _, action in tree.uniform(history):
                for _, nxt in tree.after(history, action):
                    to = edge(layer, k, tree.code(tree.increment(history, nxt)))
                    assert ahead.setdefault(tree.knowledge(nxt)[0], to) == to, "one c_h, two nodes"
        result.append(ahead)
    return result


def edge(layer: Layer, k: int, code: int) -> int:
    """The node to which increment `code` leads from node k."""
    assert layer.table.z is not None
    (to,) = [
        int(layer.edge_to[e])
        for e in range(layer.edge_indptr[k], layer.edge_indptr[k + 1])
        if layer.table.z[layer.edge_z[e]] == code
    ]
    return to


def check_graph(tree: Tree, graph: Graph) -> None:
    """Every c_h leads to a node with its belief; nodes are the distinct beliefs; root and edges are right."""
    levels, nodes = tree.histories(), walk(tree, graph)
    for h, (level, at, layer) in enumerate(zip(levels, nodes, graph.layers, strict=True), start=1):
        plain = tree.beliefs(level)
        assert plain.keys() == at.keys()
        assert set(at.values()) == set(range(len(layer))), "a node that nothing reaches"
        distinct: list[Belief] = []
        for common, (_, belief) in plain.items():
            assert distance(coded(tree, belief), node_belief(tree, layer, at[common])) < EXACT
            if all(distance(belief, other) > EXACT for other in distinct):
                distinct.append(belief)
        assert len(distinct) == len(layer), f"step {h}"
        if h < tree.horizon:
            occurring = {
                (at[tree.knowledge(history)[0]], tree.code(tree.increment(history, nxt)))
                for _, history in level
                for _, action in tree.uniform(history)
                for _, nxt in tree.after(history, action)
            }
            assert len(layer.edge_to) == len(occurring), "edges that nothing takes"
    first = tree.beliefs(levels[0])
    total = {tree.code(common): w for common, (w, _) in first.items()}
    assert [int(z) for z in graph.root_z] == sorted(total)
    assert graph.root == pytest.approx([total[z] for z in sorted(total)], abs=EXACT)


def check_independence(tree: Tree, seed: int) -> None:
    """Assumption 3: beliefs under random product policies are those under uniform play (wherever they exist)."""
    assert largest_defect(tree, seed, 3) < EXACT


def largest_defect(tree: Tree, seed: int, policies: int) -> float:
    """The largest L1 distance between beliefs under uniform play and under random product policies."""
    uniform, worst = [tree.beliefs(level) for level in tree.histories()], 0.0
    for k in range(policies):
        for h, level in enumerate(tree.histories(random_law(tree, seed + k, sharp=k % 2 == 0))):
            for common, (_, belief) in tree.beliefs(level).items():
                worst = max(worst, distance(belief, uniform[h][common][1]))
    return worst


def check_stages(tree: Tree, graph: Graph, seed: int) -> None:
    """U_i(p, a) at every c_h with random continuation values on the next layer's nodes."""
    rng = np.random.default_rng(seed)
    nodes, discount = walk(tree, graph), tree.model.discount
    for h, level in enumerate(tree.histories(), start=1):
        layer = graph.layers[h - 1]
        ahead = None if h == tree.horizon else rng.normal(size=(tree.n, len(graph.layers[h])))
        plain: dict[tuple[Known, int, Digits], np.ndarray] = {}
        weight: dict[Known, float] = {}
        for w, history in level:
            common, private = tree.knowledge(history)
            weight[common] = weight.get(common, 0.0) + w
            for a in tree.joint_actions(h):
                pay = np.array([tree.reward(i, history, a) for i in range(tree.n)])
                if ahead is not None:
                    for q, nxt in tree.after(history, a):
                        pay += discount * q * ahead[:, nodes[h][tree.knowledge(nxt)[0]]]
                key = common, tree.code(tree.union(private)), a
                plain[key] = plain.get(key, 0.0) + w * pay
        fast = stage_payoffs(layer, 0, len(layer), ahead, discount)
        u_at = {int(u): k for k, u in enumerate(layer.table.cells.u)}
        a_at = {a: k for k, a in enumerate(tree.joint_actions(h))}
        assert fast.shape == (tree.n, len(layer), len(u_at), len(a_at))
        for (common, u, a), pay in plain.items():
            there = fast[:, nodes[h - 1][common], u_at[u], a_at[a]]
            assert there == pytest.approx(pay / weight[common], abs=EXACT)
        check_weights(tree, graph, h, level, nodes[h - 1])


def check_weights(tree: Tree, graph: Graph, h: int, level: list[tuple[float, History]], at: dict[Known, int]) -> None:
    """P(u | node), and which private information each agent has in each u."""
    layer = graph.layers[h - 1]
    weights = stage_weights(layer, 0, len(layer))
    codes, types = private_types(graph.information, layer.h, layer.table.cells.u)
    for common, (_, belief) in tree.beliefs(level).items():
        mass: dict[int, float] = {}
        for (private, _), w in belief.items():
            u = tree.code(tree.union(private))
            mass[u] = mass.get(u, 0.0) + w
            (column,) = np.flatnonzero(layer.table.cells.u == u)
            for i in range(tree.n):
                assert codes[i][types[i, column]] == tree.code(private[i])
        expected = [mass.get(int(u), 0.0) for u in layer.table.cells.u]
        assert weights[at[common]] == pytest.approx(expected, abs=EXACT)


# ---- policies


def check_policy(information: Information, tree: Tree, policy: Machine, kind: Kind, scale: float = 1.0) -> Judgement:
    """`verify` against playing the policy out, deviators included."""
    fast, play = verify(information, policy, kind), Play(tree, policy)
    close = EXACT * scale
    assert fast.values == pytest.approx(play.values(), abs=close)
    for i in range(tree.n):
        above, below = play.recall(i, kind), play.memoryless(i, kind)
        if tree.protocol.forget is None:  # else perfect memory is worth something
            assert fast.deviation_values[i] == pytest.approx(above, abs=close)
        assert fast.deviation_values[i] == pytest.approx(below, abs=close)
        assert fast.deviation_values[i] <= above + close
    gains = [d - v for d, v in zip(fast.deviation_values, fast.values, strict=True)]
    assert fast.gains == pytest.approx(gains, abs=close)
    assert fast.gap == pytest.approx(max(gains), abs=close)
    return fast


def check_random_policies(information: Information, tree: Tree, graph: Graph, seed: int) -> list[float]:
    """Bad policies of every make and kind of gap; returns the gaps."""
    rng = np.random.default_rng(seed)
    makes: list[Callable[[bool], Machine]] = [
        lambda product: on_graph(rng, tree, graph, product),
        lambda product: unrolled(rng, tree, product),
        lambda product: machine(rng, tree, product),
    ]
    gaps = []
    for make in makes:
        for kind in ("nash", "cce", "ce"):
            gaps.append(check_policy(information, tree, make(kind == "nash"), kind).gap)
    return gaps


# ---- solvers


def solved(information: Information, concept: ConceptName, **options: object) -> Result:
    """What value iteration makes of the game."""
    problem = Problem(information, concept, 10**6, 0)
    return ValueIteration().emit(problem, ValueIteration.options(**options)).run(lambda stage, done, total: None)


def check_solution(information: Information, tree: Tree, concept: ConceptName, shape: Shape) -> None:
    """Value iteration: its claim is what the policy earns, no gap is left, and the value is the plain optimum."""
    result = solved(information, concept)
    require_compatible(information, bound(information, result.strategy, concept, result.claim))
    checked = check_policy(information, tree, result.strategy, CONCEPTS[concept].deviations())
    assert result.claim.values == pytest.approx(checked.values, abs=SOLVED)
    regret = any("regret" in note for note in result.claim.notes)  # stages too large for the exact programme
    assert checked.gap <= (1e-2 if regret else SOLVED)
    if shape.rewards == "common":
        coordinator = Coordinator(tree)
        if coordinator.affordable(2e4):
            assert checked.values[0] == pytest.approx(coordinator.value(), abs=EXACT)
    elif shape.rewards == "zero_sum" and tree.protocol.forget is None:
        assert checked.values[0] == pytest.approx(zero_sum_value(tree), abs=SOLVED)


def concepts(shape: Shape) -> tuple[ConceptName, ...]:
    """What value iteration serves for rewards of this kind with a gap of rounding only."""
    served: dict[str, tuple[ConceptName, ...]] = {
        "common": ("team", "nash", "ce", "cce"),
        "zero_sum": ("nash", "ce", "cce"),
        "general": ("nash", "ce", "cce") if shape.n == 2 else ("ce", "cce"),  # more agents: Nash with its gap only
    }
    return served["common" if shape.n == 1 else shape.rewards]
