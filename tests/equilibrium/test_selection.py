import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from stage_games import normal_form, random_stages

from posgc.equilibrium import (
    CorrelatedOptions,
    NashOptions,
    Stages,
    StageSolution,
    TeamOptions,
    TooLarge,
    ZeroSumOptions,
    solve_correlated,
)
from posgc.equilibrium.correlated.selection import parse_select

CHICKEN = ([[6, 2], [7, 0]], [[6, 7], [2, 0]])  # Aumann 1974
SEXES = ([[2, 0], [0, 1]], [[1, 0], [0, 2]])  # Luce and Raiffa 1957


def select(stages: Stages, kind: str, how: str, **options: object) -> StageSolution:
    return solve_correlated(stages, kind, CorrelatedOptions(select=how, **options))  # type: ignore[arg-type]


def small_stages(seed: int, kind: str = "general", limit: float = 800) -> Stages:
    rng = np.random.default_rng(seed)
    while True:
        stages = random_stages(rng, kind, 2 + seed % 2, nodes=3, max_types=3)
        if np.prod([float(a) ** p for a, p in zip(stages.actions, stages.type_counts, strict=True)]) <= limit:
            return stages


def test_battle_of_the_sexes_by_selection() -> None:
    # welfare 3 on either diagonal outcome; fairest 3/2 each, by a coin; an agent's best is its own outcome, 2
    stages = normal_form("general", *SEXES)
    for kind, way in itertools.product(("cce", "ce"), ("lp", "columns")):
        assert select(stages, kind, "egalitarian", way=way).value[:, 0] == pytest.approx([1.5, 1.5], abs=1e-7)
        for agent in (0, 1):
            best = select(stages, kind, f"max:{agent}", way=way)
            assert best.value[agent, 0] == pytest.approx(2.0, abs=1e-8)
            assert best.optimal is not None and best.optimal.all()


def test_entropy_of_chicken_is_the_best_of_an_independent_optimiser() -> None:
    stages = normal_form("general", *CHICKEN)
    # CE conditions by hand, w = (CC, CD, DC, DD): C told, D done gains 1 or -2; D told, C done gains -1 or 2
    rows = np.array([[1, -2, 0, 0], [0, 0, -1, 2], [1, 0, -2, 0], [0, -1, 0, 2]], dtype=float)
    other = minimize(
        lambda w: float((w * np.log(w)).sum()),
        [0.3, 0.3, 0.3, 0.1],
        bounds=[(1e-9, 1)] * 4,
        method="SLSQP",
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1}, {"type": "ineq", "fun": lambda w: -rows @ w}],
        options={"ftol": 1e-14},
    )
    found = select(stages, "ce", "entropy")
    assert found.objective is not None and found.upper is not None and found.optimal is not None
    assert found.objective[0] == pytest.approx(-other.fun, abs=1e-6)
    assert found.upper[0] == pytest.approx(-other.fun, abs=1e-6) and found.optimal.all()


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("seed", range(10))
def test_maximum_entropy_is_bounded_feasible_and_at_least_anyone_elses(kind: str, seed: int) -> None:
    stages = small_stages(seed)
    found = select(stages, kind, "entropy")
    assert (found.gap <= 1e-8 * np.maximum(stages.span(), 1e-12)).all()
    assert found.optimal is not None and found.optimal.all() and found.objective is not None
    for how in ("welfare", "egalitarian", "any"):
        other = select(stages, kind, how)
        for k in range(stages.n_nodes):
            w = other.weight[other.indptr[k] : other.indptr[k + 1]]
            assert -(w * np.log(w)).sum() <= found.objective[k] + 1e-7


def test_entropy_where_every_equilibrium_rules_columns_out() -> None:
    # prisoners' dilemma: defection is dominant, the one CE has entropy 0, its multipliers are infinite
    found = select(normal_form("general", [[3, 0], [5, 1]], [[3, 5], [0, 1]]), "ce", "entropy")
    assert found.objective is not None and found.upper is not None
    assert found.value[:, 0] == pytest.approx([1.0, 1.0], abs=1e-7) and found.upper[0] < 1e-6


def test_entropy_of_indifference_is_that_of_the_uniform_distribution() -> None:
    for kind in ("common", "zero_sum", "general"):
        tables = [np.zeros((2, 3))] * (2 if kind == "general" else 1)
        found = select(normal_form(kind, *tables), "ce", "entropy")
        assert found.objective is not None and found.objective[0] == pytest.approx(np.log(6), abs=1e-9)


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("seed", range(5))
def test_each_selection_is_best_at_its_own(kind: str, seed: int) -> None:
    stages = small_stages(seed)
    found = {how: select(stages, kind, how) for how in ("welfare", "egalitarian", "max:0", "max:1", "any")}
    slack = 1e-7 * np.maximum(stages.span().max(axis=0), 1e-12)
    for other in found.values():
        assert (other.value.sum(axis=0) <= found["welfare"].value.sum(axis=0) + slack).all()
        assert (other.value.min(axis=0) <= found["egalitarian"].value.min(axis=0) + slack).all()
        for agent in (0, 1):
            assert (other.value[agent] <= found[f"max:{agent}"].value[agent] + slack).all()
    for how, solution in found.items():
        assert (solution.gap <= 1e-8 * np.maximum(stages.span(), 1e-12)).all()
        if how != "any":
            assert solution.objective is not None and solution.upper is not None
            assert (solution.upper >= solution.objective).all()
            assert (solution.upper <= solution.objective + slack).all()


def test_egalitarian_breaks_ties_by_welfare() -> None:
    # both outcomes give the first agent 1, the worst off; the second gives the other more
    stages = normal_form("general", [[1, 1]], [[2, 2]])
    assert select(stages, "ce", "egalitarian").value[:, 0] == pytest.approx([1.0, 2.0])
    stages = normal_form("general", [[1, 0], [0, 1]], [[2, 0], [0, 5]])
    for way in ("lp", "columns"):
        assert select(stages, "ce", "egalitarian", way=way).value[:, 0] == pytest.approx([1.0, 5.0], abs=1e-6)


def test_egalitarian_with_values_far_apart() -> None:
    # the second agent is better off by 1e6 whatever happens, and plays no part in the minimum
    stages = normal_form("general", SEXES[0], np.array(SEXES[1]) + 1e6)
    found = select(stages, "ce", "egalitarian")
    assert found.value[0, 0] == pytest.approx(2.0, abs=1e-6)
    assert found.upper is not None and found.upper[0] == pytest.approx(2.0, abs=1e-6)


def test_common_and_zero_sum_by_the_general_road() -> None:
    for seed in range(3):
        common, zero = small_stages(2 * seed, "common"), small_stages(2 * seed, "zero_sum")
        for how in ("welfare", "egalitarian", "max:1"):
            for way in ("lp", "columns"):
                team, mixed = select(common, "ce", how), select(common, "ce", how, way=way)
                assert mixed.objective == pytest.approx(team.objective, abs=1e-8)
                assert mixed.upper == pytest.approx(team.upper, abs=1e-8)
                own, general = select(zero, "cce", how), select(zero, "cce", how, way=way)
                assert general.value == pytest.approx(own.value, abs=1e-7)


def test_any_takes_a_pure_equilibrium_where_there_is_one() -> None:
    assert "pure 1" in select(normal_form("general", *SEXES), "ce", "any").method
    pennies = normal_form("general", [[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    found = select(pennies, "ce", "any")
    assert "LP 1" in found.method and found.gap.max() < 1e-9
    assert found.objective is None and found.upper is None


def test_refusals_say_why() -> None:
    stages = small_stages(0)
    with pytest.raises(ValueError, match=r"max:AGENT"):
        select(stages, "ce", "fairest")
    with pytest.raises(ValueError, match="numbered 0 to"):
        select(stages, "ce", "max:9")
    with pytest.raises(TooLarge, match="select=entropy, and a stage has 4, more than 3; select=welfare"):
        select(normal_form("general", *CHICKEN), "ce", "entropy", max_columns=3)
    with pytest.raises(TooLarge, match="way=lp, and a stage has 4, more than 3; way=auto"):
        select(normal_form("general", *CHICKEN), "ce", "welfare", way="lp", max_columns=3)
    with pytest.raises(ValueError, match="listed"):
        select(normal_form("general", *CHICKEN), "ce", "entropy", way="columns")
    with pytest.raises(ValueError, match="form"):
        select(stages, "ce", "welfare", form="normal")
    with pytest.raises(ValueError, match="way"):
        select(stages, "ce", "welfare", way="guess")
    assert parse_select("max:1", 2).agent == 1


@pytest.mark.parametrize("how", ["welfare", "entropy", "any"])
def test_a_layer_without_nodes_has_an_empty_solution(how: str) -> None:
    for kind, m in (("general", 2), ("common", 1), ("zero_sum", 1)):
        stages = Stages(np.zeros((m, 0, 1, 2, 3)), np.zeros((2, 1), dtype=int), (1, 1), np.zeros((0, 1)), kind)  # type: ignore[arg-type]
        for concept in ("ce", "cce"):
            found = select(stages, concept, how)
            assert found.indptr.tolist() == [0] and len(found.weight) == 0 and found.gap.shape == (2, 0)
            assert [table.shape for table in found.tables] == [(0, 1), (0, 1)]
            assert kind != "general" or (found.objective is None) == (how == "any")


def test_limits_say_which_was_met_and_what_needs_none() -> None:
    # 3 agents with 8 private informations each, 2 actions: 2^24 joint prescriptions
    stages = Stages(
        np.zeros((3, 1, 8, 2, 2, 2)), np.tile(np.arange(8), (3, 1)), (8,) * 3, np.full((1, 8), 0.125), "general"
    )
    with pytest.raises(TooLarge, match=r"select=entropy and form=strategic, .* select=welfare and form=agent"):
        select(stages, "ce", "entropy", form="strategic")
    with pytest.raises(TooLarge, match=r"form=strategic, .* coefficients, more than 33554432; form=agent"):
        select(stages, "ce", "welfare", form="strategic", max_columns=1 << 24)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": 0},
        {"max_rounds": 0},
        {"max_columns": 0},
        {"max_pricings": 0},
        {"tolerance": np.nan},
        {"tolerance": -1.0},
        {"epsilon": np.nan},
        {"way": "regret"},
        {"select": "entropy", "way": "regret"},
        {"form": "strategic", "way": "columns"},
        {"form": "normal"},
        {"way": "guess"},
    ],
)
def test_options_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CorrelatedOptions(**wrong)  # type: ignore[arg-type]


def test_efforts_that_mean_nothing_are_refused() -> None:
    for made in (
        lambda: TeamOptions(restarts=0),
        lambda: NashOptions(restarts=-1),
        lambda: NashOptions(rounds=0),
        lambda: NashOptions(epsilon=np.nan),
        lambda: ZeroSumOptions(max_rounds=0),
    ):
        with pytest.raises(ValueError, match=r"restarts|rounds|epsilon"):
            made()
