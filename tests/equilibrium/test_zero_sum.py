import numpy as np
import pytest
from scipy.optimize import linprog
from stage_games import all_prescriptions, normal_form, prescription_value, random_stages

from posgc.equilibrium import Stages, ZeroSumOptions, deviation_gains, solve_nash, solve_zero_sum

HIGHS = ZeroSumOptions(max_tableau=0)


def value_in_normal_form(stages: Stages, k: int) -> float:
    """max v s.t. every deterministic prescription of the second agent leaves v, in full normal form."""
    joint = list(all_prescriptions(stages))
    first, second = (list(dict.fromkeys(j[i] for j in joint)) for i in (0, 1))
    matrix = np.array([[prescription_value(stages, 0, k, (f, s)) for s in second] for f in first])
    result = linprog(
        np.r_[np.zeros(len(first)), -1.0],
        A_ub=np.c_[-matrix.T, np.ones(len(second))],
        b_ub=np.zeros(len(second)),
        A_eq=np.r_[np.ones(len(first)), 0.0][None],
        b_eq=[1.0],
        bounds=[(0, None)] * len(first) + [(None, None)],
    )
    return float(result.x[-1])


@pytest.mark.parametrize("options", [None, HIGHS])
@pytest.mark.parametrize("integer", [False, True])
def test_value_is_that_of_the_normal_form(options: ZeroSumOptions | None, integer: bool) -> None:
    rng = np.random.default_rng(9)
    for _ in range(15):
        stages = random_stages(rng, "zero_sum", nodes=3, integer=integer)
        solution = solve_zero_sum(stages, options)
        assert (solution.gap <= 1e-9 * stages.span() + 1e-15).all()
        for k in range(3):
            assert solution.value[0, k] == pytest.approx(value_in_normal_form(stages, k), abs=1e-7)
        assert np.allclose(solution.value[0], -solution.value[1], atol=1e-12)


def test_matching_pennies() -> None:
    # value 0, both (1/2, 1/2): von Neumann 1928
    solution = solve_nash(normal_form("zero_sum", [[1, -1], [-1, 1]]))
    assert np.allclose(solution.tables[0], 0.5) and np.allclose(solution.tables[1], 0.5)
    assert abs(solution.value[0, 0]) < 1e-12


def test_rock_paper_scissors() -> None:
    # value 0, uniform play is the only equilibrium
    solution = solve_nash(normal_form("zero_sum", [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]))
    assert np.allclose(solution.tables[0], 1 / 3) and np.allclose(solution.tables[1], 1 / 3)


def test_matching_pennies_with_a_signal() -> None:
    # the second agent sees the coin that doubles the stake, the first does not: by symmetry the value is 0
    types = np.array([[0, 0], [0, 1]])
    payoff = np.array([[[1, -1], [-1, 1]], [[2, -2], [-2, 2]]]) / 2
    solution = solve_zero_sum(Stages(payoff[None, None], types, (1, 2), np.full((1, 2), 0.5), "zero_sum"))
    assert abs(solution.value[0, 0]) < 1e-12 and np.allclose(solution.tables[0], 0.5)


@pytest.mark.parametrize("options", [None, HIGHS])
@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_scale_does_not_matter(scale: float, options: ZeroSumOptions | None) -> None:
    rng = np.random.default_rng(10)
    stages = random_stages(rng, "zero_sum", nodes=30)
    scaled = Stages(scale * stages.payoff, stages.types, stages.type_counts, stages.weight, "zero_sum")
    solution = solve_zero_sum(scaled, options)
    assert (solution.gap <= 1e-9 * scaled.span() + 1e-15 * scale).all()
    assert np.allclose(solution.value[0] / scale, solve_zero_sum(stages).value[0], atol=1e-9)


def test_mixed_scales_in_one_layer() -> None:
    rng = np.random.default_rng(11)
    scale = 10.0 ** rng.integers(-9, 10, size=(1, 200, 1, 1, 1))
    stages = Stages(
        scale * rng.normal(size=(1, 200, 1, 3, 3)), np.zeros((2, 1), dtype=int), (1, 1), np.ones((200, 1)), "zero_sum"
    )
    assert (solve_zero_sum(stages).gap <= 1e-9 * stages.span()).all()


def test_degenerate_layers() -> None:
    rng = np.random.default_rng(12)
    payoff = rng.integers(0, 2, size=(1, 3000, 4, 3, 3)).astype(float) / 4
    payoff[:, :100] = 0.25
    types = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    stages = Stages(payoff, types, (2, 2), np.full((3000, 4), 0.25), "zero_sum")
    solution = solve_zero_sum(stages)
    assert (solution.gap <= 1e-9).all() and "constant 100" in solution.method
    assert (solution.value[0, :100] == 1.0).all()
    one = solve_zero_sum(normal_form("zero_sum", [[-2.0]]))
    assert one.value.tolist() == [[-2.0], [2.0]]


def test_prescriptions_are_distributions_and_absent_types_play_zero() -> None:
    rng = np.random.default_rng(13)
    payoff = np.zeros((1, 50, 2, 3, 3))
    payoff[:, :, 1] = rng.normal(size=(1, 50, 3, 3))
    weight = np.tile([0.0, 1.0], (50, 1))
    solution = solve_zero_sum(Stages(payoff, np.array([[0, 1], [0, 1]]), (2, 2), weight, "zero_sum"))
    for table in solution.tables:
        assert (table >= 0).all() and np.allclose(table.sum(axis=2), 1.0, atol=1e-15)
        assert (table[:, 0] == [1.0, 0.0, 0.0]).all()


def test_what_the_simplex_leaves_goes_to_highs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(14)
    stages = Stages(
        rng.normal(size=(1, 40, 1, 3, 3)), np.zeros((2, 1), dtype=int), (1, 1), np.ones((40, 1)), "zero_sum"
    )
    monkeypatch.setattr("posgc.equilibrium.solvers.simplex._Lockstep.solve", lambda *_: 0)
    solution = solve_zero_sum(stages)
    assert "HiGHS" in solution.method and "simplex" not in solution.method
    assert (deviation_gains(stages, solution, "nash") <= 1e-9 * stages.span()).all()


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="zero_sum"):
        solve_zero_sum(normal_form("common", [[1.0]]))


@pytest.mark.parametrize("options", [None, HIGHS])
def test_joint_types_of_very_different_mass(options: ZeroSumOptions | None) -> None:
    # weights down to 1e-200: ratio tests and solver tolerances see ranges of every order within one node
    rng = np.random.default_rng(5)
    weight = rng.dirichlet(np.full(4, 0.03), size=300)
    payoff = rng.normal(size=(1, 300, 4, 3, 3)) * weight[None, :, :, None, None]
    stages = Stages(payoff, np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), (2, 2), weight, "zero_sum")
    solution = solve_zero_sum(stages, options)
    assert (solution.gap <= 1e-7 * stages.span()).all()
    assert np.allclose(solution.value[0], solve_zero_sum(stages).value[0], atol=1e-7)
