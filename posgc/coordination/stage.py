"""Joint decision rules of a stage, best first, without listing them all.

The worth of a joint decision rule is a sum over joint types of payoffs of joint actions, or of options of two agents
that look further.  Rules of all agents but the last are built type by type; what is still open is bounded by letting
every joint type choose for itself, for two agents under payoffs that were shifted to make this bound low, and the last
agent answers type by type.  Its answers after the best come in order too.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from posgc.coordination.lookahead import Ahead
from posgc.coordination.messages import ascended, shifted
from posgc.coordination.steps import Rule

__all__ = ["Rules"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Stage = Ahead | Floats

FINE = 2.0**-42
"""Worths that differ by less than this share of what a stage is worth count as equal, the higher taken for both."""
SMALLEST = 1e-290
"""The same where a stage is worth nothing."""


@dataclass(frozen=True, slots=True)
class _Partial:
    """Rules of the first types, and what the rest can still reach."""

    depth: int
    chosen: tuple[int, ...]
    table: Floats


@dataclass(frozen=True, slots=True)
class _Answers:
    """Complete rules of all agents but the last, and an answer of the last by ranks."""

    chosen: tuple[int, ...]
    order: Ints  # [T, A] actions of each type, best first
    loss: Floats  # [T, A] what the action of each rank loses against the best
    ranks: tuple[int, ...]
    last: int


class Rules:
    """The decision rules of a stage in order of a bound of their worth."""

    def __init__(self, stage: Stage, types: Ints, counts: tuple[int, ...]) -> None:
        """`stage`: payoffs of pairs of options, or `payoff` [E, A_1, …, A_n], the worth of each joint action at each
        joint type, weights included; `types` [n, E]."""
        self._counts, self._types = counts, types
        self._heap: list[tuple[int, int, int, _Partial | _Answers]] = []  # multiples of the grid, depth
        self._first: tuple[float, Rule] | None = None
        self._number = count()
        self._pairs = isinstance(stage, Ahead)
        if isinstance(stage, Ahead):
            table = self._start_pairs(stage)
        else:
            self._sizes = stage.shape[1:]
            self._last = self._answering()
            self._slots = self._ordered_slots(stage, types)
            table = np.moveaxis(stage, 1 + self._last, -1).copy()
        self._table_size = table.size
        self._grid = max(FINE * float(np.abs(self._reach(table).max(axis=1)).sum()), SMALLEST)
        self._push(float(self._reach(table).max(axis=1).sum()), 0, _Partial(0, (), table))

    def _answering(self) -> int:
        """The agent with the most rules answers; the others' are enumerated."""
        cost = [c * np.log(a) for c, a in zip(self._counts, self._sizes, strict=True)]
        last = int(np.argmax(cost))
        self._agents = [i for i in range(len(cost)) if i != last]
        return last

    def _ordered_slots(self, payoff: Floats, types: Ints) -> list[tuple[int, int]]:
        """(agent, type) in the order in which they are decided: what matters most first."""
        slots = []
        flat = payoff.reshape(len(payoff), -1)
        spread = flat.max(axis=1) - flat.min(axis=1)
        for i in self._agents:
            weight = np.bincount(types[i], spread, minlength=self._counts[i])
            slots += [(float(weight[t]), i, t) for t in range(self._counts[i])]
        slots.sort(key=lambda s: -s[0])
        return [(i, t) for _, i, t in slots]

    def _start_pairs(self, stage: Ahead) -> Floats:
        """Two agents: `fine[s, a]` [T, P] is what deciding a for type s takes from the options of who answers."""
        self._sizes = tuple(int(action.max()) + 1 for action in stage.action)
        self._last = self._answering()
        i, table = self._agents[0], stage.table
        if i > self._last:
            table = table.transpose(1, 0, 3, 2)
        pairs, start = shifted(table)
        mine, self._option = stage.action[i], stage.action[self._last]
        self._fine = np.stack(
            [np.where((mine == a)[:, None, :, None], pairs, -np.inf).max(axis=2) for a in range(self._sizes[i])],
            axis=1,
        )
        worth = (start + self._fine).max(axis=3).sum(axis=2)
        margin = np.sort(worth, axis=1)[:, -2:]
        order = np.argsort(margin[:, 0] - margin[:, -1], kind="stable")
        self._slots = [(i, int(s)) for s in order]
        worth, own, answer = ascended(table, start.argmax(axis=1))
        rule = mine[np.arange(len(own)), own], self._option[np.arange(len(answer)), answer]
        self._first = worth, rule if self._last else rule[::-1]
        return start

    @property
    def bound(self) -> float:
        """No rule that is still to come is worth more."""
        return self._heap[0][0] * -self._grid if self._heap else -np.inf

    @property
    def nbytes(self) -> int:
        """Bytes held, near enough."""
        own = self._fine.nbytes if self._pairs else 0
        return own + len(self._heap) * (350 + 8 * self._table_size)

    def next(self, check: Callable[[], None] = lambda: None) -> tuple[float, Rule]:
        """The best rule that is left: its worth, and for every agent the action of each type.

        `check` is called now and then, and may raise; the rules are as they were then.
        """
        if self._first is not None:  # the search for its equals, which are many at times, can wait
            (worth, rule), self._first = self._first, None
            if worth >= self.bound - 2 * self._grid:
                return self.bound, rule
        while True:
            check()
            steps, _, _, item = heapq.heappop(self._heap)
            if isinstance(item, _Answers):
                self._follow(steps * -self._grid, item)
                return steps * -self._grid, self._rule(item)
            if item.depth == len(self._slots):
                self._answer(item)
            else:
                self._branch(item)

    def _push(self, worth: float, depth: int, item: _Partial | _Answers) -> None:
        """Best first; among equals, but for rounding, what is closer to complete."""
        heapq.heappush(self._heap, (-math.ceil(worth / self._grid), -depth, next(self._number), item))

    def _reach(self, table: Floats) -> Floats:
        """[T, A] of the answering agent: the most that each of its actions can be worth at each of its types."""
        if self._pairs:
            actions = range(self._sizes[self._last])
            return np.stack([np.where(self._option == a, table, -np.inf).max(axis=1) for a in actions], axis=1)
        rows = table.reshape(len(table), -1, table.shape[-1]).max(axis=1)
        reach = np.zeros((self._counts[self._last], table.shape[-1]))
        np.add.at(reach, self._types[self._last], rows)
        return reach

    def _branch(self, item: _Partial) -> None:
        agent, t = self._slots[item.depth]
        if self._pairs:
            tables = item.table + self._fine[t]
            worths = tables.max(axis=2).sum(axis=1)
            for a in range(len(tables)):
                self._push(float(worths[a]), item.depth + 1, _Partial(item.depth + 1, (*item.chosen, a), tables[a]))
            return
        rows = np.flatnonzero(self._types[agent] == t)
        axis = 1 + self._agents.index(agent)
        for a in range(self._sizes[agent]):
            table = item.table.copy()
            wrong = np.delete(np.arange(self._sizes[agent]), a)
            block = np.moveaxis(table[rows], axis, 1)
            block[:, wrong] = -np.inf
            table[rows] = np.moveaxis(block, 1, axis)
            worth = float(self._reach(table).max(axis=1).sum())
            self._push(worth, item.depth + 1, _Partial(item.depth + 1, (*item.chosen, a), table))

    def _answer(self, item: _Partial) -> None:
        """The answers to complete rules enter the queue with the best."""
        reach = self._reach(item.table)
        order = np.argsort(-reach, axis=1, kind="stable")
        ranked = np.take_along_axis(reach, order, axis=1)
        answers = _Answers(item.chosen, order, ranked[:, :1] - ranked, (0,) * len(reach), 0)
        self._push(float(ranked[:, 0].sum()), item.depth + 1, answers)

    def _follow(self, worth: float, item: _Answers) -> None:
        """The answers of which this one is the parent: one more rank at its last type or a later one."""
        for t in range(item.last, len(item.ranks)):
            rank = item.ranks[t] + 1
            if rank < item.loss.shape[1]:
                less = float(item.loss[t, rank] - item.loss[t, rank - 1])
                ranks = (*item.ranks[:t], rank, *item.ranks[t + 1 :])
                entry = _Answers(item.chosen, item.order, item.loss, ranks, t)
                self._push(worth - less, len(self._slots) + 1, entry)

    def _rule(self, item: _Answers) -> Rule:
        rule = [np.zeros(c, dtype=np.int64) for c in self._counts]
        for (agent, t), a in zip(self._slots, item.chosen, strict=True):
            rule[agent][t] = a
        rule[self._last] = item.order[np.arange(len(item.ranks)), list(item.ranks)]
        return tuple(rule)
