"""The search against every joint prescription tried on the plain tree, and its policy against the general judge."""

import dataclasses
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.checks import solved
from support.games import Shape, any_protocol, random_game, shapes
from support.optimum import Coordinator
from support.tree import Tree

import posgc
from posgc.assumptions import strategy_independence
from posgc.coordination.team import Found, no_perfect_recall, solve_team
from posgc.information.items import Information
from posgc.judge.choose import judge
from posgc.language.sharing.lag_table import LagTable
from posgc.model.rewards import spans_to_come

EXACT = 1e-9
"""Absolute; values are of order 1."""
AFFORDABLE = 3e4
"""Prescriptions that the plain way tries."""


def game(shape: Shape, seed: int) -> Information:
    return any_protocol(Information(*random_game(shape)), seed)


def check(information: Information) -> Found | None:
    """The bracket holds the plain optimum and is closed; the policy earns the lower bound, and no agent can gain."""
    assert no_perfect_recall(information) is None
    plain = Coordinator(Tree(information.model, information.protocol))
    if not plain.affordable(AFFORDABLE):
        return None
    best, found = plain.value(), solve_team(information)
    assert found.stopped is None
    assert found.lower - EXACT <= best <= found.upper + 1e-13  # the plain sum is rounded too
    assert found.upper - found.lower <= EXACT
    checked = judge(information, found.policy, "nash", 10**6, None, None)
    assert checked.values[0] == pytest.approx(found.lower, abs=EXACT)
    assert checked.gains is not None and max(checked.gains) <= EXACT
    return found


SEEDS = st.integers(0, 2**32 - 1)
TEAMS = shapes(rewards=("common",))


@settings(max_examples=300, deadline=None)
@given(TEAMS, SEEDS)
def test_the_bracket_closes_on_the_plain_optimum(shape, seed):
    check(game(shape, seed))


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(TEAMS, SEEDS)
def test_the_bracket_closes_on_the_plain_optimum_of_many_games(shape, seed):
    check(game(shape, seed))


@settings(max_examples=60, deadline=None)
@given(shapes(rewards=("common",), structures=("full", "one_step", "mixed_links", "uncontrolled", "controlled")))
def test_agrees_with_value_iteration_where_assumption_3_holds(shape):
    information = Information(*random_game(shape))
    if no_perfect_recall(information) is None:
        found = solve_team(information)
        assert found.lower == pytest.approx(solved(information, "team").claim.values[0], abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(TEAMS, SEEDS, SEEDS)
def test_who_learns_sooner_earns_no_less(shape, seed, other):
    slow = game(shape, seed)
    quick = any_protocol(slow, other).protocol

    def sooner(mine, theirs):  # type: ignore[no-untyped-def]
        return tuple(tuple(map(min, a, b)) for a, b in zip(mine, theirs, strict=True))

    table = LagTable(
        "sooner",
        sooner(slow.protocol.action_lags, quick.action_lags),
        sooner(slow.protocol.observation_lags, quick.observation_lags),
        None,
        slow.protocol.exchanges + quick.exchanges,
    )
    less, more = solve_team(slow), solve_team(Information(slow.model, table))
    assert more.upper >= less.lower
    assert more.lower >= less.lower - EXACT


@settings(max_examples=60, deadline=None)
@given(TEAMS, SEEDS, st.sampled_from((0.0, 0.001, 0.01)))
def test_a_search_that_is_stopped_leaves_a_bracket_and_a_policy(shape, seed, seconds):
    information = game(shape, seed)
    whole, cut = solve_team(information), solve_team(information, time_limit=seconds)
    assert cut.lower <= whole.upper and cut.upper >= whole.lower
    earned = judge(information, cut.policy, "nash", 10**6, None, None).values[0]
    assert earned == pytest.approx(cut.lower, abs=EXACT)


@settings(max_examples=40, deadline=None)
@given(TEAMS, SEEDS, st.sampled_from((0.5, 0.1, 0.01)))
def test_epsilon_is_met(shape, seed, share):
    information = game(shape, seed)
    epsilon = share * float(spans_to_come(information.model)[0][0])
    found, exact = solve_team(information, epsilon=epsilon), solve_team(information)
    assert found.stopped is None
    assert found.upper - found.lower <= max(epsilon, EXACT) + 2 * found.charge
    assert found.lower <= exact.upper and found.upper >= exact.lower


def test_forgetting_is_refused_with_a_reason():
    shape = next(s for s in map(_seeded, range(100)) if random_game(s)[1].forget is None)
    model, table = random_game(shape)
    assert no_perfect_recall(Information(model, table)) is None
    why = no_perfect_recall(Information(model, dataclasses.replace(table, forget=1)))
    assert why is not None and "forget" in why


def _seeded(seed: int) -> Shape:
    return Shape("none", 2, 2, 2, (2, 2), (2, 2), "common", "coarse", True, False, False, 1.0, seed)


def test_three_agents_and_steps_that_differ_are_among_the_games():
    """The property tests above draw such games; these three do so for certain."""
    met = 0
    for seed, early in product(range(6), (False, True)):
        shape = Shape("none", 3, 2, 2, (2, 2, 2), (2, 1, 2), "common", "coarse", early, True, False, 0.9, seed)
        met += check(game(shape, seed)) is not None
    assert met >= 3


def test_assumption_3_fails_in_some_of_the_games():
    """Else nothing new would be tested."""
    failing = [s for s in range(20) if strategy_independence(game(_seeded(s), s)).holds is False]
    assert len(failing) >= 3


def test_states_that_only_some_steps_can_find():
    """What can happen at one step need not have rows in the kernel of another; the value was found by hand: both play
    y, which is worth s, 1/2 + 3 + 11/2 + 15/2."""
    game = posgc.loads(
        "game g { horizon 4; agents ann, bob; state s: 0..9; init s ~ uniform {0, 1}; action act[i]: {x, y}; "
        "next s ~ if step == 1 then {s + 2: 0.5, s + 3: 0.5} else if step == 2 then {5: 0.5, 6: 0.5} "
        "else {7: 0.5, 8: 0.5}; observation o[i]: {a, b}; "
        "observe o[i] ~ if s' mod 2 == 0 then {a: 0.8, b: 0.2} else {b: 0.7, a: 0.3}; "
        "reward team = if act[ann] == act[bob] then s else 0 - count(i: act[i] == x and s mod 2 == 0); share none; }"
    )
    found = solve_team(game.compiled.information)
    assert (found.lower, found.upper) == (pytest.approx(16.5, abs=EXACT), pytest.approx(16.5, abs=EXACT))
