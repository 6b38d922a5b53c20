"""Nash equilibria of random games of two agents: no gain by the judge, nor on the plain tree that is exported."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.efg import judge
from support.games import Shape, any_protocol, random_game, shapes
from support.profiles import exported, profile

import posgc
from posgc.extensive import nash
from posgc.extensive.growing import extensive_game
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.nash import Equilibrium, NashOptions, solve_nash
from posgc.extensive.plans import Plans
from posgc.extensive.strategy import controllers_of
from posgc.information.extensive import Infosets
from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.model.rewards import spans_to_come

GAP = 1e-8
"""Of the largest span of what an agent can earn."""
SEEDS = st.integers(0, 2**32 - 1)


def two(histories: int) -> st.SearchStrategy[Shape]:
    """Games of two agents with trees of about so many histories."""
    some = shapes(rewards=("general", "general", "common", "zero_sum"), histories=histories, max_agents=2)
    return some.filter(lambda shape: shape.n == 2)


def game(shape: Shape, seed: int) -> Information:
    return any_protocol(Information(*random_game(shape)), seed)


def span_of(information: Information) -> float:
    return float(spans_to_come(information.model)[:, 0].max())


def check_equilibrium(
    information: Information, layers: ExtensiveGame, found: Equilibrium, text: str, infosets: Infosets
) -> None:
    """The judge and the plain tree of the text find the values that are claimed, and no gain."""
    allowed = GAP * span_of(information) + 1e-12
    policy = controllers_of(information, layers, found.behaviours)
    judged = judge_histories(information, policy, "nash")
    assert judged.status == "exact" and judged.gains is not None
    assert judged.values == pytest.approx(found.values, abs=allowed)
    assert max(judged.gains) <= allowed
    plain = judge(text, profile(information, infosets, policy))
    assert plain.values == pytest.approx(found.values, abs=allowed)
    assert plain.regret <= allowed


def check(shape: Shape, seed: int) -> None:
    """From the uniform prior and from one that is drawn, with sets merged and not."""
    information = game(shape, seed)
    (text, infosets), allowed = exported(information), 1e-10 * span_of(information) + 1e-13
    for merge, random in ((True, False), (False, bool(seed % 2))):
        layers = extensive_game(information, merge=merge)
        found = solve_nash(layers, NashOptions((allowed, allowed), random=random, seed=seed))
        assert found.found
        check_equilibrium(information, layers, found, text, infosets)


@settings(max_examples=40, deadline=None)
@given(two(150), SEEDS)
def test_an_equilibrium_is_found(shape: Shape, seed: int) -> None:
    check(shape, seed)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(two(2500), SEEDS)
def test_an_equilibrium_of_many_games_is_found(shape: Shape, seed: int) -> None:
    check(shape, seed)


@settings(max_examples=100, deadline=None)
@given(two(2500), SEEDS)
def test_merged_sets_of_any_rewards_earn_what_the_judge_finds(shape: Shape, seed: int) -> None:
    """Lemma 5 for rewards that do not cancel: values and best responses of any plans of the merged game."""
    information, rng = game(shape, seed), np.random.default_rng(seed)
    layers = extensive_game(information, merge=True)
    plans = [Plans.of(layers, agent) for agent in range(2)]
    behaviours = [[rng.dirichlet(np.ones(b), size=a) for a, b in one.shapes] for one in plans]
    judged = judge_histories(information, controllers_of(information, layers, behaviours), "nash")
    assert judged.deviation_values is not None
    x = [one.plan(law) for one, law in zip(plans, behaviours, strict=True)]
    for agent, one in enumerate(plans):
        gradient = layers.terms.gradient(agent, x)
        assert gradient @ x[agent] == pytest.approx(judged.values[agent], abs=1e-9)
        assert one.best(gradient) == pytest.approx(judged.deviation_values[agent], abs=1e-9)


def with_rewards(name: str, share: str, horizon: int, seed: int) -> Information:
    """A shipped game whose rewards are drawn for each agent, state and action."""
    information = posgc.load(f"games/{name}.posg", share=share, horizon=horizon).compiled.information
    rng = np.random.default_rng(seed)
    drawn = (
        dataclasses.replace(kernel, reward=rng.normal(size=kernel.reward.shape), sample_reward=None)
        for kernel in information.model.kernels
    )
    return Information(dataclasses.replace(information.model, kernels=tuple(drawn)), information.protocol)


@pytest.mark.parametrize(
    "name, share, horizon", [("dectiger", "none", 4), ("dectiger", "one_step", 3), ("recycling", "none", 4)]
)
@pytest.mark.parametrize("seed", range(3))
def test_larger_games(name: str, share: str, horizon: int, seed: int) -> None:
    information = with_rewards(name, share, horizon, seed)
    layers, allowed = extensive_game(information, merge=True), 1e-10 * span_of(information)
    found = solve_nash(layers, NashOptions((allowed, allowed)))
    judged = judge_histories(information, controllers_of(information, layers, found.behaviours), "nash")
    assert found.found and judged.gains is not None and max(judged.gains) <= GAP * span_of(information)
    assert judged.values == pytest.approx(found.values, abs=1e-9)


def test_a_small_pivot_is_no_rounding() -> None:
    """A path on which directions have entries of 1e-9 of the largest that must not be passed by."""
    shape = Shape("full", 2, 3, 3, (2, 2), (2, 2), "common", "sparse", False, False, False, 1.0, 35347)
    information = game(shape, 368433460)
    allowed = 1e-10 * span_of(information)
    found = solve_nash(extensive_game(information, merge=True), NashOptions((allowed, allowed)))
    assert found.found and found.priors == 1


def test_where_no_path_ends_regret_minimisers_play(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kuhn poker is worth -1/18 to the first agent (Kuhn 1950), and there regret minimisation finds it."""
    monkeypatch.setattr(nash, "PATIENCE", 0)  # no pivots
    layers = extensive_game(posgc.load("games/kuhn.posg").compiled.information)
    few = [solve_nash(layers, NashOptions((1e-9, 1e-9), priors=2, rounds=rounds)) for rounds in (0, 1, 16)]
    assert [one.rounds for one in few] == [0, 1, 16] and not any(one.found or one.pivots for one in few)
    gaps = [max(one.gains) for one in few]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    found = solve_nash(layers, NashOptions((1e-9, 1e-9), priors=2))
    assert found.found and max(found.gains) <= 1e-9 and 16 < found.rounds <= nash.ROUNDS
    assert found.values == pytest.approx((-1 / 18, 1 / 18), abs=1e-9)
    stopped = solve_nash(layers, NashOptions((1e-9, 1e-9)), lambda: True)
    assert stopped.rounds == 0 and not stopped.found
