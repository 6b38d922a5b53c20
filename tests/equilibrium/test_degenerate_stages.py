"""Stages at the edge: constant, one action, impossible types, duplicate actions, payoffs and masses of any order."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from stage_games import normal_form, random_stages

from posgc.equilibrium import (
    CorrelatedOptions,
    Stages,
    StageSolution,
    ZeroSumOptions,
    deviation_gains,
    solve_correlated,
    solve_nash,
    solve_team,
    solve_zero_sum,
)
from posgc.equilibrium.cache import solve_unique
from posgc.equilibrium.solvers.blocks import solve_blocks

ZERO_SUM: dict[str, Callable[[Stages], StageSolution]] = {
    "auto": solve_zero_sum,
    "lp": lambda s: solve_zero_sum(s, ZeroSumOptions(method="lp")),
    "HiGHS": lambda s: solve_zero_sum(s, ZeroSumOptions(method="lp", max_tableau=0)),
    "regret": lambda s: solve_zero_sum(s, ZeroSumOptions(method="regret", max_rounds=2000)),
    "copied": lambda s: solve_unique(s, solve_zero_sum, "nash"),
    "nash": solve_nash,
}
OTHERS: dict[str, tuple[str, str, Callable[[Stages], StageSolution]]] = {
    "team": ("common", "nash", solve_team),
    "cce": ("general", "cce", lambda s: solve_correlated(s, "cce")),
    "ce": ("general", "ce", lambda s: solve_correlated(s, "ce")),
}
WAYS = pytest.mark.parametrize("way", ZERO_SUM)


def gap_of_span(way: str) -> float:
    """What the way promises, relative to the span: `GAP` for programmes; regret matching is stopped earlier."""
    return 1e-3 if way == "regret" else 1e-9


def assert_solved(stages: Stages, solution: StageSolution, tolerance: float, kind: str = "nash") -> None:
    span = stages.span()
    # rounding: the certificate adds up terms of the payoffs' magnitude, not of the span's
    rounding = 1e-13 * abs(stages.payoff).max(axis=tuple(range(3, stages.payoff.ndim))).sum(axis=2)
    assert (deviation_gains(stages, solution, kind) <= tolerance * span + rounding).all()  # type: ignore[arg-type]
    assert np.isfinite(solution.value).all() and np.isfinite(solution.gap).all()
    for table in solution.tables:
        if table.ndim == 3:
            assert (table >= 0).all() and np.allclose(table.sum(axis=2), 1.0, atol=1e-12)
    starts = solution.indptr[:-1]
    assert np.allclose(np.add.reduceat(solution.weight, starts), 1.0, atol=1e-12)


@WAYS
def test_all_equal_payoffs(way: str) -> None:
    for value in (0.0, -3.0, 1e9, 1e-300):
        stages = normal_form("zero_sum", np.full((3, 2), value))
        solution = ZERO_SUM[way](stages)
        assert solution.value[:, 0].tolist() == [value, -value] and (solution.gap == 0).all()


@WAYS
def test_one_action(way: str) -> None:
    # nobody, one agent, the other has a choice: the values are the entry, the maximum, the minimum
    for game, value in (([[4.0]], 4.0), ([[1.0], [7.0], [-2.0]], 7.0), ([[1.0, 7.0, -2.0]], -2.0)):
        assert ZERO_SUM[way](normal_form("zero_sum", game)).value[0, 0] == pytest.approx(value, abs=1e-2)


@WAYS
def test_looks_infeasible(way: str) -> None:
    # negative payoffs throughout, equal rows and columns, a row and a column of zeros, dominated actions
    games = [
        [[-5.0, -7.0], [-6.0, -4.0]],
        [[2.0, 2.0, -1.0], [2.0, 2.0, -1.0], [-1.0, -1.0, 2.0]],
        [[0.0, 0.0, 0.0], [0.0, 1.0, -1.0], [0.0, -1.0, 1.0]],
        [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        [[3.0, 3.0, 3.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]],
    ]
    # values: (ad - bc) / (a + d - b - c) = (20 - 42) / 4; (4 - 1) / 6; 0; 0; 3
    for game, value in zip(games, (-5.5, 0.5, 0.0, 0.0, 3.0), strict=True):
        stages = normal_form("zero_sum", game)
        solution = ZERO_SUM[way](stages)
        assert solution.value[0, 0] == pytest.approx(value, abs=gap_of_span(way) * stages.span()[0, 0] + 1e-15)
        assert_solved(stages, solution, gap_of_span(way))


@WAYS
def test_joint_types_of_no_mass(way: str) -> None:
    # every subset of the four joint types as support, among them those where an agent has one type only
    rng = np.random.default_rng(40)
    masks = np.array([[k >> u & 1 for u in range(4)] for k in range(1, 16)], dtype=float)
    weight = masks / masks.sum(axis=1, keepdims=True)
    payoff = rng.normal(size=(1, 15, 4, 3, 2)) * weight[None, :, :, None, None]
    stages = Stages(payoff, np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), (3, 2), weight, "zero_sum")
    solution = ZERO_SUM[way](stages)
    assert_solved(stages, solution, gap_of_span(way))
    assert (solution.tables[0][:, 2, 0] == 1.0).all()  # a private information that never occurs plays action 0


@WAYS
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_whole_payoffs_of_few_values(way: str, data: st.DataObject) -> None:
    # ties of every sort: several optimal vertices, degenerate bases, constant nodes among others
    counts, actions = data.draw(st.tuples(*[st.integers(1, 3)] * 2)), data.draw(st.tuples(*[st.integers(1, 3)] * 2))
    joint = counts[0] * counts[1]
    whole = hnp.arrays(np.float64, (1, 4, joint, *actions), elements=st.sampled_from([-1.0, 0.0, 1.0]))
    listed = np.stack(np.unravel_index(np.arange(joint), counts))
    weight = np.full((4, joint), 1 / joint)
    stages = Stages(data.draw(whole) / joint, listed, counts, weight, "zero_sum")
    assert_solved(stages, ZERO_SUM[way](stages), gap_of_span(way))


@WAYS
@pytest.mark.parametrize("low", [-9, -12])
def test_payoffs_of_every_order_in_one_layer_and_in_one_node(way: str, low: int) -> None:
    rng = np.random.default_rng(41)
    of_node = 10.0 ** rng.uniform(-9, 9, size=(1, 60, 1, 1, 1))
    within = 10.0 ** rng.uniform(low, 9, size=(1, 60, 4, 3, 3))
    types, weight = np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.full((60, 4), 0.25)
    for scale in (of_node, within):
        stages = Stages(scale * rng.normal(size=(1, 60, 4, 3, 3)), types, (2, 2), weight, "zero_sum")
        assert_solved(stages, ZERO_SUM[way](stages), gap_of_span(way))


@WAYS
def test_tiny_differences_on_a_large_constant(way: str) -> None:
    # the game is in the differences, here 1e-6 on 1e9: nothing but the payoff's own rounding may be lost
    rng = np.random.default_rng(42)
    payoff = 1e9 + 1e-6 * np.round(rng.normal(size=(1, 20, 1, 3, 3)), 0)
    stages = Stages(payoff, np.zeros((2, 1), dtype=int), (1, 1), np.ones((20, 1)), "zero_sum")
    solution = ZERO_SUM[way](stages)
    assert (solution.gap <= gap_of_span(way) * stages.span() + 4 * np.spacing(1e9)).all()


@WAYS
def test_eight_types_and_four_actions(way: str) -> None:
    rng = np.random.default_rng(43)
    weight = rng.dirichlet(np.ones(64), size=4)
    payoff = rng.normal(size=(1, 4, 64, 4, 4)) * weight[None, :, :, None, None]
    types = np.stack(np.unravel_index(np.arange(64), (8, 8)))
    stages = Stages(payoff, types, (8, 8), weight, "zero_sum")
    solution = ZERO_SUM[way](stages)
    assert_solved(stages, solution, gap_of_span(way))
    assert np.allclose(
        solution.value[0], solve_zero_sum(stages).value[0], atol=2 * gap_of_span(way) * stages.span().max()
    )


@WAYS
@pytest.mark.parametrize("concentration", [0.01, 0.03, 0.1])
def test_masses_down_to_1e_200(way: str, concentration: float) -> None:
    # the gap is that of the whole node: a type of mass 1e-200 may be played anyhow, but must spoil nothing
    rng = np.random.default_rng(44)
    weight = rng.dirichlet(np.full(4, concentration), size=150)
    payoff = rng.normal(size=(1, 150, 4, 3, 3)) * weight[None, :, :, None, None]
    stages = Stages(payoff, np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), (2, 2), weight, "zero_sum")
    assert_solved(stages, ZERO_SUM[way](stages), gap_of_span(way))


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_oracles_at_the_edge(name: str) -> None:
    kind, deviation, oracle = OTHERS[name]
    m = 2 if kind == "general" else 1
    rng = np.random.default_rng(45)
    masks = np.array([[k >> u & 1 for u in range(4)] for k in range(1, 16)], dtype=float)
    weight = masks / masks.sum(axis=1, keepdims=True)
    payoff = rng.normal(size=(m, 15, 4, 2, 2)) * weight[None, :, :, None, None]
    types = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    for scale in (0.0, 1e-9, 1.0, 1e9):
        stages = Stages(scale * payoff, types, (2, 2), weight, kind)  # type: ignore[arg-type]
        assert_solved(stages, oracle(stages), 1e-8, deviation)
    mixed = Stages(payoff * 10.0 ** rng.uniform(-9, 9, (1, 15, 1, 1, 1)), types, (2, 2), weight, kind)  # type: ignore[arg-type]
    assert_solved(mixed, oracle(mixed), 1e-8, deviation)
    for actions in ((1, 1), (3, 1), (1, 3)):
        one = Stages(rng.normal(size=(m, 5, 1, *actions)), np.zeros((2, 1), int), (1, 1), np.ones((5, 1)), kind)  # type: ignore[arg-type]
        assert_solved(one, oracle(one), 1e-8, deviation)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["payoff", "weight"])
def test_what_is_not_a_number_is_refused_at_the_door(value: float, where: str) -> None:
    good = random_stages(np.random.default_rng(46), "zero_sum")
    arrays = {"payoff": good.payoff.copy(), "weight": good.weight.copy()}
    arrays[where].flat[-1] = value
    with pytest.raises(ValueError, match="finite"):
        Stages(arrays["payoff"], good.types, good.type_counts, arrays["weight"], "zero_sum")


def test_a_programme_tried_again_is_the_same_programme() -> None:
    """Coefficients of 1e-9 beside 1 make HiGHS give up at first; the second try then had other coefficients."""
    a = np.array([[[0.0, 2.0, -1.0], [1.0, 0.0, -1.0]]])
    kept = a.copy()
    for one_each in (False, True):
        answer = solve_blocks(a, np.zeros(2), np.array([[0.0, 0.0, -1.0]]), np.array([[1.0, 1.0, 0.0]]), 1, one_each)
        assert np.array_equal(a, kept)
        assert answer.solved.all() and answer.primal[0] == pytest.approx([2 / 3, 1 / 3, 2 / 3])


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("select", ["welfare", "egalitarian", "max:1", "any", "entropy"])
def test_private_informations_of_very_different_weight(kind: str, select: str) -> None:
    """Payoffs of 1e-9 under one private information and of 1e9 under another."""
    rng = np.random.default_rng(70)
    for trial in range(12):
        stages = random_stages(rng, "general", 2 + trial % 2, nodes=3, max_types=2 + (trial % 2 == 0))
        scale = 10.0 ** rng.uniform(-9, 9, size=(1, 3, stages.n_types, *(1,) * stages.n_agents))
        stages = Stages(stages.payoff * scale, stages.types, stages.type_counts, stages.weight, "general")
        solution = solve_correlated(stages, kind, CorrelatedOptions(select=select))  # type: ignore[arg-type]
        assert (solution.gap <= 1e-5 * stages.span()).all()


@pytest.mark.parametrize("kind", ["team", "nash", "ce", "cce"])
def test_more_single_choices_than_numpy_has_axes(kind: str) -> None:
    """70 private informations an agent and one action each: one prescription, of 140 digits."""
    types = np.tile(np.arange(70), (2, 1))
    payoff = np.random.default_rng(0).random((2, 3, 70, 1, 1))
    mass = np.full((3, 70), 1 / 70)
    common = kind == "team"
    stages = Stages(payoff[:1] if common else payoff, types, (70, 70), mass, "common" if common else "general")
    solved = (
        {"team": solve_team, "nash": solve_nash}[kind](stages)
        if kind in ("team", "nash")
        else solve_correlated(stages, kind)
    )
    assert solved.value[0] == pytest.approx(payoff[0].sum(axis=(1, 2, 3)))
