"""Gambit as referee: its regrets of our profiles, its equilibria beside ours, the back-end that uses it."""

from dataclasses import replace

import numpy as np
import pytest
from equilibrium.stage_games import all_prescriptions, normal_form, prescription_value, random_stages
from posgc_gambit import Gambit
from posgc_gambit.adapter import missing_pygambit, stage_game
from posgc_gambit.backend import gambit_nash

from posgc.equilibrium import NashOptions, Stages, StageSolution, solve_nash
from posgc.plugin import Facts
from posgc.plugin.testing import battery_games, check_backend

needs_gambit = pytest.mark.skipif(missing_pygambit() is not None, reason=str(missing_pygambit()))


def strategic_form(stages: Stages, k: int) -> tuple[object, list[list[tuple[int, ...]]]]:
    """Node k's prescription game as Gambit's strategic game, and every agent's prescriptions in its order."""
    import pygambit

    joint = list(all_prescriptions(stages))
    own = [list(dict.fromkeys(j[i] for j in joint)) for i in range(stages.n_agents)]
    arrays = [
        np.array([prescription_value(stages, i, k, j) for j in joint]).reshape([len(o) for o in own])
        for i in range(stages.n_agents)
    ]
    return pygambit.StrategicGame.from_arrays(*arrays), own


def regrets(stages: Stages, solution: StageSolution, k: int) -> list[float]:
    """Gambit's regret of each player when prescriptions are drawn from the product of the behaviours."""
    game, own = strategic_form(stages, k)
    data = []
    for table, prescriptions in zip(solution.tables, own, strict=True):
        law = table[k] if table.ndim == 3 else np.eye(int(table.max()) + 1)[table[k]]
        data.append([float(np.prod([law[p, a] for p, a in enumerate(g)])) for g in prescriptions])
    profile = game.mixed_strategy_profile(data=data)  # type: ignore[attr-defined]
    return [float(regret) for _, regret in profile.player_regrets]


@needs_gambit
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("options", [NashOptions(restarts=1), NashOptions(max_profiles=0, max_rows=0, restarts=0)])
def test_our_gaps_are_gambits_regrets_on_bayesian_stages(n: int, options: NashOptions) -> None:
    rng = np.random.default_rng(50)
    checked = 0
    while checked < 10:
        stages = random_stages(rng, "general", n, nodes=2, max_types=2)
        if np.prod([a**p for a, p in zip(stages.actions, stages.type_counts, strict=True)]) > 600:
            continue
        checked += 1
        solution = solve_nash(stages, options)
        for k in range(2):
            assert regrets(stages, solution, k) == pytest.approx(solution.gap[:, k], abs=1e-9)


@needs_gambit
@pytest.mark.parametrize("n", [2, 3])
def test_our_gaps_are_gambits_regrets_without_private_information(n: int) -> None:
    rng = np.random.default_rng(51)
    for _ in range(10):
        stages = normal_form("general", *rng.normal(size=(n, *(3,) * n)))
        solution = solve_nash(stages, NashOptions(max_profiles=0, restarts=1))
        assert regrets(stages, solution, 0) == pytest.approx(solution.gap[:, 0], abs=1e-9)
        if n == 2:
            assert max(regrets(stages, solution, 0)) <= 1e-9


@needs_gambit
def test_our_equilibrium_is_one_of_gambits() -> None:
    """All extreme equilibria of a nondegenerate two-player game are all of them (Avis et al. 2010)."""
    import pygambit

    rng = np.random.default_rng(52)
    for _ in range(20):
        stages = normal_form("general", *rng.normal(size=(2, 3, 3)))
        game, _ = strategic_form(stages, 0)
        listed = [
            np.array([probability for player in game.players for _, probability in found[player]])  # type: ignore[attr-defined]
            for found in pygambit.nash.enummixed_solve(game, rational=False).equilibria
        ]
        for options in (NashOptions(), NashOptions(max_profiles=0)):
            ours = np.concatenate([table[0, 0] for table in solve_nash(stages, options).tables])
            assert min(abs(ours - theirs).max() for theirs in listed) <= 1e-6


@needs_gambit
@pytest.mark.parametrize("kind", ["common", "zero_sum", "general"])
def test_gambits_equilibria_have_no_gap_by_our_definition(kind: str) -> None:
    rng = np.random.default_rng(53)
    for integer in (False, True):
        for _ in range(10):
            stages = random_stages(rng, kind, 2, nodes=3, integer=integer)
            solution = gambit_nash(stages)
            assert (solution.gap <= 1e-7 * stages.span() + 1e-12).all()
            if kind == "zero_sum":
                assert np.allclose(solution.value, solve_nash(stages).value, atol=1e-7)


@needs_gambit
def test_the_tree_has_the_payoffs_of_the_stage() -> None:
    rng = np.random.default_rng(54)
    stages = random_stages(rng, "general", 2, nodes=1)
    payoff = [stages.of_agent(i)[0][0] for i in range(2)]
    present = np.stack([np.unique(row, return_inverse=True)[1] for row in stages.types])
    game = stage_game(payoff, present)
    for i, player in enumerate(game.players):
        uniform = sum(payoff[i].mean(axis=(1, 2)))
        assert float(dict(game.mixed_behavior_profile().payoffs)[player]) == pytest.approx(uniform, abs=1e-9)


@needs_gambit
def test_the_backend_passes_the_battery() -> None:
    assert check_backend(Gambit()) >= 4


def test_what_does_not_suit_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    games = list(battery_games())
    two = games[0][0]
    (three,) = (information for information, _ in games if information.n_agents == 3)
    facts = Facts("nash", "general", True, "", two.structure, two.model)
    more = replace(facts, structure=three.structure, model=three.model)
    assert "two agents" in str(Gambit().applies(more))
    assert "because" in str(Gambit().applies(replace(facts, independent=False, why_not_independent="because")))
    for version, answer in (("16.4.1", "older than 17"), ("17.0.0b2", "None"), ("18.1", "None")):
        monkeypatch.setattr("posgc_gambit.adapter.importlib.metadata.version", lambda name, v=version: v)
        assert answer in str(Gambit().applies(facts))


def test_without_pygambit_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("posgc_gambit.adapter.importlib.metadata.version", absent)
    information, _ = next(iter(battery_games()))
    facts = Facts("nash", "general", True, "", information.structure, information.model)
    assert "pip install 'posgc[gambit]'" in str(Gambit().applies(facts))
