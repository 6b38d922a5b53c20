"""The mixed-integer programme against brute force and branch and bound, limits that are said, and silence."""

import subprocess
import sys

import numpy as np
import pytest
from stage_games import all_prescriptions, prescription_value, random_stages

from posgc.equilibrium import Stages, TeamOptions, solve_team
from posgc.equilibrium.team.milp import solve_integer

MILP = TeamOptions(max_enumeration=0, max_branches=0, max_tree=1000)


def sparse_stage(rng: np.random.Generator, types: int, actions: int, listed: int, n: int = 2) -> Stages:
    """One node, few of the combinations of private informations."""
    every = np.stack(np.unravel_index(np.arange(types**n), (types,) * n))
    u = every[:, np.sort(rng.permutation(types**n)[:listed])]
    weight = rng.dirichlet(np.ones(listed), size=1)
    payoff = rng.normal(size=(1, 1, listed, *(actions,) * n)) * weight.reshape(1, 1, -1, *(1,) * n)
    return Stages(payoff, u, (types,) * n, weight, "common")


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("integer", [False, True])
def test_milp_is_brute_force(n: int, integer: bool) -> None:
    rng = np.random.default_rng(20)
    tried = by_programme = 0
    while tried < 12:
        stages = random_stages(rng, "common", n, nodes=2, max_types=4, max_actions=4, integer=integer)
        if np.prod([a**p for a, p in zip(stages.actions, stages.type_counts, strict=True)]) > 2000:
            continue
        tried += 1
        solution = solve_team(stages, MILP)
        by_programme += "MILP" in solution.method  # the others were proven by the bound at the root
        assert solution.optimal is not None and solution.upper is not None and solution.optimal.all()
        for k in range(stages.n_nodes):
            best = max(prescription_value(stages, 0, k, j) for j in all_prescriptions(stages))
            tolerance = 3e-7 * stages.span()[0, k] + 1e-12
            assert abs(solution.value[0, k] - best) <= tolerance
            assert best - 1e-12 <= solution.upper[k] <= best + tolerance
        assert solution.gap.max() <= 1e-12
    assert by_programme >= 2


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_milp_agrees_with_branch_and_bound_on_larger_stages(scale: float) -> None:
    rng = np.random.default_rng(21)
    for types, actions, listed, n in ((8, 3, 64, 2), (12, 4, 30, 2), (5, 2, 40, 3)):
        stages = sparse_stage(rng, types, actions, listed, n)
        stages = Stages(scale * stages.payoff, stages.types, stages.type_counts, stages.weight, "common")
        exact = solve_team(stages, TeamOptions(max_enumeration=0, max_programme=0))
        milp = solve_team(stages, MILP)
        assert exact.method == "team: branch-and-bound 1" and milp.method == "team: MILP 1"
        assert abs(exact.value - milp.value).max() <= 3e-7 * stages.span().max()


def test_the_programme_ends_what_a_first_portion_of_branches_does_not() -> None:
    stages = sparse_stage(np.random.default_rng(1), 40, 3, 80)
    solution = solve_team(stages)
    assert solution.method == "team: MILP 1"
    exact = solve_team(stages, TeamOptions(max_programme=0))
    assert exact.method == "team: branch-and-bound 1"
    assert abs(solution.value - exact.value).max() <= 3e-7 * stages.span().max()


def test_open_nodes_are_bounded_and_counted() -> None:
    stages = sparse_stage(np.random.default_rng(2), 8, 3, 60, 3)
    exact = solve_team(stages, TeamOptions(max_programme=0))
    few = solve_team(stages, TeamOptions(max_branches=100, max_programme=0))
    root = solve_team(stages, TeamOptions(max_branches=0, max_programme=0))
    for stopped in (few, root):
        assert stopped.method == "team: bounded 1"
        assert stopped.optimal is not None and not stopped.optimal.any() and stopped.upper is not None
        assert stopped.value[0, 0] - 1e-12 <= exact.value[0, 0] <= stopped.upper[0] + 1e-12
        assert stopped.gap.max() <= 1e-12  # person by person optimal all the same


def test_the_relaxation_of_chsh_is_loose_and_its_tree_is_not() -> None:
    # Clauser et al. 1969: 3/4; the local polytope of the four games' factor graph contains the no-signalling
    # distribution that wins always (Popescu and Rohrlich 1994), so the root alone proves nothing
    types = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    a, b = np.meshgrid([0, 1], [0, 1], indexing="ij")
    wins = np.array([(a ^ b) == (x & y) for x, y in types.T], dtype=float) / 4
    found = solve_integer(wins, types, 1000)
    assert found.optimal and found.upper == pytest.approx(0.75, abs=1e-6)


def test_nothing_reaches_standard_output() -> None:
    program = """
import ctypes, os, sys
from posgc.equilibrium.solvers.standard_output import silent_stdout
c = ctypes.CDLL(None)
print("before", flush=False)
with silent_stdout():
    c.printf(b"from C\\n")
    os.write(1, b"from the descriptor\\n")
c.printf(b"after\\n")
"""
    if sys.platform == "win32":
        pytest.skip("C's standard library is not the process's own there")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nafter\n" and done.stderr == ""


@pytest.mark.parametrize("programme", [False, True])
def test_epsilon_ends_the_search_sooner_and_is_kept(programme: bool) -> None:
    rng = np.random.default_rng(24)
    sooner = 0
    for types, actions, listed, n in ((8, 3, 64, 2), (12, 4, 30, 2), (5, 2, 40, 3), (40, 3, 80, 2)):
        stages = sparse_stage(rng, types, actions, listed, n)
        best = solve_team(stages).value[0, 0]
        span = float(stages.span().max())
        for tolerated in (1e-6, 1e-3, 1e-2, 1e-1, 1.0):
            epsilon = tolerated * span
            if programme:  # no branches: HiGHS alone
                options = TeamOptions(max_enumeration=0, max_branches=0, max_tree=1000, epsilon=epsilon)
            else:
                options = TeamOptions(max_enumeration=0, max_programme=0, epsilon=epsilon)
            found = solve_team(stages, options)
            assert found.upper is not None and found.optimal is not None
            assert best - epsilon - 3e-7 * span <= found.value[0, 0] <= best + 3e-7 * span
            assert best - 3e-7 * span <= found.upper[0] <= found.value[0, 0] + max(epsilon, 3e-7 * span) + 1e-12
            assert found.gap.max() <= epsilon + 1e-12
            if "within epsilon" in found.method:
                sooner += 1
                assert not found.optimal.any()
    assert sooner >= 8


def test_enumerated_nodes_do_not_need_epsilon() -> None:
    stages = sparse_stage(np.random.default_rng(25), 2, 3, 4)
    exact, loose = solve_team(stages), solve_team(stages, TeamOptions(epsilon=100.0))
    assert loose.method == "team: enumeration 1" and loose.value[0, 0] == exact.value[0, 0]
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="epsilon"):
            TeamOptions(epsilon=wrong)
