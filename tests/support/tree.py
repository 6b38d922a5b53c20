"""A game played out history by history, straight from the definitions: the slow second way.

Nothing is merged, coded or vectorised, and nothing of `posgc.information` or `posgc.policy` is used: a
history is (s_1, o_1, a_1, s_2, o_2, ...), an item is looked up in it by step and variable, and who knows it
is read off the lag table.  Only `code`, the documented numbering of values that a policy file uses (mixed
radix, items in order of (step, kind, variable), first most significant), ties it to the fast code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from posgc.language.sharing.lag_table import LagTable
from posgc.model.arrays import Model

__all__ = ["Belief", "Digits", "History", "Item", "Known", "Law", "Tree", "has_reached"]

Digits = tuple[int, ...]
Item = tuple[int, str, int]
"""(step, kind, variable)."""
Known = tuple[tuple[Item, int], ...]
"""Items with their values, in order."""
Belief = dict[tuple[tuple[Known, ...], int], float]
"""P(p_1..p_n, s | c_h)."""


@dataclass(frozen=True)
class History:
    """Everything up to the moment before a_h is chosen: values of all variables, made or not."""

    states: Digits
    observations: tuple[Digits, ...]
    actions: tuple[Digits, ...]

    @property
    def h(self) -> int:
        return len(self.states)

    @property
    def state(self) -> int:
        return self.states[-1]


Law = Callable[[History], list[tuple[float, Digits]]]
"""How everybody plays: (probability, joint action) at a history."""


class Tree:
    """All histories of a model under a protocol; `dropped` are (action variable, step) not remembered."""

    def __init__(self, model: Model, protocol: LagTable, dropped: frozenset[tuple[int, int]] = frozenset()) -> None:
        self.model, self.protocol, self.dropped = model, protocol, dropped
        self.n, self.horizon = len(model.signature.agents), model.horizon
        self._known: dict[tuple[tuple[Digits, ...], tuple[Digits, ...]], tuple[Known, tuple[Known, ...]]] = {}
        self._after: dict[tuple[int, int, Digits], list[tuple[float, Digits, int]]] = {}

    # ---- the game

    def start(self) -> list[tuple[float, History]]:
        """(probability, history) of every (s_1, o_1)."""
        initial = self.model.initial
        sizes = [len(v.values) for v in self.model.signature.observations]
        rows = zip(initial.state.tolist(), initial.observation.tolist(), initial.probability.tolist(), strict=True)
        return [(p, History((s,), (_digits(o, sizes),), ())) for s, o, p in rows]

    def after(self, history: History, action: Digits) -> list[tuple[float, History]]:
        """(probability, history) of every (s', o')."""
        states, observations, actions = history.states, history.observations, (*history.actions, action)
        outcomes = self.outcomes(history.h, history.state, action)
        return [(p, History((*states, s), (*observations, o), actions)) for p, o, s in outcomes]

    def outcomes(self, h: int, state: int, action: Digits) -> list[tuple[float, Digits, int]]:
        """(probability, o', s') of everything that can follow a state and a joint action."""
        key = h, state, action
        if key not in self._after:
            self._after[key] = self._row(*key)
        return self._after[key]

    def _row(self, h: int, state: int, action: Digits) -> list[tuple[float, Digits, int]]:
        kernel = self.model.kernel(h)
        row = self._joint(action) * self.model.n_states + state
        sizes = [len(v.values) for v in self.model.signature.observations]
        return [
            (float(kernel.probability[k]), _digits(int(kernel.observation[k]), sizes), int(kernel.state[k]))
            for k in range(kernel.indptr[row], kernel.indptr[row + 1])
        ]

    def _joint(self, action: Digits) -> int:
        index = 0
        for digit, variable in zip(action, self.model.signature.actions, strict=True):
            index = index * len(variable.values) + digit
        return index

    def reward(self, agent: int, history: History, action: Digits) -> float:
        """Agent's expected reward of playing the joint action here."""
        return float(self.model.kernel(history.h).reward[agent, self._joint(action), history.state])

    def own_actions(self, agent: int, h: int) -> list[Digits]:
        """The agent's choices at step h: the values of its action variables, inactive ones at 0."""
        ranges = [
            range(len(v.values) if on else 1)
            for v, on in zip(self.model.signature.actions, self.model.active[h - 1], strict=True)
            if v.agent == agent
        ]
        return list(product(*ranges))

    def joint_actions(self, h: int) -> list[Digits]:
        """All joint actions of step h (variables are ordered by agent, so they are own actions end to end)."""
        return [sum(parts, ()) for parts in product(*(self.own_actions(i, h) for i in range(self.n)))]

    # ---- who knows what

    def items(self, history: History) -> Iterator[tuple[Item, int]]:
        """Every item made so far with its value, in order."""
        for t in range(1, history.h + 1):
            if t < history.h:
                yield from self.made("action", t, history.actions[t - 1])
            yield from self.made("observation", t, history.observations[t - 1])

    def made(self, kind: str, t: int, values: Digits) -> Iterator[tuple[Item, int]]:
        """The items of one step and kind with their values."""
        there = self.model.active if kind == "action" else self.model.observed
        for v, value in enumerate(values):
            if there[t - 1, v]:
                yield (t, kind, v), value

    def knowledge(self, history: History) -> tuple[Known, tuple[Known, ...]]:
        """(c_h, (p_{1,h}, ..., p_{n,h}))."""
        key = history.observations, history.actions
        if key not in self._known:
            self._known[key] = self._scan(history)
        return self._known[key]

    def _scan(self, history: History) -> tuple[Known, tuple[Known, ...]]:
        return self.sort(self.items(history), history.h)

    def sort(self, items: Iterable[tuple[Item, int]], h: int) -> tuple[Known, tuple[Known, ...]]:
        """The items that are common at step h, and those that each agent holds privately."""
        common: list[tuple[Item, int]] = []
        private: list[list[tuple[Item, int]]] = [[] for _ in range(self.n)]
        for item, value in items:
            time, kind, variable = item
            age = h - time
            reached = [has_reached(self.protocol, item, i, h) for i in range(self.n)]
            forgotten = self.protocol.forget is not None and age > self.protocol.forget
            if all(reached):
                common.append((item, value))
            elif not forgotten and not (kind == "action" and (variable, time) in self.dropped):
                for i in range(self.n):
                    if reached[i]:
                        private[i].append((item, value))
        return tuple(common), tuple(tuple(own) for own in private)

    def increment(self, before: History | None, after: History) -> Known:
        """z_{h+1}: what is common after and was not before (all of c_1 where there is no before)."""
        old = set() if before is None else {item for item, _ in self.knowledge(before)[0]}
        return tuple((item, value) for item, value in self.knowledge(after)[0] if item not in old)

    def code(self, known: Known) -> int:
        """The number by which policies and graphs call these values."""
        index = 0
        for (_, kind, variable), value in known:
            signature = self.model.signature
            variables = signature.actions if kind == "action" else signature.observations
            index = index * len(variables[variable].values) + value
        return index

    @staticmethod
    def union(private: tuple[Known, ...]) -> Known:
        """u_h: every item that somebody holds privately."""
        return tuple(sorted(set().union(*map(set, private))))

    # ---- probabilities

    def uniform(self, history: History) -> list[tuple[float, Digits]]:
        """Every joint action equally likely."""
        actions = self.joint_actions(history.h)
        return [(1 / len(actions), a) for a in actions]

    def histories(self, law: Law | None = None) -> list[list[tuple[float, History]]]:
        """Levels 1..H of (probability, history) when `law(history)` lists (probability, joint action)."""
        play = law or self.uniform
        levels = [self.start()]
        for _ in range(1, self.horizon):
            levels.append(
                [
                    (w * p * q, nxt)
                    for w, history in levels[-1]
                    for p, action in play(history)
                    if p > 0
                    for q, nxt in self.after(history, action)
                ]
            )
        return levels

    def uniform_values(self) -> list[float]:
        """What everybody earns, discounted, when all play uniformly."""
        levels = [(self.model.discount**h, level) for h, level in enumerate(self.histories())]
        return [
            sum(
                d * w * p * self.reward(i, history, a)
                for d, level in levels
                for w, history in level
                for p, a in self.uniform(history)
            )
            for i in range(self.n)
        ]

    def beliefs(self, level: list[tuple[float, History]]) -> dict[Known, tuple[float, Belief]]:
        """For every c_h that occurs: its probability, and P(p_h, s_h | c_h)."""
        joint: dict[Known, Belief] = {}
        for w, history in level:
            common, private = self.knowledge(history)
            cell = joint.setdefault(common, {})
            cell[private, history.state] = cell.get((private, history.state), 0.0) + w
        result = {}
        for common, cell in joint.items():
            total = sum(cell.values())
            result[common] = total, {key: w / total for key, w in cell.items()}
        return result


def has_reached(protocol: LagTable, item: Item, agent: int, h: int) -> bool:
    """Whether the item is known to the agent at step h where nothing is forgotten: its lag is over, or a step of an
    exchange has come at which it was old enough."""
    time, kind, variable = item
    table = protocol.action_lags if kind == "action" else protocol.observation_lags
    if h - time >= table[variable][agent]:
        return True
    links = [x for x in protocol.exchanges if (x.kind, x.variable, x.agent) == (kind, variable, agent)]
    return any(step - time >= x.lag for x in links for step in range(x.first, h + 1, x.every) if step >= time)


def _digits(index: int, sizes: list[int]) -> Digits:
    digits = []
    for size in reversed(sizes):
        digits.append(index % size)
        index //= size
    return tuple(reversed(digits))
