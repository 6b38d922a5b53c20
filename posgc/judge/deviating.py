"""One step back from the values of the next step's rows: of going on with a policy, and of deviating from here on.

What `posgc.judge.verify` states, on the rows of one layer; `JudgedLayer` is all that is read of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import project
from posgc.information.items import Information, InformationStructure
from posgc.judge.pairs import TrueStep
from posgc.judge.prescribed import Signals, most_drawn, signals
from posgc.language.concepts import DeviationKind
from posgc.model.ragged import positions
from posgc.policy.machine import PolicyStep
from posgc.policy.mismatch import PolicyMismatch

__all__ = [
    "Flow",
    "Flows",
    "JudgedLayer",
    "backward",
    "best_reply",
    "components_of",
    "expectation",
    "flow_of",
    "played_laws",
    "private_positions",
    "table_positions",
    "worth",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
CHUNK_CELLS = 8_000_000
"""float64 numbers in one block of stage payoffs (64 MB)."""


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


def backward(
    information: Information,
    layer: JudgedLayer,
    step: PolicyStep,
    value: Floats | None,
    best: Floats | None,
    kind: DeviationKind,
    flows: Flows,
) -> tuple[Floats, Floats]:
    """Values [n, pairs] of going on with the policy and of deviating from here on."""
    n, pairs = information.n_agents, len(layer.node)
    choices = [len(information.model.choices(i, layer.h)) for i in range(n)]
    types = private_positions(information, layer, step)
    values, bests = np.zeros((n, pairs)), np.zeros((n, pairs))
    drawn = most_drawn(step) if kind == "ce_strategic" else 1
    block = max(1, CHUNK_CELLS // (len(layer.step.cells.u) * len(layer.step.actions) * drawn))
    for begin in range(0, pairs, block):
        end = min(begin + block, pairs)
        part = slice(begin, end)
        components, owner = components_of(step, layer.node[part])
        played = [played_laws(step, types, components, j, choices[j]) for j in range(n)]
        flow, discount = flows.of(layer, begin, end), information.model.discount
        for i in range(n):
            own = flow.payoffs(i, None if value is None else value[i], discount, choices)
            values[i, part] = expectation(own, played, step.weight[components], owner, types)
            other = own if best is None else flow.payoffs(i, best[i], discount, choices)
            heard = signals(step, i, components, owner) if kind == "ce_strategic" else None
            bests[i, part] = _deviation(other, played, step.weight[components], owner, types, i, kind, heard)
    return values, bests


def private_positions(information: InformationStructure, layer: JudgedLayer, step: PolicyStep) -> Ints:
    """types[n, U]: where each agent's private information stands in the policy's tables."""
    private = project(information, layer.h, layer.step.cells.u)
    return np.stack([table_positions(step, i, codes, layer.h) for i, codes in enumerate(private)])


def table_positions(step: PolicyStep, agent: int, codes: Ints, h: int) -> Ints:
    """Where codes of the agent's private information stand in its tables; every code that is not listed gets a position
    of its own after these, where the step has a law for it.  Raises PolicyMismatch where it has none."""
    at, absent = positions(step.private[agent], codes)
    if not absent.any():
        return at
    if step.otherwise is None:
        raise PolicyMismatch(f"at step {h} the policy lacks a private information that can occur")
    at[absent] = len(step.private[agent]) + np.unique(codes[absent], return_inverse=True)[1]
    return at


def components_of(step: PolicyStep, node: Ints) -> tuple[Ints, Ints]:
    """The mixture components of each pair's node, and the pair (by position) that each belongs to."""
    counts = step.indptr[node + 1] - step.indptr[node]
    starts = np.cumsum(counts) - counts
    return (
        np.repeat(step.indptr[node] - starts, counts) + np.arange(int(counts.sum())),
        np.repeat(np.arange(len(node)), counts),
    )


def played_laws(step: PolicyStep, types: Ints, components: Ints, agent: int, n_choices: int) -> list[Floats]:
    """For each u: the agent's action law [components, A_i]."""
    return [step.behaviour(agent, components, np.asarray(p), n_choices) for p in types[agent]]


@dataclass(frozen=True)
class Flow:
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


def flow_of(layer: JudgedLayer, begin: int, end: int) -> Flow:
    step, belief = layer.step, layer.belief[begin:end] if end - begin < len(layer.node) else layer.belief
    n_u, none = len(step.cells.u), np.zeros(0, np.int64)
    reward = tuple((belief @ table).toarray() for table in step.reward)
    if step.ahead is None:
        return Flow(reward, n_u, none, none, np.zeros(0))
    assert step.ahead_choice is not None and step.ahead_az is not None
    flow = belief @ step.ahead
    row = np.repeat(np.arange(end - begin), np.diff(flow.indptr))
    to = layer.follow(begin + row, step.ahead_az[flow.indices])
    return Flow(reward, n_u, to, row * n_u * len(step.actions) + step.ahead_choice[flow.indices], flow.data)


class Flows:
    """What follows a layer, kept while the layers before it are alike; blocks of large layers are not kept."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[object, object, object], Flow] | None = None

    def of(self, layer: JudgedLayer, begin: int, end: int) -> Flow:
        """Rewards and futures of rows begin:end."""
        if end - begin < len(layer.node):
            return flow_of(layer, begin, end)
        key = layer.belief, layer.step, layer.edges
        if self._kept is None or any(one is not two for one, two in zip(self._kept[0], key, strict=True)):
            self._kept = key, flow_of(layer, begin, end)
        return self._kept[1]


def _others(table: Floats, played: list[list[Floats]], u: int, skip: int | None) -> Floats:
    """Average table [components, A_1, ..., A_n] over all agents' actions but those of `skip`."""
    for j in reversed(range(len(played))):
        if j != skip:
            shape = [1] * table.ndim
            shape[0], shape[j + 1] = len(table), -1
            table = (table * played[j][u].reshape(shape)).sum(axis=j + 1)
    return table


def expectation(payoff: Floats, played: list[list[Floats]], weight: Floats, owner: Ints, types: Ints) -> Floats:
    total = np.zeros(payoff.shape[1])
    for u in range(types.shape[1]):
        total += np.bincount(owner, weights=weight * _others(payoff[u][owner], played, u, None), minlength=len(total))
    return total


def _deviation(
    payoff: Floats,
    played: list[list[Floats]],
    weight: Floats,
    owner: Ints,
    types: Ints,
    agent: int,
    kind: DeviationKind,
    heard: Signals | None,
) -> Floats:
    """The best that the agent can get by deviating here, given what deviating later is worth."""
    pairs, n_choices = payoff.shape[1], payoff.shape[2 + agent]
    total = np.zeros(pairs)
    for p in np.unique(types[agent]):
        gain = worth(payoff, played, weight, owner, types, agent, kind, heard, int(p))
        if heard is None:
            total += gain.reshape(pairs, -1, n_choices).max(axis=2).sum(axis=1)
        else:
            total += np.bincount(heard.owner, gain.max(axis=1), pairs)
    return total


def worth(
    payoff: Floats,
    played: list[list[Floats]],
    weight: Floats,
    owner: Ints,
    types: Ints,
    agent: int,
    kind: DeviationKind,
    heard: Signals | None,
    p: int,
) -> Floats:
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
    information: InformationStructure,
    layer: JudgedLayer,
    step: PolicyStep,
    best: Floats | None,
    agent: int,
    discount: float,
    kind: Literal["cce", "ce"] = "cce",
) -> tuple[Floats, Ints]:
    """Values [rows] of the agent's best deviation, and its actions; 0 for a private information that does not occur.

    Of a CCE the deviation hears no recommendation, and actions are [rows, P_i, 1]; of a CE it hears the action that is
    recommended, and they are [rows, P_i, A_i].  `best` [rows of the next step]: what deviating later is worth.
    """
    rows = len(layer.node)
    choices = [len(information.choices(i, layer.h)) for i in range(information.n_agents)]
    types = private_positions(information, layer, step)
    components, owner = components_of(step, layer.node)
    played = [played_laws(step, types, components, j, choices[j]) for j in range(information.n_agents)]
    payoff = flow_of(layer, 0, rows).payoffs(agent, best, discount, choices)
    heard = 1 if kind == "cce" else choices[agent]
    value, actions = np.zeros(rows), np.zeros((rows, len(step.private[agent]), heard), dtype=np.int64)
    for p in np.unique(types[agent]):
        gain = worth(payoff, played, step.weight[components], owner, types, agent, kind, None, int(p))
        gain = gain.reshape(rows, heard, choices[agent])
        actions[:, p] = gain.argmax(axis=2)
        value += gain.max(axis=2).sum(axis=1)
    return value, actions


def _sum_by(owner: Ints, table: Floats, n: int) -> Floats:
    """Rows of `table` summed by owner; owners ascend and none is missing."""
    if len(owner) == n:
        return table
    total: Floats = np.add.reduceat(table, np.flatnonzero(np.diff(owner, prepend=-1)), axis=0)
    return total
