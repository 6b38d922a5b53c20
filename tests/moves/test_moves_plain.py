"""Games in which some actions exist in some states only: the fast code against plain play, and against the game in
which every action exists and the others cost more than all that can be earned."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from posgc_lemke.backend import Lemke
from support.checks import (
    check_graph,
    check_independence,
    check_random_policies,
    check_solution,
    concepts,
    largest_defect,
    solved,
)
from support.efg import judge
from support.games import STRUCTURES, Shape, shapes
from support.moves import Pursed, pursed
from support.optimum import Coordinator, zero_sum_value
from support.tree import Tree

from posgc.assumptions import strategy_independence
from posgc.coordination.team import no_perfect_recall, solve_team
from posgc.extensive.growing import extensive_game
from posgc.extensive.programme import solve_programme
from posgc.extensive.regret import RegretOptions, minimise_regret
from posgc.extensive.strategy import controllers_of
from posgc.information.graph import expand_graph
from posgc.information.moves import require_known_moves
from posgc.judge.histories import judge_histories
from posgc.judge.referee import compare
from posgc.model.rewards import reward_kind, spans_to_come
from posgc.play.kinds import player_of
from posgc.play.players import RandomPlayer, UniformPlayer
from posgc.play.sampler import Episodes, record
from posgc.play.simulator import Simulator
from posgc.plugin import Problem
from posgc.policy.controllers import Controllers
from posgc.policy.strategy import Strategy

SEEDS = st.integers(0, 2**32 - 1)
ANY = ("any", *STRUCTURES)
some = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(some, max_examples=300)


def binding(game: Pursed) -> bool:
    return not all(mask.all() for mask in game.legal)


def drawn(shape: Shape, public: bool, spent: bool) -> Pursed:
    game = pursed(shape, public, spent)
    assume(binding(game))
    require_known_moves(game.information, 10**6)
    return game


def check_whole_chain(shape: Shape, public: bool, spent: bool) -> None:
    """Verdict, graph, judge and value iteration."""
    game = drawn(shape, public, spent)
    information, tree = game.information, game.tree
    assume(information.first_lost is None)
    holds = strategy_independence(information).holds
    assert holds is bool(largest_defect(tree, shape.seed, 6) < 1e-9)
    assume(holds)
    graph = expand_graph(information)
    check_graph(tree, graph)
    check_independence(tree, shape.seed)
    check_random_policies(information, tree, graph, shape.seed)
    for concept in concepts(shape):
        check_solution(information, tree, concept, shape)
        check_strategy(game, solved(information, concept).strategy)


@some
@given(shapes(histories=40, structures=ANY), st.booleans(), st.booleans())
def test_whole_chain(shape: Shape, public: bool, spent: bool) -> None:
    check_whole_chain(shape, public, spent)


@pytest.mark.slow
@many
@given(shapes(histories=100, structures=ANY), st.booleans(), st.booleans())
def test_whole_chain_of_many_games(shape: Shape, public: bool, spent: bool) -> None:
    check_whole_chain(shape, public, spent)


def check_sequence_form(shape: Shape, public: bool, spent: bool) -> None:
    """The programme, the judge on histories, and both plain values."""
    game = drawn(shape, public, spent)
    information = game.information
    assume(reward_kind(information.model) == "zero_sum" and information.protocol.forget is None)
    layers = extensive_game(information)
    solution = solve_programme(layers, float(spans_to_come(information.model)[0, 0]))
    value = zero_sum_value(game.tree)
    assert solution.value == pytest.approx(value, abs=1e-7)
    assert value == pytest.approx(zero_sum_value(Tree(game.penalised("zero_sum"), game.protocol)), abs=1e-7)
    controllers = controllers_of(information, layers, solution.behaviours)
    judged = judge_histories(information, controllers, "nash")
    assert judged.values[0] == pytest.approx(value, abs=1e-7)
    assert judged.deviation_values == pytest.approx([solution.upper, -solution.lower], abs=1e-9)
    told = compare(information, controllers, judged, "plain", judge)
    assert told.disagreement is None, told.findings
    regret = minimise_regret(layers, RegretOptions(1e-3, 3000))
    assert regret.solution.lower - 1e-9 <= value <= regret.solution.upper + 1e-9
    assert regret.solution.width <= 0.02 * max(1.0, float(spans_to_come(information.model)[0, 0]))
    check_strategy(game, controllers)
    played = record(information.model, player_of(information, controllers), 400, shape.seed % 1000)
    check_episodes(game, played)
    assert (np.abs(played.mean - judged.values) <= 5 * played.error + 1e-9).all()


def check_strategy(game: Pursed, strategy: Strategy) -> None:
    """It chooses nothing that does not exist, but where a controller has no node: nothing is earned there any more."""
    player, simulator = player_of(game.information, strategy), Simulator(game.model, 5)
    step = simulator.reset(100)
    while not step.done:
        chosen = player.act(step, simulator.chance)
        if step.played is not None:
            for i, (own, played) in enumerate(zip(chosen, step.played, strict=True)):
                listed = np.full(len(own), True)
                if isinstance(strategy, Controllers):
                    nodes = player.inner()[f"node[{game.model.signature.agents[i]}]"]
                    listed = nodes < len(strategy.agents[i].steps[step.h - 1])
                assert (played[np.arange(len(own)), own] == own)[listed].all()
                chosen[i] = played[np.arange(len(own)), own]
        step = simulator.step(chosen)


def check_episodes(game: Pursed, episodes: Episodes) -> None:
    """Whatever was played exists."""
    sizes = [len(v.values) for v in game.model.signature.actions]
    for h in range(game.horizon):
        for mask, digit in zip(game.legal, np.unravel_index(episodes.action[h], sizes), strict=True):
            assert mask[episodes.state[h], digit].all()


def check_pivoting(shape: Shape, public: bool, spent: bool) -> None:
    """Nash equilibria of two agents: what is claimed is what the judge finds, and nobody gains."""
    game = drawn(shape, public, spent)
    information = game.information
    assume(shape.n == 2 and information.protocol.forget is None)
    problem = Problem(information, "nash", 10**6, 0)
    result = Lemke().emit(problem, Lemke.options()).run(lambda stage, done, total: None)
    judged = judge_histories(information, result.strategy, "nash")
    assert result.claim.stopped is None and judged.gap is not None and judged.gap <= 1e-6
    assert judged.values == pytest.approx(result.claim.values, abs=1e-7)
    check_strategy(game, result.strategy)


@some
@given(shapes(rewards=("general",), histories=100, structures=ANY, max_agents=2), st.booleans(), st.booleans())
def test_pivoting(shape: Shape, public: bool, spent: bool) -> None:
    check_pivoting(shape, public, spent)


@pytest.mark.slow
@many
@given(shapes(rewards=("general",), histories=300, structures=ANY, max_agents=2), st.booleans(), st.booleans())
def test_pivoting_in_many_games(shape: Shape, public: bool, spent: bool) -> None:
    check_pivoting(shape, public, spent)


def check_teams(shape: Shape, public: bool, spent: bool, limit: float | None) -> None:
    """The search's bracket, and without time the policy of few types, against every prescription tried."""
    game = drawn(shape, public, spent)
    information = game.information
    assume(no_perfect_recall(information) is None)
    plain = Coordinator(game.tree)
    assume(plain.affordable(3e3))
    best, found = plain.value(), solve_team(information, time_limit=limit)
    assert found.lower - 1e-9 <= best <= found.upper + 1e-9
    assert limit is not None or (found.stopped is None and found.upper - found.lower <= 1e-9)
    priced = Coordinator(Tree(game.penalised("common"), game.protocol))
    assert priced.value() == pytest.approx(best, abs=1e-9)
    judged = judge_histories(information, found.policy, "nash")
    assert judged.values[0] == pytest.approx(found.lower, abs=1e-9)
    assert limit is not None or (judged.gains is not None and max(judged.gains) <= 1e-9)
    check_strategy(game, found.policy)


@some
@given(
    shapes(rewards=("common",), histories=60, structures=ANY),
    st.booleans(),
    st.booleans(),
    st.sampled_from((None, 0.0)),
)
def test_teams(shape: Shape, public: bool, spent: bool, limit: float | None) -> None:
    check_teams(shape, public, spent, limit)


@pytest.mark.slow
@many
@given(
    shapes(rewards=("common",), histories=300, structures=ANY),
    st.booleans(),
    st.booleans(),
    st.sampled_from((None, 0.0)),
)
def test_teams_of_many_games(shape: Shape, public: bool, spent: bool, limit: float | None) -> None:
    check_teams(shape, public, spent, limit)


@some
@given(shapes(histories=200, structures=ANY), st.booleans(), st.booleans(), st.integers(0, 99))
def test_random_players_play_what_exists(shape: Shape, public: bool, spent: bool, number: int) -> None:
    game = drawn(shape, public, spent)
    check_episodes(game, record(game.model, RandomPlayer(game.information, number), 60))
    uniform = record(game.model, UniformPlayer(game.model), 60)
    check_episodes(game, uniform)


@some
@given(shapes(rewards=("zero_sum",), histories=100, structures=ANY), st.booleans(), st.booleans())
def test_sequence_form(shape: Shape, public: bool, spent: bool) -> None:
    check_sequence_form(shape, public, spent)


@pytest.mark.slow
@many
@given(shapes(rewards=("zero_sum",), histories=300, structures=ANY), st.booleans(), st.booleans())
def test_sequence_form_of_many_games(shape: Shape, public: bool, spent: bool) -> None:
    check_sequence_form(shape, public, spent)
