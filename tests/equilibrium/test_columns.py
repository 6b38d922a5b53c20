import itertools

import numpy as np
import pytest
from stage_games import random_stages

from posgc.equilibrium import CorrelatedOptions, Stages, solve_correlated
from posgc.equilibrium.correlated.listed import listing
from posgc.equilibrium.correlated.master import balanced, exchanges, price
from posgc.equilibrium.correlated.programme import by_agent


def full_stages(seed: int, n: int, types: int, actions: int, nodes: int = 2) -> Stages:
    rng = np.random.default_rng(seed)
    listed = np.array(list(itertools.product(range(types), repeat=n))).T
    weight = rng.dirichlet(np.ones(listed.shape[1]), size=nodes)
    payoff = rng.normal(size=(n, nodes, listed.shape[1], *(actions,) * n))
    return Stages(payoff * weight.reshape(1, nodes, -1, *(1,) * n), listed, (types,) * n, weight, "general")


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("select", ["welfare", "egalitarian", "max:1"])
def test_generated_columns_reach_what_all_columns_do(kind: str, select: str) -> None:
    rng = np.random.default_rng(30)
    for trial in range(8):
        stages = random_stages(rng, "general", 2 + trial % 2, nodes=3, max_types=3 - trial % 2)
        listed, generated = (
            solve_correlated(stages, kind, CorrelatedOptions(select=select, way=way))  # type: ignore[arg-type]
            for way in ("lp", "columns")
        )
        assert generated.objective == pytest.approx(listed.objective, abs=1e-7)
        if select == "egalitarian":
            assert generated.value.sum(axis=0) == pytest.approx(listed.value.sum(axis=0), abs=1e-6)
        assert generated.optimal is not None and generated.optimal.all()
        assert (generated.gap <= 1e-8 * np.maximum(stages.span(), 1e-12)).all()


@pytest.mark.parametrize("kind", ["cce", "ce"])
def test_local_prices_are_the_lagrangian_of_every_column(kind: str) -> None:
    # the price of g summed over u against objective minus multipliers times the rows of the whole programme
    rng = np.random.default_rng(31)
    for n in (2, 3):
        stages = full_stages(int(rng.integers(100)), n, 2, 2)
        payoff = [stages.of_agent(i)[0] for i in range(n)]
        game = listing(payoff, stages.types, kind)  # type: ignore[arg-type]
        shapes = game.shapes
        paid = balanced(rng.exponential(size=game.columns.rows.shape[:2]), shapes, kind)
        counted = rng.normal(size=(n, 2))
        local = price(payoff, exchanges(by_agent(paid, shapes, kind), counted), stages.types)
        expected = np.einsum("ic,ick->ck", counted, game.columns.value)
        expected -= np.einsum("cr,crk->ck", paid, game.columns.rows)
        for k in range(len(game.chosen[0])):
            at = [table[k][row] for table, row in zip(game.chosen, stages.types, strict=True)]
            mine = local[:, np.arange(stages.n_types), *at].sum(axis=1)
            assert mine == pytest.approx(expected[:, k], abs=1e-11)


def test_a_large_stage_is_solved_and_proven() -> None:
    # 3^6 * 3^6 = 531,441 joint prescriptions, beyond listing
    stages = full_stages(7, 2, 6, 3, nodes=1)
    for select in ("welfare", "egalitarian"):
        found = solve_correlated(stages, "cce", CorrelatedOptions(select=select))
        assert found.method == "cce: columns 1" and found.optimal is not None and found.optimal.all()
        assert (found.gap <= 1e-8 * stages.span()).all()


def test_a_run_stopped_early_says_within_what_it_is_optimal() -> None:
    stages = full_stages(8, 2, 3, 3, nodes=3)
    best = solve_correlated(stages, "ce", CorrelatedOptions(way="lp"))
    early = solve_correlated(stages, "ce", CorrelatedOptions(way="columns", max_pricings=2))
    assert "columns stopped" in early.method
    assert early.optimal is not None and not early.optimal.all()
    assert early.upper is not None and best.objective is not None
    assert (early.upper >= best.objective - 1e-9).all()


def test_auto_falls_back_on_dynamics_where_columns_admit_no_equilibrium() -> None:
    stages = full_stages(9, 2, 4, 3, nodes=4)
    found = solve_correlated(stages, "ce", CorrelatedOptions(max_pricings=1))
    assert "regret" in found.method
    assert (found.gap <= 1e-2 * stages.span()).all()
    assert found.upper is not None and found.objective is not None and (found.upper >= found.objective).all()
    best = solve_correlated(stages, "ce")
    # the crude bound on what regret dynamics do not search for is a bound
    assert best.objective is not None and (found.upper >= best.objective - 1e-9).all()


def test_same_stages_same_answer() -> None:
    stages = full_stages(10, 2, 3, 3, nodes=3)
    one, two = (solve_correlated(stages, "ce", CorrelatedOptions(way="columns")) for _ in range(2))
    assert np.array_equal(one.weight, two.weight)
    assert all(np.array_equal(a, b) for a, b in zip(one.tables, two.tables, strict=True))


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_columns_on_extreme_scales(scale: float) -> None:
    small = full_stages(11, 2, 2, 3)
    stages = Stages(scale * small.payoff, small.types, small.type_counts, small.weight, "general")
    one, many = (solve_correlated(s, "ce", CorrelatedOptions(way="columns")) for s in (small, stages))
    assert many.objective == pytest.approx(scale * one.objective, rel=1e-7)  # type: ignore[operator]
    assert (many.gap <= 1e-8 * stages.span()).all()
