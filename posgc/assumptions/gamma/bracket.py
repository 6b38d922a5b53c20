"""γ-observability of one emission matrix, as a bracket with a witness.

    γ = min over beliefs b ≠ b' of ‖Eᵀ(b − b')‖₁ / ‖b − b'‖₁        (Liu & Zhang 2023, Assumption 2)

for an emission matrix E[S, O]; equivalently the least total variation between the convex hulls of the
emission rows of two complementary groups of states.  It is 1 when every observation tells the state, 0 when
two different beliefs have the same law of observations, and NP-hard-looking in between, so what is returned
is `lower <= γ <= upper`: the upper end is the ratio of two beliefs that are handed over, the lower end a
certificate.  Given `differences` T[R, S], γ is on the differences Tᵀ(b − b') instead (see gamma_reduction).

The ways, tried in this order until the bracket closes:

1. `nothing to tell apart`: no b ≠ b' (S = 1, or all rows of T equal); γ := 1.
2. `states alike`, `dependent rows`: beliefs with equal laws; 0.
3. `disjoint supports`: no observation can come from two states; 1.
4. `one direction`: V is a line; the ratio on it.
5. `left inverse`: a lower bound by the pseudo-inverse, equal to γ where Eᵀ maps V onto every zero-sum vector,
   as for a square invertible E (gamma_certificates).
6. `bipartitions`: all of them, by linear programming with checked duals (gamma_exact).
7. `bracket`: descent for the upper end (gamma_descent); for the lower, `milp` or `least left inverse`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.gamma.certificates import (
    ROUNDING,
    attaining_direction,
    least_left_inverse,
    left_inverse_bound,
    pseudo_inverse,
)
from posgc.assumptions.gamma.descent import alike, close_pairs, dependent_direction, descend, improve
from posgc.assumptions.gamma.exact import MILP_TOLERANCE, by_bipartitions, by_milp
from posgc.assumptions.gamma.reduction import Reduced, reduce_problem

__all__ = ["EXACT", "Belief", "Effort", "GammaBracket", "gamma_bracket", "observed_ratio"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Absolute, on γ: ends of a bracket this close count as equal.
EXACT = 1e-9
# Relative to the largest entry of a direction: smaller ones are left out of the witness.
NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Belief:
    """A law with few atoms."""

    index: Ints  # ascending
    weight: Floats  # [atoms], positive, sum 1

    def dense(self, size: int) -> Floats:
        """The law over `size` points; [size]."""
        law = np.zeros(size)
        law[self.index] = self.weight
        return law


@dataclass(frozen=True)
class Effort:
    """How hard to try; all but `milp_seconds` are sizes, so that answers do not depend on the machine.

    Beyond `rows` states (or rows of T) only the first so many are looked at, for the upper end.  Branching
    is off unless asked for, because HiGHS's branch and bound now and then prints a line to standard output.
    """

    bipartition_states: int = 11  # list all bipartitions up to this many states
    milp_states: int = 0  # branch on bipartitions up to this many; 16 is about the most in 2 s (see below)
    milp_seconds: float = 2.0
    programme_entries: int = 100_000  # largest least-left-inverse programme, in S·O·r
    descent_entries: int = 40_000  # largest descent programme, in rows·O
    starts: int = 6  # close pairs, and as many random directions, from which to descend
    rows: int = 1000


@dataclass(frozen=True)
class GammaBracket:
    """What is proved of γ: lower <= γ <= upper."""

    lower: float
    upper: float
    method: str
    witness_b: Belief | None  # two beliefs whose ratio is `upper`; None where γ := 1 because there is only one
    witness_b2: Belief | None

    @property
    def exact(self) -> bool:
        """Whether the ends agree within EXACT."""
        return self.upper - self.lower <= EXACT


def observed_ratio(emission: Floats, b: Floats, b2: Floats, differences: Floats | None = None) -> float:
    """‖Eᵀx‖₁ / ‖x‖₁ for x = b − b2, or Tᵀ(b − b2) with T = `differences`, from the definition."""
    x = b - b2 if differences is None else (b - b2) @ differences
    return float(np.abs(x @ emission).sum() / np.abs(x).sum())


def gamma_bracket(
    emission: Floats | sparse.csr_array,
    differences: Floats | sparse.csr_array | None = None,
    *,
    effort: Effort | None = None,
    rng: np.random.Generator | None = None,
) -> GammaBracket:
    """Bracket γ of `emission`[S, O] on the differences of `differences`[R, S] (None: of all beliefs).

    Rows of both are laws; a row of `emission` that no row of `differences` reaches may be anything.  The
    witnesses are beliefs over the S states, over the R rows if `differences` is given.  Values up to
    `ROUNDING` are reported as 0.  Raises ValueError for rows that are not laws.
    """
    effort, rng = effort or Effort(), rng or np.random.default_rng(0)
    e = _dense(emission)
    t = None if differences is None else _dense(differences)
    # a minimum over fewer beliefs can only be larger: what is found on a part bounds γ from above alone
    partial = len(e if t is None else t) > effort.rows
    if partial:
        e, t = (e[: effort.rows], None) if t is None else (e, t[: effort.rows])
    problem = reduce_problem(e, t)
    if problem.rank == 0:
        if partial:
            return GammaBracket(0.0, 1.0, f"not decided: over {effort.rows} rows", None, None)
        return GammaBracket(1.0, 1.0, "nothing to tell apart", None, None)
    lower, x, method = _solve(problem, effort, rng)
    # the upper end is recomputed from the witness by the definition, whatever the search claimed
    upper, b, b2 = _witness(problem, x, e, t)
    if upper <= ROUNDING:
        lower = upper = 0.0
    if partial and upper > 0:
        lower, method = 0.0, f"upper end of the first {effort.rows} rows"
    return GammaBracket(min(max(0.0, lower - problem.blur), upper), upper, method, b, b2)


def _dense(matrix: Floats | sparse.csr_array) -> Floats:
    return np.asarray(matrix.toarray() if sparse.issparse(matrix) else matrix, dtype=np.float64)


def _solve(problem: Reduced, effort: Effort, rng: np.random.Generator) -> tuple[float, Floats, str]:
    """A lower bound, the best direction x[S] found, and the method."""
    for find, method in ((alike, "states alike"), (dependent_direction, "dependent rows")):
        blind = find(problem)
        if blind is not None and problem.ratio(blind) <= ROUNDING:
            return 0.0, blind, method
    pairs = close_pairs(problem, effort.starts)
    x = pairs[0]
    if np.all((problem.emission > 0).sum(0) == 1):
        return 1.0, x, "disjoint supports"
    if problem.rank == 1:
        return float(problem.ratio(x)), x, "one direction"
    left = pseudo_inverse(problem)
    lower = left_inverse_bound(problem, left)
    if problem.rank == problem.n_observations - 1:
        return lower, attaining_direction(left), "left inverse"
    listed = by_bipartitions(problem) if problem.n_states <= effort.bipartition_states else None
    if listed is not None:
        better = improve(problem, listed[1])
        return listed[0], _best(problem, [x] if better is None else [x, better]), "bipartitions"
    return _bracket(problem, effort, rng, np.vstack([pairs, attaining_direction(left)]), lower)


def _bracket(
    problem: Reduced, effort: Effort, rng: np.random.Generator, starts: Floats, lower: float
) -> tuple[float, Floats, str]:
    """Narrow the bracket from `lower` below and the directions `starts`[k, S] above, as far as the effort goes."""
    x, method = _best(problem, list(starts)), "left inverse"
    if len(problem.rows) * problem.n_observations <= effort.descent_entries:
        random = rng.standard_normal((effort.starts, problem.rank)) @ problem.basis.T
        x = _best(problem, [descend(problem, start, rng) for start in [*starts, *random]])
    # the bracket is closed: cheaper ways may spare the dearer ones
    if problem.ratio(x) - lower <= EXACT:
        return lower, x, method
    if problem.n_states <= effort.milp_states:
        bound, found = by_milp(problem, effort.milp_seconds)
        if found is not None:
            x = _best(problem, [x, descend(problem, found, rng)])
        lower, method = max((lower, method), (bound, "milp"))
    closed = problem.ratio(x) - lower <= 2 * MILP_TOLERANCE
    if not closed and problem.n_states * problem.n_observations * problem.rank <= effort.programme_entries:
        least = least_left_inverse(problem)
        bound = 0.0 if least is None else left_inverse_bound(problem, least)
        lower, method = max((lower, method), (bound, "least left inverse"))
    return lower, x, method


def _best(problem: Reduced, directions: list[Floats]) -> Floats:
    return directions[int(np.argmin(problem.ratio(np.array(directions))))]


def _witness(problem: Reduced, x: Floats, emission: Floats, differences: Floats | None) -> tuple[float, Belief, Belief]:
    """Beliefs over the rows of T with difference a multiple of x[S], and their ratio by the definition.

    Negligible weights are left out where that does not raise the ratio.
    """
    y = problem.coefficients(x)
    # weights of rounding size would make the witness longer to read and prove nothing
    tidy = np.where(np.abs(y) <= NEGLIGIBLE * np.abs(y).max(), 0.0, y)
    size = len(emission if differences is None else differences)
    found = []
    for weights in (tidy, y):
        b, b2 = _belief(problem, np.maximum(weights, 0)), _belief(problem, np.maximum(-weights, 0))
        ratio = min(1.0, observed_ratio(emission, b.dense(size), b2.dense(size), differences))
        found.append((ratio, b, b2))
    return found[0] if found[0][0] <= found[1][0] + ROUNDING else found[1]


def _belief(problem: Reduced, weight: Floats) -> Belief:
    atoms = np.flatnonzero(weight)
    return Belief(problem.row_of[atoms], weight[atoms] / weight.sum())
