"""General-sum stages: known games, random stages against plain definitions, and what is claimed of them."""

import itertools

import numpy as np
import pytest
from stage_games import all_prescriptions, normal_form, prescription_value, random_stages, slow_gain

from posgc.equilibrium import NashOptions, NotTractable, Stages, StageSolution, solve_nash
from posgc.equilibrium.solvers.lcp import batched_lemke

MIXED = NashOptions(max_profiles=0)  # no search among pure profiles: two agents by complementarity alone


def counts(solution: StageSolution) -> dict[str, int]:
    ways = solution.method.removeprefix("nash: ").split(", ")
    return {name: int(count) for name, _, count in (way.rpartition(" ") for way in ways)}


def one_step(rng: np.random.Generator, n: int, nodes: int, actions: int) -> Stages:
    """Random stages without private information."""
    payoff = rng.normal(size=(n, nodes, 1, *(actions,) * n))
    return Stages(payoff, np.zeros((n, 1), dtype=int), (1,) * n, np.ones((nodes, 1)), "general")


def relative(stages: Stages, solution: StageSolution) -> float:
    span = stages.span()
    return float((solution.gap / np.where(span > 0, span, 1.0)).max())


def test_battle_of_the_sexes() -> None:
    # Luce and Raiffa 1957: two pure equilibria, and (2/3, 1/3), (1/3, 2/3) worth 2/3 to both
    stages = normal_form("general", [[2, 0], [0, 1]], [[1, 0], [0, 2]])
    pure = solve_nash(stages)
    assert pure.method == "nash: pure 1" and sorted(pure.value[:, 0]) == [1.0, 2.0]
    assert relative(stages, solve_nash(stages, MIXED)) <= 1e-14


def test_shapleys_game() -> None:
    # Shapley 1964: fictitious play cycles; the only equilibrium is uniform
    stages = normal_form("general", [[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    solution = solve_nash(stages)
    assert solution.method == "nash: exact 1"
    assert all(np.allclose(table, 1 / 3, atol=1e-12) for table in solution.tables)


def test_chicken() -> None:
    # Aumann 1974, section 2: pure (7, 2) and (2, 7); mixed: dare with 1/3, worth 14/3 to both
    stages = normal_form("general", [[6, 2], [7, 0]], [[6, 7], [2, 0]])
    assert sorted(solve_nash(stages).value[:, 0]) == [2.0, 7.0]
    mixed = solve_nash(stages, MIXED)
    assert relative(stages, mixed) <= 1e-14
    assert sorted(np.round(mixed.value[:, 0], 9)) in ([2.0, 7.0], [4.666666667, 4.666666667])


def test_the_best_pure_equilibrium_is_taken() -> None:
    stages = normal_form("general", [[1, 0], [0, 3]], [[1, 0], [0, 3]])
    assert solve_nash(stages).tables[0][0, 0].tolist() == [0.0, 1.0]


def test_three_agents_without_a_pure_equilibrium() -> None:
    # Jordan 1993: everyone wants to match the next, the last to mismatch the first; (1/2, 1/2) is the only one
    payoff = np.zeros((3, 2, 2, 2))
    for a in itertools.product(range(2), repeat=3):
        payoff[(0, *a)], payoff[(1, *a)], payoff[(2, *a)] = a[0] == a[1], a[1] == a[2], a[2] != a[0]
    solution = solve_nash(normal_form("general", *payoff))
    assert solution.method == "nash: exact 1" and solution.gap.max() <= 1e-9
    assert all(np.allclose(table, 0.5, atol=1e-8) for table in solution.tables)


def test_three_agents_mostly_get_an_equilibrium() -> None:
    found = counts(solve_nash(one_step(np.random.default_rng(31), 3, 60, 2)))
    assert found.get("approximate", 0) <= 1 and sum(found.values()) == 60


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("options", [NashOptions(), MIXED])
def test_two_agents_are_solved_exactly(options: NashOptions, integer: bool) -> None:
    rng = np.random.default_rng(32)
    for _ in range(25):
        stages = random_stages(rng, "general", 2, nodes=6, max_types=4, max_actions=4, integer=integer)
        solution = solve_nash(stages, options)
        assert "approximate" not in counts(solution)
        assert relative(stages, solution) <= 1e-9
        for i, k in itertools.product(range(2), range(6)):
            assert slow_gain(stages, solution, i, k, "nash") == pytest.approx(solution.gap[i, k], abs=1e-12)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("integer", [False, True])
def test_pure_equilibria_are_those_of_the_definition(n: int, integer: bool) -> None:
    rng = np.random.default_rng(33)
    checked = 0
    while checked < 12:
        stages = random_stages(rng, "general", n, nodes=2, max_types=2, max_actions=3, integer=integer)
        joint = list(all_prescriptions(stages))
        if len(joint) > 250:
            continue
        checked += 1
        solution = solve_nash(stages)
        for k in range(2):
            value = {j: [prescription_value(stages, i, k, j) for i in range(n)] for j in joint}
            best = max((sum(value[j]) for j in joint if stable(value, j, n)), default=None)
            if best is not None:
                assert sum(solution.value[:, k]) == pytest.approx(best, abs=1e-9)
                assert all(((table[k] == 0) | (table[k] == 1)).all() for table in solution.tables)


def stable(value: dict[tuple[tuple[int, ...], ...], list[float]], j: tuple[tuple[int, ...], ...], n: int) -> bool:
    return all(
        value[other][i] <= value[j][i] + 1e-12
        for i in range(n)
        for other in value
        if all(other[l] == j[l] for l in range(n) if l != i)
    )


@pytest.mark.parametrize("n", [3, 4])
def test_many_agents_get_no_more_claimed_than_found(n: int) -> None:
    rng = np.random.default_rng(34)
    for options in (NashOptions(restarts=2), NashOptions(max_profiles=0, restarts=2), NashOptions(max_rows=0)):
        stages = random_stages(rng, "general", n, nodes=4, max_types=2)
        solution = solve_nash(stages, options)
        found = counts(solution)
        large = (solution.gap > 2e-9 * stages.span() + 1e-15).any(axis=0).sum()
        assert sum(found.values()) == 4 and found.get("approximate", 0) >= large
        for i, k in itertools.product(range(n), range(4)):
            assert slow_gain(stages, solution, i, k, "nash") == pytest.approx(solution.gap[i, k], abs=1e-12)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_payoffs_of_every_order(scale: float) -> None:
    rng = np.random.default_rng(35)
    stages = random_stages(rng, "general", nodes=30)
    own = np.array([scale, 1.0]).reshape(2, *(1,) * (stages.payoff.ndim - 1))
    scaled = Stages(own * stages.payoff, stages.types, stages.type_counts, stages.weight, "general")
    for options in (NashOptions(), MIXED):
        assert relative(scaled, solve_nash(scaled, options)) <= 1e-9


def test_joint_types_of_very_different_mass() -> None:
    rng = np.random.default_rng(36)
    weight = rng.dirichlet(np.full(4, 0.03), size=200)
    payoff = rng.normal(size=(2, 200, 4, 3, 3)) * weight[None, :, :, None, None]
    stages = Stages(payoff, np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), (2, 2), weight, "general")
    for options in (NashOptions(), MIXED):
        assert relative(stages, solve_nash(stages, options)) <= 1e-9


def test_degenerate_stages() -> None:
    flat = solve_nash(normal_form("general", np.full((2, 3), 7.0), np.full((2, 3), -1.0)), MIXED)
    assert flat.value.ravel().tolist() == pytest.approx([7.0, -1.0]) and flat.gap.max() <= 1e-14
    one = solve_nash(normal_form("general", [[3.0]], [[4.0]]))
    assert one.value.ravel().tolist() == [3.0, 4.0] and one.gap.max() == 0.0
    alone = solve_nash(
        Stages(np.array([[[[1.0, 5.0, 2.0]]]]), np.zeros((1, 1), dtype=int), (1,), np.ones((1, 1)), "general")
    )
    assert alone.value[0, 0] == 5.0 and alone.gap.max() == 0.0


def test_absent_private_information_plays_action_zero() -> None:
    rng = np.random.default_rng(37)
    payoff = np.zeros((2, 20, 2, 3, 3))
    payoff[:, :, 1] = rng.normal(size=(2, 20, 3, 3))
    stages = Stages(payoff, np.array([[0, 1], [0, 1]]), (2, 3), np.tile([0.0, 1.0], (20, 1)), "general")
    solution = solve_nash(stages)
    for table in solution.tables:
        assert np.allclose(table.sum(axis=2), 1.0, atol=1e-15) and (table[:, 0] == [1.0, 0.0, 0.0]).all()


def test_what_is_refused() -> None:
    stages = one_step(np.random.default_rng(38), 3, 20, 3)
    with pytest.raises(NotTractable, match="PPAD"):
        solve_nash(stages, NashOptions(general="refuse"))
    hopeless = NashOptions(general="exact", max_rows=0, restarts=0, rounds=8)
    with pytest.raises(NotTractable, match="gap of up to"):
        solve_nash(stages, hopeless)
    loose = solve_nash(stages, NashOptions(general="exact", max_rows=0, restarts=0, rounds=8, epsilon=100.0))
    assert counts(loose)["approximate"] >= 1
    for wrong in ({"epsilon": -1.0}, {"epsilon": float("nan")}, {"general": "maybe"}, {"rounds": 0}):
        with pytest.raises(ValueError):
            NashOptions(**wrong)  # type: ignore[arg-type]


def test_a_tolerated_gap_saves_work() -> None:
    stages = one_step(np.random.default_rng(39), 3, 50, 3)
    assert solve_nash(stages, NashOptions(epsilon=0.2, restarts=0)).gap.max() <= 0.2


@pytest.mark.parametrize(("n", "options"), [(2, NashOptions()), (3, NashOptions()), (3, NashOptions(max_profiles=0))])
def test_the_same_stages_get_the_same_answer_in_any_company(n: int, options: NashOptions) -> None:
    stages = one_step(np.random.default_rng(40), n, 9, 3)
    some = Stages(stages.payoff[:, 3:6], stages.types, (1,) * n, stages.weight[3:6], "general")
    whole, part = solve_nash(stages, options), solve_nash(some, options)
    for a, b in zip(whole.tables, part.tables, strict=True):
        assert np.allclose(a[3:6], b, atol=1e-9)


def test_complementarity_problems_are_solved() -> None:
    # random P-matrices (diagonally dominant): one solution each, which Lemke's algorithm finds (Cottle et al. 1992)
    rng = np.random.default_rng(41)
    m = rng.normal(size=(50, 6, 6)) + 12 * np.eye(6)
    q = rng.normal(size=(50, 6))
    answer = batched_lemke(m, q, np.ones(6))
    w = q + np.einsum("kij,kj->ki", m, answer.z)
    assert answer.finished.all() and (answer.z >= -1e-8).all() and (w >= -1e-8).all()
    assert abs(answer.z * w).max() <= 1e-8
