"""Backward induction over many small layers at a time.

Layers that share their arrays (belief, table and edges) have stage games that differ in the next layer's values
alone: payoff = reward + discount * (transitions @ values), with one pair of arrays for all.  A *stretch* is a row of
such layers, solved like this:

    1. guess the values of all its layers but the one that is known, the layer after it;
    2. solve the stage games of all its layers in one call of the oracle;
    3. the prescriptions found are linear in the next values, so follow their values from the known layer backwards;
    4. where these differ from the guess by a constant a layer, every stage game was the right one up to a constant,
       which changes no prescription: done.  Otherwise the values are the next guess.

Each round makes at least one more layer right, since a layer is right when all that follow are, so what comes out is
what one layer at a time would give, up to rounding: a fixed point of one backward induction.  On smooth games it takes
two to four rounds (Newton's method on all steps at once, policy iteration in the sense of Hoffman and Karp 1966), one
where relative values do not change any more.  Gaps are certified at the values that came out, not at the guesses.
Stretches become longer while they pay and give way to single layers where they do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from posgc.equilibrium import Deviation, Stages, StageSolution, certify, joint_law
from posgc.information.graph import Layer
from posgc.information.payoff import private_types, stage_payoffs, stage_weights, transitions
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import RewardKind
from posgc.planning.solved import Floats, Ints, Oracle, Planned, SolvedLayer, solve_layer
from posgc.policy.machine import PolicyStep

__all__ = ["solve_backwards"]

FEWEST = 64
"""Layers of a graph below which each is solved by itself."""
SHORTEST, LONGEST = 16, 4096
"""Layers of a stretch."""
SMALL_STAGES, SMALL_MAP = 1 << 11, 1 << 17
"""Payoffs of a layer, and payoffs times next nodes, above which it is solved by itself: there the calls cost little."""
NUMBERS = 1 << 20
"""Payoffs of a stretch."""
ROUNDS: dict[RewardKind, int] = {"common": 4, "zero_sum": 4, "general": 1}
"""Rounds that a stretch may take; programmes of general-sum stages cost more than a round saves."""
PAUSE = 64
"""Layers solved one by one after a stretch did not pay; twice as many each time."""
NOISE_ULPS = 4
"""Values that differ by less than this many units in the last place of the largest are equal up to rounding."""


def solve_backwards(graph: Planned, oracle: Oracle, deviation: Deviation) -> Iterator[SolvedLayer]:
    """The layers from the last to the first; gaps are for `deviation`.

    Raises whatever the oracle raises at a stage game of the graph.
    """
    walk = _Walk(graph, oracle, deviation)
    while walk.left:
        yield from walk.next()


@dataclass(eq=False)
class _Walk:
    """How far the induction has come: `left` layers to go, `value` [m, N'] of the one after them."""

    graph: Planned
    oracle: Oracle
    deviation: Deviation
    left: int = field(init=False)
    value: Floats | None = None
    size: int = 1
    pause: int = 0
    back_off: int = PAUSE
    seen: dict[tuple[int, ...], list[tuple[int, Floats]]] = field(default_factory=dict)
    maps: dict[tuple[int, ...], _Map | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = len(self.graph.layers)

    def next(self) -> list[SolvedLayer]:
        """The next layer, or the next stretch of layers."""
        stretch = self._stretch()
        solved = self._together(stretch) if len(stretch) > 1 else None
        if solved is None:
            layer = self.graph.layers[self.left - 1]
            solved = [solve_layer(self.graph, layer, self.value, self.oracle)]
            self.pause = max(0, self.pause - 1)
            if self.size == 1 and not self.pause:
                self.size = SHORTEST
        for one in solved:
            self.left -= 1
            self.value = one.value
            if len(self.graph.layers) >= FEWEST:
                past = self.seen.setdefault(self._key(self.left), [])
                past[:] = [*past[-1:], (self.left, one.value)]
        return solved

    def _stretch(self) -> list[_Map]:
        """The layers to be solved together, from the last backwards, by their maps."""
        stretch: list[_Map] = []
        numbers = 0
        while len(stretch) < min(self.size, self.left):
            index = self.left - 1 - len(stretch)
            key = self._key(index)
            if key not in self.seen:
                break
            if key not in self.maps:
                self.maps[key] = _map(self.graph, self.graph.layers[index], len(self.seen[key][0][1]), key[-1])
            found = self.maps[key]
            numbers += 0 if found is None else found.reward.size
            if found is None or numbers > NUMBERS:
                break
            stretch.append(found)
        return stretch

    def _together(self, stretch: list[_Map]) -> list[SolvedLayer] | None:
        """The stretch solved, or None where that does not pay."""
        values = self._guess(len(stretch))
        for rounds in range(1, ROUNDS[self.graph.rewards] + 1):
            assert self.value is not None
            used = [self.value, *values[:-1]]
            try:
                draft = _Draft.solve(stretch, used, self.graph.rewards, self.oracle)
            except LimitError:
                break  # perhaps of a stage game that was only guessed: one by one it comes out
            values = draft.values(self.value)
            following = [self.value, *values[:-1]]
            spread = draft.spread(used, following)
            if spread.max() <= NOISE_ULPS * np.finfo(np.float64).eps * draft.largest(following):
                self.size = min(LONGEST, 2 * self.size) if rounds <= 2 else self.size
                return draft.solved(following, values, spread, self.deviation)
        self.size //= 2
        if self.size < SHORTEST:
            self.size, self.pause, self.back_off = 1, self.back_off, 2 * self.back_off
        return None

    def _key(self, index: int) -> tuple[int, ...]:
        """Layers with equal keys share their arrays, which the graph keeps alive; last, the size of the next layer."""
        layer, layers = self.graph.layers[index], self.graph.layers
        following = len(layers[index + 1]) if index + 1 < len(layers) else 0
        arrays = layer.belief, layer.table, layer.edge_indptr, layer.edge_z, layer.edge_to
        return *map(id, arrays), following

    def _guess(self, count: int) -> list[Floats]:
        """Values of the next `count` layers, from the last two of each layer's kind on a straight line."""
        lines: dict[tuple[int, ...], tuple[int, Floats, Floats]] = {}
        guesses: list[Floats] = []
        for index in range(self.left - 1, self.left - 1 - count, -1):
            key = self._key(index)
            if key not in lines:
                lines[key] = _line(self.seen[key])
            at, value, drift = lines[key]
            guesses.append(value + (at - index) * drift)
        return guesses


def _line(past: list[tuple[int, Floats]]) -> tuple[int, Floats, Floats]:
    """Where the last of one or two layers is, its values [m, N], and by how much they change a step: all of an agent's
    alike, where they do up to rounding."""
    at, value = past[-1]
    if len(past) == 1:
        return at, value, np.zeros_like(value)
    drift = (value - past[0][1]) / (past[0][0] - at)
    mean = drift.mean(axis=1, keepdims=True)
    near = abs(drift - mean).max() <= NOISE_ULPS * np.finfo(np.float64).eps * abs(value).max()
    return at, value, np.broadcast_to(mean, drift.shape) if near else drift


@dataclass(frozen=True, eq=False)
class _Map:
    """The stage games of a layer as a map of the next layer's values [m, N'].

    `reward[m, N, U, A_1..A_n]`; `ahead[N, U * A, N']` discounted; `types`, `weight` as in `Stages`.
    """

    layer: Layer
    codes: tuple[Ints, ...]
    types: Ints
    weight: Floats
    reward: Floats
    ahead: Floats
    largest: float

    def stages(self, following: Floats, kind: RewardKind) -> Stages:
        """The stage games of L layers, node by node, `following` [L, m, N'] being the values after each."""
        m, _, n_u, *choices = self.reward.shape
        future = self.ahead.reshape(-1, self.ahead.shape[2]) @ following.reshape(-1, following.shape[2]).T
        payoff = self.reward.reshape(m, 1, -1) + future.T.reshape(len(following), m, -1).swapaxes(0, 1)
        return Stages(
            payoff.reshape(m, -1, n_u, *choices),
            self.types,
            tuple(map(len, self.codes)),
            np.tile(self.weight, (len(following), 1)),
            kind,
        )

    def played(self, stages: Stages, solution: StageSolution) -> tuple[Floats, Floats]:
        """Rewards [L, m, N] and discounted transitions [L, N, N'] under the solution of L layers."""
        n = self.reward.shape[1]
        law = joint_law(stages, solution).reshape(-1, n, self.ahead.shape[1])
        reward = np.stack([(law * own.reshape(n, -1)).sum(axis=2) for own in self.reward], axis=1)
        return reward, (law[:, :, None, :] @ self.ahead)[:, :, 0]


def _map(graph: Planned, layer: Layer, m: int, n_following: int) -> _Map | None:
    """The layer's map of values [m, n_following], or None where it is the last one or large."""
    information, discount = graph.information, graph.discount
    size = len(layer) * len(layer.table.cells.u) * len(layer.table.actions)
    if n_following == 0 or m * size > SMALL_STAGES or size * n_following > SMALL_MAP:
        return None
    codes, types = private_types(information, layer.h, layer.table.cells.u)
    choices = [len(information.choices(i, layer.h)) for i in range(information.n_agents)]
    reward = stage_payoffs(layer, 0, len(layer), np.zeros((m, n_following)), discount)
    ahead = discount * transitions(layer, n_following)
    return _Map(
        layer,
        codes,
        types,
        stage_weights(layer, 0, len(layer)),
        reward.reshape(*reward.shape[:3], *choices),
        ahead.reshape(len(layer), -1, n_following),
        float(abs(reward).max()),
    )


@dataclass(frozen=True, eq=False)
class _Draft:
    """A stretch solved at guessed values: `groups` holds the positions of the layers of each map."""

    maps: list[_Map]
    groups: list[list[int]]
    stages: list[Stages]
    solutions: list[StageSolution]
    kind: RewardKind

    @staticmethod
    def solve(stretch: list[_Map], used: list[Floats], kind: RewardKind, oracle: Oracle) -> _Draft:
        """One call of the oracle for each map, at the next values `used` of each layer."""
        by_map: dict[int, list[int]] = {}
        for k, one in enumerate(stretch):
            by_map.setdefault(id(one), []).append(k)
        groups = list(by_map.values())
        maps = [stretch[group[0]] for group in groups]
        stages = [one.stages(np.stack([used[k] for k in g]), kind) for one, g in zip(maps, groups, strict=True)]
        return _Draft(maps, groups, stages, [oracle(s) for s in stages], kind)

    def values(self, known: Floats) -> list[Floats]:
        """Values [m, N] of every layer under the prescriptions, going backwards from the known layer."""
        count = sum(map(len, self.groups))
        reward: list[Floats] = [known] * count
        moves: list[Floats] = [known] * count
        for one, group, stages, solution in zip(self.maps, self.groups, self.stages, self.solutions, strict=True):
            earned, moved = one.played(stages, solution)
            for k, here, to in zip(group, earned, moved, strict=True):
                reward[k], moves[k] = here, to.T
        values = []
        for here, to in zip(reward, moves, strict=True):
            known = here + known @ to
            values.append(known)
        return values

    def spread(self, used: list[Floats], following: list[Floats]) -> Floats:
        """How far the values after each layer are from those used, and a constant [L]."""
        spread = np.zeros(len(used))
        for group in self.groups:
            moved = np.stack([following[k] for k in group]) - np.stack([used[k] for k in group])
            spread[group] = np.ptp(moved.reshape(len(group), -1), axis=1)
        return spread

    def largest(self, following: list[Floats]) -> float:
        """The largest reward or next value, in absolute terms."""
        values = np.concatenate([one.ravel() for one in following])
        return max(float(abs(values).max()), *(one.largest for one in self.maps))

    def solved(
        self, following: list[Floats], values: list[Floats], spread: Floats, deviation: Deviation
    ) -> list[SolvedLayer]:
        """The layers, certified at the values that follow each and come out."""
        layers: dict[int, SolvedLayer] = {}
        for one, group, found in zip(self.maps, self.groups, self.solutions, strict=True):
            stages = one.stages(np.stack([following[k] for k in group]), self.kind)
            sure = certify(stages, found.tables, deviation, found.method, indptr=found.indptr, weight=found.weight)
            gap = sure.gap.reshape(len(sure.gap), len(group), -1).max(axis=(0, 2))
            short: list[float | None] = [None] * len(group)
            if found.upper is not None:  # the bound moves with the guess: up to a constant, by the spread at most
                lacking = (found.upper - found.value[0]).reshape(len(group), -1).max(axis=1) + spread[group]
                short = np.maximum(lacking, 0.0).tolist()
            bounds = zip(group, short, np.maximum(gap, 0.0).tolist(), strict=True)
            for at, (k, lack, most) in enumerate(bounds):
                methods = [found.method] if at == 0 else []
                layers[k] = SolvedLayer(_policy_step(one, found, at), values[k], lack, most, methods)
        return [layers[k] for k in range(len(layers))]


def _policy_step(one: _Map, found: StageSolution, at: int) -> PolicyStep:
    """The prescriptions of the layer at position `at` of those that were solved with one map."""
    n, layer = len(one.weight), one.layer
    indptr = found.indptr[at * n : (at + 1) * n + 1]
    part = slice(indptr[0], indptr[-1])
    assert layer.table.z is not None
    return PolicyStep(
        one.codes,
        indptr - indptr[0],
        found.weight[part],
        tuple(table[part] for table in found.tables),
        layer.table.z,
        layer.edge_indptr,
        layer.edge_z,
        layer.edge_to,
    )
