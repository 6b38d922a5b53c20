import numpy as np
import pytest
from stage_games import all_prescriptions, normal_form, prescription_value, random_stages

from posgc.equilibrium import Stages, TeamOptions, solve_nash, solve_team

BRANCH = TeamOptions(max_enumeration=0, max_programme=0)


def chsh(kind: str = "common") -> Stages:
    """Clauser, Horne, Shimony and Holt 1969 as a team game: bits x, y uniform; win iff a xor b = x and y."""
    types = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    a, b = np.meshgrid([0, 1], [0, 1], indexing="ij")
    wins = np.array([(a ^ b) == (x & y) for x, y in types.T], dtype=float)
    return Stages(wins[None, None] / 4, types, (2, 2), np.full((1, 4), 0.25), kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [None, BRANCH])
def test_chsh_is_three_quarters(options: TeamOptions | None) -> None:
    # MATH: "CHSH team game: truth 0.75, relaxation 1.0"; classical bound of Clauser et al. 1969
    solution = solve_team(chsh(), options)
    assert solution.value[0, 0] == 0.75
    assert solution.optimal is not None and solution.optimal.all()


@pytest.mark.parametrize("options", [None, BRANCH])
@pytest.mark.parametrize("integer", [False, True])
def test_team_is_brute_force(options: TeamOptions | None, integer: bool) -> None:
    rng = np.random.default_rng(5)
    for trial in range(30):
        stages = random_stages(rng, "common", 1 + trial % 3, nodes=5, integer=integer)
        if np.prod([a**p for a, p in zip(stages.actions, stages.type_counts, strict=True)]) > 1000:
            continue
        solution = solve_team(stages, options)
        joint = list(all_prescriptions(stages))
        for k in range(stages.n_nodes):
            best = max(prescription_value(stages, 0, k, j) for j in joint)
            assert solution.value[0, k] == pytest.approx(best, abs=1e-12)
        assert solution.gap.max() <= 1e-12
        assert solution.upper is not None and (solution.upper >= solution.value).all()
        assert (solution.upper <= solution.value + 1e-12).all()


def test_branch_and_bound_agrees_on_larger_stages() -> None:
    rng = np.random.default_rng(6)
    types = np.stack(np.unravel_index(np.arange(16), (4, 4)))
    weight = rng.dirichlet(np.ones(16), size=20)
    stages = Stages(
        rng.normal(size=(1, 20, 16, 4, 4)) * weight[None, :, :, None, None], types, (4, 4), weight, "common"
    )
    fast, slow = solve_team(stages, BRANCH), solve_team(stages)
    assert "branch-and-bound 20" in fast.method and "enumeration 20" in slow.method
    assert np.allclose(fast.value, slow.value, atol=1e-13)


def test_a_spent_limit_is_said_and_bounded() -> None:
    rng = np.random.default_rng(7)
    types = np.stack(np.unravel_index(np.arange(64), (8, 8)))
    stages = Stages(rng.normal(size=(1, 1, 64, 3, 3)) / 64, types, (8, 8), np.full((1, 64), 1 / 64), "common")
    stopped = solve_team(stages, TeamOptions(max_enumeration=0, max_branches=3, max_programme=0))
    exact = solve_team(stages, BRANCH)
    assert stopped.optimal is not None and not stopped.optimal[0]
    assert stopped.upper is not None and stopped.upper[0] >= exact.value[0, 0] - 1e-12
    assert stopped.value[0, 0] <= exact.value[0, 0] + 1e-12
    assert exact.optimal is not None and exact.optimal[0]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_ties_go_to_the_lowest_index_whatever_the_noise(scale: float) -> None:
    rng = np.random.default_rng(8)
    noise = 1.0 + 1e-15 * rng.integers(-3, 4, size=(1, 500, 1, 3, 3))
    stages = Stages(scale * noise, np.zeros((2, 1), dtype=int), (1, 1), np.ones((500, 1)), "common")
    solution = solve_team(stages)
    assert all((table == 0).all() for table in solution.tables)
    two = np.repeat(noise, 2, axis=2) * scale / 2
    stages = Stages(two, np.array([[0, 1], [0, 1]]), (2, 2), np.full((500, 2), 0.5), "common")
    assert all((table == 0).all() for table in solve_team(stages).tables)


def test_absent_private_information_gets_action_zero() -> None:
    payoff = np.zeros((1, 1, 2, 2, 2))
    payoff[0, 0, 1, 1, 1] = 1.0
    stages = Stages(payoff, np.array([[0, 1], [0, 1]]), (3, 2), np.array([[0.0, 1.0]]), "common")
    solution = solve_team(stages)
    assert solution.tables[0].tolist() == [[0, 1, 0]] and solution.tables[1].tolist() == [[0, 1]]
    assert solution.tables[0].dtype == np.int8


def test_degenerate_stages() -> None:
    one = solve_team(normal_form("common", [[3.0]]))
    assert one.value.tolist() == [[3.0], [3.0]] and one.gap.max() == 0.0
    flat = solve_nash(normal_form("common", np.full((2, 3), 7.0)))
    assert flat.value.max() == 7.0 and all((t == 0).all() for t in flat.tables)


def test_a_team_oracle_refuses_other_kinds() -> None:
    with pytest.raises(ValueError, match="common payoff"):
        solve_team(normal_form("zero_sum", [[1.0, 0.0]]))
