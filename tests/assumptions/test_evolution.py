"""Assumption 1, from lag tables."""

from __future__ import annotations

import numpy as np
from support.structures import ONE_STEP, delayed, protocol, random_game, uncontrolled

from posgc.assumptions.evolution import evolution
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language.sharing.lag_table import LagTable

GAME = random_game(np.random.default_rng(0), (False, False), 4)


def test_holds_without_notes() -> None:
    verdict = evolution(Information(GAME, ONE_STEP))
    assert verdict.assumption == 1 and verdict.holds is True and verdict.notes == ()
    assert evolution(Information(GAME, delayed(3))).holds is True


def test_forgotten_before_it_becomes_common() -> None:
    verdict = evolution(Information(GAME, protocol((1, 1), (2, 2), forget=0)))
    assert verdict.holds is False
    assert "at step 4 obs[1]@2, obs[2]@2 would become common" in verdict.evidence
    assert "'forget after 0'" in verdict.evidence


def test_forgotten_as_it_becomes_common_is_fine() -> None:
    """An item may become common at age k + 1 under `forget after k`: someone still held it a step before."""
    assert evolution(Information(GAME, protocol((1, 1), (2, 2), forget=1))).holds is True


def test_relays_and_drops_are_notes() -> None:
    three = random_game(np.random.default_rng(0), (False,) * 3, 4)
    hops = LagTable("hops", ((1, 2, 3), (2, 1, 2), (3, 2, 1)), ((0, 1, 2), (1, 0, 1), (2, 1, 0)))
    (note,) = evolution(Information(three, hops)).notes
    assert "(2.2)" in note and "act[1]@1 reaches 2 at step 3" in note
    (note,) = evolution(drop_own_actions(Information(GAME, uncontrolled(2)))).notes
    assert "act[1], act[2]" in note
