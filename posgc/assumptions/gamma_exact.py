"""Exact γ for few states: over bipartitions of the states.

A direction x in V, scaled to ‖x‖₁ = 2, is u − v with laws u, v on the two sides of a bipartition (A, B) of
the states.  For a given bipartition the minimum of ½‖Eᵀ(u − v)‖₁ is, in V = all zero-sum vectors, the total
variation between the convex hulls of the emission rows of A and of B; by linear programming duality it is

    max over f in [0, 1]^O, g in V^⊥, of  min_{s in A} (Ef + g)_s − max_{s in B} (Ef + g)_s ,

since ½‖z‖₁ = max_f fᵀz for zero-sum z and gᵀx = 0.  γ is the least of these over the 2^(S−1) − 1
bipartitions.  **A certificate:** for *any* (f, g) the expression bounds the bipartition from below, so the
solver is trusted for nothing: the f and g it returns are clipped and the expression evaluated again.

Beyond the states for which all bipartitions are listed, they are branched on: mixed-integer programme
`min ½Σw, w ≥ ±Eᵀ(u − v), Σu = Σv = 1, u ≤ δ, v ≤ 1 − δ, δ binary, δ_1 = 1` [u − v in V].  Its dual bound
is trusted as HiGHS's up to that solver's tolerances, which are taken off (`MILP_TOLERANCE`); stopped early,
the dual bound remains a bound.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.gamma_certificates import ROUNDING
from posgc.assumptions.gamma_reduction import Reduced

__all__ = ["MILP_TOLERANCE", "bipartitions", "by_bipartitions", "by_milp"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Absolute, on γ: HiGHS's default feasibility and integrality tolerances are 1e-7 and 1e-6.
MILP_TOLERANCE = 1e-5


def bipartitions(states: int) -> Bools:
    """All ways to put `states` states on two sides, both used; [2^(S−1) − 1, S], state 0 always True."""
    codes = np.arange(2 ** (states - 1) - 1)
    return np.asarray((np.hstack([np.ones((len(codes), 1)), codes[:, None] >> np.arange(states - 1) & 1])) > 0)


def _complement(problem: Reduced) -> Floats:
    """Orthonormal basis [S, S − 1 − r] of the zero-sum vectors orthogonal to V."""
    ones = np.full((problem.n_states, 1), problem.n_states**-0.5)
    known = np.hstack([ones, problem.basis])
    return np.asarray(np.linalg.svd(known)[0][:, known.shape[1] :])


def by_bipartitions(problem: Reduced) -> tuple[float, Floats]:
    """A lower bound, exact up to rounding, and the sign vector[S] of the bipartition that gives it.

    All bipartitions' dual programmes are independent blocks of one linear programme.
    """
    from scipy.optimize import linprog  # half a second to load: only where it is needed

    sides = bipartitions(problem.n_states)
    extra = _complement(problem)
    blocks, observations = len(sides), problem.n_observations
    features = np.hstack([problem.emission, extra])  # (Ef + g)_s = features_s · (f, coefficients of g)
    # in A: α − features·f <= 0;  in B: features·f − β <= 0;  and α − β <= 1, for γ never exceeds 1
    signed = np.where(sides[:, :, None], -features, features)
    cap = np.broadcast_to(np.r_[np.zeros(features.shape[1]), 1.0, -1.0], (blocks, 1, features.shape[1] + 2))
    thresholds = np.stack([sides.astype(float), sides - 1.0], axis=2)
    rows = np.concatenate([np.concatenate([signed, thresholds], axis=2), cap], axis=1)
    matrix = _block_diagonal(rows)
    limit = np.tile(np.r_[np.zeros(problem.n_states), 1.0], blocks)
    cost = np.tile(np.r_[np.zeros(features.shape[1]), -1.0, 1.0], blocks)
    low = np.tile(np.r_[np.zeros(observations), np.full(extra.shape[1] + 2, -np.inf)], blocks)
    high = np.tile(np.r_[np.ones(observations), np.full(extra.shape[1] + 2, np.inf)], blocks)
    answer = linprog(cost, A_ub=matrix, b_ub=limit, bounds=np.stack([low, high], axis=1), method="highs")
    if answer.x is None:
        return 0.0, np.where(sides[0], 1.0, -1.0)
    functions = answer.x.reshape(blocks, -1)[:, :-2]
    functions[:, :observations] = functions[:, :observations].clip(0, 1)
    bounds = _evaluate(sides, features, functions, observations)
    least = int(np.argmin(bounds))
    return float(np.clip(bounds[least], 0, 1)), np.where(sides[least], 1.0, -1.0)


def _evaluate(sides: Bools, features: Floats, functions: Floats, observations: int) -> Floats:
    """What every (f, g) proves of its bipartition, less what rounding of g ⊥ V may cost; [blocks]."""
    levels = functions @ features.T
    gap = np.where(sides, levels, np.inf).min(1) - np.where(sides, -np.inf, levels).max(1)
    return np.asarray(gap - ROUNDING * (1 + np.abs(functions[:, observations:]).sum(1)))


def _block_diagonal(blocks: Floats) -> sparse.csr_array:
    """blocks[k, rows, columns] down the diagonal."""
    count, height, width = blocks.shape
    block, row, column = np.nonzero(blocks)
    where = (block * height + row, block * width + column)
    return sparse.csr_array((blocks[block, row, column], where), shape=(count * height, count * width))


def by_milp(problem: Reduced, seconds: float) -> tuple[float, Floats | None]:
    """A lower bound and, if one was found, a direction x[S] (in V up to the solver's tolerance)."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    states, observations = problem.n_states, problem.n_observations
    extra = _complement(problem)
    eye, seen = sparse.eye_array(states), sparse.csr_array(problem.emission.T)
    ones, none = sparse.csr_array(np.ones((1, states))), None
    w = sparse.eye_array(observations)
    # columns u, v, w, δ
    matrix = sparse.block_array(
        [
            [seen, -seen, -w, none],
            [-seen, seen, -w, none],
            [eye, none, none, -eye],
            [none, eye, none, eye],
            [ones, none, none, none],
            [none, ones, none, none],
        ]
        + ([[extra.T, -extra.T, none, none]] if extra.size else []),
        format="csr",
    )
    low = np.r_[np.full(2 * observations + 2 * states, -np.inf), 1.0, 1.0, np.zeros(extra.shape[1])]
    high = np.r_[np.zeros(2 * observations + states), np.ones(states + 2), np.zeros(extra.shape[1])]
    cost = np.r_[np.zeros(2 * states), np.full(observations, 0.5), np.zeros(states)]
    binary = np.r_[np.zeros(2 * states + observations), np.ones(states)]
    least = np.zeros(len(cost))
    least[2 * states + observations] = 1  # x and −x are the same: state 0 is on the first side
    answer = milp(
        cost,
        constraints=LinearConstraint(matrix, low, high),
        integrality=binary,
        bounds=Bounds(least, np.ones(len(cost))),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    bound = answer.mip_dual_bound
    lower = 0.0 if bound is None or not np.isfinite(bound) else float(np.clip(bound - MILP_TOLERANCE, 0, 1))
    return lower, None if answer.x is None else np.asarray(answer.x[:states] - answer.x[states : 2 * states])
