"""Channels that lose or delay: the lowered game against trees that draw every delay when an item is sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.channels import ChannelTree, Drawn, PlainOptimum, some_channels
from support.checks import solved
from support.games import random_game, shapes
from support.structures import dectiger
from support.tree import Tree

import posgc
from posgc.assumptions.strategy_independence import strategy_independence
from posgc.coordination.team import solve_team
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.language.sharing.lag_table import NEVER, Channel, LagTable
from posgc.language.sharing.requests import protocol as protocol_of
from posgc.model.arrays import digest_of
from posgc.model.channels.lowering import lowered

EXACT = 1e-9
"""Absolute; values and probabilities are of order 1."""
SEEDS = st.integers(0, 2**32 - 1)


def channelled(shape, seed, most=2):  # type: ignore[no-untyped-def]
    """A random game under a random table of lags with channels."""
    model, table = random_game(shape)
    assume(model.n_agents > 1 and (model.signature.actions or model.signature.observations))
    channels = some_channels(model.signature, np.random.default_rng(seed), most)
    return model, replace(table, forget=None, channels=channels)


def happenings(model, table, states):  # type: ignore[no-untyped-def]
    """P(states, observations, arrivals of every step) under uniform play by the lowered game."""
    lower, plain = lowered(model, table)
    tree, found = Tree(lower, plain), defaultdict[object, float](float)
    own = [k for k, v in enumerate(lower.signature.observations) if "_after_" not in v.name]
    for w, x in tree.histories()[-1]:
        arrived = []
        for step, seen in enumerate(x.observations, start=1):
            for v, value in zip(lower.signature.observations, seen, strict=True):
                if "_after_" in v.name and value:
                    arrived.append((step, v.agent, v.name, v.values[value]))
        bases = tuple(tuple(lower.state_values[s, :states]) for s in x.states)
        found[bases, x.actions, tuple(tuple(o[k] for k in own) for o in x.observations), tuple(sorted(arrived))] += w
    return found


def drawn_happenings(model, table):  # type: ignore[no-untyped-def]
    """The same from the definition; what arrives only when it is known for certain is left out, as it is there."""
    tree, found = ChannelTree(model, table), defaultdict[object, float](float)
    signature = model.signature
    for w, x in tree.histories()[-1]:
        assert isinstance(x, Drawn)
        values, arrived = dict(tree.items(x)), []
        for step, number, (t, kind, v) in x.messages():
            channel = table.channels[number]
            source = (signature.actions if kind == "action" else signature.observations)[v]
            row = (table.action_lags if kind == "action" else table.observation_lags)[v]
            if step - t < min(row[channel.agent], channel.law[-1][0]):
                name = f"{source.name}_from_{signature.agents[source.agent]}_after_{step - t}"
                arrived.append((step, channel.agent, name, source.values[values[t, kind, v]]))
        bases = tuple(tuple(model.state_values[s]) for s in x.states)
        found[bases, x.actions, x.observations, tuple(sorted(arrived))] += w
    return found


@settings(max_examples=200, deadline=None)
@given(shapes(histories=60, structures=("any", "none")), SEEDS)
def test_what_happens_has_the_law_of_the_definition(shape, seed):
    model, table = channelled(shape, seed, 3)
    mine, plain = happenings(model, table, model.state_values.shape[1]), drawn_happenings(model, table)
    for key in mine | plain:
        assert mine[key] == pytest.approx(plain[key], abs=EXACT)
    assert sum(mine.values()) == pytest.approx(1, abs=EXACT)


@settings(max_examples=100, deadline=None)
@given(shapes(histories=60, structures=("any", "none")), SEEDS)
def test_rewards_are_those_of_the_game(shape, seed):
    model, table = channelled(shape, seed)
    lower, plain = lowered(model, table)
    uniform = ChannelTree(model, table).uniform_values()
    assert Tree(lower, plain).uniform_values() == pytest.approx(uniform, abs=EXACT)
    for kernel in lower.kernels:
        lengths = np.diff(kernel.indptr)
        sums = np.add.reduceat(kernel.probability, kernel.indptr[:-1][lengths > 0])
        assert np.allclose(sums, 1, rtol=0, atol=1e-12)


def against_plain(shape, seed) -> bool:  # type: ignore[no-untyped-def]
    model, table = channelled(shape, seed)
    plain = PlainOptimum(ChannelTree(model, table))
    if not plain.affordable(3e3):
        return False
    found = solve_team(Information(*lowered(model, table)))
    assert found.lower == pytest.approx(plain.value(), abs=EXACT)
    assert found.upper - found.lower <= EXACT
    return True


@settings(max_examples=60, deadline=None)
@given(shapes(rewards=("common",), histories=60, structures=("any", "none")), SEEDS)
def test_the_coordinator_finds_the_optimum_of_the_definition(shape, seed):
    against_plain(shape, seed)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(shapes(rewards=("common",), histories=150, structures=("any", "none")), SEEDS)
def test_the_coordinator_finds_the_optimum_of_the_definition_in_many_games(shape, seed):
    against_plain(shape, seed)


def lossy(loss: float, horizon: int, acknowledged: int | None = None) -> posgc.Game:
    """The tiger where what is heard gets to the other a step later, or never."""
    table = protocol_of(dectiger(2).signature, "one_step")
    law = tuple((lag, p) for lag, p in ((1, 1 - loss), (NEVER, loss)) if p > 0)
    channels = tuple(Channel("observation", v, 1 - v, law, acknowledged) for v in (0, 1))
    silent = replace(table, name="lossy", observation_lags=((0, NEVER), (NEVER, 0)), channels=channels)
    return posgc.load("games/dectiger.posg", share=silent, horizon=horizon)


def planned(game: posgc.Game) -> float:
    """The team optimum, by the coordinator."""
    return game.solve("team", backend="coordinator").values["ann"]


@pytest.mark.parametrize(("horizon", "acknowledged"), [(3, None), (4, 0)])
def test_the_tiger_is_worth_less_the_more_is_lost(horizon, acknowledged):
    """Nothing lost is `one_step`, by value iteration; all lost is hearing alone."""
    at = [planned(lossy(p, horizon, acknowledged)) for p in (0, 0.02, 0.1, 0.5, 0.9, 1)]
    assert all(more >= less - EXACT for more, less in pairwise(at))
    assert at[0] > at[2] > at[-1]
    whole = posgc.load("games/dectiger.posg", share="one_step", horizon=horizon).solve("team").values["ann"]
    table = protocol_of(dectiger(2).signature, "one_step")
    alone = replace(table, name="alone", observation_lags=((0, NEVER), (NEVER, 0)))
    deaf = planned(posgc.load("games/dectiger.posg", share=alone, horizon=horizon))
    assert (at[0], at[-1]) == (pytest.approx(whole, abs=EXACT), pytest.approx(deaf, abs=EXACT))
    # the chance that any of at most 2 H items is lost, times the span of what can be earned, 121 a step
    nearly = planned(lossy(1e-9, horizon, acknowledged))
    assert whole - 2 * horizon * 1e-9 * 121 * horizon <= nearly <= whole + EXACT


def test_who_is_told_of_arrivals_can_do_no_worse():
    at = [planned(lossy(0.3, 3, told)) for told in (None, 1, 0)]
    assert at[0] - EXACT <= at[1] <= at[2] + EXACT
    assert at[2] > at[0] + 1e-3


@settings(max_examples=60, deadline=None)
@given(shapes(rewards=("common",), histories=60, structures=("uncontrolled",)), SEEDS)
def test_value_iteration_agrees_where_assumption_3_holds(shape, seed):
    information = Information(*lowered(*channelled(shape, seed)))
    if strategy_independence(information).holds:
        assert solve_team(information).lower == pytest.approx(solved(information, "team").claim.values[0], abs=1e-8)


def test_a_game_that_is_the_same_at_every_step_stays_so():
    model = dectiger(4)
    for law, kind in (
        (((1, 0.5), (NEVER, 0.5)), "observation"),
        (((0, 0.5), (3, 0.5)), "observation"),
        (((2, 0.5), (NEVER, 0.5)), "action"),
    ):
        table = LagTable("x", ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0)), None, (), (Channel(kind, 0, 1, law),))  # type: ignore[arg-type]
        lower, _ = lowered(model, table)
        assert model.steady and lower.steady and len(lower.kernels) == 1
        assert lower.digest == digest_of(lowered(model, table)[0]) != model.digest


def test_without_a_channel_that_matters_nothing_changes():
    model = dectiger(3)
    table = LagTable("x", ((1, NEVER), (NEVER, 1)), ((0, 1), (NEVER, 0)))
    assert lowered(model, table) == (model, table)
    for law in (((NEVER, 1.0),), ((1, 0.5), (2, 0.5)), ((3, 1.0),)):
        late = replace(table, channels=(Channel("observation", 0, 1, law),))
        assert lowered(model, late) == (model, table)  # by the table bob has it sooner


def test_names_and_labels_are_new():
    """Beside a variable that has the name of an arrival, and a value that has the word for nothing."""
    game = posgc.loads(
        "game g { horizon 3; agents ann, bob; state s: {a, b}; init s ~ uniform; "
        "action act[i]: {nothing, say}; observation act_from_ann_after_1[bob]: {x, y}; "
        "observe act_from_ann_after_1[bob] ~ uniform; reward team = if act[bob] == say then 1 else 0; "
        "share p { act[ann] to bob after ~ {1: 0.5, never: 0.5}; } }"
    )
    signature = game.model.signature
    names = [(v.name, v.values) for v in signature.observations]
    assert names[-1] == ("act_from_ann_after_1_", ("nothing_", "nothing", "say"))
    assert len({(v.name, v.agent) for v in signature.observations}) == len(signature.observations)


def test_too_much_on_its_way_is_refused_at_once():
    law = tuple((k, 1 / 20) for k in range(1, 21))
    channels = tuple(Channel("observation", v, 1 - v, law) for v in (0, 1))
    table = LagTable("x", ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0)), None, (), channels)
    for horizon in (3, 40):
        model = dectiger(horizon)
        with pytest.raises(LimitError, match="on its way"):
            lowered(model, table)


@pytest.mark.parametrize(
    "wrong",
    [
        Channel("observation", 0, 0, ((1, 1.0),)),
        Channel("observation", 0, 1, ()),
        Channel("observation", 0, 1, ((1, 0.5),)),
        Channel("observation", 0, 1, ((2, 0.5), (1, 0.5))),
        Channel("observation", 0, 1, ((1, 1.5), (2, -0.5))),
        Channel("observation", 0, 1, ((21, 1.0),)),
        Channel("observation", 0, 1, ((1, float("nan")),)),
        Channel("action", 0, 1, ((0, 1.0),)),
        Channel("observation", 0, 1, ((1, 1.0),), -1),
        Channel("observation", 7, 1, ((1, 1.0),)),
    ],
)
def test_channels_of_python_are_looked_at(wrong):
    table = protocol_of(dectiger(2).signature, "one_step")
    for channels in ((wrong,), (Channel("action", 1, 0, ((1, 1.0),)), wrong)):
        with pytest.raises(posgc.InputError) as raised:
            posgc.load("games/dectiger.posg", share=replace(table, channels=channels))
        assert [d.code for d in raised.value.diagnostics] == ["E635"]


def test_policies_belong_to_the_game_with_its_channels(tmp_path):
    """A policy of one loss is not one of another, and plays, is judged and is simulated as any other."""
    some, other = lossy(0.2, 3), lossy(0.3, 3)
    solution = some.solve("team")
    path = tmp_path / "p.npz"
    solution.policy.save(path)
    verified = some.verify(path)
    assert verified.values["ann"] == pytest.approx(solution.values["ann"], abs=EXACT)
    low, high = (some.simulate(path, episodes=20_000, seed=1).interval or {})["ann"]
    assert abs((low + high) / 2 - solution.values["ann"]) < 2 * (high - low)  # four half-widths
    with pytest.raises(posgc.InputError) as raised:
        other.verify(path)
    assert [d.code for d in raised.value.diagnostics] == ["E610"]
