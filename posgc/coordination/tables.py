"""Controllers from rules and from the rows that lead from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.nodes import Choice, Node
from posgc.coordination.search import Search
from posgc.coordination.steps import Played, Rule
from posgc.model.ragged import pointers
from posgc.policy.controllers import Controller, Controllers, ControllerStep

__all__ = ["Edges", "best_policy", "controllers_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Edges:
    """How one agent moves into a step, row by row; rows repeat."""

    source: Ints  # node of the step before, 0 before step 1
    code: Ints  # of what it newly learns
    to: Ints  # node of the step


def controllers_of(rules: list[Rule], edges: list[list[Edges]]) -> Controllers:
    """Controllers that play `rules[h - 1][i]` in agent i's nodes of step h and move along `edges[h - 1][i]`.

    News that the rules cannot bring about has no edge; only after a deviation can it come, and the agent that gets it
    then draws uniformly to the end.
    """
    agents = range(len(rules[0]))
    own = tuple(_controller([rule[i] for rule in rules], [e[i] for e in edges]) for i in agents)
    return Controllers(own, unseen="uniform")


def _controller(actions: list[Ints], edges: list[Edges]) -> Controller:
    """One agent's, from its actions by step and node."""
    listed = [np.unique(np.stack([e.source, e.code, e.to]), axis=1) for e in edges]
    steps = []
    for h, own in enumerate(actions):
        source, code, to = listed[h + 1] if h + 1 < len(actions) else np.zeros((3, 0), dtype=np.int64)
        steps.append(ControllerStep(own, pointers(source, len(own)), code, to))
    return Controller(listed[0][1], listed[0][2], tuple(steps))


def best_policy(search: Search) -> tuple[float, Controllers]:
    """The best policy that the search has found, and its value; some lower bound must be finite."""
    steps, horizon, n = search.steps, search.model.horizon, search.model.n_agents
    layer = {node: k for k, (_, node) in enumerate(search.roots)}
    layers, rules, edges = [layer], list[Rule](), [_edges(search, 1, [(None, steps.begin())], {}, layer)]
    for h in range(1, horizon + 1):
        chosen = {node: steps.existing_rule(steps.component[node.number], h, _best(node).rule) for node in layer}
        rules.append(tuple(np.concatenate([rule[i] for rule in chosen.values()]) for i in range(n)))
        if h < horizon:
            after = {child: 0 for node in layer for _, child in _best(node).children or ()}
            played = [(node, steps.play(steps.component[node.number], h, chosen[node])) for node in layer]
            edges.append(_edges(search, h + 1, played, layer, after))
            layer = after
            layers.append(layer)
    value: dict[Node, float] = {}
    for layer in reversed(layers):
        for node in layer:
            best = _best(node)
            ahead = sum(p * value[child] for p, child in best.children or ())
            value[node] = best.reward + search.model.discount * ahead
    return sum(p * value[root] for p, root in search.roots), controllers_of(rules, edges)


def _best(node: Node) -> Choice:
    assert node.best is not None
    return node.best


def _firsts(search: Search, layer: dict[Node, int]) -> dict[Node, Ints]:
    """For each node of a layer, the number of each agent's first type in it."""
    counts = np.array([search.steps.component[node.number].counts for node in layer])
    return dict(zip(layer, np.cumsum(counts, axis=0) - counts, strict=True))


def _edges(
    search: Search,
    h: int,
    played: Sequence[tuple[Node | None, Played]],
    before: dict[Node, int],
    after: dict[Node, int],
) -> list[Edges]:
    """Of every agent, from the nodes of step h - 1 to those of step h."""
    n = search.model.n_agents
    source, target = _firsts(search, before) if before else {}, _firsts(search, after)
    found: list[list[tuple[Ints, Ints, Ints]]] = [[] for _ in range(n)]
    for node, rows in played:
        parts = rows.parts()
        to = np.array([target[search.nodes[h, search.steps.number(c)]] for c in parts.components])
        for i in range(n):
            part, place = parts.part[i][rows.fresh[i]], parts.place[i][rows.fresh[i]]
            begin = 0 if node is None else int(source[node][i])
            found[i].append((begin + rows.types[i], rows.news[i], to[part, i] + place))
    return [Edges(*(np.concatenate(x) for x in zip(*own, strict=True))) for own in found]
