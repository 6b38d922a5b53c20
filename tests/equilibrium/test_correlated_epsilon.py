"""`epsilon` of CE and CCE: gaps within it, what is selected within it of the best, and less work for it."""

import numpy as np
import pytest
from stage_games import random_stages
from test_columns import full_stages

from posgc.equilibrium import CorrelatedOptions, Stages, deviation_gains, solve_correlated

TOLERATED = (1e-6, 1e-3, 1e-2, 1e-1, 1.0)
"""Of the stages' largest span."""
SLOW = pytest.mark.slow


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize(
    "select", ["welfare", pytest.param("egalitarian", marks=SLOW), pytest.param("max:1", marks=SLOW), "any"]
)
def test_gap_and_selection_are_within_epsilon(kind: str, select: str) -> None:
    rng = np.random.default_rng(60)
    for trial in range(6):
        stages = random_stages(rng, "general", 2 + trial % 2, nodes=3, max_types=3 - trial % 2)
        best = solve_correlated(stages, kind, CorrelatedOptions(select=select, way="lp"))  # type: ignore[arg-type]
        span = stages.span()
        for tolerated in TOLERATED:
            epsilon = tolerated * float(span.max())
            for way in ("auto", "lp", "columns"):
                options = CorrelatedOptions(select=select, way=way, epsilon=epsilon)  # type: ignore[arg-type]
                found = solve_correlated(stages, kind, options)  # type: ignore[arg-type]
                assert (found.gap <= epsilon + 1e-8 * span).all()
                assert "gap above" not in found.method
                assert np.allclose(deviation_gains(stages, found, kind), found.gap)  # type: ignore[arg-type]
                if select != "any":
                    assert found.objective is not None and best.objective is not None and found.upper is not None
                    near = 1e-7 * span.sum(axis=0)
                    assert (found.objective >= best.objective - epsilon - near).all()
                    assert (found.upper >= best.objective - near).all()


@pytest.mark.parametrize("kind", ["cce", "ce"])
def test_regret_dynamics_stop_at_epsilon(kind: str) -> None:
    stages = full_stages(12, 2, 4, 3, nodes=6)
    span = stages.span()
    for tolerated in (1e-4, 1e-2, 0.3):
        epsilon = tolerated * float(span.min())
        options = CorrelatedOptions(select="any", way="regret", rounds=2, max_rounds=2048, epsilon=epsilon)
        found = solve_correlated(stages, kind, options)  # type: ignore[arg-type]
        above = (found.gap > epsilon + 1e-9 * span).any(axis=0).sum()
        assert found.method == f"{kind}: regret 6" + (f", gap above epsilon {above}" if above else "")
        assert tolerated < 1e-2 or not above
    loose = CorrelatedOptions(select="any", way="regret", rounds=2, epsilon=float(span.max()))
    assert np.diff(solve_correlated(stages, kind, loose).indptr).max() <= 2  # type: ignore[arg-type]


def test_what_is_out_of_reach_is_counted() -> None:
    stages = full_stages(13, 2, 4, 3, nodes=4)
    options = CorrelatedOptions(select="any", way="regret", rounds=2, max_rounds=2, epsilon=1e-6)
    assert solve_correlated(stages, "ce", options).method == "ce: regret 4, gap above epsilon 4"


def test_fewer_columns_are_enough() -> None:
    stages = full_stages(14, 2, 6, 3, nodes=1)
    exact = solve_correlated(stages, "ce", CorrelatedOptions(way="columns"))
    near = solve_correlated(stages, "ce", CorrelatedOptions(way="columns", epsilon=0.02 * float(stages.span().min())))
    assert exact.method == "ce: columns 1" and near.method == "ce: columns within epsilon 1"
    assert near.optimal is not None and not near.optimal.any()
    assert near.upper is not None and exact.objective is not None and near.objective is not None
    assert near.objective[0] <= near.upper[0] and exact.objective[0] <= near.upper[0] + 1e-7


def test_a_pure_equilibrium_up_to_epsilon_will_do() -> None:
    # matching pennies with a little for everybody: every pure profile leaves one agent a gain of 0.1
    pennies = np.array([[1.0, 0.0], [0.0, 1.0]])
    payoff = np.stack([0.1 * pennies, 0.1 * (1 - pennies)])[:, None, None]
    stages = Stages(payoff, np.zeros((2, 1), dtype=int), (1, 1), np.ones((1, 1)), "general")
    assert solve_correlated(stages, "cce", CorrelatedOptions(select="any", epsilon=0.09)).method == "cce: LP 1"
    assert solve_correlated(stages, "cce", CorrelatedOptions(select="any", epsilon=0.11)).method == "cce: pure 1"


@pytest.mark.parametrize("kind", ["common", "zero_sum"])
def test_shortcuts_take_epsilon_along(kind: str) -> None:
    rng = np.random.default_rng(61)
    for _ in range(5):
        stages = random_stages(rng, kind, nodes=4, max_types=3)
        epsilon = 0.01 * float(stages.span().max())
        found = solve_correlated(stages, "ce", CorrelatedOptions(epsilon=epsilon))
        assert (found.gap <= epsilon + 1e-9 * stages.span()).all()
    large = full_stages(15, 2, 8, 4, nodes=2)
    zero_sum = Stages(large.payoff[:1], large.types, large.type_counts, large.weight, "zero_sum")
    loose = CorrelatedOptions(epsilon=0.02 * float(zero_sum.span().min()))
    assert "regret 2" in solve_correlated(zero_sum, "cce", loose).method


def test_copies_keep_an_absolute_epsilon() -> None:
    rng = np.random.default_rng(62)
    base = full_stages(16, 2, 3, 3, nodes=1)
    scale = 10.0 ** rng.uniform(-3, 3, 6)
    payoff = base.payoff * scale[:, None, None, None]
    stages = Stages(payoff, base.types, base.type_counts, np.repeat(base.weight, 6, axis=0), "general")
    epsilon = 0.05 * float(stages.span().max())
    found = solve_correlated(stages, "ce", CorrelatedOptions(way="columns", epsilon=epsilon))
    assert "copied 5" in found.method and (found.gap <= epsilon + 1e-9 * stages.span()).all()


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_no_epsilon_to_speak_of(wrong: float) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        CorrelatedOptions(epsilon=wrong)
