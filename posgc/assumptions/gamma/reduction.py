"""The smallest equivalent form of a γ problem.

Let E[S, O] be an emission matrix (rows are laws of the observation) and T[R, S] a matrix whose rows are
laws of the state.  The quantity wanted is

    γ = min over b ≠ b' in Δ(R), Tᵀ(b − b') ≠ 0, of ‖Eᵀ Tᵀ(b − b')‖₁ / ‖Tᵀ(b − b')‖₁ .

Every zero-sum vector is a positive multiple of a difference of two beliefs, and the ratio does not change
under scaling, so the minimum is over the whole linear space V = {Tᵀy : 1ᵀy = 0} without 0.  Hence any r + 1
affinely independent rows of T, r = dim V, may stand for all of them, and y is then a function of x = Tᵀy.
The literal γ is T = I.

Two more steps change nothing.  States in no row of T have x_s = 0 and go.  Observations whose columns of E
are proportional are added up, for |c z| + |c' z| = |(c + c') z|; adding columns that are merely close is a
garbling, which can only lower the ratio, so a lower bound for the reduced form holds for the given one,
rounding included.

**How well V is known.**  Rows of T that almost agree span a direction made of their last digits.  Those no
longer than `DIRECTION` are dropped: γ is on the differences that survive the transition, and what is
dropped is at most that small next to b − b'.  For the others, if every entry of T is within η of the true
one, x is within Sη‖y‖₁ of the true x, and ‖y‖₁ <= 2√r ‖x‖₁/σ with σ the least singular value of the
differences of rows; so the ratio is off by at most twice their product: `blur`, to be taken off lower bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Reduced", "pivots", "reduce_problem"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Absolute, on rows of probabilities: what is left of a difference of rows, once the longer ones are taken out,
# counts as forgotten if it is no longer than this (Euclidean).
DIRECTION = 1e-8
# Absolute: rounding of one entry of a table of probabilities, a few units in the last place.
TABLE = 4 * 2.0**-53
# Decimal places to which two likelihood profiles agree that are added up.
PROFILE_DECIMALS = 11


@dataclass(frozen=True)
class Reduced:
    """A γ problem over V = {rowsᵀ y : 1ᵀy = 0}, with S supported states, O merged observations, r = dim V.

    The `rows` are affinely (therefore linearly) independent, so r + 1 of them span V.
    """

    emission: Floats  # [S, O], rows sum to 1, every column has a positive entry
    rows: Floats  # [r + 1, S], rows sum to 1
    row_of: Ints  # [r + 1], which row of the given T each of them is
    basis: Floats  # [S, r], orthonormal columns spanning V
    literal: bool  # rows is the identity
    blur: float  # how far rounding of T may move the ratio; 0 if literal

    @property
    def n_states(self) -> int:
        return int(self.emission.shape[0])

    @property
    def n_observations(self) -> int:
        return int(self.emission.shape[1])

    @property
    def rank(self) -> int:
        return int(self.basis.shape[1])

    @property
    def full(self) -> bool:
        """Whether V is every zero-sum vector on the supported states."""
        return self.rank == self.n_states - 1

    def ratio(self, x: Floats) -> Floats:
        """‖Eᵀx‖₁ / ‖x‖₁ for x[..., S]; inf where x = 0."""
        size = np.abs(x).sum(-1)
        seen = np.abs(x @ self.emission).sum(-1)
        return np.asarray(np.divide(seen, size, out=np.full(size.shape, np.inf), where=size > 0))

    def project(self, x: Floats) -> Floats:
        """The nearest point of V to x[S], which is in V but for rounding; x itself if literal, to keep zeros."""
        return x if self.literal else np.asarray((x @ self.basis) @ self.basis.T)

    def coefficients(self, x: Floats) -> Floats:
        """The zero-sum y[r + 1] with rowsᵀ y = x, for x[S] in V."""
        y = x if self.literal else np.linalg.lstsq(self.rows.T, x, rcond=None)[0]
        return np.asarray(y - y.mean())


def pivots(vectors: Floats, tolerance: float) -> Ints:
    """Indices of a maximal set of rows of `vectors`[k, d] that are independent, longest remainder first.

    Gram-Schmidt with row pivoting, each new direction made orthogonal twice; it stops when every remainder
    is at most `tolerance` long (absolute, Euclidean).
    """
    left = np.array(vectors, dtype=np.float64)
    chosen: list[int] = []
    directions = np.zeros((min(left.shape), left.shape[1]))
    while len(chosen) < min(left.shape):
        lengths = np.linalg.norm(left, axis=1)
        k = int(np.argmax(lengths))
        if lengths[k] <= tolerance:
            break
        known = directions[: len(chosen)]
        # orthogonalised a second time: once loses digits where rows are nearly dependent (Kahan; Parlett 1998,
        # section 6.9)
        q = left[k] - (known @ left[k]) @ known
        q /= np.linalg.norm(q)
        directions[len(chosen)] = q
        # what is left of every row after the directions chosen so far, as in a pivoted QR factorisation
        left -= np.outer(left @ q, q)
        chosen.append(k)
    return np.array(chosen, dtype=np.int64)


def _merge(emission: Floats) -> Floats:
    """`emission` with unused observations dropped and those of one likelihood profile added up."""
    weight = emission.sum(0)
    used = np.flatnonzero(weight > 0)
    profile = np.round(emission[:, used] / weight[used], PROFILE_DECIMALS)
    _, group = np.unique(profile.T, axis=0, return_inverse=True)
    merged = np.zeros((group.max() + 1, len(emission)))
    np.add.at(merged, group.ravel(), emission[:, used].T)
    return merged.T


def reduce_problem(emission: Floats, differences: Floats | None = None) -> Reduced:
    """The reduced form of γ of `emission`[S, O] on the differences of rows of `differences`[R, S] (None: I).

    Raises ValueError where a row of either is not a probability vector (absolute tolerance 1e-6) on the
    states that matter, or the shapes do not agree.
    """
    literal = differences is None
    if differences is None:
        differences = np.eye(len(emission))
        independent = np.arange(len(emission), dtype=np.int64)
    else:
        _check(differences, "differences")
        if differences.shape[1] != len(emission):
            raise ValueError(f"differences has {differences.shape[1]} columns for {len(emission)} states")
        chosen = 1 + pivots(differences[1:] - differences[0], DIRECTION)
        independent = np.concatenate([np.zeros(1, dtype=np.int64), np.sort(chosen)])
    rows = differences[independent]
    supported = np.flatnonzero(rows.any(0))
    _check(emission[supported], "emission")
    rows = rows[:, supported]
    span = (rows[1:] - rows[0]).T
    if not span.shape[1]:
        return Reduced(_merge(emission[supported]), rows, independent, np.zeros(span.shape), literal, 0.0)
    basis, triangle = np.linalg.qr(span)
    basis = np.linalg.qr(basis - basis.mean(0))[0]  # short directions carry the rounding of sums that should be 0
    blur = 0.0
    if not literal:
        size, rank = span.shape
        blur = 4 * size * TABLE * rank**0.5 / float(np.linalg.svd(triangle, compute_uv=False)[-1])
    return Reduced(_merge(emission[supported]), rows, independent, basis, literal, blur)


def _check(rows: Floats, name: str) -> None:
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"{name} must be a matrix with at least one row and one column, not {rows.shape}")
    if not (np.all(rows >= 0) and np.allclose(rows.sum(1), 1, rtol=0, atol=1e-6)):
        raise ValueError(f"a row of {name} is not a probability vector")
