"""Exchanges at some steps only: what is known of Assumption 3 at them, and plans under them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.checks import solved
from support.games import random_game, shapes, some_exchanges
from support.optimum import Coordinator
from support.tree import Digits, History, Tree

import posgc
from posgc.assumptions.independence.structural import separated_steps, slice_certificate
from posgc.assumptions.strategy_independence import exact_test, strategy_independence
from posgc.coordination.team import no_perfect_recall, solve_team
from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, Exchange, LagTable

SEEDS = st.integers(0, 2**32 - 1)
EXACT = 1e-9
"""Absolute; values and probabilities are of order 1."""


def exchanging(shape, seed: int) -> Information:  # type: ignore[no-untyped-def]
    """A random game under exchanges alone."""
    model, table = random_game(shape)
    rng = np.random.default_rng(seed)
    exchanges: tuple[Exchange, ...] = ()
    while not exchanges and model.n_agents > 1 and model.signature.actions:
        exchanges = some_exchanges(model.signature, rng)
    n = model.n_agents
    rows = [
        tuple(tuple(own if i == v.agent else NEVER for i in range(n)) for v in variables)
        for variables, own in ((model.signature.actions, 1), (model.signature.observations, 0))
    ]
    return Information(model, LagTable("exchanges", *rows, table.forget, exchanges))


def random_strategy(tree: Tree, seed: int):  # type: ignore[no-untyped-def]
    """Each agent draws a pure action for each (c_h, p_{i,h}) once."""
    rng, chosen = np.random.default_rng(seed), dict[object, Digits]()

    def play(history: History) -> list[tuple[float, Digits]]:
        common, private = tree.knowledge(history)
        joint: Digits = ()
        for i in range(tree.n):
            options = tree.own_actions(i, history.h)
            key = i, common, private[i]
            if key not in chosen:
                chosen[key] = options[int(rng.integers(len(options)))]
            joint += chosen[key]
        return [(1.0, joint)]

    return play


@settings(max_examples=150, deadline=None)
@given(shapes(histories=150, structures=("any",)), SEEDS)
def test_no_strategy_moves_the_beliefs_of_the_steps_that_are_named(shape, seed):
    """Against the plain tree: at those steps P(s, p | c) is the same under uniform and under pure random play."""
    information = exchanging(shape, seed)
    tree = Tree(information.model, information.protocol)
    levels = tree.histories()
    for play in (random_strategy(tree, seed + k) for k in range(3)):
        others = tree.histories(play)
        for h in separated_steps(information):
            uniform = tree.beliefs(levels[h - 1])
            for common, (_, belief) in tree.beliefs(others[h - 1]).items():
                reference = uniform[common][1]
                assert sum(abs(reference.get(k, 0) - belief.get(k, 0)) for k in reference | belief) <= EXACT


def test_the_steps_of_an_exchange_are_named_where_the_assumption_fails():
    """Everything is told at steps 3 and 6, and between them nothing is: what a silent agent did moves beliefs."""
    game = posgc.load("games/dectiger.posg", share="exchange(3)", horizon=7)
    assert separated_steps(game.compiled.information) == (3, 6)
    verdict = game.check().assumption3
    assert verdict.holds is False
    assert verdict.notes == (
        "at steps 3 and 6 the common belief does not depend on the strategies, by d-separation in the influence "
        "diagram of all steps; of the other steps this is not shown",
    )
    assert separated_steps(posgc.load("games/dectiger.posg", share="none", horizon=4).compiled.information) == ()
    uncut = game.compiled.information
    lost = replace(uncut.protocol, exchanges=tuple(x for x in uncut.protocol.exchanges if x.kind == "observation"))
    (note,) = strategy_independence(Information(uncut.model, lost)).notes
    assert note == "of no step of 2..7 was it shown that the common belief does not depend on the strategies"


@settings(max_examples=150, deadline=None)
@given(shapes(histories=150, structures=("uncontrolled", "none", "full")), SEEDS)
def test_a_proof_for_every_horizon_holds_at_longer_ones(shape, seed):
    """The slices of a cycle of exchanges are all there are."""
    information = exchanging(replace(shape, horizon=2, gaps=False), seed)
    cut = slice_certificate(information)
    if cut.separated and cut.open is None:
        model = random_game(replace(shape, horizon=5, gaps=False))[0]
        assert exact_test(Information(model, information.protocol), 20_000).holds is not False


@settings(max_examples=60, deadline=None)
@given(shapes(rewards=("common",), structures=("uncontrolled", "none")), SEEDS)
def test_value_iteration_and_the_coordinator_agree_where_assumption_3_holds(shape, seed):
    information = exchanging(shape, seed)
    plain = Coordinator(Tree(information.model, information.protocol))
    if no_perfect_recall(information) is None and strategy_independence(information).holds and plain.affordable(3e4):
        found = solve_team(information).lower
        assert found == pytest.approx(solved(information, "team").claim.values[0], abs=1e-8)
        assert found == pytest.approx(plain.value(), abs=1e-8)


SILENT = """
game silent {{
  horizon 4; discount 0.9; agents ann, bob;
  state s: {{a, b}}; init s ~ uniform; next s = if act[ann] == x then s else a;
  action act[i]: {{x, y}};
  observation o[i]: {{q, r}}; observe o[i] = q;
  reward team = if s == a then 1 else 0;
  share p {{ act after 1 every {k}; {more} }}
}}
"""


@pytest.mark.parametrize(
    ("k", "more"), [(2, ""), (3, "forget after 2;"), pytest.param(4, "", marks=pytest.mark.slow), (1, "")]
)
def test_steps_that_look_alike_within_a_cycle_prove_nothing_of_later_ones(tmp_path, k, more):
    """Nothing is claimed of the game without end that a longer horizon refutes."""
    path = tmp_path / "silent.posg"
    path.write_text(SILENT.format(k=k, more=more))
    endless = posgc.load(path, horizon=math.inf).check().assumption3
    long = posgc.load(path, horizon=2 * k + 3).check().assumption3
    assert not (endless.holds and long.holds is False)
    assert endless.holds is not False or long.holds is False


def test_protocols_of_python_may_have_exchanges():
    game = posgc.load("games/dectiger.posg", horizon=3)
    table = game.compiled.information.protocol
    never = ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0))
    links = [(kind, 1 - i, i, lag) for kind, lag in (("observation", 0), ("action", 1)) for i in (0, 1)]
    mine = LagTable("mine", *never, None, tuple(Exchange(*link, 2, 2) for link in links))  # type: ignore[arg-type]
    shared = posgc.load("games/dectiger.posg", horizon=3, share=mine)
    assert set(mine.exchanges) == set(
        posgc.load("games/dectiger.posg", share="exchange(2)", horizon=3).compiled.information.protocol.exchanges
    )
    assert (
        shared.solve("team").values
        == posgc.load("games/dectiger.posg", share="exchange(2)", horizon=3).solve("team").values
    )
    for wrong in (
        Exchange("observation", 0, 0, 0, 2, 2),
        Exchange("action", 0, 1, 0, 2, 2),
        Exchange("observation", 0, 1, 0, 0, 2),
        Exchange("observation", 0, 1, 0, 2, 0),
        Exchange("observation", 2, 1, 0, 2, 2),
        Exchange("else", 0, 1, 0, 2, 2),  # type: ignore[arg-type]
    ):
        with pytest.raises(posgc.InputError) as raised:
            posgc.load("games/dectiger.posg", share=replace(table, exchanges=(wrong,)))
        assert [d.code for d in raised.value.diagnostics] == ["E635"]
