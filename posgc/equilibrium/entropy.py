"""The equilibrium of maximum entropy, a layer at a time.

    max  - sum_k w_k log w_k    over distributions w with  A w + F t <= 0     (`programme.py`)

has the exponential family w_k(lambda) ~ exp(-(lambda' A)_k) as its solution, and for any lambda >= 0 with
F' lambda = 0 its dual function D(lambda) = log sum_k exp(-(lambda' A)_k) bounds the maximum from above
(Ortiz, Schapire and Kakade 2007, "Maximum entropy correlated equilibria", who ascend by gradients; here
primal-dual interior point on the dual, all nodes in lockstep):

    grad D + eps = s,    F' lambda = 0,    lambda s = mu -> 0,    lambda, s > 0,    grad D = -A w - F t.

Where every equilibrium rules some column out, the multipliers of the exact programme are infinite; the slack
eps = `SLACK` in the conditions keeps them finite.  What comes back is an equilibrium up to that slack, its
entropy, and the bound D at the multipliers, which does not depend on the slack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.master import Columns
from posgc.equilibrium.stage import Bools, Floats

__all__ = ["MaximumEntropy", "maximise_entropy"]

SLACK = 1e-10  # allowed in every condition, in the agent's unit
COMPLEMENTARY = 1e-10  # lambda s per condition at the end
STATIONARY = 1e-11  # largest residual of the gradient at the end
STEPS = 200  # of Newton's method, at most
PROVEN = 1e-6  # nats between bound and entropy that count as proof


@dataclass(frozen=True, eq=False)
class MaximumEntropy:
    """`w[c, C]`; `entropy[c]` of w and `upper[c]` of any exact equilibrium's, in nats; `proven[c]` within PROVEN."""

    w: Floats
    entropy: Floats
    upper: Floats
    proven: Bools


def maximise_entropy(columns: Columns) -> MaximumEntropy:
    """See the module; the columns must be all deterministic joint prescriptions."""
    point = _Point(columns.rows, columns.free)
    for _ in range(STEPS):
        if not point.step():
            break
    return point.result()


class _Point:
    """lambda, s [c, R] and t [c, F] of all nodes, with w [c, C] at lambda."""

    def __init__(self, rows: Floats, free: Floats) -> None:
        c, n_rows, _ = rows.shape
        self.a, self.f = rows, free
        self.paid, self.slack = np.ones((c, n_rows)), np.ones((c, n_rows))
        self.t = np.zeros((c, free.shape[1]))
        self._refresh()

    def _weigh(self, paid: Floats) -> tuple[Floats, Floats]:
        """w and D at lambda."""
        exponent = -(paid[:, None] @ self.a)[:, 0]
        high = exponent.max(axis=1, keepdims=True)
        mass = np.exp(exponent - high)
        total = mass.sum(axis=1, keepdims=True)
        return mass / total, (high + np.log(total))[:, 0]

    def _refresh(self) -> None:
        self.w, self.dual = self._weigh(self.paid)
        self.mean = (self.a @ self.w[..., None])[..., 0]
        self.stationary, self.balance = self._residuals(self.mean, self.paid, self.slack, self.t)

    def _residuals(self, mean: Floats, paid: Floats, slack: Floats, t: Floats) -> tuple[Floats, Floats]:
        return SLACK - mean - t @ self.f.T - slack, paid @ self.f

    def step(self) -> bool:
        """One damped Newton step on every node; False once all have converged."""
        c, n_rows = self.paid.shape
        product = self.paid * self.slack
        off = np.maximum(abs(self.stationary).max(axis=1, initial=0.0), abs(self.balance).max(axis=1, initial=0.0))
        moving = (off > STATIONARY) | (product.max(axis=1, initial=0.0) > COMPLEMENTARY)
        if not moving.any():
            return False
        # centring: follow the path only as fast as the residuals shrink
        goal = np.clip(0.1 * product.mean(axis=1, keepdims=True), COMPLEMENTARY / 10, None)
        hessian = (self.a * self.w[:, None]) @ self.a.swapaxes(1, 2) - self.mean[:, :, None] * self.mean[:, None]
        diagonal = np.arange(n_rows)
        hessian[:, diagonal, diagonal] += self.slack / self.paid
        n_free = self.f.shape[1]
        system = np.zeros((c, n_rows + n_free, n_rows + n_free))
        system[:, :n_rows, :n_rows] = hessian
        system[:, :n_rows, n_rows:] = -self.f
        system[:, n_rows:, :n_rows] = self.f.T
        right = np.concatenate([-self.stationary + goal / self.paid - self.slack, -self.balance], axis=1)
        move = np.linalg.solve(system, right[..., None])[..., 0]
        d_paid, d_t = move[:, :n_rows], move[:, n_rows:]
        d_slack = (goal - product - self.slack * d_paid) / self.paid
        size = np.minimum(_longest(self.paid, d_paid), _longest(self.slack, d_slack)) * moving
        self._search(size, d_paid, d_slack, d_t, goal)
        return True

    def _search(self, size: Floats, d_paid: Floats, d_slack: Floats, d_t: Floats, goal: Floats) -> None:
        """Halve each node's step until its residuals, complementarity included, are smaller."""
        before = self._merit(self.mean, self.paid, self.slack, self.t, goal)
        for _ in range(30):
            paid, slack = self.paid + size[:, None] * d_paid, self.slack + size[:, None] * d_slack
            t = self.t + size[:, None] * d_t
            mean = (self.a @ self._weigh(paid)[0][..., None])[..., 0]
            worse = self._merit(mean, paid, slack, t, goal) > (1 - 1e-3 * size) * before
            worse &= size > 0
            if not worse.any():
                break
            size = np.where(worse, size / 2, size)
        self.paid, self.slack, self.t = paid, slack, t
        self._refresh()

    def _merit(self, mean: Floats, paid: Floats, slack: Floats, t: Floats, goal: Floats) -> Floats:
        one, two = self._residuals(mean, paid, slack, t)
        norm: Floats = np.sqrt((one**2).sum(axis=1) + (two**2).sum(axis=1) + ((paid * slack - goal) ** 2).sum(axis=1))
        return norm

    def result(self) -> MaximumEntropy:
        with np.errstate(divide="ignore"):
            log = np.where(self.w > 0, np.log(self.w), 0.0)
        entropy = -(self.w * log).sum(axis=1)
        upper = np.full(len(self.w), np.log(self.w.shape[1]))
        fair = abs(self.balance).max(axis=1, initial=0.0) <= STATIONARY  # else D bounds nothing
        upper[fair] = np.minimum(upper[fair], self.dual[fair])
        return MaximumEntropy(self.w, entropy, upper, upper <= entropy + PROVEN)


def _longest(value: Floats, change: Floats) -> Floats:
    """[c] the step, at most 1, that keeps 0.995 of the way to the boundary."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(change < 0, -0.995 * value / change, np.inf)
    longest: Floats = np.minimum(1.0, ratio.min(axis=1, initial=np.inf))
    return longest
