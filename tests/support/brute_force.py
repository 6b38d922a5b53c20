"""Assumption 3 from its definition, by playing out deterministic policies on full histories.

Nothing of `posgc` is used but the arrays of the model and the lag table: who knows what is worked out here
again.  A policy is a table that is filled as it is asked, (agent, c_h, p_{i,h}) -> action.  For each policy the
law of (c_h, p_h, s_h) is computed by enumerating histories; two policies that both reach c_h must agree on
P(s_h, p_h | c_h).  Enumerates every policy while there are at most `limit`, else draws that many at random.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import count, product

import numpy as np

from posgc.information.items import Information
from posgc.model.arrays import Model

Item = tuple[str, int, int]  # kind, variable, step
History = tuple[tuple[Item, int], ...]


def defect(information: Information, limit: int = 300, seed: int = 0, tolerance: float = 1e-9) -> float:
    """The largest L1 distance met between two policies' conditional laws; 0 when none exceeds `tolerance`."""
    seen: dict[tuple[int, Hashable], dict[Hashable, float]] = {}
    worst = 0.0
    for policy in _policies(information, limit, seed):
        for h, conditional in _conditionals(information, policy):
            for common, law in conditional.items():
                reference = seen.setdefault((h, common), law)
                keys = reference.keys() | law.keys()
                worst = max(worst, sum(abs(reference.get(k, 0.0) - law.get(k, 0.0)) for k in keys))
    return worst if worst > tolerance else 0.0


class _Policy:
    """Actions drawn when first asked for, or replayed from a list of digits."""

    def __init__(self, rng: np.random.Generator | None, digits: list[int]) -> None:
        self.rng, self.digits = rng, digits
        self.table: dict[Hashable, int] = {}
        self.sizes: list[int] = []

    def act(self, key: Hashable, size: int) -> int:
        if key not in self.table:
            k = len(self.sizes)
            self.sizes.append(size)
            if self.rng is not None:
                self.table[key] = int(self.rng.integers(size))
            else:
                self.table[key] = self.digits[k] if k < len(self.digits) else 0
        return self.table[key]


def _policies(information: Information, limit: int, seed: int) -> Iterator[_Policy]:
    """Depth-first over all policies (a policy's later choices depend on what earlier ones reach)."""
    digits: list[int] = []
    for _ in range(limit):
        policy = _Policy(None, digits)
        yield policy
        taken = [digits[k] if k < len(digits) else 0 for k in range(len(policy.sizes))]
        while taken and taken[-1] + 1 >= policy.sizes[len(taken) - 1]:
            taken.pop()
        if not taken:
            return
        digits = [*taken[:-1], taken[-1] + 1]
    rng = np.random.default_rng(seed)
    for _ in range(limit):
        yield _Policy(rng, [])


def _conditionals(
    information: Information, policy: _Policy
) -> Iterator[tuple[int, dict[Hashable, dict[Hashable, float]]]]:
    """P(s_h, p_h | c_h) under the policy for h = 1..H, for the c_h that it reaches."""
    model = information.model
    table: dict[tuple[History, int], float] = {}
    for s, o, p in zip(model.initial.state, model.initial.observation, model.initial.probability, strict=True):
        key = (_digits(model, "observation", int(o), 1), int(s))
        table[key] = table.get(key, 0.0) + float(p)
    for h in range(1, model.horizon + 1):
        grouped: dict[Hashable, dict[Hashable, float]] = {}
        for (history, s), p in table.items():
            law = grouped.setdefault(_common(information, history, h), {})
            private = tuple(_private(information, history, h, i) for i in range(model.n_agents))
            law[s, private] = law.get((s, private), 0.0) + p
        totals = {c: sum(law.values()) for c, law in grouped.items()}
        yield h, {c: {x: p / totals[c] for x, p in law.items()} for c, law in grouped.items()}
        if h < model.horizon:
            table = _step(information, policy, table, h)


def _step(
    information: Information, policy: _Policy, table: dict[tuple[History, int], float], h: int
) -> dict[tuple[History, int], float]:
    model = information.model
    kernel, following = model.kernel(h), {}
    for (history, s), p in table.items():
        common = _common(information, history, h)
        joint, taken = 0, []
        for v, variable in enumerate(model.signature.actions):
            digit = 0
            if model.active[h - 1, v]:
                held = _private(information, history, h, variable.agent)
                digit = policy.act((h, v, common, held), len(variable.values))
                taken.append((("action", v, h), digit))
            joint = joint * len(variable.values) + digit
        row = joint * model.n_states + s
        for e in range(kernel.indptr[row], kernel.indptr[row + 1]):
            seen = _digits(model, "observation", int(kernel.observation[e]), h + 1)
            key = (history + tuple(taken) + seen, int(kernel.state[e]))
            following[key] = following.get(key, 0.0) + p * float(kernel.probability[e])
    return following


def _digits(model: Model, kind: str, joint: int, t: int) -> History:
    variables = model.signature.observations if kind == "observation" else model.signature.actions
    ranges = [range(len(v.values)) for v in variables]
    digits = list(product(*ranges))[joint]
    return tuple(((kind, v, t), d) for v, d in enumerate(digits) if model.observed[t - 1, v])


def _lag(information: Information, item: Item) -> tuple[int, ...]:
    protocol, (kind, v, t) = information.protocol, item
    lags = list((protocol.action_lags if kind == "action" else protocol.observation_lags)[v])
    for x in protocol.exchanges:
        if (x.kind, x.variable) == (kind, v):
            handed = next(h for h in count(x.first, x.every) if h - t >= x.lag)
            lags[x.agent] = min(lags[x.agent], handed - t)
    return tuple(lags)


def _common(information: Information, history: History, h: int) -> Hashable:
    return tuple((item, d) for item, d in history if h - item[2] >= max(_lag(information, item)))


def _private(information: Information, history: History, h: int, agent: int) -> Hashable:
    forget = information.protocol.forget
    held = []
    for item, d in history:
        age, lag = h - item[2], _lag(information, item)
        if age >= max(lag) or age < lag[agent] or (forget is not None and age > forget):
            continue
        if item[0] == "action" and (item[1], item[2]) in information.dropped:
            continue
        held.append((item, d))
    return tuple(held)
