"""Exact values: optima, minimax values and judged policies, by backward induction on exact common beliefs.

Where Assumption 3 holds exactly the posterior after an increment is one vector, and stage games are tables. `Optimum`
and `Judge` need that. `plain_optimum` does not: there the node is the belief under the prescriptions chosen so far,
and the maximum runs over all of them (Nayyar, Mahajan & Teneketzis 2013), which is right for any protocol.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Literal

from support.exact.beliefs import Belief, Beliefs, Known, Private, Stage, primitive
from support.exact.game import Digits, ExactGame, Refused
from support.exact.stages import Table, team_value, zero_sum_value

__all__ = ["Kind", "Optimum", "dropped_actions", "ends", "listed_optimum", "plain_optimum", "reward_kind"]

Kind = Literal["team", "zero_sum"]

PLAIN_NODES = 400
"""Beliefs of `plain_optimum` at most."""


def reward_kind(rows: list[tuple[Fraction, ...]]) -> str:
    """`common`, `zero_sum` or `general`, of the agents' expected rewards at every reachable state and joint action."""
    if all(len(set(r)) == 1 for r in rows):
        return "common"
    return "zero_sum" if len(rows[0]) == 2 and not any(map(sum, rows)) else "general"


def ends(game: ExactGame, h: int, states: set[Digits]) -> tuple[tuple[Fraction, Fraction], ...]:
    """Each agent's least and largest expected reward of step h on these states."""
    rows = [game.row(h, s, a).rewards for s in states for a in game.joint_actions(h)]
    return tuple((min(own), max(own)) for own in zip(*rows, strict=True))


def dropped_actions(beliefs: Beliefs, horizon: int) -> frozenset[tuple[int, int]]:
    """The own actions that need not be remembered (docs/mathematics.md, section 2), decided exactly; without
    `forget`."""
    game, table = beliefs.game, beliefs.protocol.action_lags
    found = set()
    for v, variable in enumerate(game.game.actions):
        unshared = all(lag > horizon for i, lag in enumerate(table[v]) if i != variable.agent) and game.n > 1
        found |= {(v, h) for h in range(1, horizon) if unshared and game.active(v, h) and _moves_nothing(game, v, h)}
    return frozenset(found)


def _moves_nothing(game: ExactGame, variable: int, h: int) -> bool:
    laws: dict[tuple[Digits, Digits], object] = {}
    return all(
        laws.setdefault((s, a[:variable] + a[variable + 1 :]), law := game.row(h, s, a).law) == law
        for s in game.states(h)
        for a in game.joint_actions(h)
    )


def payoffs(stage: Stage, agent: int, discount: Fraction, ahead: dict[Known, Fraction]) -> Table:
    """What every (u, a) is worth to the agent when each increment is worth `ahead` (a unit of probability)."""
    table = {}
    for key, flow in stage.flow.items():
        future = sum((sum(cells.values()) * ahead[z] for z, cells in flow.items()), Fraction(0)) if ahead else 0
        table[key] = stage.reward[key][agent] + discount * future / stage.scale
    return table


class Optimum:
    """The team optimum, or the first agent's minimax value, under Assumption 3."""

    def __init__(self, beliefs: Beliefs, horizon: int, kind: Kind) -> None:
        self.beliefs, self.horizon, self.kind = beliefs, horizon, kind
        self._known: dict[tuple[int, Belief], Fraction] = {}

    def value(self) -> Fraction:
        return sum((p * self.at(1, belief) for _, p, belief in self.beliefs.roots()), Fraction(0))

    def at(self, h: int, belief: Belief) -> Fraction:
        """From a belief of step h on, a unit of probability."""
        key = h, belief
        if key not in self._known:
            stage = self.beliefs.stage(h, belief)
            ahead = {z: self.at(h + 1, stage.posterior(z)) for z in stage.increments} if h < self.horizon else {}
            self._known[key] = stage_value(self.beliefs, h, stage, self.kind, ahead)
        return self._known[key]


def stage_value(beliefs: Beliefs, h: int, stage: Stage, kind: Kind, ahead: dict[Known, Fraction]) -> Fraction:
    """The value of a stage, a unit of probability."""
    best = team_value if kind == "team" else zero_sum_value
    return best(beliefs, h, stage, payoffs(stage, 0, beliefs.game.discount, ahead)) / stage.total


def plain_optimum(beliefs: Beliefs, horizon: int, agent: int = 0) -> Fraction:
    """The team optimum of one agent's reward, whether or not Assumption 3 holds."""
    known: dict[tuple[int, Belief], Fraction] = {}

    def at(h: int, belief: Belief) -> Fraction:
        key = h, belief
        if key not in known:
            if len(known) >= PLAIN_NODES:
                raise Refused(f"more than {PLAIN_NODES} beliefs under chosen prescriptions")
            stage = beliefs.stage(h, belief)
            known[key] = max(worth(h, stage, g) for g in beliefs.joint_prescriptions(h, stage)) / stage.total
        return known[key]

    def worth(h: int, stage: Stage, joint: tuple[dict[Known, Digits], ...]) -> Fraction:
        total = sum((stage.reward[u, stage.action(u, joint)][agent] for u in stage.joint), Fraction(0))
        if h < horizon:
            for cells in stage.under(joint).values():
                total += beliefs.game.discount * sum(cells.values()) * at(h + 1, primitive(cells)[0]) / stage.scale
        return total

    return sum((p * at(1, belief) for _, p, belief in beliefs.roots()), Fraction(0))


def listed_optimum(beliefs: Beliefs, horizon: int, agent: int = 0) -> Fraction:
    """The same by listing every deterministic joint policy (c_h, p_{i,h}) -> a_i and playing out all histories."""
    game = beliefs.game
    best: list[Fraction] = []

    def earn(h: int, cells: dict[tuple[Known, Private, Digits], Fraction], paid: Fraction) -> None:
        # cells: weights of (c_h, p_h, s_h) under the choices made so far
        asked = sorted({(i, c, u[i]) for c, u, _ in cells for i in range(game.n)})
        for answers in product(*(game.own_actions(i, h) for i, _, _ in asked)):
            rule = dict(zip(asked, answers, strict=True))
            following: dict[tuple[Known, Private, Digits], Fraction] = {}
            total = paid
            for (c, u, s), w in cells.items():
                action = sum((rule[i, c, u[i]] for i in range(game.n)), ())
                row = game.row(h, s, action)
                total += game.discount ** (h - 1) * w * row.rewards[agent]
                for (s2, o), p in row.law.items():
                    z, u2 = beliefs.told(h, u, action, o)
                    key = tuple(sorted({*c, *z})), u2, s2
                    following[key] = following.get(key, Fraction(0)) + w * p
            if h == horizon:
                best.append(total)
            else:
                earn(h + 1, following, total)

    start: dict[tuple[Known, Private, Digits], Fraction] = {}
    for z, p, belief in beliefs.roots():
        total = sum(w for _, w in belief)
        for (u, s), w in belief:
            start[z, u, s] = p * w / total
    earn(1, start, Fraction(0))
    return max(best)
