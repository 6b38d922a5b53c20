"""The back-end `laci`: the learners' battery, games whose optimum is known, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from posgc_laci import Laci
from posgc_laci.backend import Options

import posgc
from posgc.cli.main import main
from posgc.learning.theory import Asked, episodes_of_theory
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.simulator import Simulator, Step
from posgc.plugin.backend import LearningProblem
from posgc.plugin.testing import check_learner
from posgc.plugin.testing.backends import same_strategy
from posgc.plugin.testing.learners import tables_within_reach
from posgc.policy.binding import bound_to

GAMES = Path(__file__).resolve().parents[2] / "games"


@pytest.mark.slow
@pytest.mark.parametrize("explore", ["adaptive", "uniform", "basecamp"])
def test_the_battery_of_learners(explore: str) -> None:
    assert check_learner(Laci(), Options(explore=explore, rounds=3), samples=1500) >= 5


@pytest.mark.slow
def test_the_battery_with_selection() -> None:
    assert check_learner(Laci(), Options(rounds=3, candidates=2, rollouts=5), samples=1500) >= 5


def test_it_holds_no_table_and_learns_the_same_twice() -> None:
    """What the battery checks on every game and concept, which takes minutes, on one game in this process."""
    compiled = posgc.load(GAMES / "dectiger.posg").compiled
    results = []
    for _ in range(2):
        environment = CountedEnvironment(Simulator(compiled.model, 0), Budget(1500))
        problem = LearningProblem(environment, compiled.information.structure, "team", "common", Budget(1500), 0)
        results.append(Laci().emit(problem, Options(rounds=3)).run(lambda stage, done, total: None))
        assert 0 < environment.samples <= 1500
    assert same_strategy(*(bound_to(compiled.information, r, "team", "laci", Options()) for r in results))
    assert tables_within_reach(results[0]) == []


@pytest.mark.parametrize(("share", "optimum"), [("full", 13.015488), ("one_step", 8.815)])
def test_the_tiger_is_learned(share: str, optimum: float) -> None:
    """Optima of games/dectiger.posg; uniform play earns -46.2 a step; seeds not used for defaults."""
    for seed in (11, 12):
        game = posgc.load(GAMES / "dectiger.posg", share=share)
        solution = game.solve("team", "laci", samples=20_000, seed=seed)
        value = solution.values["ann"]
        assert value <= optimum + 1e-6
        assert (optimum - value) / (optimum + 3 * 46.2) < 0.04
        assert solution.policy.claim.samples <= 20_000
        assert solution.policy.claim.values is None  # what its own model says is not reported


def test_zero_sum_and_correlated_equilibria_come_closer_with_more_episodes() -> None:
    for name, concept in (("adversarial_tiger", "nash"), ("competitive_tiger", "cce"), ("vendors", "ce")):
        game = posgc.load(GAMES / f"{name}.posg")
        few, many = (
            np.mean([game.solve(concept, "laci", samples=n * game.model.horizon, seed=s).gap for s in (21, 22, 23)])
            for n in (300, 30_000)
        )
        assert many < few / 3 or many < 1e-6, (name, few, many)


def test_what_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--backend", "laci", "--samples", "3000"]
    assert main([*arguments, "--option", "explore=basecamp", "--option", "theory-gamma=0.5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert any("central executor" in line for line in told["caveats"])
    assert any("(D.1)" in line and "γ 0.5" in line for line in told["notes"])


def test_the_theory_asks_for_more_where_less_is_given() -> None:
    """Equation (D.1) by hand, for H = 1, one agent with two actions and two observations, L = 0: with alpha = 1,
    base = 800, phi = 1 / (800 * 16), zeta = phi / 800; theta_1 = 1 / 1600, theta_2 = 1 / 1600."""
    game = posgc.from_arrays(
        np.full((2, 1, 1), 1.0), np.full((2, 1, 2), 0.5), np.zeros((2, 1)), initial=[1.0], share="full", horizon=1
    )
    structure = game.compiled.information.structure
    asked = Asked(1.0, 0.5, 1.0, 1, 0)
    zeta = 1 / (800 * 16) / 800
    private = (1 + np.log(4 / (0.5 / 3))) / (zeta * (1 / 1600) ** 2)
    following = 2 * (2 + np.log(4 / (0.5 / 3) * 2)) / (zeta**2 * (1 / 1600) ** 2)
    assert abs(episodes_of_theory(structure, asked) - np.log10(max(private, following))) < 1e-9
    changes: list[dict[str, Any]] = [{"gap": 0.5}, {"gamma": 0.5}, {"states": 2}, {"length": 1}]
    for harder in (replace(asked, **change) for change in changes):
        assert episodes_of_theory(structure, harder) > episodes_of_theory(structure, asked)


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("rounds=0", "E612"),
        ("wander=1.5", "E612"),
        ("shrink=-1", "E612"),
        ("length=-1", "E612"),
        ("theory-gap=0", "E612"),
        ("explore=everywhere", "E612"),
        ("optimism=1e308", "E612"),
        ("time-limit=-1", "E612"),
        ("executor-length=2", "does nothing with explore=adaptive"),
    ],
)
def test_wrong_options_are_refused(option: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--backend", "laci"]
    assert main([*arguments, "--option", option]) == 2
    assert code in capsys.readouterr().err


@pytest.mark.parametrize(("samples", "options"), [(2, {}), (600, {"candidates": 4}), (1, {"explore": "basecamp"})])
def test_a_budget_too_small_is_refused(samples: int, options: dict[str, Any]) -> None:
    game = posgc.load(GAMES / "dectiger.posg")
    with pytest.raises(posgc.InputError) as raised:
        game.solve("team", "laci", samples=samples, options=options)
    assert raised.value.diagnostics[0].code == "E640"


def test_the_time_limit_stops_with_a_policy(tmp_path: Path) -> None:
    """A budget of 10^12 steps is cut at once: the policy of the episodes so far is judged."""
    solution = posgc.load(GAMES / "dectiger.posg", horizon=2).solve("team", "laci", samples=10**12, time_limit=0)
    assert solution.policy.claim.stopped == "time limit" and solution.policy.claim.samples is not None
    assert 2 <= solution.policy.claim.samples < 10**9 and solution.judgement is not None


def test_planners_take_no_samples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--samples", "100"]) == 2
    assert "takes no samples" in capsys.readouterr().err


def test_a_budget_below_a_selection_says_so() -> None:
    game = posgc.load(GAMES / "dectiger.posg")  # a team: 4 candidates, 200 rollouts each, beside one episode of 3 steps
    with pytest.raises(posgc.InputError, match=r"800 for the sel.*\s.*--samples 2403 or more, or fewer candidates"):
        game.solve("team", "laci", samples=600, options={"candidates": 4})


def test_games_outside_of_the_theory_are_refused() -> None:
    for name, concept, share, why in (
        ("power_control", "nash", None, "ask for ce or cce"),
        ("vendors", "team", None, "rewards that all agents share"),
        ("dectiger", "team", "none", "Assumption 3"),
    ):
        game = posgc.load(GAMES / f"{name}.posg", share=share)
        with pytest.raises(posgc.InputError, match=why):
            game.solve(concept, "laci", samples=3000)


@dataclass
class Spoilt:
    """The tiger's environment with one thing wrong from the second step on."""

    inner: Simulator
    wrong: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def reset(self, batch: int, first: int = 0) -> Step:
        return self.inner.reset(batch, first)

    def step(self, actions: Any) -> Step:
        step = self.inner.step(actions)
        if step.h < 3:
            return step
        match self.wrong:
            case "raises":
                raise RuntimeError("the motor is stuck")
            case "nan":
                return replace(step, reward=np.where(np.arange(step.reward.shape[1]) == 0, np.nan, step.reward))
            case "infinite":
                return replace(step, reward=step.reward + np.inf)
            case "outside":
                return replace(step, observation=step.observation + 4)
            case "negative":
                return replace(step, observation=step.observation - 1)
            case "short":
                return replace(step, observation=step.observation[1:])
            case _:
                return replace(step, done=True)


@pytest.mark.parametrize("wrong", ["raises", "nan", "infinite", "outside", "negative", "short", "done"])
def test_environments_that_fail_are_refused(wrong: str) -> None:
    compiled = posgc.load(GAMES / "dectiger.posg").compiled
    budget = Budget(3000)
    environment = Spoilt(Simulator(compiled.model, 0), wrong)
    problem = LearningProblem(environment, compiled.information.structure, "team", "common", budget, 0)
    with pytest.raises(posgc.InputError) as raised:
        Laci().emit(problem, Options()).run(lambda stage, done, total: None)
    assert raised.value.diagnostics[0].code == "E641"
    assert "motor" in str(raised.value) or wrong != "raises"
