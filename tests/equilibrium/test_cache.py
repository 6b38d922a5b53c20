"""Duplicates of a layer: found whatever their scale and shift, told apart where they differ, copied back."""

from collections.abc import Callable

import numpy as np
import pytest
from stage_games import random_stages

import posgc.equilibrium.cache as cache
from posgc.equilibrium import (
    CorrelatedOptions,
    Stages,
    StageSolution,
    deviation_gains,
    solve_correlated,
    solve_team,
    solve_zero_sum,
)
from posgc.equilibrium.cache import deduplicate, solve_unique


def copies(rng: np.random.Generator, base: Stages, nodes: int, same_shift: bool = False) -> tuple[Stages, np.ndarray]:
    """Random members of the base games, scaled by 1e-6..1e6 and shifted within every u."""
    member = rng.integers(base.n_nodes, size=nodes)
    member[: base.n_nodes] = np.arange(base.n_nodes)
    scale = 10.0 ** rng.uniform(-6, 6, nodes)
    m = 1 if same_shift else len(base.payoff)
    shift = rng.normal(size=(m, nodes, base.n_types)) * scale[:, None]
    shift = shift.reshape(*shift.shape, *(1,) * base.n_agents)
    weight = base.weight[member]
    payoff = base.payoff[:, member] * scale.reshape(-1, *(1,) * (1 + base.n_agents)) + shift
    payoff = np.where(weight.reshape(nodes, -1, *(1,) * base.n_agents) > 0, payoff, 0.0)
    return Stages(payoff, base.types, base.type_counts, weight, base.kind), member


def partition(labels: np.ndarray) -> list[list[int]]:
    """Which nodes go together, whatever the classes are called."""
    return sorted(np.flatnonzero(labels == label).tolist() for label in np.unique(labels))


@pytest.mark.parametrize("kind", ["common", "zero_sum", "general"])
def test_classes_are_the_ones_put_in(kind: str) -> None:
    rng = np.random.default_rng(20)
    for _ in range(20):
        base = random_stages(rng, kind, nodes=5)
        stages, member = copies(rng, base, 60)
        found = deduplicate(stages)
        # games of the base may be duplicates of each other (one action, one type): then classes are joined
        joined = deduplicate(base).member
        assert partition(found.member) == partition(joined[member])
        assert (found.scale <= 1.0).all()  # so that an absolute tolerance holds for the copies
        assert found.unique.n_nodes == joined.max() + 1


def test_values_come_back_through_scale_and_shift() -> None:
    rng = np.random.default_rng(21)
    base = random_stages(rng, "general", nodes=4)
    stages, _ = copies(rng, base, 50)
    found = deduplicate(stages)
    solution = solve_unique(stages, lambda s: solve_correlated(s, "cce"), "cce")
    solved = solve_correlated(found.unique, "cce")
    assert solution.method.endswith(f"copied {50 - found.unique.n_nodes}")
    expected = found.scale * solved.value[:, found.member] + found.shift
    assert np.allclose(solution.value, expected, atol=1e-9 * found.scale.max())
    assert (solution.gap <= 1e-8 * stages.span() + 1e-12 * abs(solution.value)).all()


ORACLES: list[tuple[str, str, Callable[[Stages], StageSolution]]] = [
    ("common", "nash", solve_team),
    ("zero_sum", "nash", solve_zero_sum),
    ("general", "cce", lambda s: solve_correlated(s, "cce")),
    ("general", "ce", lambda s: solve_correlated(s, "ce")),
]


@pytest.mark.parametrize(("kind", "deviation", "oracle"), ORACLES)
def test_copied_solutions_are_as_good_as_solved_ones(
    kind: str, deviation: str, oracle: Callable[[Stages], StageSolution]
) -> None:
    rng = np.random.default_rng(22)
    for _ in range(6):
        base = random_stages(rng, kind, nodes=3)
        stages, _ = copies(rng, base, 20)
        fast, plain = solve_unique(stages, oracle, deviation), oracle(stages)  # type: ignore[arg-type]
        near = 1e-8 * stages.span() + 1e-12 * abs(stages.payoff).max()
        assert (abs(fast.value.sum(axis=0) - plain.value.sum(axis=0)) <= near.sum(axis=0)).all()
        assert (deviation_gains(stages, fast, deviation) <= near).all()  # type: ignore[arg-type]
        if kind == "common":
            assert fast.upper is not None and plain.upper is not None and fast.optimal is not None
            assert (abs(fast.upper - plain.upper) <= near[0]).all() and fast.optimal.all()


def test_games_that_differ_are_told_apart() -> None:
    payoff = np.zeros((1, 4, 1, 2, 2))
    payoff[0, :, 0] = [[1.0, 0.0], [0.0, 1.0]]
    payoff[0, 1, 0, 0, 0] += 1e-6
    payoff[0, 2] *= -1.0  # a negative scale is no scaling
    stages = Stages(payoff, np.zeros((2, 1), dtype=int), (1, 1), np.ones((4, 1)), "common")
    assert deduplicate(stages).member.tolist() == [0, 1, 2, 0]


def test_supports_that_differ_are_told_apart() -> None:
    payoff = np.zeros((1, 3, 2, 2, 2))
    weight = np.array([[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])
    stages = Stages(payoff, np.array([[0, 1], [0, 1]]), (2, 2), weight, "common")
    assert deduplicate(stages).member.tolist() == [0, 1, 0]


def test_comparable_keeps_the_agents_payoffs_in_one_unit() -> None:
    game = np.array([[2.0, 0.0], [0.0, 1.0]])
    payoff = np.stack([np.stack([game, game, 3 * game + 1]), np.stack([game, game + 5, 3 * game + 1])])[:, :, None]
    stages = Stages(payoff, np.zeros((2, 1), dtype=int), (1, 1), np.ones((3, 1)), "general")
    assert deduplicate(stages).member.tolist() == [0, 0, 0]
    found = deduplicate(stages, comparable=True)
    assert found.member.tolist() == [1, 0, 1]  # the third stands for the first: it has the larger scale
    assert found.scale == pytest.approx([1 / 3, 1.0, 1.0])
    assert pytest.approx(np.array([[-1 / 3, -1 / 3], [0, 0], [0, 0]])) == found.shift.T


def test_one_hash_for_all_still_tells_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(23)
    base = random_stages(rng, "zero_sum", nodes=6)
    stages, member = copies(rng, base, 40)
    survey = cache._survey
    monkeypatch.setattr(cache, "_survey", lambda s, c: (np.zeros(s.n_nodes, np.int64), *survey(s, c)[1:]))
    found = deduplicate(stages)
    assert (member[np.unique(found.member, return_index=True)[1]][found.member] == member).all()


def test_few_duplicates_are_not_worth_it() -> None:
    rng = np.random.default_rng(24)
    stages = random_stages(rng, "zero_sum", nodes=30, max_types=2)
    assert "copied" not in solve_unique(stages, solve_zero_sum, "nash").method


@pytest.mark.parametrize("select", ["welfare", "egalitarian", "max:1", "entropy"])
def test_what_a_selection_attains_comes_back(select: str) -> None:
    rng = np.random.default_rng(25)
    base = random_stages(rng, "general", nodes=3, max_types=2)
    stages, _ = copies(rng, base, 12, same_shift=select == "egalitarian")
    options = CorrelatedOptions(select=select)

    fast = solve_correlated(stages, "cce", options)
    alone = [
        solve_correlated(
            Stages(stages.payoff[:, k : k + 1], stages.types, stages.type_counts, stages.weight[k : k + 1], "general"),
            "cce",
            options,
        )
        for k in range(stages.n_nodes)
    ]
    objective = np.array([found.objective[0] for found in alone if found.objective is not None])
    assert "copied" in fast.method
    assert fast.objective is not None and fast.upper is not None
    near = 1e-5 if select == "entropy" else 1e-7 * stages.span().sum(axis=0) + 1e-12 * abs(stages.payoff).max()
    assert (abs(fast.objective - objective) <= near).all()
    assert (fast.upper >= fast.objective - near).all()


def test_tiny_payoffs_of_one_agent_count() -> None:
    """Two nodes that are equal but for an agent whose payoffs are 1e-15 of the other's, and matter to it."""
    large = 1e9 * np.array([[2.0, 0.0], [0.0, 1.0]])
    tiny = 1e-6 * np.array([[1.0, 0.0], [0.0, 1.0]])
    payoff = np.stack([np.stack([large, large]), np.stack([tiny, -tiny])])[:, :, None]
    stages = Stages(payoff, np.zeros((2, 1), dtype=int), (1, 1), np.ones((2, 1)), "general")
    for comparable in (False, True):
        assert deduplicate(stages, comparable).unique.n_nodes == 2
    assert (solve_correlated(stages, "ce").gap <= 1e-8 * stages.span()).all()
