"""Lower bounds on γ by left inverses: proofs that can be checked by multiplying matrices.

If L[S, O] satisfies L Eᵀx = x for every x in V, then, since Eᵀx sums to 0 and a zero-sum vector y is a
positive combination of differences e_o − e_o' of total weight ½‖y‖₁,

    ‖x‖₁ = ‖L Eᵀx‖₁ ≤ ½ D ‖Eᵀx‖₁,   D = max over o ≠ o' of ‖L(e_o − e_o')‖₁,   so   γ ≥ 2 / D.

Where Eᵀ maps V onto *all* zero-sum observation vectors (a square invertible E, for one) L is unique there
up to adding a vector to every column, and x = L(e_o − e_o') attains the bound: it is γ.

**Rounding.**  The L in hand satisfies L Eᵀx = x + Rx.  Write x = Qc with Q an orthonormal basis of V; then
‖Rx‖₁ ≤ Σ_s |(RQ)_s c| ≤ ρ‖c‖₂ ≤ ρ‖x‖₁ with ρ = Σ_s ‖(RQ)_s‖₂, because ‖c‖₂ = ‖x‖₂ ≤ ‖x‖₁.  So
(1 − ρ)‖x‖₁ ≤ ‖L Eᵀx‖₁.  Nor does Eᵀx sum to 0 exactly, but to at most τ‖x‖₁, τ = ‖1ᵀEᵀQ‖₂; moving that much
from one observation makes it so, at a cost of ½Dτ‖x‖₁ + τ‖x‖₁ max_o ‖L_o‖₁ <= 1.5 Dτ‖x‖₁ once the mean column
of L is taken off all of them.  Hence γ ≥ 2(1 − ρ)/D − 3τ: the residual of whatever produced L is measured
and paid for, and nothing about the solver is trusted.  `ROUNDING` is then taken off for the sums themselves.

Any L serves.  The pseudo-inverse costs nothing; a linear programme finds the L of least `max_o ‖L_o‖₁`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.gamma.programmes import Programme, minimise
from posgc.assumptions.gamma.reduction import Reduced

__all__ = ["ROUNDING", "attaining_direction", "least_left_inverse", "left_inverse_bound", "pseudo_inverse"]

Floats = npt.NDArray[np.float64]

# Absolute, on γ: tables of float64 probabilities do not determine γ more closely than this.
ROUNDING = 1e-12
# Multiplications beyond which the diameter of L's columns gives way to twice a radius.
DIAMETER_WORK = 200_000_000


def pseudo_inverse(problem: Reduced) -> Floats:
    """The L[S, O] of least Frobenius norm among those with L Eᵀ = identity on V."""
    return np.asarray(problem.basis @ np.linalg.pinv(problem.emission.T @ problem.basis))


def left_inverse_bound(problem: Reduced, left: Floats) -> float:
    """The bound 2(1 − ρ)/D − 3τ that `left`[S, O] proves, 0 if none; the residual is first mended, then measured."""
    q = problem.basis
    seen = problem.emission.T @ q
    # one step of iterative refinement: the residual is paid for below, so that it had better be small
    left = left + (q - left @ seen) @ np.linalg.pinv(seen)
    # adding a vector to every column changes no difference, and short columns make the sums more exact
    left -= left.mean(1, keepdims=True)
    residual = float(np.linalg.norm(left @ seen - q, axis=1).sum())
    imbalance = float(np.linalg.norm(seen.sum(0)))
    bound = 2 * (1 - residual) / _diameters(left).max() - 3 * imbalance
    return float(min(1.0, max(0.0, bound - ROUNDING)))


def attaining_direction(left: Floats) -> Floats:
    """The x[S] = L(e_o − e_o') of the pair of observations that defines the diameter of `left`[S, O]."""
    o = int(np.argmax(_diameters(left)))
    return left[:, o] - left[:, int(np.argmax(np.abs(left - left[:, [o]]).sum(0)))]


def _diameters(left: Floats) -> Floats:
    """For every column of `left`[S, O] (at least) its largest L1 distance to another; [O]."""
    states, observations = left.shape
    if states * observations**2 > DIAMETER_WORK:
        return np.full(observations, 2 * np.abs(left - left.mean(1, keepdims=True)).sum(0).max())
    return np.array([np.abs(left - left[:, [o]]).sum(0).max() for o in range(observations)])


def least_left_inverse(problem: Reduced) -> Floats | None:
    """The L[S, O] of least max_o ‖L_o‖₁ with L Eᵀ = identity on V, by linear programming; None if it fails.

    Variables are L⁺, L⁻ ≥ 0 (row-major) and t; the identity is asked for on the r differences of rows.
    """
    states, observations = problem.n_states, problem.n_observations
    size = states * observations
    span = problem.rows[1:] - problem.rows[0]
    identity = sparse.kron(sparse.eye_array(states), sparse.csr_array(span @ problem.emission))
    column_sums = sparse.kron(np.ones((1, states)), sparse.eye_array(observations))
    largest = sparse.csr_array(-np.ones((observations, 1)))
    matrix = sparse.block_array([[identity, -identity, None], [column_sums, column_sums, largest]], format="csr")
    wanted = span.T.ravel()
    answer = minimise(
        Programme(
            cost=np.r_[np.zeros(2 * size), 1.0],
            matrix=sparse.csr_array(matrix),
            row_low=np.r_[wanted, np.full(observations, -np.inf)],
            row_high=np.r_[wanted, np.zeros(observations)],
            low=np.zeros(2 * size + 1),
            high=np.full(2 * size + 1, np.inf),
        )
    )
    return None if answer is None else (answer[:size] - answer[size : 2 * size]).reshape(states, observations)
