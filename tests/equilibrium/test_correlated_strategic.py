import itertools

import numpy as np
import pytest
from scipy.optimize import linprog
from stage_games import all_prescriptions, payoff_of, prescription_value, probability, random_stages

from posgc.equilibrium import CorrelatedOptions, Stages, StageSolution, certify, deviation_gains, solve_correlated

STRATEGIC = CorrelatedOptions(form="strategic")


def slow_remapping_gain(stages: Stages, solution: StageSolution, i: int, k: int) -> float:
    """Every recommended prescription g, every p, the best action: by enumeration of everything."""
    total = 0.0
    for g in itertools.product(range(stages.actions[i]), repeat=stages.type_counts[i]):
        for p in range(stages.type_counts[i]):
            worth = [0.0] * stages.actions[i]
            for c in range(int(solution.indptr[k]), int(solution.indptr[k + 1])):
                told = float(solution.weight[c])
                for q, a in enumerate(g):
                    told *= probability(solution.tables[i], c, q, a)
                for u, joint in itertools.product(
                    np.flatnonzero(stages.types[i] == p), itertools.product(*map(range, stages.actions))
                ):
                    mass = told
                    for j, a in enumerate(joint):
                        mass *= 1.0 if j == i else probability(solution.tables[j], c, int(stages.types[j, u]), a)
                    worth[joint[i]] += mass * payoff_of(stages, i, k, int(u), joint)
            total += max(worth) - worth[g[p]]
    return total


@pytest.mark.parametrize("deterministic", [True, False])
def test_strategic_gains_are_the_definition(deterministic: bool) -> None:
    rng = np.random.default_rng(50)
    for trial in range(8):
        stages = random_stages(rng, "general", 2 + trial % 2, nodes=2, max_types=2)
        sizes = rng.integers(1, 4, 2)
        weight = np.concatenate([rng.dirichlet(np.ones(s)) for s in sizes])
        tables = [
            rng.integers(a, size=(len(weight), p))
            if deterministic or (trial % 3 == 0 and i == 0)
            else rng.dirichlet(np.ones(a), size=(len(weight), p))
            for i, (p, a) in enumerate(zip(stages.type_counts, stages.actions, strict=True))
        ]
        solution = certify(stages, tables, "ce_strategic", "random", indptr=np.r_[0, np.cumsum(sizes)], weight=weight)
        agent_form = deviation_gains(stages, solution, "ce")
        for i, k in itertools.product(range(stages.n_agents), range(2)):
            assert solution.gap[i, k] == pytest.approx(slow_remapping_gain(stages, solution, i, k), abs=1e-12)
            assert agent_form[i, k] <= solution.gap[i, k] + 1e-12  # who sees more gains more


def best_strategic_welfare(stages: Stages, k: int) -> float:
    """Normal-form CE of the game of whole prescriptions: rows (i, told, done), both prescriptions."""
    joint = list(all_prescriptions(stages))
    value = np.array([[prescription_value(stages, i, k, j) for j in joint] for i in range(stages.n_agents)])
    rows = []
    for i in range(stages.n_agents):
        own = sorted({j[i] for j in joint})
        for told, done in itertools.permutations(own, 2):
            row = np.zeros(len(joint))
            for c, j in enumerate(joint):
                if j[i] == told:
                    row[c] = prescription_value(stages, i, k, (*j[:i], done, *j[i + 1 :])) - value[i, c]
            rows.append(row)
    if not rows:
        rows = [np.zeros(len(joint))]
    result = linprog(
        -value.sum(axis=0), A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=np.ones((1, len(joint))), b_eq=[1.0]
    )
    return float(-result.fun)


def small(rng: np.random.Generator, n: int, limit: int = 90) -> Stages:
    while True:
        stages = random_stages(rng, "general", n, nodes=2, max_types=2)
        if np.prod([a**p for a, p in zip(stages.actions, stages.type_counts, strict=True)]) <= limit:
            return stages


def test_the_best_strategic_form_equilibrium_is_that_of_the_normal_form() -> None:
    rng = np.random.default_rng(51)
    for trial in range(10):
        stages = small(rng, 2 + trial % 2)
        solution = solve_correlated(stages, "ce", STRATEGIC)
        assert solution.method.startswith("ce_strategic: LP") and solution.optimal is not None
        assert solution.optimal.all() and (solution.gap <= 1e-8 * np.maximum(stages.span(), 1e-9)).all()
        for k in range(2):
            assert solution.value[:, k].sum() == pytest.approx(best_strategic_welfare(stages, k), abs=1e-6)


def test_agent_form_contains_strategic_form() -> None:
    rng = np.random.default_rng(52)
    more = 0
    for trial in range(25):
        stages = random_stages(rng, "general", 2, nodes=4, max_types=2 + trial % 2)
        for select in ("welfare", "entropy"):
            inner = solve_correlated(stages, "ce", CorrelatedOptions(form="strategic", select=select))
            outer = solve_correlated(stages, "ce", CorrelatedOptions(select=select))
            slack = 1e-7 * np.maximum(stages.span(), 1e-9)
            assert (deviation_gains(stages, inner, "ce") <= slack).all()
            assert (deviation_gains(stages, inner, "cce") <= slack).all()
            assert inner.objective is not None and outer.objective is not None
            assert (inner.objective <= outer.objective + 1e-6).all()
            more += int((inner.objective < outer.objective - 1e-3).sum())
    assert more > 0  # the inclusion is strict (Forges 1993)


def test_products_and_other_kinds_in_strategic_form() -> None:
    rng = np.random.default_rng(53)
    for kind in ("common", "zero_sum"):
        stages = random_stages(rng, kind, 2, nodes=5)
        assert solve_correlated(stages, "ce", STRATEGIC).gap.max() < 1e-8
    stages = random_stages(rng, "general", 2, nodes=5)
    assert np.array_equal(solve_correlated(stages, "cce", STRATEGIC).gap, solve_correlated(stages, "cce").gap)
    with pytest.raises(ValueError, match="listed"):
        solve_correlated(stages, "ce", CorrelatedOptions(form="strategic", way="regret"))
