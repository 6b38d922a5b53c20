"""Actions that are a choice at some steps only, under every kind of protocol, against the plain tree."""

from __future__ import annotations

from itertools import product

import pytest
from support.channels import ChannelTree, PlainOptimum
from support.checks import solved
from support.optimum import Coordinator
from support.tree import Tree

import posgc
from posgc.assumptions.strategy_independence import strategy_independence
from posgc.coordination.team import solve_team
from posgc.language import Source, compile_game
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate

GAME = """
game turns {{
  horizon 3;
  agents ann, bob;
  state s: {{a, b}};
  init s ~ uniform;
  next s ~ if act[ann] == y and act[bob] == y then uniform else noisy(s, 0.9);
  action act[i]: {{x, y}} when {when};
  observation o[i]: {{a, b}};
  observe o[i] ~ noisy(s', if act[i] == x then 0.8 else 0.6);
  let both[k in 1..2] = act[ann] == act[bob] and (act[ann] == x) == (k == 1);
  reward team = if both[1] then (if s == a then 1 else -2) else if both[2] then (if s == b then 3 else -4) else -1;
  share rounds {{ o after 0 every 2; act after 1 every 2 from 1; }}
  share lossy  {{ o[ann] to bob after ~ {{1: 0.5, never: 0.5}} acknowledged; act after 1; }}
  share none   {{ }}
}}
"""
TURNS = ("step mod 2 == 1", "step mod 3 == i mod 3", "step mod 2 == i - 1", "step > 1")
PROTOCOLS = ("none", "full", "one_step", "delayed(2)", "one_directional(ann -> bob)", "rounds")
EXACT = 1e-9
"""Absolute; values are of order 1."""


@pytest.mark.parametrize(
    ("share", "when"),
    [*product(PROTOCOLS, TURNS), *product(["lossy"], TURNS[1:3])],  # the other turns take the plain tree long there
)
def test_turns_by_the_step(when, share):
    text = GAME.format(when=when)
    game = compile_game(Source("turns", text))
    model, table = tabulate(game), protocol(game.signature, share, game)
    plain = PlainOptimum(ChannelTree(model, table)) if table.channels else Coordinator(Tree(model, table))
    best = plain.value()
    information = posgc.loads(text, share=share).compiled.information
    found = solve_team(information)
    assert (found.lower, found.upper) == (pytest.approx(best, abs=EXACT), pytest.approx(best, abs=EXACT))
    if strategy_independence(information).holds:
        assert solved(information, "team").claim.values[0] == pytest.approx(best, abs=EXACT)


def test_who_has_no_turn_leaks_nothing():
    """An action that is no choice is no item: nothing of it is ever shared."""
    information = posgc.loads(GAME.format(when="step mod 2 == i - 1"), share="full").compiled.information
    shared = [information.label(x) for h in (1, 2, 3) for x in information.increment(h) if x.kind == "action"]
    assert shared == ["act[bob]@1", "act[ann]@2"]  # ann is number 1, and chooses at step 2
