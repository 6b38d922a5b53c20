"""Controllers, mixtures and opaque players: what the judge on histories finds, against plain play along every history.

Strategies are random and bad on purpose, and protocols are those under which Assumption 3 may fail: random lags,
nothing shared, `forget`, late own items, steps without a choice, up to three agents.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.games import Shape, random_game, shapes
from support.kinds import (
    OwnPlay,
    PartsPlay,
    as_controllers,
    hashed,
    hashed_controllers,
    random_controllers,
    random_mixture,
)
from support.policies import machine, unrolled
from support.tree import Tree

from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.language.concepts import DeviationKind
from posgc.policy.mixture import Mixture

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ANY = ("any", "any", "none", "forget_all", "mixed_links", "controlled_late_own")
EXACT = 1e-9
"""Absolute; rewards are of order 1."""


def game_of(shape: Shape) -> tuple[Information, Tree]:
    """The game after the drop pass, both ways; nothing that should become common is lost."""
    model, protocol = random_game(shape)
    assume(Information(model, protocol).first_lost is None)
    information = drop_own_actions(Information(model, protocol))
    return information, Tree(model, protocol, information.dropped)


@few
@given(shapes(histories=60, structures=ANY))
def test_controllers(shape: Shape) -> None:
    information, tree = game_of(shape)
    strategy = random_controllers(np.random.default_rng(shape.seed), tree)
    play = OwnPlay(tree, strategy)
    best = [play.recall(i, "nash") for i in range(tree.n)]
    kinds: tuple[DeviationKind, ...] = ("nash", "cce", "ce", "ce_strategic")
    for kind in kinds:
        found = judge_histories(information, strategy, kind)
        assert found.values == pytest.approx(play.values(), abs=EXACT)
        assert found.deviation_values == pytest.approx(best, abs=EXACT), kind


@few
@given(shapes(histories=60, structures=ANY))
def test_what_controllers_recommend_tells_nothing(shape: Shape) -> None:
    """A deviator that hears its own recommended action gains what one gains that hears none."""
    _, tree = game_of(shape)
    play = OwnPlay(tree, random_controllers(np.random.default_rng(shape.seed), tree))
    for i in range(tree.n):
        assert play.recall(i, "ce") == pytest.approx(play.recall(i, "nash"), abs=EXACT)


@few
@given(shapes(histories=60, structures=ANY))
def test_controllers_that_copy_a_machine(shape: Shape) -> None:
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    strategy = (unrolled if rng.random() < 0.5 else machine)(rng, tree, True)
    one = judge_histories(information, strategy, "nash")
    two = judge_histories(information, as_controllers(tree, strategy), "nash")
    assert two.values == pytest.approx(one.values, abs=EXACT)
    assert two.gains == pytest.approx(one.gains, abs=EXACT)
    assert two.status == one.status


@few
@given(shapes(histories=80, structures=ANY))
def test_mixtures(shape: Shape) -> None:
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    strategy = random_mixture(rng, tree, pure=bool(rng.random() < 0.3))
    play = PartsPlay(tree, strategy)
    kinds: tuple[DeviationKind, ...] = ("cce", "ce")
    for kind in kinds:
        found = judge_histories(information, strategy, kind)
        assert found.values == pytest.approx(play.values(), abs=EXACT)
        best = [play.recall(i, kind) for i in range(tree.n)]
        assert found.deviation_values == pytest.approx(best, abs=EXACT), kind
    for kind in ("nash", "ce_strategic"):
        with pytest.raises(ValueError, match=r"no (Nash|CE) gap"):
            judge_histories(information, strategy, kind)


@few
@given(shapes(histories=80, structures=ANY))
def test_a_mixture_of_one_strategy_with_itself(shape: Shape) -> None:
    """Two parts that are the same tell nothing: values and gains are the strategy's own."""
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    strategy = unrolled(rng, tree, True) if rng.random() < 0.5 else random_controllers(rng, tree)
    twice, sole = Mixture(np.array([0.3, 0.7]), (strategy, strategy)), Mixture(np.array([0.0, 1.0]), (strategy,) * 2)
    alone = judge_histories(information, strategy, "nash")
    for found in (judge_histories(information, twice, "ce"), judge_histories(information, sole, "nash")):
        assert found.values == pytest.approx(alone.values, abs=EXACT)
        assert found.deviation_values == pytest.approx(alone.deviation_values, abs=EXACT)


@settings(few, max_examples=25)
@given(shapes(histories=80, structures=ANY))
def test_opaque_players_asked_out(shape: Shape) -> None:
    information, tree = game_of(shape)
    play = OwnPlay(tree, hashed_controllers(tree, information, shape.seed))
    found = judge_histories(information, hashed(information, shape.seed), "nash")
    assert found.values == pytest.approx(play.values(), abs=EXACT)
    assert found.deviation_values == pytest.approx([play.recall(i, "nash") for i in range(tree.n)], abs=EXACT)
