"""The laws and rewards of a checked game in exact fractions.

Literals are decimals, so a constant stands for the shortest decimal that reads as that float: 0.1 is 1/10, and
a constant expression that the front end has already worked out to 0.9999999996 is that.  Refused: probabilities
that do not add up to exactly 1 (1/3 written three times), and powers that are no fractions (2 ^ 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from posgc.language import ir

__all__ = ["Digits", "ExactGame", "Refused", "Row", "reads_step"]

Digits = tuple[int, ...]
Env = dict[tuple[str, int, bool], Any]
Law = dict[Any, Fraction]


class Refused(Exception):
    """What is asked for has no exact value here, or is too large."""


@dataclass(frozen=True)
class Row:
    """What follows a state and a joint action: P(s', o') by (value indices of s', of o'), and each agent's expected
    reward."""

    law: dict[tuple[Digits, Digits], Fraction]
    rewards: tuple[Fraction, ...]


class ExactGame:
    """States, joint actions and joint observations are tuples of value indices, in the game's own order."""

    def __init__(self, game: ir.Game) -> None:
        self.game, self.n = game, len(game.signature.agents)
        self.horizon, self.discount = game.horizon, _number(game.discount)
        self._rows: dict[tuple[int, Digits, Digits], Row] = {}

    # ---- the game as tables

    @cached_property
    def initial(self) -> dict[tuple[Digits, Digits], Fraction]:
        """P(s_1, o_1)."""
        return self._grouped((env, p) for env, p in self._draws(list(self.game.init_order), {}, Fraction(1), 1, False))

    def row(self, h: int, state: Digits, action: Digits) -> Row:
        key = h, state, action
        if key not in self._rows:
            self._rows[key] = self._row(*key)
        return self._rows[key]

    def _row(self, h: int, state: Digits, action: Digits) -> Row:
        game, env = self.game, self._env(state, action)
        ended = game.terminal is not None and _value(game.terminal, env, h)
        order = list(game.step_order)
        for v in range(len(game.states)):
            if ended or game.states[v].next is None:
                env["state", v, True] = env["state", v, False]
        if ended:
            order = [draw for draw in order if draw[0] != "state"]
        rewards = [Fraction(0)] * self.n
        outcomes = list(self._draws(order, env, Fraction(1), h, True))
        if not ended:
            for after, p in outcomes:
                for i, reward in enumerate(game.rewards):
                    rewards[i] += p * _value(reward, after, h)
        return Row(self._grouped(outcomes, primed=True), tuple(rewards))

    def states(self, h: int) -> set[Digits]:
        """The states that can be reached at step h under some play."""
        found = {state for (state, _), p in self.initial.items() if p}
        for t in range(1, h):
            found = self.after(t, found)
        return found

    def after(self, h: int, states: set[Digits]) -> set[Digits]:
        """The states that can follow these."""
        return {
            s for state in states for a in self.joint_actions(h) for (s, _), p in self.row(h, state, a).law.items() if p
        }

    def own_actions(self, agent: int, h: int) -> list[Digits]:
        """The agent's choices at step h, value indices of its variables; the first value where there is no choice."""
        own = [(v, x) for v, x in enumerate(self.game.actions) if x.agent == agent]
        return list(product(*(range(len(x.type.values) if self.active(v, h) else 1) for v, x in own)))

    def joint_actions(self, h: int) -> list[Digits]:
        return [sum(parts, ()) for parts in product(*(self.own_actions(i, h) for i in range(self.n)))]

    def active(self, variable: int, h: int) -> bool:
        """Whether the action variable is a choice at step h."""
        when = self.game.actions[variable].when
        return when is None or bool(_value(when, {}, h))

    def observed(self, variable: int, h: int) -> bool:
        """Whether the observation variable is made at step h."""
        made = self.game.observations[variable]
        return (made.init if h == 1 else made.observe) is not None

    # ---- draws

    def _env(self, state: Digits, action: Digits) -> Env:
        env: Env = {}
        for v, (x, k) in enumerate(zip(self.game.states, state, strict=True)):
            env["state", v, False] = x.type.values[k]
        for v, (y, k) in enumerate(zip(self.game.actions, action, strict=True)):
            env["action", v, False] = y.type.values[k]
        return env

    def _draws(
        self, order: list[tuple[str, int]], env: Env, p: Fraction, h: int, primed: bool
    ) -> Iterator[tuple[Env, Fraction]]:
        """(values, probability) of everything that the draws can give, one after the other."""
        if not order:
            yield env, p
            return
        (kind, index), *rest = order
        law, type_ = self._law(kind, index, primed)
        for value, q in _law(law, type_, env, h).items():
            if q:
                at = kind, index, primed and kind != "chance"
                yield from self._draws(rest, {**env, at: value}, p * q, h, primed)

    def _law(self, kind: str, index: int, primed: bool) -> tuple[ir.Dist, ir.Type]:
        if kind == "state":
            state = self.game.states[index]
            law = state.next if primed else state.init
            type_ = state.type
        elif kind == "observation":
            seen = self.game.observations[index]
            law, type_ = (seen.observe if primed else seen.init), seen.type
        else:
            law, type_ = self.game.chances[index].law, self.game.chances[index].type
        assert law is not None
        return law, type_

    def _grouped(self, outcomes: Any, primed: bool = False) -> dict[tuple[Digits, Digits], Fraction]:
        found: dict[tuple[Digits, Digits], Fraction] = {}
        for env, p in outcomes:
            s = tuple(x.type.values.index(env["state", v, primed]) for v, x in enumerate(self.game.states))
            o = tuple(
                x.type.values.index(env["observation", v, primed]) if ("observation", v, primed) in env else 0
                for v, x in enumerate(self.game.observations)
            )
            found[s, o] = found.get((s, o), Fraction(0)) + p
        return found


def reads_step(game: ir.Game) -> bool:
    """Whether anything in the game is written with `step`."""
    seen: set[int] = set()

    def walk(node: Any) -> bool:
        if isinstance(node, ir.Step):
            return True
        if isinstance(node, tuple):
            return any(walk(x) for x in node)
        if (
            not hasattr(node, "__dataclass_fields__")
            or id(node) in seen
            or not type(node).__module__.startswith(ir.__name__)
        ):
            return False
        seen.add(id(node))
        return any(walk(getattr(node, name)) for name in node.__dataclass_fields__)

    return any(
        walk(x) for x in (game.states, game.actions, game.observations, game.chances, game.rewards, game.terminal)
    )


# ---- expressions and distributions


def _number(x: Any) -> Any:
    return Fraction(repr(x)) if isinstance(x, float) else x


def _value(node: Any, env: Env, h: int) -> Any:
    match node:
        case ir.Const():
            return _number(node.value)
        case ir.Step():
            return h
        case ir.Read():
            return env[node.kind, node.index, node.primed]
        case ir.If():
            return _value(node.then if _value(node.condition, env, h) else node.otherwise, env, h)
        case ir.Select():
            return _value(node.cases[node.keys.index(_value(node.index, env, h))], env, h)
        case ir.Op(name="and"):
            return all(_value(x, env, h) for x in node.operands)
        case ir.Op(name="or"):
            return any(_value(x, env, h) for x in node.operands)
        case ir.Op():
            return _operation(node.name, [_value(x, env, h) for x in node.operands])
    raise Refused(f"reached {node}")


def _operation(name: str, v: list[Any]) -> Any:
    if name == "^":
        if v[1] != int(v[1]) or (v[0] == 0 and v[1] < 0):
            raise Refused(f"{v[0]} ^ {v[1]} is not known to be a fraction")
        return Fraction(v[0]) ** int(v[1]) if v[1] < 0 else v[0] ** int(v[1])
    if name == "*":
        result = v[0]
        for factor in v[1:]:
            result = result * factor
        return result
    return _PLAIN[name](*v)


_PLAIN: dict[str, Any] = {
    "+": lambda *v: sum(v),
    "-": lambda x, y: x - y,
    "/": lambda x, y: Fraction(x) / Fraction(y),
    "mod": lambda x, y: x % y,
    "neg": lambda x: -x,
    "abs": abs,
    "min": lambda *v: min(v),
    "max": lambda *v: max(v),
    "clip": lambda x, low, high: min(max(x, low), high),
    "not": lambda x: not x,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "count": lambda *v: sum(map(bool, v)),
    "argmax": lambda *v: v.index(max(v)),
}


def _law(node: Any, type_: ir.Type, env: Env, h: int) -> Law:
    """P(value) of a draw; a probability outside [0, 1], or a value outside the type, is refused."""
    law = _plain_law(node, type_, env, h)
    if sum(law.values()) != 1 or any(p < 0 for p in law.values()) or any(v not in type_.values for v in law):
        raise Refused(f"not exactly a law on {type_.values}: {law}")
    return law


def _plain_law(node: Any, type_: ir.Type, env: Env, h: int) -> Law:
    match node:
        case ir.Choose():
            return _law(node.then if _value(node.condition, env, h) else node.otherwise, type_, env, h)
        case ir.Point():
            return {_value(node.value, env, h): Fraction(1)}
        case ir.UniformOver():
            values = [_value(x, env, h) for x in node.values]
            if node.conditions is not None:
                values = [x for x, c in zip(values, node.conditions, strict=True) if _value(c, env, h)]
            return _added((x, Fraction(1, len(values))) for x in values)
        case ir.Bernoulli():
            p = Fraction(_value(node.probability, env, h))
            return {True: p, False: 1 - p}
        case ir.Noisy():
            value, p = _value(node.value, env, h), Fraction(_value(node.accuracy, env, h))
            others = [x for x in type_.values if x != value]
            return _added([(value, p), *((x, (1 - p) / len(others)) for x in others)])
        case ir.Mixture():
            weighted = [(Fraction(_value(w, env, h)), d) for w, d in zip(node.weights, node.parts, strict=True)]
            return _added((x, w * q) for w, d in weighted if w for x, q in _law(d, type_, env, h).items())
    raise Refused(f"reached {node}")


def _added(pairs: Any) -> Law:
    law: Law = {}
    for value, p in pairs:
        law[value] = law.get(value, Fraction(0)) + p
    return law
