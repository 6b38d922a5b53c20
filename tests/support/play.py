"""What a policy earns, and what deviations from it earn, by playing the policy machine along every history.

Deviators (paper: Definitions 2, 9 and 10) are written down twice, so that the truth lies between:

- `recall`: a deviator that remembers everything that it ever held, its own actions and recommendations
  included, solved by backward induction on its information sets: never less than the definition;
- `memoryless`: an explicit deviation that reads (c_h, p_{i,h}) and, for CE, the recommended action, and is
  evaluated exactly: never more than the definition.

`enumerated` is the definition itself, maximum over all deterministic memoryless deviations, for tiny games.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from math import prod
from typing import Literal

from support.tree import Digits, History, Known, Tree

from posgc.policy.machine import Machine

__all__ = ["Kind", "Play"]

Kind = Literal["nash", "cce", "ce", "ce_strategic"]
Entry = tuple[float, History, int]
"""(weight, history, node of the policy machine)."""
Told = Digits | tuple[Digits, ...] | None
"""What a deviator is told: its action, its whole prescription (an action for every p_i), or nothing."""
Key = tuple[int, Known, Known, Told]
"""What a memoryless deviator reads: (h, c_h, p_{i,h}, recommendation)."""


class Play:
    """A policy in a game; every method is a plain recursion over histories."""

    def __init__(self, tree: Tree, policy: Machine) -> None:
        self.tree, self.policy = tree, policy

    # ---- the machine, by its documented semantics

    def first(self, history: History) -> int:
        """The node in which the machine starts when z_1 is seen."""
        code = self.tree.code(self.tree.increment(None, history))
        return int(self.policy.root_to[_position(self.policy.root_z, code)])

    def follow(self, node: int, before: History, after: History) -> int:
        """The node after the increment z_{h+1}."""
        step = self.policy.steps[before.h - 1]
        code = self.tree.code(self.tree.increment(before, after))
        targets = [
            int(step.edge_to[e])
            for e in range(step.edge_indptr[node], step.edge_indptr[node + 1])
            if int(step.z[step.edge_z[e]]) == code
        ]
        (target,) = targets
        return target

    def components(self, h: int, node: int) -> list[tuple[float, int]]:
        """(probability, component) of the shared draw at a node."""
        step = self.policy.steps[h - 1]
        return [(float(step.weight[k]), k) for k in range(step.indptr[node], step.indptr[node + 1])]

    def own_law(self, agent: int, h: int, component: int, private: Known) -> list[tuple[float, Digits]]:
        """(probability, own action) that the component prescribes for this private information."""
        step = self.policy.steps[h - 1]
        return self._cell(agent, h, component, _position(step.private[agent], self.tree.code(private)))

    def _cell(self, agent: int, h: int, component: int, at: int) -> list[tuple[float, Digits]]:
        step, actions = self.policy.steps[h - 1], self.tree.own_actions(agent, h)
        cell = step.tables[agent][component, at]
        if step.tables[agent].ndim == 2:
            return [(1.0, actions[int(cell)])]
        return [(float(p), a) for p, a in zip(cell, actions, strict=True) if p > 0]

    def law(self, history: History, node: int) -> list[tuple[float, tuple[Digits, ...]]]:
        """(probability, own actions agent by agent); a joint action may be listed more than once."""
        private = self.tree.knowledge(history)[1]
        return [
            (weight * prod(p for p, _ in drawn), tuple(a for _, a in drawn))
            for weight, k in self.components(history.h, node)
            if weight > 0
            for drawn in product(*(self.own_law(i, history.h, k, private[i]) for i in range(self.tree.n)))
        ]

    def values(self) -> tuple[float, ...]:
        """The expected discounted sum of rewards, agent by agent."""
        parts = [(w, self._values(history, self.first(history))) for w, history in self.tree.start()]
        return tuple(sum(w * v[i] for w, v in parts) for i in range(self.tree.n))

    def _values(self, history: History, node: int) -> list[float]:
        total = [0.0] * self.tree.n
        for p, own in self.law(history, node):
            action = sum(own, ())
            for i in range(self.tree.n):
                total[i] += p * self.tree.reward(i, history, action)
            if history.h < self.tree.horizon:
                for q, nxt in self.tree.after(history, action):
                    ahead = self._values(nxt, self.follow(node, history, nxt))
                    for i in range(self.tree.n):
                        total[i] += p * q * self.tree.model.discount * ahead[i]
        return total

    # ---- deviations

    def moves(
        self, agent: int, kind: Kind, history: History, node: int
    ) -> list[tuple[float, Told, tuple[Digits, ...]]]:
        """(probability, recommendation seen by the deviator, all agents' recommended actions).

        Under "nash" and "cce" the deviator sees none, and its own recommendation is summed out.
        """
        if kind == "ce":
            return [(p, own[agent], own) for p, own in self.law(history, node)]
        if kind == "ce_strategic":
            return self._prescribed(agent, history, node)
        merged: dict[tuple[Digits, ...], float] = defaultdict(float)
        for p, own in self.law(history, node):
            merged[(*own[:agent], (), *own[agent + 1 :])] += p
        return [(p, None, own) for own, p in merged.items()]

    def _prescribed(
        self, agent: int, history: History, node: int
    ) -> list[tuple[float, tuple[Digits, ...], tuple[Digits, ...]]]:
        """(probability, the prescription drawn for the agent, all agents' actions), component by component."""
        private = self.tree.knowledge(history)[1]
        codes = [int(code) for code in self.policy.steps[history.h - 1].private[agent]]
        here = codes.index(self.tree.code(private[agent]))
        moves = []
        for weight, k in self.components(history.h, node):
            laws = [self.own_law(i, history.h, k, private[i]) for i in range(self.tree.n)]
            for drawn in product(*(self._cell(agent, history.h, k, at) for at in range(len(codes)))):
                told = tuple(action for _, action in drawn)
                laws[agent] = [(prod(p for p, _ in drawn), told[here])]
                for own in product(*laws):
                    moves.append((weight * prod(p for p, _ in own), told, tuple(a for _, a in own)))
        return [move for move in moves if move[0] > 0]

    def recall(self, agent: int, kind: Kind) -> float:
        """Value of the best deviator with perfect memory."""
        entries = [(w, history, self.first(history)) for w, history in self.tree.start()]
        return sum(self._recall(agent, kind, group) for group in self._apart(agent, entries))

    def _apart(self, agent: int, entries: list[Entry]) -> list[list[Entry]]:
        """Entries grouped by what the agent can tell apart now."""
        groups: dict[tuple[Known, Known], list[Entry]] = defaultdict(list)
        for entry in entries:
            common, private = self.tree.knowledge(entry[1])
            groups[common, private[agent]].append(entry)
        return list(groups.values())

    def _recall(self, agent: int, kind: Kind, entries: list[Entry]) -> float:
        """Entries are one information set: the deviator's whole past is the same in all of them."""
        branches: dict[Told, list[tuple[float, History, int, tuple[Digits, ...]]]] = defaultdict(list)
        for w, history, node in entries:
            for p, told, own in self.moves(agent, kind, history, node):
                branches[told].append((w * p, history, node, own))
        h = entries[0][1].h
        return sum(
            max(self._recall_action(agent, kind, branch, mine) for mine in self.tree.own_actions(agent, h))
            for branch in branches.values()
        )

    def _recall_action(
        self, agent: int, kind: Kind, branch: list[tuple[float, History, int, tuple[Digits, ...]]], mine: Digits
    ) -> float:
        total, following = 0.0, []
        for w, history, node, own in branch:
            action = sum((*own[:agent], mine, *own[agent + 1 :]), ())
            total += w * self.tree.reward(agent, history, action)
            if history.h < self.tree.horizon:
                following += [
                    (w * q, nxt, self.follow(node, history, nxt)) for q, nxt in self.tree.after(history, action)
                ]
        ahead = sum(self._recall(agent, kind, group) for group in self._apart(agent, following))
        return total + self.tree.model.discount * ahead

    def memoryless(self, agent: int, kind: Kind) -> float:
        """Value of one good deviator that reads (c_h, p_{i,h}, recommendation) only.

        Chosen backwards: at each such triple the best action against what the others do and its own later
        choices, histories being weighed as if it had played uniformly until then.
        """
        chosen: dict[Key, Digits] = {}
        for level in reversed(self._levels(agent, kind)):
            score: dict[Key, dict[Digits, float]] = {}
            for w, history, node in level:
                for p, told, own in self.moves(agent, kind, history, node):
                    at = score.setdefault(self._key(agent, history, told), defaultdict(float))
                    for mine in self.tree.own_actions(agent, history.h):
                        at[mine] += w * p * self._deviation(agent, kind, chosen, history, node, own, mine)
            chosen |= {key: max(at, key=lambda a, at=at: at[a]) for key, at in score.items()}  # type: ignore[misc]
        return self._value_of(agent, kind, chosen)

    def enumerated(self, agent: int, kind: Kind, limit: int) -> float | None:
        """The definition: the maximum over all deterministic memoryless deviations; None above the limit."""
        keys = {
            self._key(agent, history, told)
            for level in self._levels(agent, kind)
            for _, history, node in level
            for _, told, _ in self.moves(agent, kind, history, node)
        }
        ordered = sorted(keys, key=repr)
        options = [self.tree.own_actions(agent, key[0]) for key in ordered]
        if prod(map(len, options)) > limit:
            return None
        plans = (dict(zip(ordered, plan, strict=True)) for plan in product(*options))
        return max(self._value_of(agent, kind, plan) for plan in plans)

    def _levels(self, agent: int, kind: Kind) -> list[list[Entry]]:
        """What can occur at steps 1..H while the deviator plays uniformly."""
        levels = [[(w, history, self.first(history)) for w, history in self.tree.start()]]
        for h in range(1, self.tree.horizon):
            mine = self.tree.own_actions(agent, h)
            levels.append(
                [
                    (w * p * q / len(mine), nxt, self.follow(node, history, nxt))
                    for w, history, node in levels[-1]
                    for p, _, own in self.moves(agent, kind, history, node)
                    for a in mine
                    for q, nxt in self.tree.after(history, sum((*own[:agent], a, *own[agent + 1 :]), ()))
                ]
            )
        return levels

    def _key(self, agent: int, history: History, told: Told) -> Key:
        common, private = self.tree.knowledge(history)
        return history.h, common, private[agent], told

    def _value_of(self, agent: int, kind: Kind, plan: dict[Key, Digits]) -> float:
        return sum(w * self._plan(agent, kind, plan, h, self.first(h)) for w, h in self.tree.start())

    def _plan(self, agent: int, kind: Kind, plan: dict[Key, Digits], history: History, node: int) -> float:
        return sum(
            p * self._deviation(agent, kind, plan, history, node, own, plan[self._key(agent, history, told)])
            for p, told, own in self.moves(agent, kind, history, node)
        )

    def _deviation(
        self,
        agent: int,
        kind: Kind,
        plan: dict[Key, Digits],
        history: History,
        node: int,
        own: tuple[Digits, ...],
        mine: Digits,
    ) -> float:
        action = sum((*own[:agent], mine, *own[agent + 1 :]), ())
        value = self.tree.reward(agent, history, action)
        if history.h < self.tree.horizon:
            value += self.tree.model.discount * sum(
                q * self._plan(agent, kind, plan, nxt, self.follow(node, history, nxt))
                for q, nxt in self.tree.after(history, action)
            )
        return value


def _position(codes: Iterable[int], code: int) -> int:
    """Where the code stands; it must be there once."""
    (at,) = [k for k, c in enumerate(codes) if int(c) == code]
    return at
