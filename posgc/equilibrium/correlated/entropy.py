"""The equilibrium of maximum entropy, a layer at a time.

    max  - sum_k w_k log w_k    over distributions w with  A w + F t <= 0     (`programme.py`)

has the exponential family w_k(lambda) ~ exp(-(lambda' A)_k) as its solution, and for any lambda >= 0 with
F' lambda = 0 its dual function D(lambda) = log sum_k exp(-(lambda' A)_k) bounds the maximum from above
(Ortiz, Schapire and Kakade 2007, "Maximum entropy correlated equilibria", who ascend by gradients).  Here a
primal-dual interior point solves

    log w + A' lambda + nu = 0,    A w + F t + s = eps,    F' lambda = 0,    1' w = 1,    lambda s = mu -> 0

by Newton's method, all nodes in lockstep; w is kept as a variable of its own, so that the conditions stay
linear (in lambda alone, w is exponential and steps become tiny).  Where every equilibrium rules some column
out, the multipliers of the exact programme are infinite; the slack eps = `SLACK` keeps them finite.  What
comes back is an equilibrium up to that slack, its entropy, and the bound D, which does not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.correlated.master import FEASIBLE, Columns
from posgc.equilibrium.stage import Bools, Floats, Ints

__all__ = ["MaximumEntropy", "maximise_entropy"]

SLACK = 1e-10  # allowed in every condition, in the agent's unit
FEASIBLE_STEP = 1e-12  # residual of the linear equations at the end
CLOSED = 1e-9  # nats between bound and entropy at the end
PROVEN = 1e-6  # nats between bound and entropy that count as proof
STEPS = 150  # of Newton's method, at most
BOUNDARY = 0.99  # of the way to it
LEAST = 1e-300  # weights do not underflow to 0, where their logarithm ends


@dataclass(frozen=True, eq=False)
class MaximumEntropy:
    """Mixtures of nearly maximal entropy on c nodes, with a bound; entropies in nats."""

    w: Floats  # [c, C], the weights of the columns
    entropy: Floats  # [c], of w
    upper: Floats  # [c], a bound on the entropy of every exact equilibrium
    proven: Bools  # [c], whether w obeys the conditions and its entropy is within PROVEN of the bound


def maximise_entropy(columns: Columns) -> MaximumEntropy:
    """See the module; the columns must be all deterministic joint prescriptions."""
    c, _, size = columns.rows.shape
    w, upper = np.full((c, size), 1.0 / size), np.full(c, np.log(size))
    violated = np.full(c, np.inf)
    point, active = _Point(columns.rows, columns.free), np.arange(c)
    for step in range(STEPS + 1):
        found = point.w / point.w.sum(axis=1, keepdims=True)
        w[active], violated[active] = found, point.violated()
        # every lambda bounds the maximum, not only the last: the least bound met is kept
        upper[active] = np.minimum(upper[active], point.bound())
        moving = (violated[active] > FEASIBLE_STEP) | (upper[active] > _entropy(found) + CLOSED)
        if not moving.any() or step == STEPS:
            break
        active = active[moving]
        point.keep(np.flatnonzero(moving))
        point.step()
    entropy = _entropy(w)
    return MaximumEntropy(w, entropy, upper, (upper <= entropy + PROVEN) & (violated <= FEASIBLE))


def _entropy(w: Floats) -> Floats:
    entropy: Floats = -(w * np.log(np.maximum(w, LEAST))).sum(axis=1)
    return entropy


class _Point:
    """w [c, C], s and lambda [c, R], t [c, F], nu [c] of the nodes still moving; `centring`: how much of mu the
    next step is to keep."""

    def __init__(self, rows: Floats, free: Floats) -> None:
        c, n_rows, size = rows.shape
        self.a, self.f = rows, free
        self.w = np.full((c, size), 1.0 / size)
        self.s, self.paid = np.ones((c, n_rows)), np.ones((c, n_rows))
        self.t, self.nu, self.centring = np.zeros((c, free.shape[1])), np.zeros(c), np.full(c, 0.3)

    def keep(self, nodes: Ints) -> None:
        if len(nodes) < len(self.w):
            self.a, self.w, self.s, self.paid = self.a[nodes], self.w[nodes], self.s[nodes], self.paid[nodes]
            self.t, self.nu, self.centring = self.t[nodes], self.nu[nodes], self.centring[nodes]

    def _mean(self) -> Floats:
        mean: Floats = (self.a @ self.w[..., None])[..., 0]
        return mean

    def violated(self) -> Floats:
        """[c] by how much the conditions, without the slack variables, and normalisation are exceeded."""
        rows = self._mean() + self.t @ self.f.T - SLACK
        worst: Floats = np.maximum(rows.max(axis=1, initial=0.0), abs(self.w.sum(axis=1) - 1.0))
        return worst

    def bound(self) -> Floats:
        """[c] D at the multipliers, infinite where F' lambda = 0 is not met and D bounds nothing."""
        exponent = -(self.paid[:, None] @ self.a)[:, 0]
        high = exponent.max(axis=1)
        bound = high + np.log(np.exp(exponent - high[:, None]).sum(axis=1))
        most = 1.0 + self.paid.max(axis=1, initial=0.0)
        fair = abs(self.paid @ self.f).max(axis=1, initial=0.0) <= FEASIBLE_STEP * most
        return np.where(fair, bound, np.inf)

    def step(self) -> None:
        """One Newton step on every node."""
        n_rows, n_free = self.f.shape
        mean, product = self._mean(), self.paid * self.s
        # the goal falls fast while steps are long, and waits for the conditions where they are short
        mu = product.sum(axis=1, keepdims=True) / max(1, n_rows)
        goal = np.maximum(self.centring[:, None] * mu, SLACK * 1e-4)
        dual = np.log(self.w) + (self.paid[:, None] @ self.a)[:, 0] + self.nu[:, None]
        primal = mean + self.t @ self.f.T + self.s - SLACK
        weighted = self.a * self.w[:, None]
        # Newton's equations after w and s are eliminated: their size is that of the conditions, not of the columns
        system = np.zeros((len(self.w), n_rows + 1 + n_free, n_rows + 1 + n_free))
        diagonal = np.arange(n_rows)
        system[:, :n_rows, :n_rows] = weighted @ self.a.swapaxes(1, 2)
        system[:, diagonal, diagonal] += self.s / self.paid
        system[:, :n_rows, n_rows] = system[:, n_rows, :n_rows] = mean
        system[:, n_rows, n_rows] = self.w.sum(axis=1)
        system[:, :n_rows, n_rows + 1 :] = -self.f
        system[:, n_rows + 1 :, :n_rows] = self.f.T
        right = np.concatenate(
            [
                primal - (weighted @ dual[..., None])[..., 0] + (goal - product) / self.paid,
                (self.w.sum(axis=1) - 1.0 - (self.w * dual).sum(axis=1))[:, None],
                -self.paid @ self.f,
            ],
            axis=1,
        )
        move = _solved(system, right)
        d_paid, d_nu, d_t = move[:, :n_rows], move[:, n_rows], move[:, n_rows + 1 :]
        with np.errstate(over="ignore", invalid="ignore"):
            d_s = (goal - product - self.s * d_paid) / self.paid
            d_w = -self.w * (dual + (d_paid[:, None] @ self.a)[:, 0] + d_nu[:, None])
            known = np.isfinite(d_s.sum(axis=1) + d_w.sum(axis=1) + d_paid.sum(axis=1) + d_t.sum(axis=1) + d_nu)
        if not known.all():  # a node whose step overflows stays where it is
            for change in (d_s, d_w, d_paid, d_nu, d_t):
                change[~known] = 0.0
        # weights on their way to 0 are not waited for: what cutting them short upsets vanishes with them
        size = np.minimum(_longest(self.s, d_s), _longest(self.paid, d_paid))
        self.w = np.maximum(self.w + np.maximum(size[:, None] * d_w, -BOUNDARY * self.w), LEAST)
        # long steps: aim at 5 % of mu next; short ones: back to the central path first
        self.centring = np.where(size > 0.9, 0.05, np.where(size > 0.3, 0.3, 0.9))
        self.s, self.paid = self.s + size[:, None] * d_s, self.paid + size[:, None] * d_paid
        self.t, self.nu = self.t + size[:, None] * d_t, self.nu + size * d_nu


def _solved(system: Floats, right: Floats) -> Floats:
    """[c, k]: the step; the shortest where conditions of payoffs that vanish beside others leave it open."""
    try:
        return np.asarray(np.linalg.solve(system, right[..., None])[..., 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(system) @ right[..., None])[..., 0], dtype=np.float64)


def _longest(value: Floats, change: Floats) -> Floats:
    """[c] the step, at most 1, that keeps `value` positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(change < 0, -BOUNDARY * value / change, np.inf)
    longest: Floats = np.minimum(1.0, ratio.min(axis=1, initial=np.inf))
    return longest
