"""Predictive regret matching+: against the loop over nodes of the benchmark, known games, and the LP."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_games import normal_form, random_stages, slow_gain

import posgc.equilibrium.zero_sum.predictive as predictive
from posgc.equilibrium import Stages, ZeroSumOptions, solve_nash, solve_zero_sum
from posgc.equilibrium.zero_sum.predictive import predictive_matching

REGRET = ZeroSumOptions(method="regret")
LP = ZeroSumOptions(method="lp")


def matrices(rng: np.random.Generator, n: int, p_1: int, a_1: int, p_2: int, a_2: int) -> np.ndarray:
    return rng.normal(size=(n, p_1, a_1, p_2, a_2))


def full_stages(rng: np.random.Generator, nodes: int, types: int, actions: int, conc: float = 1.0) -> Stages:
    joint = types * types
    weight = rng.dirichlet(np.full(joint, conc), size=nodes)
    payoff = rng.normal(size=(1, nodes, joint, actions, actions)) * weight[None, :, :, None, None]
    listed = np.stack(np.unravel_index(np.arange(joint), (types, types)))
    return Stages(payoff, listed, (types, types), weight, "zero_sum")


@pytest.fixture(scope="module")
def loops() -> ModuleType:
    """benchmarks/bench_stages.py, whose plain loops are the yardstick of the speed and the reference here."""
    path = Path(__file__).parents[2] / "benchmarks" / "bench_stages.py"
    spec = importlib.util.spec_from_file_location("bench_stages", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("limit", [0, 1 << 20])
@pytest.mark.parametrize("loop", ["node_by_node", "node_by_node_in_lists"])
def test_batch_plays_as_the_loop_over_nodes(
    loops: ModuleType, loop: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictive, "LOOP_ENTRIES", limit)  # both layouts
    rng = np.random.default_rng(30)
    for shape in ((1, 1, 1, 1), (1, 3, 1, 3), (2, 3, 3, 2), (4, 2, 1, 4)):
        matrix = matrices(rng, 5, *shape)
        run = predictive._Dynamics(matrix, np.full(5, -1.0))
        x, y = np.zeros((5, *shape[:2])), np.zeros((5, *shape[2:]))
        run.run(30, predictive.Predicted(x, y, np.full(5, np.inf), np.zeros(5, int)))
        x, y = getattr(loops, loop)(matrix, 30)
        assert np.allclose(np.moveaxis(run.first.average(), -1, 0), x, atol=1e-9)
        assert np.allclose(np.moveaxis(run.second.average(), -1, 0), y, atol=1e-9)


def test_gap_reported_is_the_gap() -> None:
    rng = np.random.default_rng(31)
    matrix = matrices(rng, 7, 3, 2, 2, 4)
    found = predictive_matching(matrix, np.linspace(0.0, 0.5, 7), 200)
    for k in range(7):
        for_x = np.einsum("abcd,cd->ab", matrix[k], found.y[k]).max(axis=1).sum()
        for_y = np.einsum("abcd,ab->cd", matrix[k], found.x[k]).min(axis=1).sum()
        assert found.gap[k] == pytest.approx(for_x - for_y, abs=1e-12)
        assert found.gap[k] <= np.linspace(0.0, 0.5, 7)[k] or found.rounds[k] == 200
    assert np.allclose(found.x.sum(axis=2), 1, atol=1e-12) and (found.x >= 0).all()
    assert np.allclose(found.y.sum(axis=2), 1, atol=1e-12) and (found.y >= 0).all()


def test_a_node_stops_at_its_own_target_whatever_its_neighbours_do() -> None:
    rng = np.random.default_rng(32)
    matrix = matrices(rng, 20, 2, 3, 2, 3)
    target = 10.0 ** rng.uniform(-6, 0, 20)
    together = predictive_matching(matrix, target, 2000)
    for k in range(20):
        alone = predictive_matching(matrix[k : k + 1], target[k : k + 1], 2000)
        assert alone.rounds[0] == together.rounds[k]
        assert alone.gap[0] == pytest.approx(together.gap[k], abs=1e-12)


@given(st.integers(0, 10_000), st.sampled_from([1e-1, 1e-3, 1e-5]))
@settings(max_examples=25, deadline=None)
def test_epsilon_is_kept_and_the_value_is_the_programmes(seed: int, tolerated: float) -> None:
    stages = random_stages(np.random.default_rng(seed), "zero_sum", nodes=4, max_types=4, max_actions=4)
    epsilon = tolerated * float(stages.span().max())
    exact = solve_zero_sum(stages, LP)
    for method in ("auto", "regret"):
        found = solve_zero_sum(stages, ZeroSumOptions(method=method, epsilon=epsilon, max_rounds=100_000))  # type: ignore[arg-type]
        assert (found.gap.sum(axis=0) <= epsilon + 1e-9 * stages.span()[0] + 1e-15).all()
        assert (abs(found.value[0] - exact.value[0]) <= epsilon + 2e-9 * stages.span()[0] + 1e-15).all()
        for k in range(4):
            for i in (0, 1):
                assert found.gap[i, k] == pytest.approx(slow_gain(stages, found, i, k, "nash"), abs=1e-12)


def test_choice_by_size_and_tolerance() -> None:
    # break-even of the module: 54 E^-1.6 spans; E = 90 (P = 2, A = 3): 4e-2; E = 1,722 (P = 8, A = 4): 4e-4
    rng = np.random.default_rng(33)
    small, large = full_stages(rng, 6, 2, 3), full_stages(rng, 6, 8, 4)
    of_span = {"small": float(small.span().min()), "large": float(large.span().max())}
    assert solve_zero_sum(small, ZeroSumOptions(epsilon=1e-3 * of_span["small"])).method == "zero-sum LP: simplex 6"
    assert solve_zero_sum(large, ZeroSumOptions(epsilon=1e-2 * of_span["large"])).method == "zero-sum: regret 6"
    assert solve_zero_sum(large).method == "zero-sum LP: simplex 6"
    assert "simplex" in solve_zero_sum(large, ZeroSumOptions(epsilon=1e-6 * of_span["large"])).method


def test_what_is_too_large_for_the_programme_is_answered_with_its_gap() -> None:
    stages = full_stages(np.random.default_rng(34), 3, 4, 3)
    found = solve_zero_sum(stages, ZeroSumOptions(max_programme=100, max_rounds=60))
    assert found.method == "zero-sum: gap above 1e-09 of the span 3"
    assert (found.gap.sum(axis=0) <= 1e-2 * stages.span()[0]).all() and (found.gap > 0).any()
    strict = ZeroSumOptions(max_programme=100, max_rounds=60, epsilon=1e-12)
    assert solve_zero_sum(stages, strict).method == "zero-sum: gap above epsilon 3"
    patient = solve_zero_sum(stages, ZeroSumOptions(max_programme=100, max_rounds=4000))
    assert (patient.gap.sum(axis=0) < found.gap.sum(axis=0)).all()
    assert (abs(patient.value[0] - solve_zero_sum(stages).value[0]) <= patient.gap.sum(axis=0)).all()


def test_rounds_that_do_not_suffice_leave_the_node_to_the_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = full_stages(np.random.default_rng(35), 4, 8, 4)
    options = ZeroSumOptions(epsilon=1e-3 * float(stages.span().min()), max_rounds=8)
    assert solve_zero_sum(stages, options).method == "zero-sum LP: simplex 4"


def test_where_no_programme_has_an_answer_regret_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = full_stages(np.random.default_rng(36), 4, 2, 3)
    monkeypatch.setattr("posgc.equilibrium.solvers.simplex._Lockstep.solve", lambda *_: 0)
    monkeypatch.setattr(sys.modules[solve_zero_sum.__module__], "solve_blocks", no_answer)
    found = solve_zero_sum(stages)
    assert found.method.startswith("zero-sum: ") and (found.gap <= 1e-4 * stages.span()).all()
    with pytest.raises(RuntimeError, match="gave up"):
        solve_zero_sum(stages, LP)


def no_answer(a: np.ndarray, b: np.ndarray, c: np.ndarray, one_each: bool = False) -> object:
    from posgc.equilibrium.solvers.blocks import Blocks

    n, rows, columns = a.shape
    return Blocks(np.zeros((n, columns)), np.zeros((n, rows)), np.zeros(n, dtype=bool), "gave up")


def test_known_games() -> None:
    # matching pennies and rock-paper-scissors: uniform play, value 0 (von Neumann 1928)
    pennies, scissors = [[1, -1], [-1, 1]], [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    for game in (pennies, scissors):
        found = solve_zero_sum(normal_form("zero_sum", game), REGRET)
        assert abs(found.value[0, 0]) < 1e-12
        assert all(np.allclose(t, 1 / len(game)) for t in found.tables)
    # 2 x 2 without a saddle point: value (ad - bc) / (a + d - b - c), first row with (d - c) / (a + d - b - c)
    found = solve_zero_sum(normal_form("zero_sum", [[3, -1], [-2, 1]]), REGRET)
    assert found.value[0, 0] == pytest.approx(1 / 7, abs=1e-8)
    assert found.tables[0][0, 0].tolist() == pytest.approx([3 / 7, 4 / 7], abs=1e-4)


@pytest.mark.parametrize("bad", [{"method": "simplex"}, {"epsilon": -1.0}, {"epsilon": np.nan}, {"epsilon": np.inf}])
def test_options_that_mean_nothing_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ZeroSumOptions(**bad)  # type: ignore[arg-type]


def test_masses_of_every_order_need_no_scaling() -> None:
    # regrets of an information set are homogeneous: tiny ones are resolved as well as large ones
    stages = full_stages(np.random.default_rng(37), 200, 2, 3, conc=0.03)
    found = solve_zero_sum(stages, ZeroSumOptions(method="regret", epsilon=1e-4 * float(stages.span().min())))
    assert (found.gap.sum(axis=0) <= 1e-4 * stages.span()[0]).all()


def test_nash_passes_the_options_on() -> None:
    from posgc.equilibrium import NashOptions

    assert "regret" in solve_nash(normal_form("zero_sum", [[2, 0], [0, 1]]), NashOptions(zero_sum=REGRET)).method
