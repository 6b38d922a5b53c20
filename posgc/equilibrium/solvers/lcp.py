"""Lemke's algorithm on many small linear complementarity problems of one shape, in lockstep.

    w = q_k + M_k z,    w, z >= 0,    w . z = 0,      k = 1..n

An artificial variable z_0 is added with a covering vector d > 0 (w = q + M z + d z_0); complementary pivoting
drives it back to 0 (Lemke 1965; Cottle, Pang and Stone 1992, section 4.4).  Dictionaries [N, N + 3, live]: one
column per nonbasic variable, then q, then a generically perturbed q that only the ratio test reads, which
meets degeneracy as in `simplex.py`.  Nodes are the last, contiguous axis.

Nothing here is trusted: callers certify what they make of z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.layer import chunks
from posgc.equilibrium.stage import Bools, Floats, Ints

__all__ = ["Complementary", "batched_lemke"]

PIVOT = 1e-10  # smallest pivot accepted; problems are scaled to O(1)
PERTURBATION = 1e-9  # of q, absolute
TABLEAU_BUDGET = 1 << 17  # float64 entries of one lockstep tableau (1 MiB)


@dataclass(frozen=True, eq=False)
class Complementary:
    """Solutions of n linear complementarity problems."""

    z: Floats  # [n, N], 0 where not finished
    finished: Bools  # [n]; false after a secondary ray, a lost pivot or `max_pivots`
    pivots: int  # of the whole batch


def batched_lemke(m: Floats, q: Floats, cover: Floats, max_pivots: int | None = None) -> Complementary:
    """Solve all; m [n, N, N] of magnitude about 1, q [n, N], cover d [N] > 0 shared.

    `max_pivots` per problem, default 50 N.
    """
    n, size, _ = m.shape
    cap = 50 * size if max_pivots is None else max_pivots
    z, finished, pivots = np.zeros((n, size)), np.zeros(n, dtype=bool), 0
    for start, stop in chunks(n, size * (size + 3), TABLEAU_BUDGET):
        run = _Lockstep(m[start:stop], q[start:stop], cover)
        pivots += run.solve(cap, z[start:stop], finished[start:stop])
    return Complementary(z, finished, pivots)


class _Lockstep:
    """Labels: w_k is k, z_k is N + k, z_0 is 2N; the complement of a label is (label + N) mod 2N."""

    def __init__(self, m: Floats, q: Floats, cover: Floats) -> None:
        n, self.size, _ = m.shape
        self.tableau = np.zeros((self.size, self.size + 3, n))
        self.tableau[:, : self.size] = np.moveaxis(m, 0, -1)
        self.tableau[:, self.size] = cover[:, None]
        # multiples of the golden ratio modulo 1: distinct, and the same in every run
        generic = 0.5 + 0.5 * np.modf(np.arange(1, self.size + 1) * 0.6180339887498949)[0]
        self.tableau[:, -2] = q.T
        self.tableau[:, -1] = q.T + PERTURBATION * generic[:, None]
        self.node = np.arange(n)
        self.row_label = np.repeat(np.arange(self.size)[:, None], n, axis=1)
        columns = np.r_[self.size + np.arange(self.size), 2 * self.size]
        self.column_label = np.repeat(columns[:, None], n, axis=1)

    def solve(self, cap: int, z: Floats, finished: Bools) -> int:
        """Pivot until z_0 has left, writing results into the arguments; returns the number of pivots."""
        done = self.tableau[:, -1].min(axis=0) >= 0  # z = 0 solves it
        self._write(done, z, finished)
        self._keep(~done)
        if not len(self.node):
            return 0
        enter = np.full(len(self.node), self.size)
        # the least z_0 that makes every w nonnegative: the dictionary is feasible from here on
        leave = (self.tableau[:, -1] / self.tableau[:, self.size]).argmin(axis=0)
        pivots = 0
        for _ in range(cap):
            left = self.row_label[leave, np.arange(len(leave))]
            self._pivot(leave, enter)
            pivots += len(self.node)
            done = left == 2 * self.size
            if done.any():
                self._write(done, z, finished)
                self._keep(~done)
                left = left[~done]
                if not len(self.node):
                    break
            # complementary pivoting: the partner of what has just left enters
            enter = (self.column_label == (left + self.size) % (2 * self.size)).argmax(axis=0)
            leave, stuck = self._ratio(enter)
            if stuck.any():  # a secondary ray, or numerically lost: left unfinished
                self._keep(~stuck)
                enter, leave = enter[~stuck], leave[~stuck]
                if not len(self.node):
                    break
        return pivots

    def _ratio(self, enter: Ints) -> tuple[Ints, Bools]:
        column = self.tableau[:, enter, np.arange(len(enter))]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(column < -PIVOT, self.tableau[:, -1] / -column, np.inf)
        least = ratio.min(axis=0)
        # z_0 leaves whenever it may
        artificial = (self.row_label == 2 * self.size) & (ratio <= least + PIVOT * abs(least))
        leave = np.where(artificial.any(axis=0), artificial.argmax(axis=0), ratio.argmin(axis=0))
        return leave, np.isinf(least)

    def _keep(self, live: Bools) -> None:
        if not live.all():
            self.tableau = self.tableau[:, :, live]
            self.row_label, self.column_label = self.row_label[:, live], self.column_label[:, live]
            self.node = self.node[live]

    def _pivot(self, leave: Ints, enter: Ints) -> None:
        """Exchange the basic variable of row `leave` with the nonbasic one of column `enter`."""
        at = np.arange(len(leave))
        column = self.tableau[:, enter, at]
        pivot = column[leave, at]
        row = self.tableau[leave, :, at].T / -pivot
        row[enter, at] = 1.0 / pivot
        self.tableau[:, enter, at] = 0.0
        self.tableau += column[:, None] * row
        self.tableau[leave, :, at] = row.T
        leaving = self.row_label[leave, at]
        self.row_label[leave, at] = self.column_label[enter, at]
        self.column_label[enter, at] = leaving

    def _write(self, done: Bools, z: Floats, finished: Bools) -> None:
        node = self.node[done]
        values = np.zeros((len(node), 2 * self.size + 1))
        np.put_along_axis(values, self.row_label[:, done].T, self.tableau[:, -2][:, done].T, axis=1)
        z[node] = values[:, self.size : 2 * self.size]
        finished[node] = True
