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

from posgc.assumptions.gamma.certificates import ROUNDING
from posgc.assumptions.gamma.programmes import Programme, minimise, minimise_mixed
from posgc.assumptions.gamma.reduction import Reduced

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


def by_bipartitions(problem: Reduced) -> tuple[float, Floats] | None:
    """A lower bound, exact up to rounding, and the sign vector[S] of the bipartition that gives it.

    All bipartitions' dual programmes are independent blocks of one linear programme.  None where the solver
    gives up.
    """
    sides = bipartitions(problem.n_states)
    blocks, observations = len(sides), problem.n_observations
    features = np.hstack([problem.emission, _complement(problem)])  # (Ef + g)_s = features_s · (f, weights of g)
    width = features.shape[1]
    # in A: α − features·f <= 0;  in B: features·f − β <= 0;  and α − β <= 1, for γ never exceeds 1
    signed = np.where(sides[:, :, None], -features, features)
    thresholds = np.stack([sides.astype(float), sides - 1.0], axis=2)
    # without the cap a bipartition that no x in V has would make its block unbounded
    cap = np.broadcast_to(np.r_[np.zeros(width), 1.0, -1.0], (blocks, 1, width + 2))
    rows = np.concatenate([np.concatenate([signed, thresholds], axis=2), cap], axis=1)
    free = np.full(width - observations + 2, np.inf)
    answer = minimise(
        Programme(
            cost=np.tile(np.r_[np.zeros(width), -1.0, 1.0], blocks),
            matrix=_block_diagonal(rows),
            row_low=np.full(blocks * rows.shape[1], -np.inf),
            row_high=np.tile(np.r_[np.zeros(problem.n_states), 1.0], blocks),
            low=np.tile(np.r_[np.zeros(observations), -free], blocks),
            high=np.tile(np.r_[np.ones(observations), free], blocks),
        )
    )
    if answer is None:
        return None
    functions = answer.reshape(blocks, -1)[:, :-2]
    # a solver's answer may leave [0, 1] by its tolerance; clipped, it proves exactly what is evaluated below
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
    states, observations = problem.n_states, problem.n_observations
    extra = _complement(problem).T
    eye, none, sums = np.eye(states), np.zeros((states, states)), np.zeros((1, states))
    w, seen, ones = np.eye(observations), problem.emission.T, np.ones((1, states))
    matrix = np.block(  # columns u, v, w, δ
        [
            [seen, -seen, -w, np.zeros_like(seen)],
            [-seen, seen, -w, np.zeros_like(seen)],
            [eye, none, np.zeros_like(seen.T), -eye],
            [none, eye, np.zeros_like(seen.T), eye],
            [ones, sums, np.zeros((1, observations)), sums],
            [sums, ones, np.zeros((1, observations)), sums],
            [extra, -extra, np.zeros((len(extra), observations)), np.zeros_like(extra)],
        ]
    )
    binary = np.r_[np.zeros(2 * states + observations), np.ones(states)] > 0
    least = np.zeros(len(binary))
    least[2 * states + observations] = 1  # x and −x are the same: state 0 is on the first side
    programme = Programme(
        cost=np.r_[np.zeros(2 * states), np.full(observations, 0.5), np.zeros(states)],
        matrix=sparse.csr_array(matrix),
        row_low=np.r_[np.full(2 * observations + 2 * states, -np.inf), 1.0, 1.0, np.zeros(len(extra))],
        row_high=np.r_[np.zeros(2 * observations + states), np.ones(states + 2), np.zeros(len(extra))],
        low=least,
        high=np.ones(len(binary)),
    )
    bound, x = minimise_mixed(programme, binary, seconds)
    lower = float(np.clip(bound - MILP_TOLERANCE, 0, 1))
    return lower, None if x is None else x[:states] - x[states : 2 * states]
