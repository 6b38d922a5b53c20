"""Values and plans in layers against the sequence form of the plain tree, and best responses against the judge's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.games import Shape, any_protocol, random_game, shapes
from support.optimum import zero_sum_value
from support.tree import Tree

from posgc.extensive.growing import extensive_game
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Behaviour, Plans
from posgc.extensive.programme import solve_programme
from posgc.extensive.regret import RegretOptions, Rule, minimise_regret
from posgc.extensive.solution import Solution, assessed, charge
from posgc.extensive.strategy import controllers_of
from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.model.rewards import reward_kind, spans_to_come

EXACT = 1e-9
"""Absolute; values are of order 1."""
CLOSED: dict[tuple[Rule, bool], float] = {
    ("predictive", True): 1e-4,
    ("predictive", False): 1e-3,
    ("discounted", True): 1e-3,
    ("discounted", False): 1e-2,
}
"""Brackets relative to the span that 3000 rounds reach on all of 200 random games, by rule and whether alternating."""
SEEDS = st.integers(0, 2**32 - 1)
ZERO_SUM = shapes(rewards=("zero_sum",))


def game(shape: Shape, seed: int) -> Information:
    return any_protocol(Information(*random_game(shape)), seed)


def check_judged(information: Information, layers: ExtensiveGame, solution: Solution) -> None:
    """The general judge finds the values and the best responses that the layers say."""
    judged = judge_histories(information, controllers_of(information, layers, solution.behaviours), "nash")
    assert judged.status == "exact" and judged.deviation_values is not None
    assert judged.values[0] == pytest.approx(solution.value, abs=EXACT)
    assert judged.deviation_values == pytest.approx([solution.upper, -solution.lower], abs=EXACT)
    assert charge(information.model, layers) <= EXACT


def random_behaviour(plans: Plans, rng: np.random.Generator) -> Behaviour:
    """Any laws, half of them with choices that are never taken."""
    drawn = [
        rng.dirichlet(np.ones(choices), size=sets) * rng.integers(0, 2, (sets, choices))
        for sets, choices in plans.shapes
    ]
    return plans.behaviour(np.concatenate([law.ravel() for law in drawn]))


def check(information: Information, seed: int) -> ExtensiveGame:
    """The programme's value is the plain one, with sets merged and not, and any plans' best responses the judge's."""
    if reward_kind(information.model) != "zero_sum":  # drawn all 0
        return extensive_game(information)
    plain = zero_sum_value(Tree(information.model, information.protocol))
    span = float(spans_to_come(information.model)[0, 0])
    rng = np.random.default_rng(seed)
    for merge in (False, True):
        layers = extensive_game(information, merge=merge)
        found = solve_programme(layers, span)
        assert found.width <= EXACT
        assert found.value == pytest.approx(plain, abs=EXACT)
        check_judged(information, layers, found)
        some = [random_behaviour(Plans.of(layers, agent), rng) for agent in range(2)]
        check_judged(information, layers, assessed(layers, *some))
    return layers


@settings(max_examples=50, deadline=None)
@given(ZERO_SUM, SEEDS)
def test_the_programme_finds_the_plain_value(shape: Shape, seed: int) -> None:
    check(game(shape, seed), seed)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(ZERO_SUM, SEEDS)
def test_the_programme_finds_the_plain_value_of_many_games(shape: Shape, seed: int) -> None:
    check(game(shape, seed), seed)


def check_regret(information: Information, rule: Rule, alternating: bool) -> None:
    """The bracket holds the plain value, is as narrow as asked, and the judge finds it too."""
    if reward_kind(information.model) != "zero_sum":
        return
    layers, brackets = extensive_game(information), list[tuple[float, float]]()
    epsilon = CLOSED[rule, alternating] * float(spans_to_come(information.model)[0, 0]) + EXACT
    options = RegretOptions(epsilon, 3000, rule, alternating)
    found = minimise_regret(layers, options, told=lambda _, lower, upper: brackets.append((lower, upper)))
    plain = zero_sum_value(Tree(information.model, information.protocol))
    assert found.closed and found.solution.width <= epsilon
    assert all(lower - EXACT <= plain <= upper + EXACT for lower, upper in brackets)
    assert found.solution.lower - EXACT <= plain <= found.solution.upper + EXACT
    assert brackets[-1] == pytest.approx((found.solution.lower, found.solution.upper), abs=EXACT)
    check_judged(information, layers, found.solution)


@settings(max_examples=40, deadline=None)
@given(ZERO_SUM, SEEDS, st.sampled_from(("predictive", "discounted")), st.booleans())
def test_regret_closes_on_the_plain_value(shape: Shape, seed: int, rule: Rule, alternating: bool) -> None:
    check_regret(game(shape, seed), rule, alternating)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(ZERO_SUM, SEEDS, st.sampled_from(("predictive", "discounted")), st.booleans())
def test_regret_closes_on_the_plain_value_of_many_games(shape: Shape, seed: int, rule: Rule, alternating: bool) -> None:
    check_regret(game(shape, seed), rule, alternating)


def check_any_rewards(information: Information, seed: int) -> None:
    """Unmerged layers of any game: the judge finds the values of any plans and their best responses."""
    layers = extensive_game(information, merge=False)
    rng = np.random.default_rng(seed)
    plans = [Plans.of(layers, agent) for agent in range(layers.n_agents)]
    behaviours = [random_behaviour(one, rng) for one in plans]
    judged = judge_histories(information, controllers_of(information, layers, behaviours), "nash")
    assert judged.status == "exact" and judged.deviation_values is not None
    x = [one.plan(law) for one, law in zip(plans, behaviours, strict=True)]
    for agent, one in enumerate(plans):
        gradient = layers.terms.gradient(agent, x)
        assert gradient @ x[agent] == pytest.approx(judged.values[agent], abs=EXACT)
        assert one.best(gradient) == pytest.approx(judged.deviation_values[agent], abs=EXACT)
        for other in range(layers.n_agents):  # what its sequences earn for the others
            earned = layers.terms.gradient(agent, x, other)
            assert earned @ x[agent] == pytest.approx(judged.values[other], abs=EXACT)


@settings(max_examples=50, deadline=None)
@given(shapes(), SEEDS)
def test_layers_of_any_rewards_and_agents_hold_what_the_judge_finds(shape: Shape, seed: int) -> None:
    check_any_rewards(game(shape, seed), seed)
