import numpy as np
import pytest
from scipy.optimize import linprog
from stage_games import all_prescriptions, normal_form, prescription_value, random_stages, slow_gain

from posgc.equilibrium import CorrelatedOptions, Stages, deviation_gains, solve_correlated

DYNAMICS = CorrelatedOptions(select="any", way="regret", tolerance=1e-3)


def best_welfare(stages: Stages, k: int, kind: str) -> float:
    """Largest welfare of a CE/CCE, from mixtures of deterministic prescriptions and explicit deviations.

    CCE: one row per agent and whole deviating prescription; CE: one row per (i, p, told, done).
    """
    joint = list(all_prescriptions(stages))
    value = np.array([[prescription_value(stages, i, k, j) for j in joint] for i in range(stages.n_agents)])
    rows = []
    for i in range(stages.n_agents):
        if kind == "cce":
            for deviation in {j[i] for j in joint}:
                swapped = [(*j[:i], deviation, *j[i + 1 :]) for j in joint]
                rows.append([prescription_value(stages, i, k, s) for s in swapped] - value[i])
            continue
        for p in range(stages.type_counts[i]):
            for told in range(stages.actions[i]):
                for done in range(stages.actions[i]):
                    row = np.zeros(len(joint))
                    for c, j in enumerate(joint):
                        if j[i][p] == told:
                            changed = (*j[i][:p], done, *j[i][p + 1 :])
                            row[c] = prescription_value(stages, i, k, (*j[:i], changed, *j[i + 1 :])) - value[i, c]
                    rows.append(row)
    result = linprog(
        -value.sum(axis=0), A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=np.ones((1, len(joint))), b_eq=[1.0]
    )
    return float(-result.fun)


@pytest.mark.parametrize("kind", ["cce", "ce"])
def test_exact_mixtures_have_the_best_welfare(kind: str) -> None:
    rng = np.random.default_rng(15)
    tried = 0
    while tried < 12:
        stages = random_stages(rng, "general", 2 + tried % 2, nodes=2, max_types=2)
        if np.prod([a**p for a, p in zip(stages.actions, stages.type_counts, strict=True)]) > 150:
            continue
        tried += 1
        solution = solve_correlated(stages, kind)  # type: ignore[arg-type]
        assert (solution.gap <= 1e-8 * np.maximum(stages.span(), 1e-6)).all()
        for k in range(2):
            assert solution.value[:, k].sum() == pytest.approx(best_welfare(stages, k, kind), abs=1e-6)
            for i in range(stages.n_agents):
                assert solution.gap[i, k] == pytest.approx(slow_gain(stages, solution, i, k, kind), abs=1e-12)


@pytest.mark.parametrize("kind", ["cce", "ce"])
def test_dynamics_are_certified_and_cover_a_layer(kind: str) -> None:
    rng = np.random.default_rng(16)
    for n in (2, 3):
        stages = random_stages(rng, "general", n, nodes=20)
        solution = solve_correlated(stages, kind, DYNAMICS)  # type: ignore[arg-type]
        assert "regret 20" in solution.method
        assert np.allclose(solution.gap, deviation_gains(stages, solution, kind), atol=1e-14)  # type: ignore[arg-type]
        assert (solution.gap <= 2e-2 * stages.span() + 1e-12).all()


def test_exact_ce_welfare_is_at_most_that_of_cce() -> None:
    stages = random_stages(np.random.default_rng(17), "general", 2, nodes=50)
    ce, cce = solve_correlated(stages, "ce"), solve_correlated(stages, "cce")
    assert (ce.value.sum(axis=0) <= cce.value.sum(axis=0) + 1e-8).all()


def test_chicken_and_the_traffic_light() -> None:
    # Aumann 1974, payoffs (6,6) (2,7) (7,2) (0,0): the CE of largest welfare puts 1/2 on (C,C) and 1/4 on
    # each of (C,D), (D,C), with payoff 5.25 each
    stages = normal_form("general", [[6, 2], [7, 0]], [[6, 7], [2, 0]])
    solution = solve_correlated(stages, "ce")
    assert solution.value[:, 0] == pytest.approx([5.25, 5.25], abs=1e-9)
    assert solution.gap.max() < 1e-9
    played = {(int(a[0]), int(b[0])): float(w) for a, b, w in zip(*solution.tables, solution.weight, strict=True)}
    assert played == pytest.approx({(0, 0): 0.5, (0, 1): 0.25, (1, 0): 0.25}, abs=1e-9)


def test_battle_of_the_sexes() -> None:
    # Luce and Raiffa 1957, payoffs (2,1) and (1,2) on the diagonal: welfare 3 on either pure equilibrium
    stages = normal_form("general", [[2, 0], [0, 1]], [[1, 0], [0, 2]])
    for kind in ("cce", "ce"):
        assert solve_correlated(stages, kind).value.sum() == pytest.approx(3.0, abs=1e-9)  # type: ignore[arg-type]


def test_shapley_game() -> None:
    # Shapley 1964: fictitious play cycles; unique Nash uniform with 1/3 each; the six outcomes with payoff
    # are a CE (uniform on them, 1/2 each), where welfare 1 is the most there is
    first, second = [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    stages = normal_form("general", first, second)
    assert solve_correlated(stages, "ce").value.sum() == pytest.approx(1.0, abs=1e-9)
    for kind in ("cce", "ce"):
        solution = solve_correlated(stages, kind, DYNAMICS)  # type: ignore[arg-type]
        assert solution.gap.max() < 1e-2


def test_chsh_as_a_general_game_is_not_the_relaxation() -> None:
    # no mixture of prescriptions wins more than 3/4 (Clauser et al. 1969), the no-signalling LP would say 1
    types = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    a, b = np.meshgrid([0, 1], [0, 1], indexing="ij")
    wins = np.array([(a ^ b) == (x & y) for x, y in types.T], dtype=float)[None, None] / 4
    stages = Stages(np.repeat(wins, 2, axis=0), types, (2, 2), np.full((1, 4), 0.25), "general")
    for kind in ("cce", "ce"):
        assert solve_correlated(stages, kind).value[0, 0] == pytest.approx(0.75, abs=1e-9)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("options", [None, DYNAMICS])
def test_agents_on_different_scales(scale: float, options: CorrelatedOptions | None) -> None:
    stages = normal_form("general", scale * np.array([[6, 2], [7, 0]]), [[6, 7], [2, 0]])
    solution = solve_correlated(stages, "ce", options)
    assert (solution.gap <= 2e-3 * stages.span()).all()
    if options is None:
        assert (solution.gap <= 1e-8 * stages.span()).all()


@pytest.mark.parametrize("options", [None, DYNAMICS])
@pytest.mark.parametrize("kind", ["cce", "ce"])
def test_degenerate_stages_have_correlated_equilibria(kind: str, options: CorrelatedOptions | None) -> None:
    for table in (np.full((1, 1), 2.0), np.full((2, 3), 2.0), np.array([[1.0, 2.0]])):
        solution = solve_correlated(normal_form("general", table, table), kind, options)  # type: ignore[arg-type]
        tolerance = 1e-9 if options is None else 1e-6
        assert solution.gap.max() <= tolerance and solution.value[0, 0] == pytest.approx(2.0, abs=1e-6)


def test_common_and_zero_sum_take_their_own_road() -> None:
    common = solve_correlated(normal_form("common", [[1, 0], [0, 2]]), "ce")
    assert common.method.startswith("team") and common.value[0, 0] == 2.0
    pennies = solve_correlated(normal_form("zero_sum", [[1, -1], [-1, 1]]), "cce")
    assert pennies.method.startswith("zero-sum") and pennies.gap.max() < 1e-12


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="cce or ce"):
        solve_correlated(normal_form("common", [[1.0]]), "nash")  # type: ignore[arg-type]
