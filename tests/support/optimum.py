"""Optimal values from the definitions: teams by trying every prescription, zero-sum games in sequence form."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from math import prod

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_array
from support.tree import Digits, History, Known, Tree

__all__ = ["Coordinator", "zero_sum_value"]

Entry = tuple[float, History]
Sequence = tuple[object, ...]


class Coordinator:
    """The team optimum: at every c_h, with everything that prescriptions so far let happen, try every joint
    prescription (a choice for each agent and p_i).  Assumption 3 is not used."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def affordable(self, limit: float) -> bool:
        """Whether the number of prescriptions tried, over all branches, is surely below the limit."""
        branches = 1.0
        for h, level in enumerate(self.tree.histories(), start=1):
            private: list[set[Known]] = [set() for _ in range(self.tree.n)]
            for _, history in level:
                for seen, own in zip(private, self.tree.knowledge(history)[1], strict=True):
                    seen.add(own)
            tried = prod(float(len(self.tree.own_actions(i, h))) ** len(seen) for i, seen in enumerate(private))
            codes = {tuple(i for i, _ in self.tree.knowledge(history)[0]) for _, history in level}
            assert len(codes) == 1
            branches *= tried * max(1, self._increments(h))
            if branches > limit:
                return False
        return True

    def _increments(self, h: int) -> int:
        """How many z_{h+1} one prescription can lead to, roughly: those under one joint action."""
        if h == self.tree.horizon:
            return 1
        level = self.tree.histories()[h - 1]
        action = self.tree.joint_actions(h)[0]
        return len({self.tree.increment(x, nxt) for _, x in level for _, nxt in self.tree.after(x, action)})

    def value(self) -> float:
        return sum(self._best(group) for group in self._apart(self.tree.start()))

    def _apart(self, entries: list[Entry]) -> list[list[Entry]]:
        groups: dict[Known, list[Entry]] = defaultdict(list)
        for entry in entries:
            groups[self.tree.knowledge(entry[1])[0]].append(entry)
        return list(groups.values())

    def _best(self, entries: list[Entry]) -> float:
        tree, h = self.tree, entries[0][1].h
        if h == tree.horizon:
            return self._last(entries)
        keys = sorted({(i, own) for _, history in entries for i, own in enumerate(tree.knowledge(history)[1])})
        best = -np.inf
        for plan in product(*(tree.own_actions(i, h) for i, _ in keys)):
            best = max(best, self._worth(entries, dict(zip(keys, plan, strict=True))))
        return best

    def _last(self, entries: list[Entry]) -> float:
        """The same at the last step, where nothing follows: for every prescription of the others, the last agent has a
        best answer at each of its p by itself."""
        tree, h, n = self.tree, self.tree.horizon, self.tree.n
        cells: dict[tuple[tuple[Known, ...], int], float] = defaultdict(float)
        standing = {history.state: history for _, history in entries}  # rewards read the state and nothing else
        for weight, history in entries:
            cells[tree.knowledge(history)[1], history.state] += weight
        answering: dict[Known, list[tuple[float, tuple[Known, ...], History]]] = defaultdict(list)
        for ((*held, own), state), weight in cells.items():
            answering[own].append((weight, tuple(held), standing[state]))
        keys = sorted({(i, own) for rows in answering.values() for _, held, _ in rows for i, own in enumerate(held)})
        best = -np.inf
        for plan in product(*(tree.own_actions(i, h) for i, _ in keys)):
            prescribed = dict(zip(keys, plan, strict=True))
            total = 0.0
            for rows in answering.values():
                played = [(w, sum((prescribed[i, own] for i, own in enumerate(held)), ()), x) for w, held, x in rows]
                total += max(
                    sum(w * tree.reward(0, history, others + own) for w, others, history in played)
                    for own in tree.own_actions(n - 1, h)
                )
            best = max(best, total)
        return best

    def _worth(self, entries: list[Entry], prescribed: dict[tuple[int, Known], Digits]) -> float:
        tree, total, following = self.tree, 0.0, []
        for w, history in entries:
            private = tree.knowledge(history)[1]
            action: Digits = sum((prescribed[i, own] for i, own in enumerate(private)), ())
            total += w * tree.reward(0, history, action)
            if history.h < tree.horizon:
                following += [(w * q, nxt) for q, nxt in tree.after(history, action)]
        return total + tree.model.discount * sum(self._best(group) for group in self._apart(following))


def zero_sum_value(tree: Tree) -> float:
    """The first agent's value of a two-agent zero-sum game, both with perfect recall of what they held.

    Sequence form (von Stengel 1996; Koller, Megiddo and von Stengel 1996): max_{x, q} q_root subject to
    E x = e, x >= 0 and, for each sequence of the second agent, its dual constraint.
    """
    payoff: dict[tuple[Sequence, Sequence], float] = defaultdict(float)
    sequences: list[dict[Sequence, int]] = [{(): 0}, {(): 0}]
    sets: list[dict[Sequence, tuple[int, list[int]]]] = [{}, {}]  # information set -> (parent, its sequences)

    def visit(weight: float, history: History, pasts: tuple[Sequence, Sequence]) -> None:
        common, private = tree.knowledge(history)
        here = tuple((*past, (common, own)) for past, own in zip(pasts, private, strict=True))
        own_actions = [tree.own_actions(i, history.h) for i in range(2)]
        for i in range(2):
            if here[i] not in sets[i]:
                added = []
                for a in own_actions[i]:
                    sequences[i][(*here[i], a)] = len(sequences[i])
                    added.append(len(sequences[i]) - 1)
                sets[i][here[i]] = sequences[i][pasts[i]], added
        for a, b in product(*own_actions):
            pair = (*here[0], a), (*here[1], b)
            payoff[pair] += weight * tree.reward(0, history, a + b)
            if history.h < tree.horizon:
                for q, nxt in tree.after(history, a + b):
                    visit(weight * q * tree.model.discount, nxt, pair)

    for p, first in tree.start():
        visit(p, first, ((), ()))
    matrix = lil_array((len(sequences[0]), len(sequences[1])))
    for (x, y), value in payoff.items():
        matrix[sequences[0][x], sequences[1][y]] += value
    flows = [_flow(len(sequences[i]), sets[i]) for i in range(2)]
    return _saddle(matrix.toarray(), *flows)


def _flow(n: int, sets: dict[Sequence, tuple[int, list[int]]]) -> np.ndarray:
    """E with E x = (1, 0, ..., 0): the empty sequence has weight 1, each set's sequences share their parent's."""
    flow = np.zeros((1 + len(sets), n))
    flow[0, 0] = 1.0
    for row, (parent, added) in enumerate(sets.values(), start=1):
        flow[row, parent] = -1.0
        flow[row, added] = 1.0
    return flow


def _saddle(payoff: np.ndarray, e: np.ndarray, f: np.ndarray) -> float:
    """max q_0 subject to E x = e_0, x >= 0, F' q <= payoff' x."""
    scale = max(1.0, float(np.abs(payoff).max()))
    n, m = payoff.shape[0], f.shape[0]
    objective = np.zeros(n + m)
    objective[n] = -1.0
    result = linprog(
        objective,
        np.hstack([-payoff.T / scale, f.T]),
        np.zeros(payoff.shape[1]),
        np.hstack([e, np.zeros((len(e), m))]),
        np.eye(len(e))[0],
        [(0, None)] * n + [(None, None)] * m,
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert result.status == 0 and result.fun is not None, result.message
    return -float(result.fun) * scale
