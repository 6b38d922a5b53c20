"""Exact common beliefs: who knows what, posteriors, and Assumption 3, without a tolerance.

A belief P(p_1..p_n, s | c_h) is kept as a vector of whole numbers without a common factor, which is one and the
same vector for equal beliefs.  Private information is a tuple of ((step, kind, variable), value index).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import gcd, lcm, prod

from support.exact.game import Digits, ExactGame, Refused
from support.tree import has_reached

from posgc.language.sharing.lag_table import LagTable

__all__ = ["Belief", "Beliefs", "Cell", "Known", "Prescription", "Stage", "primitive"]

Item = tuple[int, str, int]
Known = tuple[tuple[Item, int], ...]
Private = tuple[Known, ...]
Cell = tuple[Private, Digits]
Belief = tuple[tuple[Cell, int], ...]
Prescription = dict[Known, Digits]
"""One agent's p_i -> action."""

PRESCRIPTIONS = 5000
"""Joint prescriptions of a step that are listed at most."""

NODES = 3000
"""Beliefs that are expanded at most."""


def primitive(weights: dict[Cell, int]) -> tuple[Belief, int]:
    """The vector without its common factor, in order, and the factor."""
    common = gcd(*weights.values())
    return tuple(sorted((cell, w // common) for cell, w in weights.items())), common


@dataclass(frozen=True)
class Stage:
    """What one step makes of a belief, unnormalised: `reward[u, a]` of each agent (times the belief's total), and
    `flow[u, a][z]` the weights of (p', s') times `scale`."""

    total: int
    scale: int
    reward: dict[tuple[Private, Digits], tuple[Fraction, ...]]
    flow: dict[tuple[Private, Digits], dict[Known, dict[Cell, int]]]
    private: tuple[tuple[Known, ...], ...]
    """The private informations of each agent that have weight."""

    @cached_property
    def joint(self) -> tuple[Private, ...]:
        return tuple(dict.fromkeys(u for u, _ in self.reward))

    def posterior(self, z: Known) -> Belief:
        """The belief after z when every joint action is equally likely."""
        return primitive(self._sum(flow.get(z, {}) for flow in self.flow.values()))[0]

    @cached_property
    def increments(self) -> tuple[Known, ...]:
        return tuple(dict.fromkeys(z for flow in self.flow.values() for z in flow))

    def under(self, joint: tuple[Prescription, ...]) -> dict[Known, dict[Cell, int]]:
        """The weights after each increment when everybody follows a prescription."""
        played = [self.flow[u, self.action(u, joint)] for u in self.joint]
        found = {z: self._sum(flow[z] for flow in played if z in flow) for flow in played for z in flow}
        return found

    @staticmethod
    def action(u: Private, joint: tuple[Prescription, ...]) -> Digits:
        return sum((g[p] for g, p in zip(joint, u, strict=True)), ())

    @staticmethod
    def _sum(flows: object) -> dict[Cell, int]:
        found: dict[Cell, int] = {}
        for flow in flows:  # type: ignore[attr-defined]
            for cell, w in flow.items():
                found[cell] = found.get(cell, 0) + w
        return found


class Beliefs:
    """The exact graph of a game under a protocol; `dropped` are (action variable, step) not remembered."""

    def __init__(self, game: ExactGame, protocol: LagTable, dropped: frozenset[tuple[int, int]] = frozenset()) -> None:
        self.game, self.protocol, self.dropped, self.n = game, protocol, dropped, game.n
        self._stages: dict[tuple[int, Belief], Stage] = {}
        self._told: dict[tuple[int, Private, Digits, Digits], tuple[Known, Private]] = {}

    # ---- who knows what

    def roots(self) -> list[tuple[Known, Fraction, Belief]]:
        """(z_1, its probability, the belief after it)."""
        by_z: dict[Known, dict[Cell, Fraction]] = {}
        for (state, o), p in self.game.initial.items():
            if p:
                z, private = self._sort(self._made("observation", 1, o), 1)
                cells = by_z.setdefault(z, {})
                cells[private, state] = cells.get((private, state), Fraction(0)) + p
        scale = lcm(*(p.denominator for cells in by_z.values() for p in cells.values()))
        return [
            (z, sum(cells.values(), Fraction(0)), primitive({c: int(p * scale) for c, p in cells.items()})[0])
            for z, cells in by_z.items()
        ]

    def _made(self, kind: str, t: int, values: Digits) -> list[tuple[Item, int]]:
        there = self.game.active if kind == "action" else self.game.observed
        return [((t, kind, v), x) for v, x in enumerate(values) if there(v, t)]

    def _sort(self, items: object, h: int) -> tuple[Known, Private]:
        common: list[tuple[Item, int]] = []
        private: list[list[tuple[Item, int]]] = [[] for _ in range(self.n)]
        for item, value in sorted(items):  # type: ignore[call-overload]
            reached = [has_reached(self.protocol, item, i, h) for i in range(self.n)]
            if all(reached):
                common.append((item, value))
            elif self._kept(item, h):
                for i in range(self.n):
                    if reached[i]:
                        private[i].append((item, value))
        return tuple(common), tuple(map(tuple, private))

    def _kept(self, item: Item, h: int) -> bool:
        time, kind, variable = item
        if kind == "action" and (variable, time) in self.dropped:
            return False
        return self.protocol.forget is None or h - time <= self.protocol.forget

    def told(self, h: int, private: Private, action: Digits, seen: Digits) -> tuple[Known, Private]:
        """(z_{h+1}, p_{h+1}) after step h."""
        key = h, private, action, seen
        if key not in self._told:
            old = set().union(*map(set, private))
            items = old | set(self._made("action", h, action)) | set(self._made("observation", h + 1, seen))
            self._told[key] = self._sort(items, h + 1)
        return self._told[key]

    # ---- one step

    def stage(self, h: int, belief: Belief) -> Stage:
        key = h, belief
        if key not in self._stages:
            if len(self._stages) >= NODES:
                raise Refused(f"more than {NODES} beliefs")
            self._stages[key] = self._stage(h, belief)
        return self._stages[key]

    def _stage(self, h: int, belief: Belief) -> Stage:
        rows = [self.game.row(h, s, a) for s in {s for (_, s), _ in belief} for a in self.game.joint_actions(h)]
        scale = lcm(*(p.denominator for row in rows for p in row.law.values()))
        reward: dict[tuple[Private, Digits], tuple[Fraction, ...]] = {}
        flow: dict[tuple[Private, Digits], dict[Known, dict[Cell, int]]] = {}
        for (u, state), weight in belief:
            for action in self.game.joint_actions(h):
                row, key = self.game.row(h, state, action), (u, action)
                before = reward.get(key, (Fraction(0),) * self.n)
                reward[key] = tuple(x + weight * r for x, r in zip(before, row.rewards, strict=True))
                there = flow.setdefault(key, {})
                for (s, o), p in row.law.items():
                    z, private = self.told(h, u, action, o)
                    cells = there.setdefault(z, {})
                    cells[private, s] = cells.get((private, s), 0) + weight * int(p * scale)
        private = tuple(tuple(dict.fromkeys(u[i] for (u, _), _ in belief)) for i in range(self.n))
        return Stage(sum(w for _, w in belief), scale, reward, flow, private)

    def prescriptions(self, h: int, stage: Stage, agent: int) -> list[Prescription]:
        """All deterministic prescriptions of an agent."""
        own, actions = stage.private[agent], self.game.own_actions(agent, h)
        return [dict(zip(own, row, strict=True)) for row in product(actions, repeat=len(own))]

    def joint_prescriptions(self, h: int, stage: Stage) -> Iterator[tuple[Prescription, ...]]:
        """All deterministic joint prescriptions; refused where there are more than `PRESCRIPTIONS`."""
        count = prod(len(self.game.own_actions(i, h)) ** len(stage.private[i]) for i in range(self.n))
        if count > PRESCRIPTIONS:
            raise Refused(f"{count} joint prescriptions")
        return product(*(self.prescriptions(h, stage, i) for i in range(self.n)))

    # ---- Assumption 3

    def defect_here(self, h: int, stage: Stage) -> Fraction:
        """The largest L1 distance of two posteriors after one increment, under deterministic prescriptions.

        These suffice for 0: what randomised ones lead to is a mixture of the same vectors.
        """
        if all(len(found) == 1 for found in self._posteriors(stage.flow.values()).values()):
            return Fraction(0)
        under = self._posteriors(stage.under(joint) for joint in self.joint_prescriptions(h, stage))
        return max(_distance(one, two) for found in under.values() for one in found for two in found)

    @staticmethod
    def _posteriors(flows: Iterable[dict[Known, dict[Cell, int]]]) -> dict[Known, set[Belief]]:
        found: dict[Known, set[Belief]] = {}
        for flow in flows:
            for z, cells in flow.items():
                found.setdefault(z, set()).add(primitive(cells)[0])
        return found

    def defect(self, horizon: int) -> Fraction:
        """0 where Assumption 3 holds up to the horizon, else `defect_here` at the first step that breaks it."""
        layer = {belief for _, _, belief in self.roots()}
        for h in range(1, horizon):
            stages = [self.stage(h, belief) for belief in layer]
            worst = max(self.defect_here(h, stage) for stage in stages)
            if worst:
                return worst
            layer = {stage.posterior(z) for stage in stages for z in stage.increments}
        return Fraction(0)

    def independent(self, horizon: int) -> bool:
        """Assumption 3 up to the horizon."""
        return not self.defect(horizon)


def _distance(one: Belief, two: Belief) -> Fraction:
    """L1, of vectors that are to be normalised."""
    left, right = (dict(b) for b in (one, two))
    sums = sum(left.values()), sum(right.values())
    return sum(
        (abs(Fraction(left.get(c, 0), sums[0]) - Fraction(right.get(c, 0), sums[1])) for c in left | right), Fraction(0)
    )
