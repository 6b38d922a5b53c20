"""EFCE, EFCCE and NFCCE gaps: what the judge on histories finds, against plain play along every history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from policy.test_kinds_tree import ANY, game_of
from support.games import Shape, shapes
from support.kinds import PartsPlay, random_controllers, random_mixture
from support.leaving import best_leaving
from support.play import Play
from support.policies import unrolled

from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.language.concepts import DEVIATIONS, DeviationKind
from posgc.policy.mixture import Mixture
from posgc.policy.strategy import Strategy

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=3000)
EXACT = 1e-9
"""Absolute; rewards are of order 1."""
SHAPES = shapes(histories=80, structures=ANY)


def gaps(information: Information, strategy: Strategy) -> dict[DeviationKind, tuple[float, ...]]:
    kinds: tuple[DeviationKind, ...] = ("nfcce", "cce", "efcce", "efce", "ce")
    found = {}
    for kind in kinds:
        judged = judge_histories(information, strategy, kind)
        assert judged.gains is not None
        found[kind] = judged.gains
    return found


def check_mixture(shape: Shape) -> None:
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    strategy = random_mixture(rng, tree, pure=bool(rng.random() < 0.3))
    play = PartsPlay(tree, strategy)
    kinds: tuple[DeviationKind, ...] = ("efce", "efcce")
    for kind in kinds:
        found = judge_histories(information, strategy, kind)
        trigger = DEVIATIONS[kind].trigger
        assert trigger is not None
        best = [best_leaving(play, i, trigger, play.begin()) for i in range(tree.n)]
        assert found.values == pytest.approx(play.values(), abs=EXACT)
        assert found.deviation_values == pytest.approx(best, abs=EXACT), kind
        assert found.status == "exact" or tree.protocol.forget is not None
    nfcce = judge_histories(information, strategy, "nfcce")
    assert nfcce.deviation_values == pytest.approx([play.recall(i, "cce") for i in range(tree.n)], abs=EXACT)
    check_order(gaps(information, strategy))


def check_order(found: dict[DeviationKind, tuple[float, ...]]) -> None:
    """Who hears more, and may leave later, gains no less; who hears on after leaving gains most."""
    for less, more in (("nfcce", "efcce"), ("efcce", "efce"), ("efce", "ce")):
        assert all(a <= b + EXACT for a, b in zip(found[less], found[more], strict=True)), (less, more)  # type: ignore[index]
    assert found["nfcce"] == found["cce"]


@few
@given(SHAPES)
def test_mixtures(shape: Shape) -> None:
    check_mixture(shape)


@pytest.mark.slow
@many
@given(SHAPES)
def test_many_mixtures(shape: Shape) -> None:
    check_mixture(shape)


@few
@given(SHAPES)
def test_machines_that_mix_at_every_step(shape: Shape) -> None:
    information, tree = game_of(shape)
    strategy = unrolled(np.random.default_rng(shape.seed), tree, False)
    play = Play(tree, strategy)
    begin = [(w, history, play.first(history)) for w, history in tree.start()]
    kinds: tuple[DeviationKind, ...] = ("efce", "efcce")
    for kind in kinds:
        trigger = DEVIATIONS[kind].trigger
        assert trigger is not None
        found = judge_histories(information, strategy, kind)
        best = [best_leaving(play, i, trigger, begin) for i in range(tree.n)]
        assert found.deviation_values == pytest.approx(best, abs=EXACT), kind


@few
@given(SHAPES)
def test_independent_agents_have_their_nash_gap_in_every_form(shape: Shape) -> None:
    """Controllers draw independently, alone or as both parts of a mixture: what is recommended tells nothing."""
    information, tree = game_of(shape)
    strategy = random_controllers(np.random.default_rng(shape.seed), tree)
    nash = judge_histories(information, strategy, "nash").gains
    for one in (strategy, Mixture(np.array([0.3, 0.7]), (strategy, strategy))):
        assert gaps(information, one) == {kind: pytest.approx(nash, abs=EXACT) for kind in gaps(information, one)}
