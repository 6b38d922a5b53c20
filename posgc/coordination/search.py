"""Memoised AO* with brackets over components of common knowledge.

Every node holds a lower and an upper bound of its value.  Its joint decision rules come in order of a bound
(`posgc.coordination.stage`); the best of them is made precise step by step: first the bound of its rows, one belief
and joint action at a time, then the components that follow, until it falls below its runner-up.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count

import numpy as np
import numpy.typing as npt

from posgc.coordination.beliefs import BeliefStore
from posgc.coordination.lookahead import CELLS, FIRST, Lookahead, one_step
from posgc.coordination.nodes import Choice, Node
from posgc.coordination.relaxation import Relaxation
from posgc.coordination.stage import Rules, Stage
from posgc.coordination.steps import Rule, Steps, positions_of
from posgc.information.items import Information
from posgc.model.rewards import largest_to_come, spans_to_come

__all__ = ["Search", "Stopped"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEW = 40
"""Beliefs up to which those that everybody knows are solved before the search, last step first."""
MANY = 8
"""Rules of a node from which on the bounds of their rows are made precise at once, not only as far as asked."""
ROUNDING = 512 * float(np.finfo(float).eps)
"""Relative error of one step's sums."""
EFFORT = 100
"""Rules that are expanded, at most, to make the bound of one belief and joint action precise."""


class Stopped(Exception):
    """A limit is reached; every bound holds."""


class Search:
    """The optimal team value of a game under a protocol, from below and from above."""

    def __init__(
        self,
        information: Information,
        epsilon: float,
        stopped: Callable[[], bool] = lambda: False,
        beliefs: BeliefStore | None = None,
    ) -> None:
        """`beliefs` are those of another search of the same model."""
        self.information, self.model, self.epsilon, self.stopped = information, information.model, epsilon, stopped
        self.beliefs = beliefs or BeliefStore(self.model)
        self.steps = Steps(information, self.beliefs)
        self.lookahead = Lookahead(self.steps)
        self.relaxation = Relaxation(self.beliefs, stopped)
        self.nodes: dict[tuple[int, int], Node] = {}
        self._tight: list[dict[int, Floats]] = [{} for _ in range(self.model.horizon + 1)]
        self._singles: list[dict[tuple[int, int], tuple[Node, Choice]]] = [{} for _ in range(self.model.horizon)]
        self._number = count()
        self._left: float = np.inf
        self.rules_held = 0
        self.roots = [(p, self._node(1, number)) for p, number in self.steps.merge(self.steps.begin().parts())]

    @property
    def lower(self) -> float:
        """The value of the best policy found."""
        return sum(p * root.lower for p, root in self.roots)

    @property
    def upper(self) -> float:
        """The bound from above, before errors of arithmetic are charged."""
        return sum(p * root.upper for p, root in self.roots)

    def tolerance(self, h: int) -> float:
        """The width of a bracket that counts as closed: less at later steps, so that closed children close a choice."""
        return self.epsilon * (self.model.horizon - h + 1) / self.model.horizon

    @property
    def nbytes(self) -> int:
        """Bytes held, near enough: tables, components, rules and their queues."""
        held = self.beliefs.nbytes + self.steps.nbytes + self.relaxation.nbytes + self.lookahead.nbytes
        queues = sum(node.rules.nbytes for node in self.nodes.values() if node.rules is not None)
        return held + queues + 700 * len(self.nodes) + 900 * self.rules_held

    def charge(self) -> float:
        """What merging by rounded numbers, and arithmetic, can take from an upper bound, at most.

        A law that was moved by d in L1 changes an expectation by at most d / 2 times the span of what is to come.
        """
        moved = (self.beliefs.worst + self.steps.apart + self.steps.interned) / 2
        spans, largest = spans_to_come(self.model)[0], largest_to_come(self.model)[0]
        return float(moved * spans.sum() + ROUNDING * largest.sum())

    def check(self) -> None:
        """Raises Stopped where a limit is reached."""
        if self.stopped():
            raise Stopped

    def solve(self) -> None:
        """Close the bracket.  Raises Stopped."""
        self._solve_singles()
        while True:
            _, root = max(self.roots, key=lambda r: r[0] * (r[1].upper - r[1].lower))
            if root.upper <= root.lower + self.tolerance(1):
                return
            self.improve(root, -np.inf)

    def _solve_singles(self) -> None:
        """Close the brackets of what everybody knows, last step first, where there is little of it: bounds of the rest
        then lack no more than what one moment of sharing is worth."""
        if len(self.beliefs) > FEW:
            return
        layers = self.relaxation.layers
        for h in range(min(len(layers), self.model.horizon - 1), 1, -1):
            for belief in layers[h - 1].tolist():  # nothing follows a belief at a step that cannot find it
                self._left = EFFORT
                try:
                    self.improve(self._node(h, self.steps.alone(belief)), -np.inf)
                finally:
                    self._left = np.inf

    # ---- nodes

    def _node(self, h: int, number: int) -> Node:
        found = self.nodes.get((h, number))
        if found is None:
            component = self.steps.component[number]
            value = float(component.weight @ self.relaxation.value(h)[component.belief])
            found = self.nodes[h, number] = Node(h, number, value)
        return found

    def _bounds(self, h: int, beliefs: Ints) -> Floats:
        """[len(beliefs), A] bounds of each joint action at each belief, everything told after it is chosen."""
        kinds, which = np.unique(beliefs, return_inverse=True)
        table, tight = self.relaxation.actions(h, kinds), self._tight[h]
        for row, belief in enumerate(kinds.tolist() if tight else ()):
            if belief in tight:
                table[row] = np.minimum(table[row], tight[belief])
        return np.asarray(table[which])

    def _stage(self, node: Node) -> Stage:
        """Payoffs of the node's options, weights included, that bound what they are worth."""
        h, component = node.h, self.steps.component[node.number]
        n = len(component.counts)
        if n == 2 and h < self.model.horizon:
            reward = self.beliefs.rewards(h)[component.belief]
            limit = FIRST if node.rules is None else CELLS
            found = self.lookahead.stage(node.number, h, reward, self._bounds, limit)
            if found is not None:
                return found
        if len(component.weight) == 1:
            table = self.relaxation.actions(h, component.belief)
        else:
            table = self._bounds(h, component.belief)
        payoff = (table * component.weight[:, None]).reshape(len(table), *self.steps.sizes[h - 1])
        if n == 2:
            return one_step(payoff, component.types, (component.counts[0], component.counts[1]))
        return payoff

    def _make_rules(self, node: Node) -> None:
        component = self.steps.component[node.number]
        node.rules, node.stale = Rules(self._stage(node), component.types, component.counts), 0
        self._settle(node)

    def _settle(self, node: Node) -> None:
        if node.rules is not None:
            node.upper = min(node.upper, max(node.top, node.rules.bound))
        component = self.steps.component[node.number]
        if len(component.weight) == 1:
            value, belief = self.relaxation.value(node.h), component.belief[0]
            value[belief] = min(value[belief], node.upper)

    def _met(self, node: Node, rule: Rule, worth: float) -> Choice:
        """The node's choice of this rule, made where it is new."""
        key = b"".join(own.tobytes() for own in rule)
        choice = node.of_rule.get(key)
        if choice is None:
            choice = node.of_rule[key] = Choice(rule, worth)
            heapq.heappush(node.choices, (-worth, next(self._number), choice))
            self.rules_held += 1
        return choice

    def expand(self, node: Node, choice: Choice) -> None:
        """Find what follows a rule."""
        h, component = node.h, self.steps.component[node.number]
        position = positions_of(choice.rule, component.types, self.steps.sizes[h - 1])
        reward = self.beliefs.rewards(h)[component.belief, position]
        choice.reward = float(component.weight @ reward)
        followed = self.steps.follow(node.number, h, choice.rule) if h < self.model.horizon else []
        choice.children = [(p, self._node(h + 1, number)) for p, number in followed]
        self._left -= 1
        self._keep(node, choice)

    def _keep(self, node: Node, choice: Choice) -> None:
        choice.settle(self.model.discount)
        if choice.lower > node.lower:
            node.lower, node.best = choice.lower, choice

    # ---- search

    def improve(self, node: Node, threshold: float) -> None:
        """Until the node's upper bound is at most the threshold, or its bracket is closed, or no effort is left."""
        tolerance = self.tolerance(node.h)
        while node.upper > max(threshold, node.lower + tolerance) and self._left > 0:
            self.check()
            if node.rules is None or node.stale > 3 + len(node.choices) // 4:
                self._make_rules(node)
            elif node.top < node.rules.bound:
                worth, rule = node.rules.next(self.check)
                self._met(node, rule, worth)
                self._settle(node)
            else:
                self._advance(node, threshold)

    def _advance(self, node: Node, threshold: float) -> None:
        """Make the choice with the highest bound more precise."""
        assert node.rules is not None
        held, number, choice = node.choices[0]
        try:
            if -held <= choice.upper:
                second = min(node.choices[1:3])[0] if len(node.choices) > 1 else np.inf
                rival = max(-second, node.rules.bound, threshold, node.lower)
                target = _below(rival, self.epsilon / (4 * self.model.horizon))
                if choice.children is not None:
                    self._refine(choice, target, self.tolerance(node.h + 1))
                elif not self._tighten(node, choice, target):
                    self.expand(node, choice)
        finally:  # limits are reached somewhere below
            if choice.children is not None:
                self._keep(node, choice)
            heapq.heapreplace(node.choices, (-choice.upper, number, choice))
            self._settle(node)

    def _refine(self, choice: Choice, target: float, tolerance: float) -> None:
        discount = self.model.discount
        if not discount:  # any rules to the end will do
            for _, child in choice.children or ():
                self.dive(child)
            choice.settle(discount)
            return
        while choice.upper > max(target, choice.lower + tolerance) and self._left > 0:
            p, child = max(choice.children or (), key=lambda c: c[0] * (c[1].upper - c[1].lower))
            try:
                self.improve(child, _below(child.upper, (choice.ahead - target) / (discount * p)))
            finally:
                choice.settle(discount)

    def _tighten(self, node: Node, choice: Choice, target: float) -> bool:
        """Whether the choice's bound falls when each of its rows is told all after the rule is chosen, and what follows
        is looked at as far as the target asks and effort allows."""
        h, component = node.h, self.steps.component[node.number]
        if len(component.weight) == 1 or h == self.model.horizon:
            return False
        position = positions_of(choice.rule, component.types, self.steps.sizes[h - 1])
        bound = self._bounds(h, component.belief)[np.arange(len(position)), position]
        held, told = choice.upper, float(component.weight @ bound)
        rows: dict[tuple[int, int], list[float]] = {}
        for row, pair in enumerate(zip(component.belief.tolist(), position.tolist(), strict=True)):
            known = rows.setdefault(pair, [0.0, float(bound[row])])
            known[0] += float(component.weight[row])
        if len(node.choices) > MANY:
            target = -np.inf
        while rows and min(held, told) > target:
            # the row that can lower the bound most
            (belief, action), (weight, now) = max(
                rows.items(), key=lambda x: x[1][0] * (x[1][1] - self._least(h, *x[0]))
            )
            new = min(now, self._tell(h, belief, action, now - (told - target) / weight))
            told -= weight * (now - new)
            if new < now - self.tolerance(h + 1) / 16 and new > self._least(h, belief, action) + self.tolerance(h + 1):
                rows[belief, action][1] = new
            else:
                del rows[belief, action]
        choice.upper = min(held, told)
        node.stale += choice.upper < held - self.tolerance(h)
        return choice.upper < held - self.epsilon / (4 * self.model.horizon)

    def _least(self, h: int, belief: int, action: int) -> float:
        """A lower bound of a joint action at a belief that everybody knows."""
        single = self._singles[h - 1].get((belief, action))
        return single[1].lower if single else -np.inf

    def _tell(self, h: int, belief: int, action: int, target: float) -> float:
        """An upper bound of a joint action at a belief that everybody knows: what is told is told once."""
        found = self._singles[h - 1].get((belief, action))
        if found is None:
            node = self._node(h, self.steps.alone(belief))
            parts = np.unravel_index(action, self.steps.sizes[h - 1])
            choice = self._met(node, tuple(np.array([a], dtype=np.int64) for a in parts), np.inf)
            found = self._singles[h - 1][belief, action] = node, choice
        node, choice = found
        left, self._left = self._left, EFFORT
        try:
            if choice.children is None:
                self.expand(node, choice)
            self._refine(choice, target, self.tolerance(h + 1))
        finally:
            self._left = left
            if choice.children is not None:
                self._keep(node, choice)
                tight = self._tight[h].setdefault(belief, np.full(int(np.prod(self.steps.sizes[h - 1])), np.inf))
                tight[action] = choice.upper
        return choice.upper

    def dive(self, node: Node) -> None:
        """A first lower bound: the best rule by the stage's bound, and so on to the end.  Raises Stopped."""
        if node.lower > -np.inf:
            return
        self.check()
        if node.choices:
            choice = node.choices[0][2]
        else:
            if node.rules is None:
                self._make_rules(node)
            assert node.rules is not None
            worth, rule = node.rules.next(self.check)
            choice = self._met(node, rule, worth)
        if choice.children is None:
            self.expand(node, choice)
        for _, child in choice.children or ():
            self.dive(child)
        self._keep(node, choice)


def _below(value: float, by: float) -> float:
    """Less than the value, by so much or the least that floating point tells, so that there is always progress."""
    return min(value - by, math.nextafter(value, -math.inf))
