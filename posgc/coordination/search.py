"""Memoised AO* with brackets over components of common knowledge."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import numpy.typing as npt

from posgc.coordination.beliefs import BeliefStore
from posgc.coordination.components import Component, parts_of
from posgc.coordination.pending import Transfer, transfers
from posgc.coordination.stage import Rules
from posgc.information.items import Information

__all__ = ["Search"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(eq=False, slots=True)
class Choice:
    """A joint decision rule at a node, what it earns now, and the components that follow."""

    rule: tuple[Ints, ...]
    reward: float
    children: list[tuple[float, Node]]
    maps: list[tuple[Ints, ...]]
    upper: float = np.inf
    lower: float = -np.inf

    def settle(self, discount: float) -> None:
        """Bounds from those of the children."""
        self.upper = min(self.upper, self.reward + discount * sum(p * c.upper for p, c in self.children))
        self.lower = max(self.lower, self.reward + discount * sum(p * c.lower for p, c in self.children))


@dataclass(eq=False, slots=True)
class Node:
    """A component with the bracket of its value."""

    h: int
    component: Component
    upper: float
    lower: float = -np.inf
    rules: Rules | None = None
    choices: list[tuple[float, int, Choice]] = field(default_factory=list)
    best: Choice | None = None
    tried: bool = False


EFFORT = int(__import__("os").environ.get("EFFORT", "40"))


class Search:
    """The optimal team value of a game under a protocol, from below and from above."""

    def __init__(self, information: Information, epsilon: float = 1e-9) -> None:
        self.information, self.model, self.epsilon = information, information.model, epsilon
        self.beliefs = BeliefStore(self.model)
        self.nodes: dict[tuple[int, bytes], Node] = {}
        self._full: list[dict[int, float]] = [{} for _ in range(self.model.horizon + 2)]
        self._worth: list[dict[int, Floats]] = [{} for _ in range(self.model.horizon + 2)]
        self._transfers = [transfers(information, h) for h in range(self.model.horizon)]
        self._sizes = [
            tuple(len(self.model.choices(i, h)) for i in range(self.model.n_agents))
            for h in range(1, self.model.horizon + 1)
        ]
        self._number = count()
        self._left: float = np.inf
        self.roots = self._roots()

    # ---- full sharing from here on

    def full(self, belief: int, h: int) -> float:
        """The value of a belief at step h if everything were shared from now on."""
        if h > self.model.horizon:
            return 0.0
        found = self._full[h].get(belief)
        if found is None:
            found = self._full[h][belief] = float(self.worth(belief, h).max())
        return found

    def told(self, belief: int, h: int) -> float:
        """A bound on the value of step h where everybody is told all that is known then, once: U_before."""
        if h >= self.model.horizon:
            return self.full(belief, h)
        one = np.zeros(1, dtype=np.int64)
        alone = tuple(one for _ in range(self.model.n_agents))
        node = self._node(h, Component(np.zeros((self.model.n_agents, 1), np.int64), np.array([belief]), np.ones(1), alone))
        if not node.tried:
            node.tried = True
            left, self._left = self._left, min(self._left, EFFORT)
            spent = self._left
            self.improve(node, -np.inf)
            self._left = left - (spent - self._left)
        return node.upper

    def worth(self, belief: int, h: int) -> Floats:
        """[A] of each joint action at a belief, everything shared afterwards."""
        found = self._worth[h].get(belief)
        if found is None:
            look = self.beliefs.outlook(belief, h)
            found = look.reward.copy()
            if h < self.model.horizon:
                ahead = np.array([self.told(b, h + 1) for b in look.belief.tolist()])
                found += self.model.discount * np.add.reduceat(look.probability * ahead, look.first[:-1])
            self._worth[h][belief] = found
        return found

    # ---- nodes

    def _roots(self) -> list[tuple[float, Node, tuple[Ints, ...]]]:
        observation, mass, belief = self.beliefs.start()
        n = self.model.n_agents
        zeros = tuple(np.zeros(1, dtype=np.int64) for _ in range(n))
        return self._parts(0, np.zeros((n, len(mass)), dtype=np.int64), zeros, np.zeros(len(mass), np.int64), observation, mass, belief)

    def _node(self, h: int, component: Component) -> Node:
        key = (h, component.key)
        found = self.nodes.get(key)
        if found is None:
            value = np.inf
            if len(component.weight) > 1:
                value = sum(w * self.told(b, h) for b, w in zip(component.belief.tolist(), component.weight.tolist(), strict=True))
            found = self.nodes[key] = Node(h, component, value)
        return found

    def _parts(
        self, h: int, types: Ints, queue: tuple[Ints, ...], action: Ints, observation: Ints, mass: Floats, belief: Ints
    ) -> list[tuple[float, Node, tuple[Ints, ...]]]:
        """The nodes of step h + 1 after rows (types of step h, joint action, joint observation, belief)."""
        rows = len(mass)
        sources = {-2: action, -1: observation, **{j: q[types[j]] for j, q in enumerate(queue)}}
        fresh, queues = [], []
        for i, transfer in enumerate(self._transfers[h]):
            code = Transfer.read(transfer.learned, sources, rows)
            key = types[i] * (int(code.max()) + 1) + code
            first, label = np.unique(key, return_index=True, return_inverse=True)[1:]
            fresh.append(label)
            queues.append(Transfer.read(transfer.queue, {k: s[first] for k, s in sources.items()}, len(first)))
        return [
            (p, self._node(h + 1, component), of)
            for p, component, of in parts_of(np.array(fresh), belief, mass, tuple(queues))
        ]

    def expand(self, node: Node, rule: tuple[Ints, ...]) -> Choice:
        """Play a joint decision rule."""
        h, component = node.h, node.component
        position = np.zeros(len(component.weight), dtype=np.int64)
        for own, t, size in zip(rule, component.types, self._sizes[h - 1], strict=True):
            position = position * size + own[t]
        looks = [self.beliefs.outlook(b, h) for b in component.belief.tolist()]
        at = position.tolist()
        reward = float(sum(w * look.reward[a] for w, look, a in zip(component.weight.tolist(), looks, at, strict=True)))
        if h == self.model.horizon:
            return Choice(rule, reward, [], [], reward, reward)
        spans = [slice(look.first[a], look.first[a + 1]) for look, a in zip(looks, at, strict=True)]
        counts = np.array([s.stop - s.start for s in spans])
        row = np.repeat(np.arange(len(spans)), counts)
        mass = np.concatenate([look.probability[s] for look, s in zip(looks, spans, strict=True)]) * component.weight[row]
        observation = np.concatenate([look.observation[s] for look, s in zip(looks, spans, strict=True)])
        belief = np.concatenate([look.belief[s] for look, s in zip(looks, spans, strict=True)])
        action = self.model.allowed(h)[position[row]]
        parts = self._parts(h, component.types[:, row], component.queue, action, observation, mass, belief)
        merged: dict[int, list[float]] = {}
        children: list[tuple[float, Node]] = []
        for p, child, _ in parts:
            if id(child) in merged:
                merged[id(child)][0] += p
            else:
                merged[id(child)] = [p]
                children.append((p, child))
        children = [(merged[id(c)][0], c) for _, c in children]
        choice = Choice(rule, reward, children, [])
        choice.settle(self.model.discount)
        return choice

    def _rules(self, node: Node) -> Rules:
        if node.rules is None:
            c = node.component
            table = np.array([self.worth(b, node.h) for b in c.belief.tolist()]) * c.weight[:, None]
            node.rules = Rules(table.reshape(len(c.weight), *self._sizes[node.h - 1]), c.types, c.counts)
            node.upper = min(node.upper, node.rules.bound)
        return node.rules

    # ---- search

    def improve(self, node: Node, threshold: float) -> None:
        """Until the node's upper bound is at most the threshold, or its bracket is closed."""
        rules = self._rules(node)
        margin = self.epsilon / (4 * self.model.horizon)
        while node.upper > max(threshold, node.lower + self._tolerance(node.h)) and self._left > 0:
            if not node.choices or rules.bound >= -node.choices[0][0]:
                _, rule = rules.next()
                self._left -= 1
                self._keep(node, self.expand(node, rule))
            else:
                choice = heapq.heappop(node.choices)[2]
                rival = max(-node.choices[0][0] if node.choices else -np.inf, rules.bound, threshold, node.lower)
                self._refine(choice, rival - margin, self._tolerance(node.h + 1))
                self._keep(node, choice)
            top = -node.choices[0][0]
            node.upper = min(node.upper, max(top, rules.bound))

    def _keep(self, node: Node, choice: Choice) -> None:
        if choice.lower > node.lower or node.best is None:
            node.lower, node.best = choice.lower, choice
        heapq.heappush(node.choices, (-choice.upper, next(self._number), choice))

    def _tolerance(self, h: int) -> float:
        """The width of a bracket that counts as closed: less at later steps, so that closed children close a choice."""
        return self.epsilon * (self.model.horizon - h + 1) / self.model.horizon

    def _refine(self, choice: Choice, target: float, tolerance: float) -> None:
        discount = self.model.discount
        while choice.upper > max(target, choice.lower + tolerance) and self._left > 0:
            p, child = max(choice.children, key=lambda c: c[0] * (c[1].upper - c[1].lower))
            need = child.upper - (choice.upper - target) / (discount * p)
            self.improve(child, need)
            choice.upper = np.inf
            choice.settle(discount)

    def dive(self, node: Node) -> None:
        """A first lower bound: the best rule by the stage's bound, and so on to the end."""
        if node.lower > -np.inf:
            return
        _, rule = self._rules(node).next()
        choice = self.expand(node, rule)
        for _, child in choice.children:
            self.dive(child)
        choice.settle(self.model.discount)
        self._keep(node, choice)

    def solve(self) -> tuple[float, float]:
        """Lower and upper bound of the value."""
        for _, root, _ in self.roots:
            self.dive(root)
        for _, root, _ in self.roots:
            self.improve(root, -np.inf)
        return (
            sum(p * root.lower for p, root, _ in self.roots),
            sum(p * root.upper for p, root, _ in self.roots),
        )
