"""Dense simplex on many small linear programmes of one shape, in lockstep over an [R, C, n] tableau.

    max c z   s.t.   A_k z <= b,  z >= 0,      b >= 0,      k = 1..n

so z = 0 is feasible and no first phase is needed.  Condensed tableau (nonbasic columns only), Dantzig's rule;
cycling and stalling at degenerate vertices are met by a fixed generic perturbation of b, carried as a second
right-hand side that only the ratio test reads (Charnes 1952; Wolfe 1963).  The first right-hand side gives
the solution.  Nodes are the last, contiguous axis, so each pivot is a few long vector operations.

Nothing here is trusted: callers certify the result and hand what fails to HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.layer import chunks
from posgc.equilibrium.stage import Bools, Floats, Ints

__all__ = ["Simplexed", "batched_simplex"]

REDUCED_COST = 1e-11  # a column with a smaller reduced cost does not enter; programmes are scaled to O(1)
PIVOT = 1e-10  # smallest pivot accepted
PERTURBATION = 1e-10  # of b, absolute; 1e-7 spoils nodes whose u differ in range by 1e6 and more (measured)
TABLEAU_BUDGET = 1 << 17  # float64 entries of one lockstep tableau (1 MiB); 2^16..2^18 differ by noise


@dataclass(frozen=True, eq=False)
class Simplexed:
    """Optimal solutions of n programmes."""

    primal: Floats  # [n, C]
    dual: Floats  # [n, R], the multipliers of A z <= b
    finished: Bools  # [n], whether the optimum was reached within the limit of pivots
    pivots: int  # of the whole batch


def batched_simplex(a: Floats, b: Floats, c: Floats, max_pivots: int | None = None) -> Simplexed:
    """Solve all; a [n, R, C] of magnitude about 1, b [R] >= 0 and c [C] shared.

    `max_pivots` per programme, default 20 (R + C).  Unfinished rows of primal and dual are 0.
    """
    n, rows, columns = a.shape
    cap = 20 * (rows + columns) if max_pivots is None else max_pivots
    primal, dual = np.zeros((n, columns)), np.zeros((n, rows))
    finished, pivots = np.zeros(n, dtype=bool), 0
    for start, stop in chunks(n, (rows + 1) * (columns + 2), TABLEAU_BUDGET):
        run = _Lockstep(a[start:stop], b, c)
        pivots += run.solve(cap, primal[start:stop], dual[start:stop], finished[start:stop])
    return Simplexed(primal, dual, finished, pivots)


class _Lockstep:
    """The tableau [R + 1, C + 2, live]: last row reduced costs, last columns b and perturbed b."""

    def __init__(self, a: Floats, b: Floats, c: Floats) -> None:
        n, self.rows, self.columns = a.shape
        self.tableau = np.zeros((self.rows + 1, self.columns + 2, n))
        self.tableau[:-1, :-2] = np.moveaxis(a, 0, -1)
        self.tableau[-1, :-2] = -c[:, None]
        # multiples of the golden ratio modulo 1: distinct, and the same in every run
        generic = 0.5 + 0.5 * np.modf(np.arange(1, self.rows + 1) * 0.6180339887498949)[0]
        self.tableau[:-1, -2] = b[:, None]
        self.tableau[:-1, -1] = (b + PERTURBATION * generic)[:, None]
        self.node = np.arange(n)
        self.row_label = np.repeat(self.columns + np.arange(self.rows)[:, None], n, axis=1)
        self.column_label = np.repeat(np.arange(self.columns)[:, None], n, axis=1)

    def solve(self, cap: int, primal: Floats, dual: Floats, finished: Bools) -> int:
        """Pivot until done, writing results into the arguments; returns the number of pivots."""
        pivots = 0
        for _ in range(cap):
            enter = self.tableau[-1, :-2].argmin(axis=0)
            cost = np.take_along_axis(self.tableau[-1], enter[None], axis=0)[0]
            done = cost >= -REDUCED_COST
            if done.any():
                self._write(done, primal, dual, finished)
                enter = self._keep(~done, enter)
            if not len(self.node):
                break
            column = np.take_along_axis(self.tableau, enter[None, None], axis=1)[:, 0]
            with np.errstate(divide="ignore", invalid="ignore"):
                # ratios of the perturbed b have no ties, so that no basis comes back
                ratio = np.where(column[:-1] > PIVOT, self.tableau[:-1, -1] / column[:-1], np.inf)
            leave = ratio.argmin(axis=0)
            stuck = np.isinf(np.take_along_axis(ratio, leave[None], axis=0)[0])
            if stuck.any():  # numerically lost: left unfinished
                leave, column = leave[~stuck], column[:, ~stuck]
                enter = self._keep(~stuck, enter)
            self._pivot(leave, enter, column)
            pivots += len(self.node)
        return pivots

    def _keep(self, live: Bools, enter: Ints) -> Ints:
        self.tableau = self.tableau[:, :, live]
        self.row_label, self.column_label = self.row_label[:, live], self.column_label[:, live]
        self.node = self.node[live]
        return enter[live]

    def _pivot(self, leave: Ints, enter: Ints, column: Floats) -> None:
        pivot = np.take_along_axis(column, leave[None], axis=0)
        row = np.take_along_axis(self.tableau, leave[None, None], axis=0)[0] / pivot
        self.tableau -= column[:, None] * row
        np.put_along_axis(self.tableau, leave[None, None], row[None], axis=0)
        column = -column / pivot
        np.put_along_axis(column, leave[None], 1.0 / pivot, axis=0)
        np.put_along_axis(self.tableau, enter[None, None], column[:, None], axis=1)
        at = np.arange(len(leave))
        leaving = self.row_label[leave, at]
        self.row_label[leave, at] = self.column_label[enter, at]
        self.column_label[enter, at] = leaving

    def _write(self, done: Bools, primal: Floats, dual: Floats, finished: Bools) -> None:
        node = self.node[done]
        values = np.zeros((len(node), self.columns + self.rows))
        np.put_along_axis(values, self.row_label[:, done].T, self.tableau[:-1, -2][:, done].T, axis=1)
        primal[node] = values[:, : self.columns]
        values[:] = 0.0
        np.put_along_axis(values, self.column_label[:, done].T, self.tableau[-1, :-2][:, done].T, axis=1)
        dual[node] = values[:, self.columns :]
        finished[node] = True
