"""Shipped games in which Assumption 3 fails under the protocol that is natural for them: teams have an answer."""

from __future__ import annotations

from math import log2
from pathlib import Path

import pytest
from support.optimum import Coordinator
from support.tree import Tree

from posgc.pipeline import Request, compile_request, solve

GAMES = Path(__file__).parents[2] / "games"
NARROW = 1e-9

# the optimum at small horizons, as the files state it
PLAIN = [
    ("hints", 2, 10.0),
    ("bidding", 2, 1.375),
    ("supply_chain", 2, -5.24),
    ("supply_chain", 3, -9.1952),
    ("attack_graph", 2, -0.575),
    ("attack_graph", 3, -0.975),
    ("harvest", 2, 2.8725),
    ("blind_pursuit", 2, 43 / 30),
    ("meeting_grid", 2, 0.91),
    ("harvesting_channel", 1, (2 + 3 * log2(3) + 2 * 2 + log2(5)) / 9),
    pytest.param("bidding", 3, 1.4375, marks=pytest.mark.slow),
    pytest.param("blind_pursuit", 3, 2.68366666667, marks=pytest.mark.slow),
    pytest.param("epidemic", 2, -1.47204205, marks=pytest.mark.slow),
    ("queue_ring", 1, -4.65),
]
HIDDEN = ["hints", "bidding", "supply_chain", "queue_ring", "attack_graph", "epidemic", "harvest", "blind_pursuit"]


@pytest.mark.parametrize(("name", "horizon", "value"), PLAIN)
def test_the_optimum_by_trying_every_plan(name: str, horizon: int, value: float) -> None:
    information = compile_request(Request(str(GAMES / f"{name}.posg"), horizon=horizon)).information
    assert Coordinator(Tree(information.model, information.protocol)).value() == pytest.approx(value, abs=1e-9)


@pytest.mark.slow
def test_a_small_ring_by_trying_every_plan() -> None:
    """Two steps of the ring under its own protocol have too many plans: here nothing is told, and a queue holds one."""
    compiled = compile_request(Request(str(GAMES / "queue_ring.posg"), "none", {"room": "1"}, 2))
    information = compiled.information
    plain = Coordinator(Tree(information.model, information.protocol)).value()
    assert solve(compiled, "team").bounds == pytest.approx((plain, plain), abs=1e-9)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_team_has_an_answer_without_a_flag(name: str) -> None:
    """Closed at the game's own horizon, and judged: the policy earns the lower bound, and no one can gain alone."""
    solution = solve(compile_request(Request(str(GAMES / f"{name}.posg"))), "team")
    assert solution.independence.holds is False
    assert solution.policy.header.backend == "coordinator"
    claim, checked = solution.policy.claim, solution.judgement
    assert claim.stopped is None
    assert checked is not None and checked.proved and checked.certified is not None
    lower, upper = solution.bounds
    assert lower is not None and upper is not None and claim.lower is not None
    assert upper - lower <= NARROW and checked.certified <= NARROW
    assert checked.values[0] == pytest.approx(claim.lower, abs=NARROW)


@pytest.mark.parametrize("name", ["harvesting_channel", "meeting_grid"])
def test_two_back_ends_where_steps_are_shared_late(name: str) -> None:
    """Value iteration and the coordinator's search, under one_step: neither shares code with the other."""
    compiled = compile_request(Request(str(GAMES / f"{name}.posg"), "one_step", horizon=2))
    values = [solve(compiled, "team", b).bounds for b in ("value-iteration", "coordinator")]
    assert values[0] == pytest.approx(values[1], abs=1e-9)


@pytest.mark.parametrize("name", HIDDEN)
def test_the_answer_lies_between_no_sharing_and_full_sharing(name: str) -> None:
    """Full sharing by value iteration, which shares no code with the search."""
    path = str(GAMES / f"{name}.posg")
    (least, _), (low, high), (_, most) = (
        solve(compile_request(Request(path, share=share)), "team").bounds for share in ("none", None, "full")
    )
    assert least is not None and low is not None and high is not None and most is not None
    assert least <= high and low <= most
