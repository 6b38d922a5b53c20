"""Upper bounds on γ: directions that the observations hardly tell apart.

`alike`, `close_pairs`: the differences of two rows of T, and of two states where V holds them.  `descend`: with the
signs σ of x fixed, σᵀx ≤ ‖x‖₁ with equality at x itself, so the linear programme

    min ‖Eᵀx‖₁  subject to  σᵀx = 1, x in V

has a solution whose ratio is at most that of x; its signs are fixed next, until nothing is gained.  States
with x_s = 0 get a random sign, which lets the support grow.  `dependent_direction` finds x with Eᵀx = 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.gamma.programmes import Programme, minimise
from posgc.assumptions.gamma.reduction import Reduced, pivots

__all__ = ["alike", "close_pairs", "dependent_direction", "descend", "improve"]

Floats = npt.NDArray[np.float64]

# Absolute, on ratios: a step of the descent that gains less ends it.
GAIN = 1e-12
# Absolute, on laws of the observation: remainders below this count as dependence, then tested on the ratio.
DEPENDENT = 1e-11
# Decimal places to which laws are compared; whether they are equal is then decided on the ratio.
ALIKE_DECIMALS = 12
# Entries of a block of pairwise differences held at once.
BLOCK = 4_000_000


def alike(problem: Reduced) -> Floats | None:
    """The difference x[S] of two rows of T (or states, where V holds those) with the same law, if there are any."""
    for points in [problem.rows] + ([np.eye(problem.n_states)] if problem.full else []):
        laws = np.round(points @ problem.emission, ALIKE_DECIMALS)
        _, first, group = np.unique(laws, axis=0, return_index=True, return_inverse=True)
        twins = np.flatnonzero(first[group.ravel()] != np.arange(len(points)))
        if len(twins):
            return problem.project(points[first[group.ravel()[twins[0]]]] - points[twins[0]])
    return None


def close_pairs(problem: Reduced, keep: int) -> Floats:
    """The `keep` (or fewer) pair differences of least ratio, least first; [pairs, S]."""
    families = [problem.rows] + ([np.eye(problem.n_states)] if problem.full else [])
    found = np.concatenate([_closest(points, points @ problem.emission, keep) for points in families])
    found = problem.project(found)
    return np.asarray(found[np.argsort(problem.ratio(found), kind="stable")[:keep]])


def _closest(points: Floats, laws: Floats, keep: int) -> Floats:
    """The `keep` differences of points[k, S] whose laws[k, O] differ least for their length; [pairs, S]."""
    first, second = np.triu_indices(len(points), 1)
    ratios = np.empty(len(first))
    step = max(1, BLOCK // (points.shape[1] + laws.shape[1]))
    for block in (slice(k, k + step) for k in range(0, len(first), step)):
        i, j = first[block], second[block]
        ratios[block] = np.abs(laws[i] - laws[j]).sum(1) / np.abs(points[i] - points[j]).sum(1)
    best = np.argsort(ratios, kind="stable")[:keep]
    return np.asarray(points[first[best]] - points[second[best]])


def dependent_direction(problem: Reduced) -> Floats | None:
    """An x[S] in V with Eᵀx = 0 up to rounding; None where Eᵀ seems one-to-one on V.

    With more directions in V than zero-sum observation vectors there is one by counting.  One made of few
    rows is looked for first; where rows are too nearly dependent for that, the last singular vector serves.
    """
    laws = problem.rows @ problem.emission
    spread = laws[1:] - laws[0]
    independent = pivots(spread, DEPENDENT)
    if len(independent) == problem.rank:
        return None
    other = int(np.setdiff1d(np.arange(problem.rank), independent)[0])
    y = np.zeros(problem.rank)
    y[other] = 1
    if len(independent):
        y[independent] = -np.linalg.lstsq(spread[independent].T, spread[other], rcond=None)[0]
    few = problem.project(y @ (problem.rows[1:] - problem.rows[0]))
    any_ = problem.basis @ np.linalg.svd(problem.emission.T @ problem.basis)[2][-1]
    return few if float(problem.ratio(few)) <= max(DEPENDENT, float(problem.ratio(any_))) else np.asarray(any_)


def improve(problem: Reduced, signs: Floats) -> Floats | None:
    """The x[S] in V of least ‖Eᵀx‖₁ with signsᵀx = 1; None where no x in V has these signs."""
    laws = (problem.rows @ problem.emission).T
    observations, rows = laws.shape
    slack = np.eye(observations)
    zeros = np.zeros((1, observations))
    matrix = np.block([[laws, -slack], [-laws, -slack], [problem.rows @ signs, zeros], [np.ones((1, rows)), zeros]])
    answer = minimise(
        Programme(
            cost=np.r_[np.zeros(rows), np.ones(observations)],
            matrix=sparse.csr_array(matrix),
            row_low=np.r_[np.full(2 * observations, -np.inf), 1.0, 0.0],
            row_high=np.r_[np.zeros(2 * observations), 1.0, 0.0],
            low=np.r_[np.full(rows, -np.inf), np.zeros(observations)],
            high=np.full(rows + observations, np.inf),
        )
    )
    return None if answer is None else problem.project((answer[:rows] - answer[:rows].mean()) @ problem.rows)


def descend(problem: Reduced, x: Floats, rng: np.random.Generator, steps: int = 20) -> Floats:
    """The direction[S] at which the sign-fixing iteration from x[S] ends; its ratio is at most that of x."""
    for _ in range(steps):
        scale = np.abs(x).max()
        signs = np.where(np.abs(x) > 1e-9 * scale, np.sign(x), rng.choice([-1.0, 1.0], len(x)))
        # with the signs of x fixed the ratio is a linear programme, whose optimum is at most the ratio of x
        better = improve(problem, signs)
        if better is None or problem.ratio(better) > problem.ratio(x) - GAIN:
            break
        x = better
    return x
