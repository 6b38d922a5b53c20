"""The exact value of a policy file, and what each agent could gain alone.

`Judge` needs Assumption 3: deviations do not move beliefs, so each private information is answered by itself.
`PlainJudge` needs nothing: a deviator's whole map from (c_h, p_{i,h}), and the action it is told, to actions is listed
at every belief that its earlier choices lead to, as for a coordinator of one agent.

Probabilities of a policy are floats: they are taken exactly as they are and divided by their sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Literal

from support.exact.beliefs import Belief, Beliefs, Known, Private, Stage, primitive
from support.exact.game import Digits, Refused
from support.exact.values import payoffs

from posgc.policy.machine import Machine

__all__ = ["Judge", "Judged", "PlainJudge"]

Pair = tuple[Fraction, ...]
Mixed = list[tuple[Fraction, list[dict[Digits, Fraction]]]]
"""What is played at a joint private information: (weight, each agent's law) of every component."""


@dataclass(frozen=True)
class Judged:
    """What every agent earns, and what it would by its best deviation; a deviator of a CE hears its action."""

    values: tuple[Fraction, ...]
    best: tuple[Fraction, ...]

    @property
    def gains(self) -> tuple[Fraction, ...]:
        return tuple(b - v for b, v in zip(self.best, self.values, strict=True))


class Judge:
    """`hears`: deviators are told their recommended action (CE), else nothing (Nash, CCE)."""

    def __init__(self, beliefs: Beliefs, policy: Machine, kind: Literal["nash", "cce", "ce"]) -> None:
        self.beliefs, self.policy, self.hears = beliefs, policy, kind == "ce"
        self.horizon = len(policy.steps)
        self._known: dict[tuple[int, int, Belief], tuple[Pair, Pair]] = {}

    def judged(self) -> Judged:
        n = self.beliefs.n
        values, best = [Fraction(0)] * n, [Fraction(0)] * n
        roots = dict(zip(self.policy.root_z.tolist(), self.policy.root_to.tolist(), strict=True))
        for z, p, belief in self.beliefs.roots():
            own, other = self._at(1, roots[self._code(z)], belief)
            for i in range(n):
                values[i] += p * own[i]
                best[i] += p * other[i]
        return Judged(tuple(values), tuple(best))

    def _code(self, known: Known) -> int:
        """The number by which policies call these values: mixed radix, first most significant."""
        game, index = self.beliefs.game.game, 0
        for (_, kind, v), value in known:
            variables = game.actions if kind == "action" else game.observations
            index = index * len(variables[v].type.values) + value
        return index

    def _at(self, h: int, node: int, belief: Belief) -> tuple[Pair, Pair]:
        key = h, node, belief
        if key not in self._known:
            self._known[key] = self._judge(h, node, self.beliefs.stage(h, belief))
        return self._known[key]

    def _judge(self, h: int, node: int, stage: Stage) -> tuple[Pair, Pair]:
        n, ahead = self.beliefs.n, {}
        if h < self.horizon:
            to = self._edges(h, node)
            ahead = {z: self._at(h + 1, to[self._code(z)], stage.posterior(z)) for z in stage.increments}
        played = {u: self._played(h, node, u) for u in stage.joint}
        values, best = [], []
        for i in range(n):
            own = payoffs(stage, i, self.beliefs.game.discount, {z: pair[0][i] for z, pair in ahead.items()})
            other = payoffs(stage, i, self.beliefs.game.discount, {z: pair[1][i] for z, pair in ahead.items()})
            values.append(
                sum((p * own[u, a] for u, mixed in played.items() for a, p in self._joint(mixed)), Fraction(0))
                / stage.total
            )
            best.append(self._deviation(h, stage, played, other, i) / stage.total)
        return tuple(values), tuple(best)

    def _edges(self, h: int, node: int) -> dict[int, int]:
        step = self.policy.steps[h - 1]
        edges = slice(int(step.edge_indptr[node]), int(step.edge_indptr[node + 1]))
        return dict(zip(step.z[step.edge_z[edges]].tolist(), step.edge_to[edges].tolist(), strict=True))

    def _played(self, h: int, node: int, u: Private) -> Mixed:
        step, game = self.policy.steps[h - 1], self.beliefs.game
        components = range(int(step.indptr[node]), int(step.indptr[node + 1]))
        whole = sum((Fraction(float(step.weight[k])) for k in components), Fraction(0))
        mixed = []
        for k in components:
            laws = []
            for i, own in enumerate(u):
                table = step.tables[i][k, step.private[i].tolist().index(self._code(own))]
                choices = game.own_actions(i, h)
                if table.ndim:
                    weights = [Fraction(float(x)) for x in table]
                    laws.append({a: w / sum(weights) for a, w in zip(choices, weights, strict=True) if w})
                else:
                    laws.append({choices[int(table)]: Fraction(1)})
            mixed.append((Fraction(float(step.weight[k])) / whole, laws))
        return mixed

    @staticmethod
    def _joint(mixed: Mixed) -> list[tuple[Digits, Fraction]]:
        return [
            (sum((a for a, _ in parts), ()), w * prod((p for _, p in parts), start=Fraction(1)))
            for w, laws in mixed
            for parts in product(*(law.items() for law in laws))
        ]

    def _deviation(self, h: int, stage: Stage, played: dict[Private, Mixed], payoff: object, agent: int) -> Fraction:
        """The best that the agent can do here: for each p_i, and recommended action where it hears one, an action."""
        worth: dict[object, dict[Digits, Fraction]] = {}
        own = self._own(agent)
        for u, mixed in played.items():
            for action, p in self._joint(mixed):
                told = self._told(u, action, agent)
                row = worth.setdefault(told, dict.fromkeys(self.beliefs.game.own_actions(agent, h), Fraction(0)))
                for other in row:
                    row[other] += p * payoff[u, action[: own.start] + other + action[own.stop :]]  # type: ignore[index]
        return sum((max(row.values()) for row in worth.values()), Fraction(0))

    def _own(self, agent: int) -> slice:
        """Where an agent's variables stand in a joint action."""
        owners = [v.agent for v in self.beliefs.game.game.actions]
        return slice(sum(o < agent for o in owners), sum(o <= agent for o in owners))

    def _told(self, u: Private, action: Digits, agent: int) -> tuple[Known, Digits | None]:
        return u[agent], action[self._own(agent)] if self.hears else None


class PlainJudge(Judge):
    """The same without Assumption 3; refused where a deviator has more than `ANSWERS` maps, or past `PAIRS`."""

    ANSWERS, PAIRS = 300, 3000

    def judged(self) -> Judged:
        agents = range(self.beliefs.n)
        self._worth: dict[tuple[int, bool, int, int, Belief], Fraction] = {}
        start = dict(zip(self.policy.root_z.tolist(), self.policy.root_to.tolist(), strict=True))
        values, best = (
            tuple(
                sum(
                    (p * self._from(i, free, 1, start[self._code(z)], b) for z, p, b in self.beliefs.roots()),
                    Fraction(0),
                )
                for i in agents
            )
            for free in (False, True)
        )
        return Judged(values, best)

    def _from(self, agent: int, free: bool, h: int, node: int, belief: Belief) -> Fraction:
        """What the agent earns from here on, a unit of probability; `free`: by its best deviation."""
        key = agent, free, h, node, belief
        if key not in self._worth:
            if len(self._worth) >= self.PAIRS:
                raise Refused(f"more than {self.PAIRS} beliefs of a deviator")
            stage = self.beliefs.stage(h, belief)
            played = {u: self._joint(self._played(h, node, u)) for u in stage.joint}
            told = sorted({self._told(u, a, agent) for u, row in played.items() for a, _ in row})
            own = self.beliefs.game.own_actions(agent, h)
            if free and len(own) ** len(told) > self.ANSWERS:
                raise Refused(f"{len(own) ** len(told)} maps of a deviator")
            answers = product(own, repeat=len(told)) if free else [None]
            self._worth[key] = (
                max(
                    self._answered(agent, free, h, node, stage, played, answer and dict(zip(told, answer, strict=True)))
                    for answer in answers
                )
                / stage.total
            )
        return self._worth[key]

    def _answered(
        self,
        agent: int,
        free: bool,
        h: int,
        node: int,
        stage: Stage,
        played: dict[Private, list[tuple[Digits, Fraction]]],
        answer: dict[object, Digits] | None,
    ) -> Fraction:
        total, flows = Fraction(0), {}
        own = self._own(agent)
        for u, row in played.items():
            for action, p in row:
                done = action
                if answer is not None:
                    done = action[: own.start] + answer[self._told(u, action, agent)] + action[own.stop :]
                total += p * stage.reward[u, done][agent]
                for z, cells in stage.flow[u, done].items():
                    there = flows.setdefault(z, {})
                    for cell, w in cells.items():
                        there[cell] = there.get(cell, Fraction(0)) + p * w
        if h < self.horizon:
            to = self._edges(h, node)
            for z, weights in flows.items():
                mass = sum(weights.values())
                if mass:
                    whole = lcm(*(w.denominator for w in weights.values()))
                    after = primitive({c: int(w * whole) for c, w in weights.items() if w})[0]
                    ahead = self._from(agent, free, h + 1, to[self._code(z)], after)
                    total += self.beliefs.game.discount * mass * ahead / stage.scale
        return total
