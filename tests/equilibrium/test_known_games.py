"""Games with known equilibria, each with its source, and properties that hold on every game."""

import itertools

import numpy as np
import pytest
from stage_games import normal_form, random_stages, slow_gain, slow_value

from posgc.equilibrium import CorrelatedOptions, Stages, deviation_gains, solve_correlated, solve_zero_sum

WAYS = ("lp", "columns")


def with_signal(tables: list[np.ndarray], informed: int = 0) -> Stages:
    """A fair coin that only the informed agent sees picks the table of the first agent; the second is paid minus it."""
    types = np.array([[0, 1], [0, 0]])
    if informed:
        types = types[::-1].copy()
    payoff = np.array(tables, dtype=float)[None, None] / 2
    counts = (2, 1) if informed == 0 else (1, 2)
    return Stages(np.concatenate([payoff, -payoff]), types, counts, np.full((1, 2), 0.5), "general")


@pytest.mark.parametrize("way", WAYS)
def test_chicken_beyond_the_hull_of_nash(way: str) -> None:
    # Aumann 1974: Nash welfare is 9 (pure, twice) and 28/3 (mixed, 2/3 on C); the traffic light gives 10.5
    stages = normal_form("general", [[6, 2], [7, 0]], [[6, 7], [2, 0]])
    light = solve_correlated(stages, "ce", CorrelatedOptions(way=way))  # type: ignore[arg-type]
    assert light.value.sum() == pytest.approx(10.5, abs=1e-8) and 10.5 > 28 / 3
    assert light.gap.max() < 1e-8
    # the best for one agent is its own pure Nash outcome: no CE pays more than 7
    best = solve_correlated(stages, "ce", CorrelatedOptions(way=way, select="max:0"))  # type: ignore[arg-type]
    assert best.value[0, 0] == pytest.approx(7.0, abs=1e-8)


@pytest.mark.parametrize("way", WAYS)
def test_shapley_three_by_three(way: str) -> None:
    # Shapley 1964: uniform play is the one Nash equilibrium (1/3 each); a coin over the six paying outcomes is
    # a CE with 1/2 each, and payoffs never add to more than 1
    stages = normal_form("general", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    for kind in ("cce", "ce"):
        fair = solve_correlated(stages, kind, CorrelatedOptions(way=way, select="egalitarian"))  # type: ignore[arg-type]
        assert fair.value[:, 0] == pytest.approx([0.5, 0.5], abs=1e-7) and fair.gap.max() < 1e-8


def test_shapley_of_maximum_entropy_keeps_its_symmetry() -> None:
    # the game is symmetric under rotating all actions: so is its one equilibrium of maximum entropy
    stages = normal_form("general", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    found = solve_correlated(stages, "ce", CorrelatedOptions(select="entropy"))
    law = np.zeros((3, 3))
    law[found.tables[0][:, 0], found.tables[1][:, 0]] = found.weight
    assert law == pytest.approx(np.roll(law, (1, 1), axis=(0, 1)), abs=1e-6)


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("way", WAYS)
def test_matching_pennies_with_a_private_signal(kind: str, way: str) -> None:
    # von Neumann 1928: value 0; a coin that only relabels the informed agent's actions changes nothing
    pennies = np.array([[1, -1], [-1, 1]])
    for informed in (0, 1):
        stages = with_signal([pennies, -pennies], informed)
        found = solve_correlated(stages, kind, CorrelatedOptions(way=way))  # type: ignore[arg-type]
        assert found.value[:, 0] == pytest.approx([0.0, 0.0], abs=1e-9) and found.gap.max() < 1e-8


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("way", WAYS)
def test_seeing_the_coin_is_worth_a_quarter(kind: str, way: str) -> None:
    # Aumann and Maschler 1995, one stage of the game [[1,0],[0,0]] or [[0,0],[0,1]] by a fair coin: value
    # min(p, 1-p) = 1/2 where the row agent sees the coin, p(1-p) = 1/4 where nobody does
    tables = [np.array([[1, 0], [0, 0]]), np.array([[0, 0], [0, 1]])]
    stages = with_signal(tables)
    found = solve_correlated(stages, kind, CorrelatedOptions(way=way, select="max:1"))  # type: ignore[arg-type]
    assert found.value[0, 0] == pytest.approx(0.5, abs=1e-8)
    nobody = normal_form("zero_sum", (tables[0] + tables[1]) / 2)
    assert solve_zero_sum(nobody).value[0, 0] == pytest.approx(0.25, abs=1e-9)


def test_prisoners_dilemma_has_one_equilibrium() -> None:
    # dominance: every CE and CCE is mutual defection, whatever is selected
    stages = normal_form("general", [[3, 0], [5, 1]], [[3, 5], [0, 1]])
    for kind, select in itertools.product(("cce", "ce"), ("welfare", "egalitarian", "max:0", "any")):
        found = solve_correlated(stages, kind, CorrelatedOptions(select=select))  # type: ignore[arg-type]
        assert found.value[:, 0] == pytest.approx([1.0, 1.0], abs=1e-7)


@pytest.mark.parametrize("way", WAYS)
def test_welfare_of_ce_is_at_most_that_of_cce(way: str) -> None:
    rng = np.random.default_rng(60)
    less = 0
    plain = Stages(rng.normal(size=(2, 40, 1, 3, 3)), np.zeros((2, 1), dtype=int), (1, 1), np.ones((40, 1)), "general")
    for stages in (plain, *(random_stages(rng, "general", n, nodes=20) for n in (2, 3))):
        ce, cce = (solve_correlated(stages, k, CorrelatedOptions(way=way)) for k in ("ce", "cce"))  # type: ignore[arg-type]
        gain = cce.value.sum(axis=0) - ce.value.sum(axis=0)
        assert (gain >= -1e-8).all()
        less += int((gain > 1e-2).sum())
        assert (deviation_gains(stages, ce, "cce") <= 1e-8 * np.maximum(stages.span(), 1e-9)).all()
    assert less > 0  # strictly larger sets (Moulin and Vial 1978)


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_the_gap_of_the_dynamics_is_what_they_report(kind: str, n: int, seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    stages = random_stages(rng, "general", n, nodes=2, max_types=4 if n == 2 else 2, max_actions=4 if n == 2 else 3)
    options = CorrelatedOptions("any", way="regret", rounds=16, max_rounds=16)
    found = solve_correlated(stages, kind, options)  # type: ignore[arg-type]
    assert "regret 2" in found.method and found.optimal is None
    for i in range(n):
        for k in range(2):
            assert slow_gain(stages, found, i, k, kind) <= found.gap[i, k] + 1e-12
            assert found.value[i, k] == pytest.approx(slow_value(stages, found, i, k), abs=1e-12)


@pytest.mark.parametrize("kind", ["cce", "ce"])
def test_the_gap_of_the_dynamics_with_three_agents_of_four_types_and_four_actions(kind: str) -> None:
    # few rounds: the plain way visits every component, u and joint action
    rng = np.random.default_rng(2000)
    stages = random_stages(rng, "general", 3, nodes=1, max_types=4, max_actions=4)
    options = CorrelatedOptions("any", way="regret", rounds=4, max_rounds=4)
    found = solve_correlated(stages, kind, options)  # type: ignore[arg-type]
    for i in range(3):
        assert slow_gain(stages, found, i, 0, kind) <= found.gap[i, 0] + 1e-12
