"""A step of the game while everybody follows a policy, or all but one agent do.

A *cell* of step h is here a triple x = (m, u, s) of policy node, joint private information and state.  All agents know
m, since it is a function of c_h.  `played` lists what the policy draws at each (m, u), with what a deviator hears of
it; `moves` adds the deviator's choices and the rewards, `outcomes` what can follow.  Nothing is assumed of beliefs, so
all of this is right under every protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.information.codes import CODE_LIMIT, Codec, evolve, project
from posgc.information.items import Information
from posgc.information.step import ENTRY_LIMIT
from posgc.judge.deviating import components_of, table_positions
from posgc.judge.pairs import follow_edges
from posgc.judge.prescribed import most_drawn, signals
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather, pointers
from posgc.policy.machine import PolicyStep

__all__ = [
    "Deviator",
    "Moves",
    "NodeCells",
    "Outcomes",
    "Played",
    "moves",
    "outcomes",
    "played",
    "require_capacity",
    "without_own",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Deviator:
    """The agent that does not follow, and what it hears: nothing, the action or the whole prescription that the
    policy recommends."""

    agent: int
    hears: Literal["nothing", "action", "prescription"]


@dataclass(frozen=True)
class NodeCells:
    """Distinct triples (m, u, s), sorted: cell x is pair `pair[x]` with state `s[x]`, pair y is (`node[y]`, `u[y]`)."""

    node: Ints  # [Y]
    u: Ints  # [Y], codes of joint private information
    pair: Ints  # [X]
    s: Ints  # [X]

    @staticmethod
    def of(node: Ints, u: Ints, s: Ints) -> tuple[NodeCells, Ints]:
        """The distinct cells among the rows, and the cell of each row."""
        width, codes = int(s.max()) + 1, None
        n_codes = int(u.max()) + 1
        if (int(node.max()) + 1) * n_codes * width > CODE_LIMIT:
            codes, u = np.unique(u, return_inverse=True)
            n_codes = len(codes)
        keys, cell = np.unique((node * n_codes + u) * width + s, return_inverse=True)
        pairs, state = np.divmod(keys, width)
        fresh = np.diff(pairs, prepend=-1) > 0
        at, u_at = np.divmod(pairs[fresh], n_codes)
        return NodeCells(at, u_at if codes is None else codes[u_at], np.cumsum(fresh) - 1, state), cell.astype(np.int64)

    def __len__(self) -> int:
        return len(self.s)

    def blocks(self, size: int) -> Iterator[tuple[slice, NodeCells]]:
        """The cells in blocks of whole pairs, about `size` cells each."""
        first = np.append(np.unique(self.pair[::size]), len(self.node))
        for begin, end in pairwise(first.tolist()):
            part = slice(*np.searchsorted(self.pair, [begin, end]).tolist())
            yield part, NodeCells(self.node[begin:end], self.u[begin:end], self.pair[part] - begin, self.s[part])


@dataclass(frozen=True)
class Played:
    """What the policy draws: at pair `pair[r]` (ascending) the deviator hears `heard[r]` (0 where there is nothing to
    hear) and the others choose `position[r]`, both with probability `probability[r]`.  `position` counts in row-major
    order of all agents' choices, the deviator's first one standing in for its own.  `n_heard`: more than any `heard`.
    A node of one component has nothing to tell: what it recommends is drawn independently of the others' actions.
    """

    pair: Ints
    heard: Ints
    n_heard: int
    position: Ints
    probability: Floats


def played(information: Information, step: PolicyStep, h: int, cells: NodeCells, deviator: Deviator | None) -> Played:
    """The laws of all pairs of step h, in which probabilities are divided by their sums.

    Raises PolicyMismatch where a table lacks a private information, LimitError where there is too much to list.
    """
    model = information.model
    component, heard, n_heard, weight, pair = _drawn(step, cells.node, deviator)
    private = project(information, h, cells.u)
    alone = np.bincount(pair)[pair] == 1
    position = np.zeros(len(pair), dtype=np.int64)
    stride = 1
    for j in reversed(range(model.n_agents)):
        choices = len(model.choices(j, h))
        own = deviator is not None and j == deviator.agent
        if not own or (deviator is not None and deviator.hears == "action"):
            require_capacity(h, len(pair) * choices)
            at = table_positions(step, j, private[j], h)[pair]
            law = step.behaviour(j, component, at, choices)
            if own:
                law[alone] = np.arange(choices) == 0
            row, chosen = np.nonzero(law)
            weight = weight[row] * law[row, chosen] / law.sum(axis=1)[row]
            component, pair, heard, position, alone = (x[row] for x in (component, pair, heard, position, alone))
            if own:
                heard, n_heard = chosen, choices
            else:
                position = position + stride * chosen
        stride *= choices
    return _together(Played(pair, heard, n_heard, position, weight), stride)


def _drawn(step: PolicyStep, node: Ints, deviator: Deviator | None) -> tuple[Ints, Ints, int, Floats, Ints]:
    """Component, what is heard of the prescription, more than any of that, weight, and pair of every draw."""
    nodes, node_of = np.unique(node, return_inverse=True)
    component, owner = components_of(step, nodes)
    total = np.bincount(owner, step.weight[component])
    weight, heard = step.weight[component] / total[owner], np.zeros(len(owner), dtype=np.int64)
    if deviator is not None and deviator.hears == "prescription":
        most_drawn(step)
        said = signals(step, deviator.agent, component, owner)
        component, weight = component[said.component], weight[said.component] * said.chance
        owner = said.owner[said.group]
        heard = said.group - np.searchsorted(said.owner, owner)
    some = weight > 0
    component, heard, weight, owner = component[some], heard[some], weight[some], owner[some]
    at, counts = gather(pointers(owner, len(nodes)), node_of)
    return component[at], heard[at], int(heard.max()) + 1, weight[at], np.repeat(np.arange(len(node)), counts)


def _together(draws: Played, n_positions: int) -> Played:
    """The same with one row for each pair, what is heard, and the others' choices, where that saves rows."""
    if len(draws.pair) <= (int(draws.pair[-1]) + 1) * draws.n_heard * n_positions:
        return draws
    key = (draws.pair * draws.n_heard + draws.heard) * n_positions + draws.position
    total = np.asarray(np.bincount(key, draws.probability), dtype=np.float64)
    (keys,) = np.nonzero(total)
    rest, position = np.divmod(keys, n_positions)
    return Played(rest // draws.n_heard, rest % draws.n_heard, draws.n_heard, position, total[keys])


@dataclass(frozen=True)
class Moves:
    """Rows: at cell `cell[r]` joint action `action[r]` is played with probability `probability[r]` where the deviator
    answers what it hears by its own choice: `answer[r]` = heard * (number of its choices) + choice.  The answers of a
    cell that hears one thing are alternatives.  Without a deviator `answer` is 0 and the probabilities sum to 1."""

    cell: Ints
    answer: Ints
    n_answers: int
    n_choices: int
    action: Ints
    probability: Floats


def moves(information: Information, h: int, cells: NodeCells, law: Played, deviator: Deviator | None) -> Moves:
    """All joint actions that can be played.  Raises LimitError where there are too many to list."""
    model = information.model
    sizes = [len(model.choices(j, h)) for j in range(model.n_agents)]
    agent = 0 if deviator is None else deviator.agent
    choices = 1 if deviator is None else sizes[agent]
    stride = int(np.prod(sizes[agent + 1 :], dtype=np.int64))
    of_pair = pointers(law.pair, len(cells.node))
    require_capacity(h, int(np.diff(of_pair)[cells.pair].sum()) * choices)
    row, counts = gather(of_pair, cells.pair)
    own = np.tile(np.arange(choices), len(row))
    row, cell = np.repeat(row, choices), np.repeat(np.repeat(np.arange(len(cells)), counts), choices)
    action = model.allowed(h)[law.position[row] + stride * own]
    return Moves(cell, law.heard[row] * choices + own, law.n_heard * choices, choices, action, law.probability[row])


@dataclass(frozen=True)
class Outcomes:
    """What can follow: row r is of move `move[r]` and has probability `probability[r]`, the move's included.  The next
    step's increment `z`, policy node, joint private information `u` and state `s`."""

    move: Ints
    probability: Floats
    z: Ints
    node: Ints
    u: Ints
    s: Ints


def outcomes(information: Information, step: PolicyStep, h: int, cells: NodeCells, done: Moves) -> Outcomes:
    """All transitions of the moves.  Raises PolicyMismatch where an edge is missing, LimitError where there are too
    many to list."""
    kernel = information.model.kernel(h)
    rows = done.action * information.model.n_states + cells.s[done.cell]
    require_capacity(h, int((kernel.indptr[rows + 1] - kernel.indptr[rows]).sum()))
    at, counts = gather(kernel.indptr, rows)
    move = np.repeat(np.arange(len(rows)), counts)
    pair = cells.pair[done.cell[move]]
    z, u = evolve(information, h, cells.u[pair], done.action[move], kernel.observation[at])
    node = follow_edges(step, cells.node[pair], z, h)
    return Outcomes(move, done.probability[move] * kernel.probability[at], z, node, u, kernel.state[at])


def without_own(information: Information, agent: int, h: int, u: Ints) -> Ints:
    """Codes of u_h in which the items that no other agent will ever hold have their first values.

    What others do, and what becomes common, does not depend on them: a deviator that knows them anyway needs no belief
    about them.
    """
    model, codec = information.model, Codec.of(information, information.private(h))
    for item, size, stride in zip(codec.items, codec.sizes, codec.strides, strict=True):
        others = (lag for j, lag in enumerate(information.lags(item)) if j != agent)
        if all(item.time + lag > model.horizon for lag in others):
            u = u - stride * (u // stride % size)
    return u


def require_capacity(h: int, rows: int) -> None:
    """Raises LimitError where a table of that many rows is too large."""
    if rows > ENTRY_LIMIT:
        raise LimitError(
            f"step {h}: judging the policy on histories needs a table of {rows} rows (limit {ENTRY_LIMIT}); "
            "share more, or take fewer steps"
        )
