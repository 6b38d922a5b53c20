"""A step of the game while everybody follows a strategy, or all but one agent do.

A *cell* of step h is here a triple x = (m, u, s) of the strategy's memory m (a machine's node, all controllers' nodes
together, a part of a mixture with its own), the items u that matter and are held somewhere, and the state.  What m and
u are, which laws are drawn from and what follows, `posgc.judge.following` says for each kind of strategy; here are the
tables that all of them fill.  Nothing is assumed of beliefs, so all of this is right under every protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.information.codes import CODE_LIMIT
from posgc.information.items import Information
from posgc.information.step import ENTRY_LIMIT
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import distinct, gather, pointers

__all__ = [
    "Deviator",
    "Draws",
    "Moves",
    "NodeCells",
    "Outcomes",
    "Played",
    "Transitions",
    "moves",
    "require_capacity",
    "spelt_out",
    "transitions",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Law = Callable[[int, Ints], Floats]


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
        width, codes, nodes = int(s.max()) + 1, None, None
        n_codes = int(u.max()) + 1
        if (int(node.max()) + 1) * n_codes * width > CODE_LIMIT:
            codes, u = distinct(u)
            nodes, node = distinct(node)
            n_codes = len(codes)
        keys, cell = distinct((node * n_codes + u) * width + s)
        pairs, state = np.divmod(keys, width)
        fresh = np.diff(pairs, prepend=-1) > 0
        at, u_at = np.divmod(pairs[fresh], n_codes)
        at, u_at = at if nodes is None else nodes[at], u_at if codes is None else codes[u_at]
        return NodeCells(at, u_at, np.cumsum(fresh) - 1, state), cell

    def __len__(self) -> int:
        return len(self.s)

    def blocks(self, size: int) -> Iterator[tuple[slice, NodeCells]]:
        """The cells in blocks of whole pairs, about `size` cells each."""
        first = np.append(np.unique(self.pair[::size]), len(self.node))
        for begin, end in pairwise(first.tolist()):
            part = slice(*np.searchsorted(self.pair, [begin, end]).tolist())
            yield part, self.part(begin, end)

    def part(self, begin: int, end: int) -> NodeCells:
        """The cells of pairs begin:end."""
        part = slice(*np.searchsorted(self.pair, [begin, end]).tolist())
        return NodeCells(self.node[begin:end], self.u[begin:end], self.pair[part] - begin, self.s[part])


@dataclass(frozen=True)
class Played:
    """What the policy draws: at pair `pair[r]` (ascending) the deviator hears `heard[r]` (0 where there is nothing to
    hear) and the others choose `position[r]`, both with probability `probability[r]`.  `position` counts in row-major
    order of all agents' choices, the deviator's first one standing in for its own.  `n_heard`: more than any `heard`.
    What tells nothing is not heard: an action that is drawn independently of the others', say.
    """

    pair: Ints
    heard: Ints
    n_heard: int
    position: Ints
    probability: Floats


@dataclass(frozen=True)
class Draws:
    """What is drawn at each pair before the agents' own coins: draw d belongs to `pair[d]` (ascending), has probability
    `weight[d]` (summing to 1 in each pair), and the deviator hears `heard[d]` of it.  `tells`: whether its recommended
    action may tell a deviator that hears it more than its own draw."""

    pair: Ints
    weight: Floats
    heard: Ints
    n_heard: int
    tells: Bools


def spelt_out(information: Information, h: int, draws: Draws, deviator: Deviator | None, law_of: Law) -> Played:
    """Every choice of the agents that follow, `law_of(agent, draws)` [rows, A_i] being laws for some of the draws, in
    which probabilities are divided by their sums.

    Raises LimitError where there is too much to list.
    """
    model = information.model
    weight, heard, n_heard = draws.weight, draws.heard, draws.n_heard
    draw = np.arange(len(draws.pair))
    position = np.zeros(len(draw), dtype=np.int64)
    stride = 1
    for j in reversed(range(model.n_agents)):
        choices = len(model.choices(j, h))
        own = deviator is not None and j == deviator.agent
        if not own or (deviator is not None and deviator.hears == "action"):
            require_capacity(h, len(draw) * choices)
            law = law_of(j, draw)
            if own:
                law[~draws.tells[draw]] = np.arange(choices) == 0
            row, chosen = np.nonzero(law)
            weight = weight[row] * law[row, chosen] / law.sum(axis=1)[row]
            draw, heard, position = draw[row], heard[row], position[row]
            if own:
                heard, n_heard = chosen, choices
            else:
                position = position + stride * chosen
        stride *= choices
    return _together(Played(draws.pair[draw], heard, n_heard, position, weight), stride)


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
    """Rows: at cell `cell[r]` joint action `action[r]` is played (`Kernel.played`) with probability `probability[r]`
    where the deviator answers what it hears by its own choice: `answer[r]` = heard * (number of its choices) + choice.
    The answers of a cell that hears one thing are alternatives.  Without a deviator `answer` is 0 and the probabilities
    sum to 1.  With `stays` nothing is heard, and the last `n_choices` answers together are one more alternative: to do
    as one is told, each with the probability that this is what one is told.
    """

    cell: Ints
    answer: Ints
    n_answers: int
    n_choices: int
    action: Ints
    probability: Floats
    stays: bool = False

    def part(self, some: Bools, first: int = 0) -> Moves:
        """Some of the rows, their cells numbered from `first`."""
        cell, answer = self.cell[some] - first, self.answer[some]
        return replace(self, cell=cell, answer=answer, action=self.action[some], probability=self.probability[some])


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
    own = np.arange(choices)
    cell, probability = np.repeat(np.arange(len(cells)), counts * choices), np.repeat(law.probability[row], choices)
    chosen = model.allowed(h)[(law.position[row][:, None] + stride * own).ravel()]
    action = model.kernel(h).made(chosen, cells.s[cell])
    answer = (law.heard[row][:, None] * choices + own).ravel()
    return Moves(cell, answer, law.n_heard * choices, choices, action, probability)


@dataclass(frozen=True)
class Outcomes:
    """What can follow: row r is of move `move[r]` and has probability `probability[r]`, the move's included.  The code
    of what one agent learns (0 where nobody is asked about), and the next step's memory `node`, items `u` and state
    `s`."""

    move: Ints
    probability: Floats
    learnt: Ints
    node: Ints
    u: Ints
    s: Ints


@dataclass(frozen=True)
class Transitions:
    """All transitions of some moves: row r is of `move[r]` and pair `pair[r]`; joint action `a`, joint observation `o`
    and state `s` of the next step, and the probability, the move's included."""

    move: Ints
    pair: Ints
    a: Ints
    o: Ints
    s: Ints
    probability: Floats


def transitions(information: Information, h: int, cells: NodeCells, done: Moves) -> Transitions:
    """Raises LimitError where there are too many to list."""
    kernel = information.model.kernel(h)
    rows = done.action * information.model.n_states + cells.s[done.cell]
    require_capacity(h, int((kernel.indptr[rows + 1] - kernel.indptr[rows]).sum()))
    at, counts = gather(kernel.indptr, rows)
    move = np.repeat(np.arange(len(rows)), counts)
    return Transitions(
        move,
        cells.pair[done.cell[move]],
        done.action[move],
        kernel.observation[at],
        kernel.state[at],
        done.probability[move] * kernel.probability[at],
    )


def require_capacity(h: int, rows: int) -> None:
    """Raises LimitError where a table of that many rows is too large."""
    if rows > ENTRY_LIMIT:
        raise LimitError(
            f"step {h}: judging the policy on histories needs a table of {rows} rows (limit {ENTRY_LIMIT}); "
            "share more, or take fewer steps"
        )
