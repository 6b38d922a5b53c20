"""Values and exact gaps of a policy in the true game (paper: Definitions 2, 9 and 10; Algorithm 2).

Backward induction on the pairs of `posgc.policy.pairs`.  With U_i(u, a) the stage payoff of a pair (prior
folded in) and mu(a | u) = sum_k w_k prod_j gamma_j^k(a_j | p_j(u)) what the policy plays there,

    V_i       = sum_{u, a} mu(a | u) U_i(u, a)                          continuation: V_i
    V_i^NE    = sum_{p_i} max_{a'} sum_{u in p_i, a} mu(a | u) U_i(u, (a', a_-i))          (also CCE)
    V_i^CE    = sum_{p_i, a_i} max_{a'} sum_{u in p_i, a_-i} mu((a_i, a_-i) | u) U_i(u, (a', a_-i))

where the last two continue with themselves: the deviator goes on deviating.  For CE the modifications are
the memoryless phi_{i,h,c,p}: A_i -> A_i of Definition 10, which see the recommended action (sampled from
the prescription), not the prescription; in strategic form ("ce_strategic") they see the whole prescription
(`prescribed.py`), which tells more: that gap is never the smaller.  gap_i = V_i^dev - V_i at the start.

Under Assumption 3 a deviation does not move the common belief, so these maxima range over all
pi_i(c_h, p_{i,h}).  Without it they would not; `verify` is for games in which it has been established.

Two histories share a pair when their beliefs differ by at most 1e-12 in L1; with delta_h the largest such
distance met at step h, and what the check of Assumption 3 overlooked, values are right to within half of
sum_h delta_h sum_{t >= h} discount^{t-1} span_t, gaps to within all of it, and either to within rounding
(`Verification.error`, the largest of the agents').
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import project
from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.information.items import Information
from posgc.information.precision import to_come
from posgc.information.step import Beliefs
from posgc.model.arrays import Model
from posgc.policy.artefact import Policy, PolicyStep
from posgc.policy.pairs import PairLayer, PolicyMismatch, TrueStep, pair_layers
from posgc.policy.prescribed import Signals, most_drawn, signals

__all__ = [
    "Distances", "Flows", "Form", "GapKind", "JudgedLayer", "Verification", "backward", "best_reply", "gap_kind",
    "verify",
]  # fmt: skip

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
GapKind = Literal["nash", "cce", "ce", "ce_strategic"]
Form = Literal["agent", "strategic"]
Distances = Callable[[Sequence[Beliefs]], Floats]
CHUNK_CELLS = 8_000_000
"""float64 numbers in one block of stage payoffs (64 MB)."""


@dataclass(frozen=True)
class Verification:
    """What a policy earns, and what each agent could still gain alone, in the unit of the rewards.

    `values[i]`, `deviation_values[i]`, `gains[i]` = their difference.  A Nash or CE deviator can always do as
    the policy does, so a difference below 0 is rounding and given as 0; a CCE deviator, who forgoes the
    recommendations, may well lose, and its gain is then negative.  `nash_conv` is the sum of the positive gains, `gap`
    the largest (the paper's NE-, CCE- or CE-gap); `error` bounds what merging equal beliefs, the tolerance of
    Assumption 3's check and rounding can have changed; `pairs` counts the pairs of each step.
    """

    kind: GapKind
    values: tuple[float, ...]
    deviation_values: tuple[float, ...]
    gains: tuple[float, ...]
    error: float
    pairs: tuple[int, ...]

    @property
    def gap(self) -> float:
        return max(self.gains)

    @property
    def nash_conv(self) -> float:
        return float(sum(max(0.0, gain) for gain in self.gains))

    @property
    def certified(self) -> float:
        """What the gap is at most, all errors included."""
        return max(self.gap, 0.0) + self.error


class JudgedLayer(Protocol):
    """What a policy is judged on at step h: rows with a policy node and a belief, and where each row leads."""

    @property
    def h(self) -> int: ...
    @property
    def node(self) -> Ints: ...
    @property
    def belief(self) -> sparse.csr_array: ...
    @property
    def step(self) -> TrueStep: ...
    @property
    def edges(self) -> object:
        """The array that `follow` reads: layers that share it, `belief` and `step` are alike."""
        ...

    def follow(self, pair: Ints, az: Ints) -> Ints:
        """The row of the next step for each (row, position of a * Z + z)."""
        ...


def gap_kind(concept: str, options: Mapping[str, Any] | None = None) -> GapKind:
    """The deviations that a concept is judged by: a team optimum by those of a Nash equilibrium, a CE by those of
    the strategic form where the back-end's option `form` says so."""
    if concept == "ce" and (options or {}).get("form") == "strategic":
        return "ce_strategic"
    return "ce" if concept == "ce" else "cce" if concept == "cce" else "nash"


def verify(
    information: Information,
    policy: Policy,
    kind: GapKind,
    max_pairs: int = DEFAULT_MAX_NODES,
    progress: Callable[[str, int, int], None] | None = None,
    distances: Distances | None = None,
) -> Verification:
    """Recompute values and gap.

    `distances(layers)` [H] says how far prescriptions can move the beliefs of each step (L1), None for not at all.
    Raises PolicyMismatch, LimitError, and ValueError for kind "nash" on a policy that correlates its agents (a mixture
    of several components is no product policy).
    """
    if kind == "nash" and any(len(step.weight) != len(step) for step in policy.steps):
        raise ValueError("a correlated policy has no Nash gap; ask for 'ce' or 'cce'")
    layers, first, probability = pair_layers(information, policy, max_pairs, progress)
    n, horizon = information.n_agents, information.model.horizon
    value: Floats | None = None
    best: Floats | None = None
    flows = Flows()
    for layer, step in zip(reversed(layers), reversed(policy.steps), strict=True):
        value, best = backward(information, layer, step, value, best, kind, flows)
        if progress is not None:
            progress("verify", 2 * horizon - layer.h + 1, 2 * horizon)
    assert value is not None and best is not None
    values, deviations = value[:, first] @ probability, best[:, first] @ probability
    least = -np.inf if kind == "cce" else 0.0
    gains = tuple(max(least, float(deviations[i] - values[i])) for i in range(n))
    return Verification(
        kind, tuple(map(float, values)), tuple(map(float, deviations)), gains,
        float(_errors(information.model, layers, distances).max()), tuple(len(layer.node) for layer in layers),
    )  # fmt: skip


def _errors(model: Model, layers: list[PairLayer], distances: Distances | None) -> Floats:
    """[n]: what the pairs can have changed of each agent's gain."""
    off: Floats = np.array([layer.merge_error for layer in layers])
    if distances is not None:
        # A pair goes on from the posterior of what was played, a prescription from that of all that it may play.
        actions = np.array([0, *(len(layer.actions) for layer in layers[:-1])])
        off = off + (1 + actions) * distances(layers)
    ahead = to_come(model, ((la.h, la.belief, la.step) for la in layers))
    return ahead.span @ off + ahead.rounding


def backward(
    information: Information, layer: JudgedLayer, step: PolicyStep, value: Floats | None, best: Floats | None,
    kind: GapKind, flows: Flows,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Values [n, pairs] of going on with the policy and of deviating from here on."""
    n, pairs = information.n_agents, len(layer.node)
    choices = [len(information.model.choices(i, layer.h)) for i in range(n)]
    types = _private_positions(information, layer, step)
    values, bests = np.zeros((n, pairs)), np.zeros((n, pairs))
    drawn = most_drawn(step) if kind == "ce_strategic" else 1
    block = max(1, CHUNK_CELLS // (len(layer.step.cells.u) * len(layer.step.actions) * drawn))
    for begin in range(0, pairs, block):
        end = min(begin + block, pairs)
        part = slice(begin, end)
        components, owner = _components(step, layer.node[part])
        played = [_played(step, types, components, j, choices[j]) for j in range(n)]
        flow, discount = flows.of(layer, begin, end), information.model.discount
        for i in range(n):
            own = flow.payoffs(i, None if value is None else value[i], discount, choices)
            values[i, part] = _expectation(own, played, step.weight[components], owner, types)
            other = own if best is None else flow.payoffs(i, best[i], discount, choices)
            heard = signals(step, i, components, owner) if kind == "ce_strategic" else None
            bests[i, part] = _deviation(other, played, step.weight[components], owner, types, i, kind, heard)
    return values, bests


def _private_positions(information: Information, layer: JudgedLayer, step: PolicyStep) -> Ints:
    """types[n, U]: where each agent's private information stands in the policy's tables."""
    rows = []
    for i, codes in enumerate(project(information, layer.h, layer.step.cells.u)):
        at = np.searchsorted(step.private[i], codes)
        if (at >= len(step.private[i])).any() or (step.private[i][at] != codes).any():
            raise PolicyMismatch(f"at step {layer.h} the policy lacks a private information that can occur")
        rows.append(at)
    return np.stack(rows)


def _components(step: PolicyStep, node: Ints) -> tuple[Ints, Ints]:
    """The mixture components of each pair's node, and the pair (by position) that each belongs to."""
    counts = step.indptr[node + 1] - step.indptr[node]
    starts = np.cumsum(counts) - counts
    return (
        np.repeat(step.indptr[node] - starts, counts) + np.arange(int(counts.sum())),
        np.repeat(np.arange(len(node)), counts),
    )


def _played(step: PolicyStep, types: Ints, components: Ints, agent: int, n_choices: int) -> list[Floats]:
    """For each u: the agent's action law [components, A_i]."""
    return [step.behaviour(agent, components, np.asarray(p), n_choices) for p in types[agent]]


@dataclass(frozen=True)
class _Flow:
    """Rewards and futures of rows begin:end of a layer: `reward[n][rows, U * A]`, and entry e adds `probability[e]`
    times the value of row `to[e]` of the next step at `cell[e]` (row, u, a); no entries at the last step."""

    reward: tuple[Floats, ...]
    n_u: int
    to: Ints
    cell: Ints
    probability: Floats

    def payoffs(self, agent: int, ahead: Floats | None, discount: float, choices: list[int]) -> Floats:
        """U_i [U, rows, A_1, ..., A_n], `ahead` being the values of the next step's rows."""
        payoff = self.reward[agent]
        if ahead is not None:
            future = np.bincount(self.cell, weights=self.probability * ahead[self.to], minlength=payoff.size)
            payoff = payoff + discount * future.reshape(payoff.shape)
        return np.moveaxis(payoff.reshape(len(payoff), self.n_u, *choices), 1, 0)


def _flow(layer: JudgedLayer, begin: int, end: int) -> _Flow:
    step, belief = layer.step, layer.belief[begin:end] if end - begin < len(layer.node) else layer.belief
    n_u, none = len(step.cells.u), np.zeros(0, np.int64)
    reward = tuple((belief @ table).toarray() for table in step.reward)
    if step.ahead is None:
        return _Flow(reward, n_u, none, none, np.zeros(0))
    assert step.ahead_choice is not None and step.ahead_az is not None
    flow = belief @ step.ahead
    row = np.repeat(np.arange(end - begin), np.diff(flow.indptr))
    to = layer.follow(begin + row, step.ahead_az[flow.indices])
    return _Flow(reward, n_u, to, row * n_u * len(step.actions) + step.ahead_choice[flow.indices], flow.data)


class Flows:
    """What follows a layer, kept while the layers before it are alike; blocks of large layers are not kept."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[object, object, object], _Flow] | None = None

    def of(self, layer: JudgedLayer, begin: int, end: int) -> _Flow:
        """Rewards and futures of rows begin:end."""
        if end - begin < len(layer.node):
            return _flow(layer, begin, end)
        key = layer.belief, layer.step, layer.edges
        if self._kept is None or any(one is not two for one, two in zip(self._kept[0], key, strict=True)):
            self._kept = key, _flow(layer, begin, end)
        return self._kept[1]


def _others(table: Floats, played: list[list[Floats]], u: int, skip: int | None) -> Floats:
    """Average table [components, A_1, ..., A_n] over all agents' actions but those of `skip`."""
    for j in reversed(range(len(played))):
        if j != skip:
            shape = [1] * table.ndim
            shape[0], shape[j + 1] = len(table), -1
            table = (table * played[j][u].reshape(shape)).sum(axis=j + 1)
    return table


def _expectation(payoff: Floats, played: list[list[Floats]], weight: Floats, owner: Ints, types: Ints) -> Floats:
    total = np.zeros(payoff.shape[1])
    for u in range(types.shape[1]):
        total += np.bincount(owner, weights=weight * _others(payoff[u][owner], played, u, None), minlength=len(total))
    return total


def _deviation(
    payoff: Floats, played: list[list[Floats]], weight: Floats, owner: Ints, types: Ints, agent: int, kind: GapKind,
    heard: Signals | None,
) -> Floats:  # fmt: skip
    """The best that the agent can get by deviating here, given what deviating later is worth."""
    pairs, n_choices = payoff.shape[1], payoff.shape[2 + agent]
    total = np.zeros(pairs)
    for p in np.unique(types[agent]):
        gain = _worth(payoff, played, weight, owner, types, agent, kind, heard, int(p))
        if heard is None:
            total += gain.reshape(pairs, -1, n_choices).max(axis=2).sum(axis=1)
        else:
            total += np.bincount(heard.owner, gain.max(axis=1), pairs)
    return total


def _worth(
    payoff: Floats, played: list[list[Floats]], weight: Floats, owner: Ints, types: Ints, agent: int, kind: GapKind,
    heard: Signals | None, p: int,
) -> Floats:  # fmt: skip
    """What each own action is worth to the agent at private information p: [pairs, A_i], [pairs, A_i * A_i] for every
    recommended action and action (ce), or [what is heard, A_i] (ce_strategic)."""
    gain: Floats | None = None
    for u in np.flatnonzero(types[agent] == p):
        table = weight[:, None] * _others(payoff[u][owner], played, int(u), agent)
        if kind == "ce":
            table = (played[agent][u][:, :, None] * table[:, None, :]).reshape(len(table), -1)
        here = _sum_by(owner, table, payoff.shape[1]) if heard is None else heard.heard(table)
        gain = here if gain is None else gain + here
    assert gain is not None
    return gain


def best_reply(
    information: Information, layer: JudgedLayer, step: PolicyStep, best: Floats | None, agent: int
) -> tuple[Floats, Ints]:
    """Values [rows] of the agent's best deviation that hears no recommendation, and its actions [rows, P_i]; 0 for a
    private information that does not occur.  `best` [rows of the next step]: what deviating later is worth."""
    rows = len(layer.node)
    choices = [len(information.model.choices(i, layer.h)) for i in range(information.n_agents)]
    types = _private_positions(information, layer, step)
    components, owner = _components(step, layer.node)
    played = [_played(step, types, components, j, choices[j]) for j in range(information.n_agents)]
    payoff = _flow(layer, 0, rows).payoffs(agent, best, information.model.discount, choices)
    value, actions = np.zeros(rows), np.zeros((rows, len(step.private[agent])), dtype=np.int64)
    for p in np.unique(types[agent]):
        gain = _worth(payoff, played, step.weight[components], owner, types, agent, "cce", None, int(p))
        actions[:, p] = gain.argmax(axis=1)
        value += gain.max(axis=1)
    return value, actions


def _sum_by(owner: Ints, table: Floats, n: int) -> Floats:
    """Rows of `table` summed by owner; owners ascend and none is missing."""
    if len(owner) == n:
        return table
    total: Floats = np.add.reduceat(table, np.flatnonzero(np.diff(owner, prepend=-1)), axis=0)
    return total
