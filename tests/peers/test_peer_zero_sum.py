"""Gambit and OpenSpiel against the layers of zero-sum games: equilibrium values, and best responses to the plans."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.test_peer_referees import REFEREES, few, many
from support.games import Shape, any_protocol, random_game, shapes
from support.profiles import exported, profile

import posgc
from posgc.extensive.growing import extensive_game
from posgc.extensive.programme import solve_programme
from posgc.extensive.regret import RegretOptions, minimise_regret
from posgc.extensive.solution import Solution
from posgc.extensive.strategy import controllers_of
from posgc.information.items import Information
from posgc.model.rewards import reward_kind, spans_to_come

pygambit: Any = pytest.importorskip("pygambit", minversion="17.0.0b2", reason="pygambit 17.0.0b2 is not installed")
pyspiel: Any = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")

ZERO_SUM = shapes(rewards=("zero_sum",), histories=60)
SEEDS = st.integers(0, 2**32 - 1)


def plans(information: Information) -> list[Solution]:
    """By the programme, and crude ones by regret minimisation, whose gaps are to be found too."""
    game, span = extensive_game(information), float(spans_to_come(information.model)[0, 0])
    return [solve_programme(game, span), minimise_regret(game, RegretOptions(0.0, rounds=10)).solution]


def check(shape: Shape, seed: int) -> None:
    information = any_protocol(Information(*random_game(shape)), seed)
    if reward_kind(information.model) != "zero_sum":
        return
    layers, (text, infosets) = extensive_game(information), exported(information)
    best, crude = plans(information)
    for solution in (best, crude):
        policy = controllers_of(information, layers, solution.behaviours)
        for referee in REFEREES:
            said = referee.judge(text, profile(information, infosets, policy))
            assert said.values == pytest.approx((solution.value, -solution.value), abs=1e-7), referee.name
            gain = max(solution.upper - solution.value, solution.value - solution.lower)
            assert said.regret == pytest.approx(gain, abs=1e-7), referee.name
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    if all(game.get_infosets(player) for player in game.players):
        found = pygambit.nash.lcp_solve(game, rational=False).equilibrium  # lp_solve of 17.0.0b2 is not to be trusted
        assert found.max_regret() <= 1e-6
        assert float(dict(found.payoffs)["agent0"]) == pytest.approx(best.value, abs=1e-6)


@few
@given(ZERO_SUM, SEEDS)
def test_values_and_best_responses_of_random_games(shape: Shape, seed: int) -> None:
    check(shape, seed)


@pytest.mark.slow
@many
@given(ZERO_SUM, SEEDS)
def test_values_and_best_responses_of_a_thousand_games(shape: Shape, seed: int) -> None:
    check(shape, seed)


def test_openspiels_own_leduc_poker_has_the_value_of_ours() -> None:
    """Its tree is built from its own rules, ours from games/leduc.posg: best responses to its bracket our value."""
    from open_spiel.python.algorithms import cfr, expected_game_score, exploitability

    game = pyspiel.load_game("leduc_poker")
    solver = cfr.CFRPlusSolver(game)
    for _ in range(30):
        solver.evaluate_and_update_policy()
    average = solver.average_policy()
    first, second = exploitability.nash_conv(game, average, return_only_nash_conv=False).player_improvements
    theirs = expected_game_score.policy_value(game.new_initial_state(), [average] * 2)[0]
    value = posgc.load("games/leduc.posg").solve("nash").values["ann"]
    assert theirs - second <= value <= theirs + first
    assert first + second < 0.3
