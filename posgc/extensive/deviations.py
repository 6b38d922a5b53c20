"""What one agent can do against a mixture of plans, as a decision process on its information sets, for every form.

A *mixture* draws a profile (x_1, ..., x_n) of plans before play, profile k with probability w_k, and tells each agent
its next action at every set that it reaches.  With g_i^k what agent i's sequences earn against the others' plans of
profile k (`Terms.gradient`), whatever a deviator of agent i does is worth sums over k of

    w_k x_i^k(trigger) g_i^k(sequence),

where `trigger` is the sequence that the recommendations must have had for it to do this: the empty one where it has
heard nothing.  For the forms (`posgc.language.concepts.DEVIATIONS`)

- nfcce: it leaves at the start;
- efcce: it leaves at a set I before it hears, with the trigger of the sequence that leads to I; or it stays, and is
  told some action;
- efce: it is told a at I, and obeys or leaves, with the trigger (I, a).

So the process is a tree of *nodes*, where it chooses, and *rows*, its choices; a row earns what its entries say, and is
followed by all nodes whose parent it is, together.  A node is a set (obeying: with what was told) or, of one that has
left, a trigger and a set.  Sets must not be merged: each follows one sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.growing import ENTRY_LIMIT
from posgc.extensive.layers import ExtensiveGame
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather, pointers

__all__ = ["Deviations", "sequences_before"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def sequences_before(game: ExtensiveGame, agent: int) -> list[Ints]:
    """For each step the sequence that leads to each of the agent's sets: 0 for the empty one, else 1 + its number."""
    offsets, found = game.offsets(agent), []
    for h, sets in enumerate(game.sets(agent)):
        assert sets.into.nnz == len(sets), "sets are merged"
        found.append(sets.into.indices.astype(np.int64) + (1 + offsets[h - 1] if h else 0))
    return found


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that leave, or are of one that has left: with the trigger, and the sequence that is played."""

    row: Ints
    trigger: Ints  # 0 for the empty sequence, else 1 + a sequence
    sequence: Ints

    def and_those(self, other: _Rows) -> _Rows:
        """Both."""
        columns = ((getattr(one, name) for one in (self, other)) for name in ("row", "trigger", "sequence"))
        return _Rows(*(np.concatenate(list(column)) for column in columns))


@dataclass(frozen=True, eq=False)
class _Step:
    """Nodes and rows of a step, in numbers of their own."""

    indptr: Ints  # [nodes + 1], the rows of each node
    parent: Ints  # [nodes], a row of the step before; 0 at the first step
    entries: _Rows  # what the rows earn

    @property
    def rows(self) -> int:
        """How many."""
        return int(self.indptr[-1])


@dataclass(frozen=True, eq=False)
class Deviations:
    """All deviations of one agent, by step; rows of all steps are numbered one step after the other."""

    steps: tuple[_Step, ...]

    @staticmethod
    def of(game: ExtensiveGame, agent: int, kind: DeviationKind, limit: int = ENTRY_LIMIT) -> Deviations:
        """Those of `nfcce`, `efcce` or `efce`.  Raises LimitError past `limit` entries of rows."""
        growing, count = _Growing(game, agent, kind), 0
        for h in range(len(game.layers)):
            count += growing.size(h)
            if count > limit:
                what = f"step {h + 1}: an agent has more than {limit} ways to deviate"
                raise LimitError(f"{what}; share more, or take fewer steps")
            growing.add(h)
        return Deviations(tuple(growing.steps))

    @cached_property
    def rows(self) -> int:
        """Of all steps."""
        return sum(step.rows for step in self.steps)

    @cached_property
    def _entries(self) -> _Rows:
        """Of all steps."""
        first = np.cumsum([0, *(step.rows for step in self.steps)])
        parts = [step.entries for step in self.steps]
        row = np.concatenate([one.row + at for one, at in zip(parts, first, strict=False)])
        return _Rows(row, *(np.concatenate([getattr(one, name) for one in parts]) for name in ("trigger", "sequence")))

    def earned(self, plan: Floats, gradient: Floats) -> Floats:
        """What each row earns, [rows], where the agent is recommended a plan against that gradient."""
        entries, reached = self._entries, np.append(1.0, plan)
        worth = reached[entries.trigger] * gradient[entries.sequence]
        return np.asarray(np.bincount(entries.row, worth, self.rows), dtype=np.float64)

    def best(self, earned: Floats) -> float:
        """What the best deviator earns where the rows earn that, [rows]."""
        end, value = self.rows, np.zeros(0)
        for k in reversed(range(len(self.steps))):
            step = self.steps[k]
            worth = earned[end - step.rows : end].copy()
            if k + 1 < len(self.steps):
                worth += np.bincount(self.steps[k + 1].parent, value, step.rows)
            value = np.maximum.reduceat(worth, step.indptr[:-1]) if len(worth) else worth
            end -= step.rows
        return float(value.sum())

    @cached_property
    def tree(self) -> tuple[sparse.csr_array, Ints]:
        """[rows, nodes]: 1 at the row's node, -1 at those that follow it; and the nodes that it begins with."""
        rows, nodes = np.cumsum([[0, 0], *([step.rows, len(step.parent)] for step in self.steps)], axis=0).T
        each = list(zip(self.steps, rows, nodes, strict=False))
        own = [np.repeat(np.arange(len(step.parent)), np.diff(step.indptr)) + at for step, _, at in each]
        parents = [after.parent + at for after, (_, at, _) in zip(self.steps[1:], each, strict=False)]
        below = np.concatenate([np.arange(nodes[1], nodes[-1])])
        row = np.concatenate([np.arange(rows[-1]), *parents])
        column, sign = np.concatenate([*own, below]), np.repeat([1.0, -1.0], [rows[-1], len(below)])
        return sparse.csr_array((sign, (row, column)), shape=(rows[-1], nodes[-1])), np.arange(nodes[1])

    def conserved(self, flow: Floats, begins: float) -> Floats:
        """A deviator's flow in proportion to `flow` [rows], `begins` at each node that it begins with."""
        found, end = list[Floats](), 0
        for k, step in enumerate(self.steps):
            own = np.maximum(flow[end : end + step.rows], 0.0)
            inflow = np.full(len(step.parent), begins) if k == 0 else found[-1][step.parent]
            counts = np.diff(step.indptr)
            node = np.repeat(np.arange(len(counts)), counts)
            total = np.bincount(node, own, len(counts))
            share = np.where(total[node] > 0, own / np.where(total > 0, total, 1.0)[node], 1 / counts[node])
            found.append(inflow[node] * share)
            end += step.rows
        return np.concatenate(found)

    def weights(self, flow: Floats, size: int) -> sparse.csr_array:
        """How much a deviator that takes row r with weight `flow[r]` plays each sequence at each trigger, [1 + size,
        size], for an agent with `size` sequences."""
        entries = self._entries
        some = flow[entries.row] != 0
        place = entries.trigger[some], entries.sequence[some]
        return sparse.csr_array(sparse.coo_array((flow[entries.row[some]], place), shape=(1 + size, size)))


class _Growing:
    """The steps so far, and what the next one follows."""

    def __init__(self, game: ExtensiveGame, agent: int, kind: DeviationKind) -> None:
        self.kind, self.sets = kind, game.sets(agent)
        self.before, self.offsets = sequences_before(game, agent), game.offsets(agent).tolist()
        self.steps = list[_Step]()
        none = np.zeros(0, dtype=np.int64)
        self.leaving = _Rows(none, none, none)  # of the step before
        self.obeyed = np.zeros(1, dtype=np.int64)  # for each sequence of the step before, the row that obeys it
        self.left = none, none, none  # the nodes of this step of one that has left: parent, trigger, set

    def size(self, h: int) -> int:
        """How many entries step h will have; finds its nodes."""
        n, choices = len(self.sets[h]), self.sets[h].n_choices
        if h == 0:
            at = np.arange(n if self.kind == "nfcce" else 0)
            self.left = 0 * at, 0 * at, at
        else:
            came = self.before[h] - 1 - self.offsets[h - 1]
            order = np.argsort(came, kind="stable")
            child, counts = gather(pointers(came[order], len(self.obeyed)), self.leaving.sequence - self.offsets[h - 1])
            self.left = np.repeat(self.leaving.row, counts), np.repeat(self.leaving.trigger, counts), order[child]
        own = {"nfcce": 0, "efcce": 2 * n * choices, "efce": n * choices * choices}[self.kind]
        return own + len(self.left[0]) * choices

    def add(self, h: int) -> None:
        """Step h."""
        choices, offset, (parent, trigger, at) = self.sets[h].n_choices, self.offsets[h], self.left
        counts, entries, leaves, obeyed = self._obeying(h)
        came = self.before[h] - 1 - self.offsets[h - 1] if h else self.before[h]
        following = np.repeat(self.obeyed[came], len(counts) // len(came))
        row = np.arange(len(at) * choices)
        gone = _Rows(
            int(counts.sum()) + row, np.repeat(trigger, choices), offset + at[row // choices] * choices + row % choices
        )
        indptr = np.append(0, np.cumsum(np.append(counts, np.full(len(at), choices))))
        self.steps.append(_Step(indptr, np.append(following, parent), entries.and_those(gone)))
        self.leaving, self.obeyed = leaves.and_those(gone), obeyed

    def _obeying(self, h: int) -> tuple[Ints, _Rows, _Rows, Ints]:
        """Of one that has obeyed so far: how many rows each node has, what they earn, which of them leave, and for each
        sequence the row that obeys it."""
        n, choices, offset = len(self.sets[h]), self.sets[h].n_choices, self.offsets[h]
        own, none = np.arange(n * choices), np.zeros(0, dtype=np.int64)
        if self.kind == "nfcce":
            return none, _Rows(none, none, none), _Rows(none, none, none), 0 * own
        if self.kind == "efcce":
            leave, stay = own + own // choices, own // choices * (choices + 1) + choices
            leaves = _Rows(leave, self.before[h][own // choices], offset + own)
            return np.full(n, choices + 1), leaves.and_those(_Rows(stay, 1 + offset + own, offset + own)), leaves, stay
        row = np.arange(n * choices * choices)
        told, plays = row // choices, row // choices**2 * choices + row % choices
        every, some = _Rows(row, 1 + offset + told, offset + plays), told != plays
        leaves = _Rows(row[some], every.trigger[some], every.sequence[some])
        return np.full(n * choices, choices), every, leaves, own * choices + own % choices
