"""The drop pass: what it takes away is worth nothing, and only what it may."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.games import Shape, random_game, shapes
from support.optimum import Coordinator, zero_sum_value
from support.tree import Tree

from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER
from posgc.model.build import kernel_from_dense

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
UNCONTROLLED = Shape("uncontrolled", 2, 2, 3, (2, 2), (2, 2), "general", "dense", False, False, False, 1.0, 0)


@few
@given(shapes(("common",), histories=150, max_agents=2))
def test_the_team_optimum_is_the_same_with_and_without(shape: Shape) -> None:
    """Example 5 and its like by brute force over all prescriptions, with own actions in memory and without."""
    model, protocol = random_game(shape)
    information = drop_own_actions(Information(model, protocol))
    assume(information.dropped)
    whole, less = Coordinator(Tree(model, protocol)), Coordinator(Tree(model, protocol, information.dropped))
    assume(whole.affordable(3e5))
    assert less.value() == pytest.approx(whole.value(), abs=1e-9)


@few
@given(shapes(("zero_sum",), histories=150))
def test_so_is_the_value_of_a_zero_sum_game(shape: Shape) -> None:
    model, protocol = random_game(shape)
    information = drop_own_actions(Information(model, protocol))
    assume(information.dropped)
    less = zero_sum_value(Tree(model, protocol, information.dropped))
    assert less == pytest.approx(zero_sum_value(Tree(model, protocol)), abs=1e-7)


def test_unread_unshared_actions_are_dropped() -> None:
    model, protocol = random_game(UNCONTROLLED)
    assert drop_own_actions(Information(model, protocol)).dropped == {(v, h) for v in (0, 1) for h in (1, 2)}


@pytest.mark.parametrize("why", ["the state reads it", "only its own observation reads it", "it is shared", "forget"])
def test_and_nothing_else(why: str) -> None:
    model, protocol = random_game(UNCONTROLLED)
    kernel = model.kernels[0]
    if why == "it is shared":
        protocol = replace(protocol, action_lags=((1, 2), (NEVER, 1)))
        assert drop_own_actions(Information(model, protocol)).dropped == {(1, 1), (1, 2)}
        return
    if why == "forget":  # at step 3 the action of step 2 is remembered, the observation of step 1 is not
        observed = model.observed.copy()
        observed[0] = True
        model = replace(model, observed=observed)
        protocol = replace(protocol, forget=1, observation_lags=((0, NEVER), (NEVER, 0)))
        assert drop_own_actions(Information(model, protocol)).dropped == {(0, 1), (1, 1)}
        return
    probability = kernel.probability.copy()
    rows = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
    second = rows // 2 >= 2  # joint actions in which agent 0 plays 1
    partner = kernel.state if why == "the state reads it" else kernel.observation // 2
    sign = np.where(partner == 0, 1.0, -1.0)
    half = {r: probability[(rows == r) & (sign > 0)].sum() for r in set(rows[second].tolist())}
    for r, low in half.items():
        at = rows == r
        probability[at] *= np.where(sign[at] > 0, (low + 0.1) / low / 1.1, (1.1 - low - 0.1) / (1 - low) / 1.1)
    model = replace(model, kernels=(replace(kernel, probability=probability),))
    assert drop_own_actions(Information(model, protocol)).dropped == {(1, 1), (1, 2)}


def test_an_action_that_only_its_own_observation_reads_stays() -> None:
    """One state; the first agent is shown what it did, with the same probabilities whatever that is."""
    kernel = kernel_from_dense(np.eye(2).repeat(2, axis=0)[:, None, :, None], np.zeros((2, 4, 1)))
    model, protocol = random_game(replace(UNCONTROLLED, n_states=1, observations=(2, 1)))
    model = replace(model, kernels=(kernel,))
    assert drop_own_actions(Information(model, protocol)).dropped == {(1, 1), (1, 2)}
