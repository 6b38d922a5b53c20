"""γ of one matrix against the definition, written out plainly: bipartitions one by one, and sampled pairs."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from posgc.assumptions.gamma.bracket import Effort, GammaBracket, _solve, gamma_bracket, observed_ratio
from posgc.assumptions.gamma.certificates import ROUNDING
from posgc.assumptions.gamma.reduction import pivots, reduce_problem

SEEDS = st.integers(0, 10**6)


def hull_distance(first, second):
    """Total variation between the convex hulls of the rows of two matrices, as a primal programme."""
    k, m, o = len(first), len(second), first.shape[1]
    gap = np.vstack([first, -second]).T
    answer = linprog(
        np.r_[np.zeros(k + m), np.full(o, 0.5)],
        A_ub=np.block([[gap, -np.eye(o)], [-gap, -np.eye(o)]]),
        b_ub=np.zeros(2 * o),
        A_eq=np.array([[1.0] * k + [0.0] * (m + o), [0.0] * k + [1.0] * m + [0.0] * o]),
        b_eq=[1.0, 1.0],
    )
    return answer.fun


def plain_gamma(emission):
    """The least hull distance over the bipartitions of the states, one programme each."""
    sides = [s for s in product([True, False], repeat=len(emission)) if s[0] and not all(s)]
    return min(hull_distance(emission[np.array(s)], emission[~np.array(s)]) for s in sides)


def plain_gamma_on_differences(emission, rows):
    """γ on Tᵀ(b − b') by signs of x = Tᵀy: min ‖Eᵀx‖₁ with x of those signs and ‖x‖₁ = 1; one programme each."""
    r, s = rows.shape
    o = emission.shape[1]
    seen = (rows @ emission).T
    least = np.inf
    for signs in product([1.0, -1.0], repeat=s):
        answer = linprog(
            np.r_[np.zeros(r), np.ones(o)],
            A_ub=np.block(
                [
                    [seen, -np.eye(o)],
                    [-seen, -np.eye(o)],
                    [-np.array(signs)[:, None] * rows.T, np.zeros((s, o))],
                ]
            ),
            b_ub=np.zeros(2 * o + s),
            A_eq=np.array([np.r_[rows @ signs, np.zeros(o)], np.r_[np.ones(r), np.zeros(o)]]),
            b_eq=[1.0, 0.0],
            bounds=[(None, None)] * r + [(0, None)] * o,
        )
        if answer.status == 0:
            least = min(least, answer.fun)
    return least


def laws(rng, rows, columns, concentration=0.6):
    return rng.dirichlet(np.full(columns, concentration), rows)


def dense_witness(bracket: GammaBracket, size):
    assert bracket.witness_b is not None and bracket.witness_b2 is not None
    return bracket.witness_b.dense(size), bracket.witness_b2.dense(size)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 4), st.integers(2, 6))
def test_few_states_against_bipartitions_one_by_one(seed, states, observations):
    emission = laws(np.random.default_rng(seed), states, observations)
    bracket = gamma_bracket(emission)
    assert bracket.exact
    assert plain_gamma(emission) == pytest.approx(bracket.upper, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(2, 4), st.integers(2, 4), st.integers(2, 6))
def test_differences_against_sign_patterns_one_by_one(seed, rows, states, observations):
    rng = np.random.default_rng(seed)
    emission, spread = laws(rng, states, observations), laws(rng, rows, states)
    bracket = gamma_bracket(emission, spread)
    assert bracket.exact
    assert plain_gamma_on_differences(emission, spread) == pytest.approx(bracket.upper, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 20), st.integers(2, 24), st.booleans())
def test_no_pair_of_beliefs_beats_the_lower_end_and_the_witness_attains_the_upper(seed, states, observations, moved):
    rng = np.random.default_rng(seed)
    emission = 0.5 * laws(rng, states, observations) + 0.5 * np.eye(states, observations)
    emission /= emission.sum(1, keepdims=True)
    spread = laws(rng, int(rng.integers(2, 8)), states) if moved else None
    bracket = gamma_bracket(emission, spread, effort=Effort(starts=2))
    size = states if spread is None else len(spread)
    b, b2 = dense_witness(bracket, size)
    assert b.sum() == pytest.approx(1) and b2.sum() == pytest.approx(1) and min(b.min(), b2.min()) >= 0
    assert observed_ratio(emission, b, b2, spread) == pytest.approx(bracket.upper, abs=1e-12)
    assert 0 <= bracket.lower <= bracket.upper <= 1
    for concentration in (0.05, 0.3, 1.0):
        pairs = laws(rng, 2 * 100, size, concentration)
        for one, other in zip(pairs[:100], pairs[100:], strict=True):
            if np.abs(one - other).sum() > 1e-6:
                assert observed_ratio(emission, one, other, spread) >= bracket.lower - 1e-9


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 14), st.integers(1, 14))
def test_near_dependence_at_any_scale_never_lifts_the_lower_end_over_a_ratio(seed, near, close):
    """One row within 10^−near of a mixture of others, two transitions within 10^−close of each other."""
    rng = np.random.default_rng(seed)
    emission, spread = laws(rng, 5, 7), laws(rng, 4, 5)
    emission[0] = (1 - 10.0**-near) * (rng.dirichlet(np.ones(4)) @ emission[1:]) + 10.0**-near * emission[0]
    spread[0] = (1 - 10.0**-close) * spread[1] + 10.0**-close * spread[0]
    for differences in (None, spread):
        problem = reduce_problem(emission, differences)
        lower, x, _ = _solve(problem, Effort(), rng)
        assert problem.ratio(x) <= ROUNDING or lower <= problem.ratio(x) + problem.blur + ROUNDING


@pytest.mark.parametrize("accuracy", [0.5, 0.6, 0.75, 0.9, 1.0])
def test_symmetric_noise_on_two_states_by_hand(accuracy):
    """Rows (q, 1 − q) and (1 − q, q): total variation 2q − 1."""
    bracket = gamma_bracket(np.array([[accuracy, 1 - accuracy], [1 - accuracy, accuracy]]))
    assert bracket.exact
    assert bracket.upper == pytest.approx(2 * accuracy - 1, abs=1e-12)


@pytest.mark.parametrize("states", [3, 7, 30])
@pytest.mark.parametrize("noise", [0.1, 0.5, 0.9])
def test_uniform_noise_shrinks_all_differences_alike(states, noise):
    """E = (1 − ν) I + ν/S: on zero-sum vectors Eᵀ is (1 − ν) times the identity."""
    bracket = gamma_bracket((1 - noise) * np.eye(states) + noise / states)
    assert bracket.exact
    assert bracket.upper == pytest.approx(1 - noise, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_square_matrices_agree_by_inverse_bipartitions_and_branching(seed):
    """An unlikely extra observation makes the matrix other than square, hence takes the other roads."""
    rng = np.random.default_rng(seed)
    square = 0.5 * np.eye(6) + 0.5 * laws(rng, 6, 6)
    by_inverse = gamma_bracket(square)
    assert by_inverse.method == "left inverse" and by_inverse.exact
    tiny = 1e-12 * laws(rng, 6, 2, 5.0)
    wide = np.hstack([square, tiny]) / (1 + tiny.sum(1, keepdims=True))
    by_listing = gamma_bracket(wide)
    assert by_listing.method == "bipartitions"
    assert by_listing.upper == pytest.approx(by_inverse.upper, abs=1e-9)
    by_branching = gamma_bracket(wide, effort=Effort(bipartition_states=0, milp_states=16))
    assert by_branching.upper == pytest.approx(by_inverse.upper, abs=1e-6)
    assert by_inverse.upper - 2e-5 <= by_branching.lower <= by_inverse.upper


@pytest.mark.parametrize("seed", range(3))
def test_all_lower_ends_stay_below_gamma(seed):
    emission = laws(np.random.default_rng(seed), 8, 12)
    truth = gamma_bracket(emission)
    assert truth.method == "bipartitions"
    for effort, method in (
        (Effort(bipartition_states=0), "least left inverse"),
        (Effort(bipartition_states=0, milp_states=16), "milp"),
        (Effort(bipartition_states=0, programme_entries=0, descent_entries=0), "left inverse"),
    ):
        rough = gamma_bracket(emission, effort=effort)
        assert rough.method == method
        assert 0 < rough.lower <= truth.upper <= rough.upper + 1e-12


def test_full_observation_is_one_and_none_is_zero():
    assert gamma_bracket(np.eye(5)).lower == gamma_bracket(np.eye(5)).upper == 1
    overlap_free = np.array([[0.3, 0.7, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    assert (gamma_bracket(overlap_free).lower, gamma_bracket(overlap_free).method) == (1, "disjoint supports")
    blind = gamma_bracket(np.full((3, 4), 0.25))
    assert (blind.lower, blind.upper, blind.method) == (0, 0, "states alike")


def test_a_row_in_the_hull_of_others_gives_zero_with_beliefs_to_show():
    emission = np.array([[0.8, 0.1, 0.1], [0.2, 0.3, 0.5], [0.5, 0.2, 0.3]])
    bracket = gamma_bracket(emission)
    assert (bracket.lower, bracket.upper, bracket.method) == (0, 0, "dependent rows")
    b, b2 = dense_witness(bracket, 3)
    assert np.abs(b - b2).sum() > 0.1
    np.testing.assert_allclose(b @ emission, b2 @ emission, atol=1e-12)


def test_more_states_than_observations_is_zero():
    bracket = gamma_bracket(laws(np.random.default_rng(0), 40, 9))
    assert (bracket.lower, bracket.upper) == (0, 0)


def test_nothing_to_tell_apart_is_one_without_witness():
    for bracket in (
        gamma_bracket(np.array([[0.2, 0.8]])),
        gamma_bracket(np.array([[0.2, 0.8], [0.2, 0.8]]), np.full((2, 2), 0.5)),
    ):
        assert (bracket.lower, bracket.upper, bracket.witness_b) == (1, 1, None)


def test_identity_differences_are_the_literal_gamma():
    emission = laws(np.random.default_rng(3), 4, 6)
    literal, same = gamma_bracket(emission), gamma_bracket(emission, np.eye(4))
    assert (literal.lower, literal.upper) == pytest.approx((same.lower, same.upper), abs=1e-9)


def test_sparse_matrices_and_unsupported_states():
    emission = sparse.csr_array(np.array([[0.9, 0.1], [0.0, 0.0], [0.1, 0.9]]))
    moves = sparse.csr_array(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    assert gamma_bracket(emission, moves).upper == pytest.approx(0.8)
    with pytest.raises(ValueError, match="emission is not a probability vector"):
        gamma_bracket(emission)
    with pytest.raises(ValueError, match="2 columns for 3 states"):
        gamma_bracket(emission, np.eye(2))


def test_beyond_the_size_limit_only_the_upper_end_is_claimed():
    emission = 0.5 * np.eye(12) + 0.5 / 12
    bracket = gamma_bracket(emission, effort=Effort(rows=5))
    assert (bracket.lower, bracket.exact) == (0, False)
    assert bracket.upper == pytest.approx(0.5)
    assert "first 5 rows" in bracket.method


def test_same_seed_same_bytes():
    emission = laws(np.random.default_rng(5), 20, 30)
    one, two = (gamma_bracket(emission, rng=np.random.default_rng(7)) for _ in range(2))
    assert (one.lower, one.upper, one.method) == (two.lower, two.upper, two.method)


def test_merging_proportional_observations_and_pivoting():
    rng = np.random.default_rng(0)
    coarse = laws(rng, 3, 4)
    fine = (coarse[:, :, None] * np.array([0.3, 0.7])).reshape(3, 8)
    assert reduce_problem(fine).n_observations == 4
    assert gamma_bracket(fine).upper == pytest.approx(gamma_bracket(coarse).upper, abs=1e-9)
    low_rank = rng.standard_normal((9, 3)) @ rng.standard_normal((3, 7))
    chosen = pivots(low_rank, 1e-9)
    assert len(chosen) == 3 and np.linalg.matrix_rank(low_rank[chosen]) == 3
