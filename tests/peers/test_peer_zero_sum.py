"""Gambit and OpenSpiel against the layers of zero-sum games: equilibrium values, and best responses to the plans."""

from __future__ import annotations

import io
from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.test_peer_referees import REFEREES, exported, few, many
from support.games import Shape, any_protocol, random_game, shapes
from support.kinds import news_codes, prefix
from support.tree import Tree

import posgc
from posgc.extensive.growing import extensive_game
from posgc.extensive.programme import solve_programme
from posgc.extensive.regret import RegretOptions, minimise_regret
from posgc.extensive.solution import Solution
from posgc.extensive.strategy import controllers_of
from posgc.information.extensive import Infosets
from posgc.information.items import Information
from posgc.model.rewards import reward_kind, spans_to_come
from posgc.policy.controllers import Controllers

pygambit: Any = pytest.importorskip("pygambit", reason="pygambit is not installed")
pyspiel: Any = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")

ZERO_SUM = shapes(rewards=("zero_sum",), histories=60)
SEEDS = st.integers(0, 2**32 - 1)


def plans(information: Information) -> list[Solution]:
    """By the programme, and crude ones by regret minimisation, whose gaps are to be found too."""
    game, span = extensive_game(information), float(spans_to_come(information.model)[0, 0])
    return [solve_programme(game, span), minimise_regret(game, RegretOptions(0.0, rounds=10)).solution]


def profile(information: Information, infosets: Infosets, policy: Controllers) -> list[list[list[float]]]:
    """The law that the controllers draw from in each information set of the exported tree, by its number."""
    tree = Tree(information.model, information.protocol)
    laws: list[dict[Hashable, list[float]]] = [{} for _ in range(tree.n)]
    for level in tree.histories():
        for _, history in level:
            past = [prefix(history, t) for t in range(1, history.h + 1)]
            steps = [tree.increment(a, b) for a, b in zip([None, *past], past, strict=False)]
            news = tuple(map(tree.code, steps))
            for i, own in enumerate(tree.knowledge(history)[1]):
                first, *later = ([code] for code in news_codes(tree, i, history))
                node = policy.first(i, np.array(first))
                for h, code in enumerate(later, start=1):
                    node = policy.follow(i, h, node, np.array(code))
                choices = len(information.model.choices(i, history.h))
                law = policy.laws(i, history.h, node, choices)[0]
                laws[i][history.h, news, tree.code(own)] = law.tolist()
    return [[laws[i][key] for key in infosets.keys[i]] for i in range(tree.n)]


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
