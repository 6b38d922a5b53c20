"""Values and deviation values over many small steps at a time.

Layers of pairs that share their arrays differ in the policy's prescriptions alone.  What the policy earns and what a
deviation is worth are linear in the values of the next step's rows (`posgc.judge.deviating`), so for a stretch of
such layers their coefficients are found at once, by asking what they are for rewards alone and for each next row
being worth 1.  What is left step by step is a small product, and for deviations a maximum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from posgc.information.items import Information
from posgc.judge.deviating import (
    Floats,
    components_of,
    expectation,
    flow_of,
    played_laws,
    private_positions,
    worth,
)
from posgc.judge.pairs import PairLayer
from posgc.language.concepts import DeviationKind
from posgc.policy.machine import PolicyStep

__all__ = ["stretches_backwards", "together"]

Stretch = list[tuple[PairLayer, PolicyStep]]

SMALL_STAGES, SMALL_MAP = 1 << 11, 1 << 17
"""Payoffs of a layer, and payoffs times next rows, above which it is judged by itself: there the calls cost little."""
NUMBERS = 1 << 21
"""Payoffs of a stretch, times next rows."""


def stretches_backwards(
    information: Information, layers: Sequence[PairLayer], steps: Sequence[PolicyStep], kind: DeviationKind
) -> Iterator[Stretch]:
    """The layers with the policy's steps, from the last to the first, in stretches that `together` can judge."""
    stretch: Stretch = []
    for layer, step in zip(reversed(layers), reversed(steps), strict=True):
        size = len(layer.node) * len(layer.step.cells.u) * len(layer.step.actions)
        fits = (
            stretch
            and kind != "ce_strategic"
            and _alike(stretch[-1], (layer, step))
            and size <= SMALL_STAGES
            and size * len(layer.node) <= SMALL_MAP
            and size * len(layer.node) * (len(stretch) + 1) <= NUMBERS
        )
        if stretch and not fits:
            yield stretch
            stretch = []
        stretch.append((layer, step))
    yield stretch


def _alike(one: tuple[PairLayer, PolicyStep], other: tuple[PairLayer, PolicyStep]) -> bool:
    """Whether two layers share their arrays and lead to each other, under tables of one form."""
    (a, p), (b, q) = one, other
    return (
        a.node is b.node
        and a.belief is b.belief
        and a.step is b.step
        and a.edges is b.edges
        and a.step.z is not None
        and (p.private is q.private or all(map(np.array_equal, p.private, q.private)))
        and all(x.ndim == y.ndim and x.shape[1:] == y.shape[1:] for x, y in zip(p.tables, q.tables, strict=True))
    )


def together(
    information: Information, stretch: Stretch, value: Floats, best: Floats, kind: DeviationKind
) -> tuple[Floats, Floats]:
    """Values [n, rows] at the first of the layers of going on with the policy and of deviating, from those after the
    last: what `deviating.backward` gives when it goes through the stretch, last layer first."""
    judged = _Judged(information, stretch, value.shape[1], kind)
    earned, moves = judged.going_on()
    for reward, move in zip(earned, moves, strict=True):
        value = reward + value @ move
    return value, np.stack([judged.deviating(i, best[i]) for i in range(len(best))])


class _Judged:
    """A stretch as one layer of L * N rows, layer after layer; `bases`: payoffs [U, N, A_1..A_n] of every next row."""

    def __init__(self, information: Information, stretch: Stretch, n_following: int, kind: DeviationKind) -> None:
        layer = stretch[0][0]
        model, n_nodes = information.model, len(stretch[0][1])
        self.kind, self.length, self.rows = kind, len(stretch), len(layer.node)
        self.choices = [len(model.choices(i, layer.h)) for i in range(model.n_agents)]
        step = _joined([step for _, step in stretch])
        self.types = private_positions(information, layer, step)
        node = (np.arange(self.length)[:, None] * n_nodes + layer.node).ravel()
        components, self.owner = components_of(step, node)
        self.played = [played_laws(step, self.types, components, j, c) for j, c in enumerate(self.choices)]
        self.weight = step.weight[components]
        self.flow = flow_of(layer, 0, self.rows)
        nothing = replace(self.flow, reward=(np.zeros_like(self.flow.reward[0]),))
        self.bases = [nothing.payoffs(0, each, model.discount, self.choices) for each in np.eye(n_following)]

    def _spread(self, payoff: Floats) -> Floats:
        """The payoffs of one layer for all."""
        shape = payoff.shape[0], self.length, *payoff.shape[1:]
        return np.broadcast_to(payoff[:, None], shape).reshape(payoff.shape[0], -1, *payoff.shape[2:])

    def _own(self, agent: int) -> Floats:
        return self.flow.payoffs(agent, None, 1.0, self.choices)

    def going_on(self) -> tuple[Floats, Floats]:
        """Rewards [L, n, N] of the policy, and its discounted moves [L, N', N]."""

        def of(payoff: Floats) -> Floats:
            total = expectation(self._spread(payoff), self.played, self.weight, self.owner, self.types)
            return total.reshape(self.length, self.rows)

        reward = np.stack([of(self._own(i)) for i in range(len(self.choices))], axis=1)
        return reward, np.stack([of(base) for base in self.bases], axis=1)

    def deviating(self, agent: int, best: Floats) -> Floats:
        """The values [N] of deviating at the first of the layers, from those [N'] after the last."""
        reward = self._worths(agent, self._own(agent))
        ahead = np.stack([self._worths(agent, base) for base in self.bases], axis=-1)
        for here, to in zip(reward, ahead, strict=True):
            best = (here + to @ best).max(axis=2).sum(axis=1)
        return best

    def _worths(self, agent: int, payoff: Floats) -> Floats:
        """What each own action is worth [L, N, p and what is recommended, A_i]."""
        spread = self._spread(payoff)
        parts = [
            worth(spread, self.played, self.weight, self.owner, self.types, agent, self.kind, None, int(p))
            for p in np.unique(self.types[agent])
        ]
        return np.stack(parts, axis=1).reshape(self.length, self.rows, -1, self.choices[agent])


def _joined(steps: list[PolicyStep]) -> PolicyStep:
    """The prescriptions of several steps as those of one, node after node; without edges."""
    offset = np.cumsum([0, *(len(step.weight) for step in steps)])
    indptr = np.concatenate([[0], *(step.indptr[1:] + o for step, o in zip(steps, offset[:-1], strict=True))])
    tables = tuple(np.concatenate([step.tables[i] for step in steps]) for i in range(len(steps[0].tables)))
    none = np.zeros(0, np.int64)
    return PolicyStep(
        steps[0].private, indptr, np.concatenate([step.weight for step in steps]), tables, none, none, none, none
    )
