"""Finite memory, built from suffixes: the compressions of Liu & Zhang (2023), Appendix E.4, for any lag table.

**The window.**  At step h the window of length L starts at tau = h - D - L, where D is the delay of the structure
(`delay`).  c^_h consists of the actions of steps >= tau and the observations of steps > tau that are common at h,
and P^M(s, p | c^_h) filters the prior nu_tau of step tau through them; items of the increments that lie before the
window are ignored (summed over).  While tau <= 1 the window is all of c_h, and the belief is the true one.  With the
paper's lag tables these are the c^_h of Appendix E.4:

    one-step delay               a_{h-L:h-1}, o_{h-L+1:h-1}                                          D = 0
    symmetric                    a_{h-L:h-1}, o_{h-L+1:h}                                            D = 0
    one-directional one-step     a_{h-L:h-1}, o_{h-L+1:h-1}, o_{1,h}                                 D = 0
    asymmetric delay d           a_{1,h-d-L:h-1}, o_{1,h-d-L+1:h}, o_{2,h-d-L+1:h-d}                 D = d
    uncontrolled, delay d        o_{h-d-L+1:h-d}                                                     D = d

**The stack.**  The window of step h + 1 forgets the oldest items and adds z_{h+1}, so what has to be remembered is
what every shorter window says: the beliefs that start at tau, tau + 1, ..., h.  A node is this stack of beliefs.
Two windows with equal stacks have equal stacks after every increment, hence equal beliefs ever after: they are
bisimilar, and merging them is lossless, whereas merging windows of equal belief is not (truncation will read the
oldest item, and the next belief of the stack is what is left then).  So windows are never listed, only stacks are:
the (AO)^L windows of a game whose every other action resets the belief are a few hundred stacks.

**Closure.**  The prior gives positive probability to every (s, p) that can occur at its step, so every increment and
private information that is possible in the game after a window is possible in M, and nothing falls outside.

Where neither the dynamics nor the prior nor the set of stacks change from step to step, layers share their arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import Codec
from posgc.information.graph import MERGE_TOLERANCE, Graph, Layer, first_beliefs, reachable_tables
from posgc.information.growth import Columns, Growth, grow
from posgc.information.items import Information
from posgc.information.step import StepTable
from posgc.model.ragged import distinct_rows, gather
from posgc.plugin import NEVER, LimitError, Progress
from posgc_window.priors import Prior, priors

__all__ = ["Suffix", "Walk", "delay", "window_graph", "window_start"]

Ints = npt.NDArray[np.int64]
_NOTHING = np.zeros(0, np.int64)

DENSE_LIMIT = 20_000_000
"""Entries of a table of successors (160 MB); above it they are searched for."""


def delay(information: Information) -> int:
    """D: how far the complete part of the common information lags behind.

    0 where every action is common after one step and every observation after at most one, so that only p_h = o_h is
    missing; else the longest finite lag of an observation (with actions' lags less one).
    """
    table = information.protocol
    acts = [max(row) for row in table.slowest("action")]
    sees = [max(row) for row in table.slowest("observation")]
    if all(lag <= 1 for lag in (*acts, *sees)):
        return 0
    ever = min(NEVER, information.model.horizon)  # what takes longer than the game never arrives
    return max([0, *(lag for lag in sees if lag < ever), *(lag - 1 for lag in acts if lag < ever)])


def window_start(information: Information, length: int, h: int) -> int:
    """tau of step h; 1 while the window is everything."""
    return max(1, h - delay(information) - length)


@dataclass(frozen=True)
class Suffix:
    """The distinct beliefs of the windows that start at one step."""

    age: int  # steps ago
    whole: bool  # whether this is all of the common information, from the true first belief
    belief: sparse.csr_array  # rows over the cells of the step


@dataclass(frozen=True)
class Step:
    """What follows a step."""

    indptr: Ints  # of the layer's edges
    z: npt.NDArray[np.int32]  # of each edge, index of the increment
    to: npt.NDArray[np.int32]  # of each edge, node of the next layer
    suffixes: tuple[Suffix, ...]  # the next ones, oldest first
    stack: Ints  # [N', K'], the next stacks: column k numbers the beliefs of suffix k
    error: float  # the largest distance of a belief to the one that it was merged with


def window_graph(information: Information, length: int, prior: Prior, max_nodes: int, progress: Progress) -> Graph:
    """The game of windows of the given length, merged by stacks.  Raises LimitError past `max_nodes` nodes held."""
    horizon, walk = information.model.horizon, Walk(information)
    first, tables = first_beliefs(information), list(reachable_tables(information))
    starts = list(priors(first, tables, prior))
    belief, stack = first.belief, np.arange(first.belief.shape[0])[:, None]
    suffixes: tuple[Suffix, ...] = (Suffix(0, True, belief),)
    layers: list[Layer] = []
    held, error = len(stack), first.error
    done: tuple[tuple[int, ...], Step] | None = None
    for h, table in enumerate(tables, start=1):
        if h == horizon:
            none, empty = np.zeros(len(stack) + 1, np.int64), np.zeros(0, np.int32)
            layers.append(Layer(h, belief, table, none, empty, empty, _NOTHING, _NOTHING, error))
            break
        oldest = h + 1 - window_start(information, length, h + 1)
        # identities: all that a step of stacks reads is the same object, so that its result is too
        state = (id(table), id(stack), id(starts[h]), oldest, *(id(s.belief) for s in suffixes))
        if done is None or done[0] != state:
            done = state, walk.step(h, table, suffixes, stack, starts[h], oldest)
            held += len(done[1].stack)
            if held > max_nodes:
                raise LimitError(
                    f"windows of length {length} have more than {max_nodes} distinct nodes by step "
                    f"{h + 1} of the game; take a shorter window, or raise --max-nodes"
                )
        after = done[1]
        layers.append(Layer(h, belief, table, after.indptr, after.z, after.to, _NOTHING, _NOTHING, error))
        if (
            len(suffixes) != len(after.suffixes)
            or after.stack is not stack
            or any(one.belief is not two.belief for one, two in zip(suffixes, after.suffixes, strict=True))
        ):
            belief = after.suffixes[0].belief[after.stack[:, 0]]
        suffixes, stack, error = after.suffixes, after.stack, after.error
        progress("windows", h, horizon)
    return Graph(information, tuple(layers), first.probability, first.z, first.to)


class Walk:
    """Steps of stacks, with the growth of each suffix kept for as long as its beliefs and the dynamics are the same."""

    def __init__(self, information: Information) -> None:
        self.information = information
        self._grown: dict[tuple[int, int, tuple[bool, ...]], tuple[Growth, Ints, tuple[object, ...]]] = {}

    def step(
        self, h: int, table: StepTable, suffixes: tuple[Suffix, ...], stack: Ints, start: sparse.csr_array, oldest: int
    ) -> Step:
        """From step h to h + 1: suffixes older than `oldest` are dropped, `start` is the prior of step h + 1."""
        node, z = self._edges(table, suffixes[0].belief, stack[:, 0])
        kept, columns, error = [], [], 0.0
        for k, suffix in enumerate(suffixes):
            if suffix.age + 1 <= oldest:
                grown, signal = self.grow(h, table, suffix)
                columns.append(_follow(grown, suffix.belief.shape[0], stack[node, k], signal[z]))
                kept.append(Suffix(suffix.age + 1, suffix.whole, grown.belief))
                error = max(error, grown.error)
        kept.append(Suffix(0, False, start))
        columns.append(np.zeros(len(node), np.int64))
        rows, to = distinct_rows(np.stack(columns, axis=1))
        # from here on layers share their arrays, which everything later recognises by identity
        if np.array_equal(rows, stack) and all(a.belief is b.belief for a, b in zip(kept, suffixes, strict=True)):
            rows = stack
        indptr = np.concatenate(([0], np.cumsum(np.bincount(node, minlength=len(stack))))).astype(np.int64)
        return Step(indptr, z.astype(np.int32), to.astype(np.int32), tuple(kept), rows, error)

    def grow(self, h: int, table: StepTable, suffix: Suffix) -> tuple[Growth, Ints]:
        """The suffix one step later, and the signal of each increment: what of it lies inside the window."""
        visible = tuple(
            # a window from tau holds actions of steps >= tau and observations of steps > tau: the prior is that of
            # s_tau itself
            suffix.whole or item.time >= h - suffix.age + (item.kind == "observation")
            for item in self.information.increment(h + 1)
        )
        key = id(table), id(suffix.belief), visible
        if key not in self._grown:
            columns, signal = self._columns(h, table, visible)
            growth = grow(suffix.belief, columns, MERGE_TOLERANCE)
            self._grown[key] = growth, signal, (table, suffix.belief)  # kept alive, so that no id is used again
        return self._grown[key][:2]

    def _columns(self, h: int, table: StepTable, visible: tuple[bool, ...]) -> tuple[Columns, Ints]:
        """The visible parts of the increments as signals."""
        assert table.joint is not None and table.joint_z is not None and table.joint_cell is not None
        assert table.z is not None and table.following is not None
        codec = Codec.of(self.information, self.information.increment(h + 1))
        part = np.zeros(len(table.z), dtype=np.int64)
        for item, stride, seen in zip(codec.items, codec.strides, visible, strict=True):
            if seen:
                part += stride * codec.digit(table.z, item)
        parts, signal = np.unique(part, return_inverse=True)
        width = len(table.following)
        keys, column = np.unique(signal[table.joint_z] * width + table.joint_cell, return_inverse=True)
        matrix = sparse.csr_array(
            (table.joint.data, column[table.joint.indices], table.joint.indptr), shape=(len(table.cells), len(keys))
        )
        matrix.sum_duplicates()
        return Columns(matrix, keys // width, keys % width, len(parts), width), signal.astype(np.int64)

    def _edges(self, table: StepTable, belief: sparse.csr_array, own: Ints) -> tuple[Ints, Ints]:
        """(node, index of z) for every increment that is possible at each node in M, sorted."""
        assert table.joint is not None and table.joint_z is not None and table.z is not None
        joint = sparse.csr_array(belief @ table.joint)
        row = np.repeat(np.arange(belief.shape[0]), np.diff(joint.indptr))
        # once for each distinct belief, then copied to the nodes that hold it
        possible = np.unique(row * len(table.z) + table.joint_z[joint.indices])
        indptr = np.searchsorted(possible, np.arange(belief.shape[0] + 1) * len(table.z))
        at, counts = gather(indptr.astype(np.int64), own)
        return np.repeat(np.arange(len(own)), counts), possible[at] % len(table.z)


def _follow(grown: Growth, rows: int, row: Ints, signal: Ints) -> Ints:
    """Where each (row, signal) leads: read off a dense table while that is small."""
    if rows * grown.n_signals > DENSE_LIMIT:
        # edges are sorted by (row, signal), so that a search finds each
        known = grown.row * grown.n_signals + grown.signal
        return grown.to[np.searchsorted(known, row * grown.n_signals + signal)]
    table = np.zeros((rows, grown.n_signals), dtype=np.int64)
    table[grown.row, grown.signal] = grown.to
    found: Ints = table.ravel()[row * grown.n_signals + signal]
    return found
