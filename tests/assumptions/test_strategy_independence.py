"""Assumption 3: the verdicts of every structure x control case against brute force from the definition."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import brute_force, games
from support.structures import (
    FULL,
    NONE,
    ONE_DIRECTIONAL,
    ONE_STEP,
    any_game,
    any_protocol,
    controlled_by_first,
    dectiger,
    delayed,
    protocol,
    random_game,
    uncontrolled,
)

from posgc.assumptions.replay import replay
from posgc.assumptions.strategy_independence import exact_test, strategy_independence
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.arrays import Model
from posgc.model.build import from_arrays

BOTH, FIRST, NOBODY = (True, True), (True, False), (False, False)

# Structure, who moves the state, whether own actions are dropped, verdict.  Liu & Zhang (2023), Examples 1-5,
# and the cases of MATH §4 with the two traps that it names.
CASES = {
    "one-step delay": (ONE_STEP, BOTH, True, True),
    "one-step delay, uncontrolled": (ONE_STEP, NOBODY, True, True),
    "symmetric": (FULL, BOTH, True, True),
    "one-directional one-step": (ONE_DIRECTIONAL, BOTH, True, True),
    "asymmetric A, first controls": (controlled_by_first(2), FIRST, True, True),
    "asymmetric B, first controls": (controlled_by_first(2, own=1), FIRST, True, True),
    "observations only, uncontrolled": (uncontrolled(2), NOBODY, True, True),
    "no sharing, uncontrolled": (NONE, NOBODY, True, True),
    "no sharing": (NONE, BOTH, True, False),
    "two-step delay": (delayed(2), BOTH, True, False),
    "asymmetric A, both control": (controlled_by_first(2), BOTH, True, False),
    "asymmetric B, both control": (controlled_by_first(2, own=1), BOTH, True, False),
    "observations but not actions": (uncontrolled(0), BOTH, True, False),
    "actions but not observations": (protocol((1, 1), (NEVER, NEVER)), BOTH, True, False),
    "trap: actions reveal, uncontrolled": (protocol((1, 1), (2, 2)), NOBODY, True, False),
    "trap: own actions kept, uncontrolled": (uncontrolled(2), NOBODY, False, False),
    "trap: own actions kept, first controls": (controlled_by_first(2), FIRST, False, False),
}


@pytest.mark.parametrize("case", CASES)
def test_every_structure_and_control(case: str) -> None:
    lags, controllers, drop, expected = CASES[case]
    information = Information(random_game(np.random.default_rng(1), controllers, 3), lags)
    if drop:
        information = drop_own_actions(information)
    verdict = strategy_independence(information)
    assert verdict.holds is expected
    assert verdict.method == ("structural, every horizon" if expected else "exact")
    assert exact_test(information).holds is expected
    assert (brute_force.defect(information, limit=150) == 0.0) is expected
    if not expected:
        assert replay(information, json.loads(json.dumps(verdict.witness))).confirmed


# The cases above mostly fail because p_{i,h+1} holds an own action.  With `forget after 0` nobody remembers
# any, and what fails is the belief about the state.
FORGETFUL = {
    "observations but not actions": (protocol((NEVER, NEVER), (0, 0), forget=0), BOTH, False),
    "observations but not actions, uncontrolled": (protocol((NEVER, NEVER), (0, 0), forget=0), NOBODY, True),
    "actions but not observations": (protocol((1, 1), (NEVER, NEVER), forget=0), BOTH, False),
    "actions but not observations, uncontrolled": (protocol((1, 1), (NEVER, NEVER), forget=0), NOBODY, False),
    "nothing": (protocol((NEVER, NEVER), (NEVER, NEVER), forget=0), FIRST, False),
    "nothing, uncontrolled": (protocol((NEVER, NEVER), (NEVER, NEVER), forget=0), NOBODY, True),
}


@pytest.mark.parametrize("case", FORGETFUL)
def test_with_forgetting(case: str) -> None:
    lags, controllers, expected = FORGETFUL[case]
    information = Information(random_game(np.random.default_rng(2), controllers, 3), lags)
    verdict = strategy_independence(information)
    assert verdict.holds is expected and exact_test(information).holds is expected
    assert (brute_force.defect(information, limit=150) == 0.0) is expected
    if not expected:
        assert replay(information, verdict.witness).confirmed
        assert 0 < verdict.witness["distance"] <= 2


HOPS = tuple(tuple(abs(i - j) for j in range(3)) for i in range(3))
LATER = tuple(tuple(1 if i == j else NEVER for j in range(3)) for i in range(3))
THREE = {
    "one step, with a link at once": (LagTable("x", ((1, 1, 1),) * 3, ((0, 0, 1), (1, 0, 1), (1, 1, 0))), True, True),
    "hops on a line": (LagTable("x", tuple(tuple(1 + d for d in row) for row in HOPS), HOPS), True, False),
    "hops on a line, uncontrolled": (LagTable("x", LATER, HOPS), False, True),
    "directed ring, uncontrolled": (LagTable("x", LATER, ((0, 1, 2), (2, 0, 1), (1, 2, 0))), False, True),
    "a link that never closes": (LagTable("x", ((1, 1, 1),) * 3, ((0, 0, NEVER), (1, 0, 1), (1, 1, 0))), True, False),
}


@pytest.mark.parametrize("case", THREE)
def test_three_agents(case: str) -> None:
    lags, controlled, expected = THREE[case]
    game = random_game(np.random.default_rng(3), (controlled,) * 3, 3)
    information = drop_own_actions(Information(game, lags))
    verdict = strategy_independence(information)
    assert verdict.holds is expected and exact_test(information).holds is expected
    assert (brute_force.defect(information, limit=8) == 0.0) is expected
    if not expected:
        assert replay(information, verdict.witness).confirmed


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), n=st.integers(2, 3), kind=st.sampled_from(["generic", "coarse", "still"]))
def test_certificates_are_sound_and_failures_replay(seed: int, n: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    information = Information(any_game(rng, n, 3, kind), any_protocol(rng, n))
    if rng.integers(2):
        information = drop_own_actions(information)
    verdict = strategy_independence(information)
    if any(information.lost(h) for h in (2, 3)):
        assert verdict.holds is None and "Assumption 1" in verdict.evidence
        return
    decided = exact_test(information)
    assert decided.holds is verdict.holds is not None
    if decided.holds:
        assert brute_force.defect(information, limit=20 if n == 2 else 6, seed=seed) == 0.0
    else:
        assert replay(information, decided.witness).confirmed


@settings(max_examples=40, deadline=None)
@given(shape=games.shapes(histories=400, structures=(*games.STRUCTURES, "any", "any", "any")), drop=st.booleans())
def test_several_variables_gaps_and_first_observations(shape: games.Shape, drop: bool) -> None:
    model, lags = games.random_game(shape)
    information = Information(model, lags)
    if drop:
        information = drop_own_actions(information)
    if any(information.lost(h) for h in range(2, model.horizon + 1)):
        return
    verdict = exact_test(information)
    if drop and shape.structure != "any":
        assert verdict.holds is True
    assert strategy_independence(information).holds is verdict.holds is not None
    if verdict.holds:
        assert brute_force.defect(information, limit=25, seed=shape.seed) == 0.0
    else:
        assert replay(information, verdict.witness).confirmed


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), kind=st.sampled_from(["generic", "coarse", "still"]))
def test_brute_force_finds_what_the_exact_test_finds(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    information = Information(any_game(rng, 2, 3, kind), any_protocol(rng, 2))
    if any(information.lost(h) for h in (2, 3)):
        return
    if exact_test(information).holds is False:
        assert any(brute_force.defect(information, limit, seed) > 0 for limit in (20, 100, 1000))


def looking_game(seed: int, readers: tuple[bool, bool], controllers: tuple[bool, bool]) -> Model:
    """Each agent's observation reads s', and its own action where it is a reader; generic numbers."""
    rng = np.random.default_rng(seed)
    base = random_game(rng, controllers, 3)
    eyes = [rng.dirichlet([1, 1], (2, 2)) if reads else rng.dirichlet([1, 1], (1, 2)).repeat(2, 0) for reads in readers]
    emission = np.einsum("aso,bsp->absop", *eyes).reshape(4, 2, 4)
    return from_arrays(
        transition=joint_transition(base),
        emission=emission,
        reward=np.zeros((2, 4, 2)),
        initial=np.array([0.4, 0.6]),
        action_sizes=(2, 2),
        observation_sizes=(2, 2),
        horizon=3,
    )


def joint_transition(model: Model) -> np.ndarray:
    """T[a, s, s']."""
    kernel = model.kernels[0]
    table = np.zeros((len(kernel.indptr) - 1, model.n_states))
    np.add.at(table, (np.repeat(np.arange(len(table)), np.diff(kernel.indptr)), kernel.state), kernel.probability)
    return table.reshape(-1, model.n_states, model.n_states)


# Emissions that read an action are harmless where everybody comes to know the action before or with the observation.
LOOKING = {
    "uncontrolled, one reads": (uncontrolled(2), (True, False), NOBODY, False),
    "uncontrolled, both read": (uncontrolled(1), (True, True), NOBODY, False),
    "no sharing, one reads": (NONE, (False, True), NOBODY, False),
    "asymmetric A, the controller's reads": (controlled_by_first(2), (True, False), FIRST, True),
    "asymmetric A, the other's reads": (controlled_by_first(2), (False, True), FIRST, False),
    "asymmetric B, the controller's reads": (controlled_by_first(2, own=1), (True, False), FIRST, True),
    "asymmetric B, the other's reads": (controlled_by_first(2, own=1), (False, True), FIRST, False),
    "one-step delay, both read": (ONE_STEP, (True, True), BOTH, True),
    "one-directional, both read": (ONE_DIRECTIONAL, (True, True), BOTH, True),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", LOOKING)
def test_emissions_that_read_actions(case: str, seed: int) -> None:
    lags, readers, controllers, expected = LOOKING[case]
    whole = Information(looking_game(seed, readers, controllers), lags)
    # With own actions in memory where they may not be dropped, and with all of them out of it: the verdict is of the
    # state and the observations as well.
    forgetful = Information(whole.model, lags, frozenset((v, h) for v in (0, 1) for h in (1, 2)))
    for information in (drop_own_actions(whole), forgetful):
        verdict = strategy_independence(information)
        assert verdict.holds is expected and exact_test(information).holds is expected
        assert (brute_force.defect(information, limit=150) == 0.0) is expected
        if not expected:
            assert replay(information, json.loads(json.dumps(verdict.witness))).confirmed


def test_dectiger_without_sharing_fails_and_one_step_is_structural() -> None:
    information = Information(dectiger(4), NONE)
    verdict = strategy_independence(information)
    assert verdict.holds is False and verdict.method == "exact"
    assert replay(information, verdict.witness).confirmed
    assert strategy_independence(Information(dectiger(4), ONE_STEP)).method == "structural, every horizon"


def test_witness_names_a_deep_failure() -> None:
    """The state is known until step 2, so observations that nobody shares first matter there."""
    game = random_game(np.random.default_rng(5), BOTH, 4)
    information = Information(game, protocol((1, 1), (3, 3), forget=2))
    verdict = strategy_independence(information)
    assert verdict.holds is False
    assert verdict.witness["step"] == 2
    assert [set(z) for z in verdict.witness["history"]] == [set(), {"act[1]@1", "act[2]@1"}]
    assert set(verdict.witness["increment"]) == {"act[1]@2", "act[2]@2"}
    assert "at step 2 (common so far: act[1]@1=" in verdict.evidence


def unreachable_control(horizon: int = 3) -> Model:
    """Actions matter only in a state that is never reached: no certificate sees it, the numbers do."""
    rng = np.random.default_rng(6)
    transition = np.zeros((4, 3, 3))
    transition[:, :2, :2] = rng.dirichlet([1, 1], size=2)
    transition[:, 2] = rng.dirichlet([1, 1, 1], size=4)
    emission = np.broadcast_to(rng.dirichlet(np.ones(4), size=3), (4, 3, 4))
    return from_arrays(
        transition=transition,
        emission=np.ascontiguousarray(emission),
        reward=np.zeros((2, 4, 3)),
        initial=np.array([0.3, 0.7, 0.0]),
        action_sizes=(2, 2),
        observation_sizes=(2, 2),
        horizon=horizon,
    )


def test_vertices_certify_what_structure_cannot() -> None:
    information = Information(unreachable_control(), protocol((NEVER, NEVER), (NEVER, NEVER), forget=0))
    verdict = strategy_independence(information)
    assert verdict.holds is True and verdict.method == "exact"
    # D = prod_j (1 + |P_j| (A_j - 1)) = (1 + 2)^2 at step 2, where each agent holds one binary observation.
    assert "up to 9 prescriptions" in verdict.evidence
    assert brute_force.defect(information) == 0.0


def test_limits_leave_it_undecided() -> None:
    information = Information(unreachable_control(4), protocol((NEVER, NEVER), (NEVER, NEVER), forget=0))
    tight = strategy_independence(information, effort=10)
    assert tight.holds is None and tight.method is None
    assert "steps 1..1 of 3 pass" in tight.evidence and "limit 10" in tight.evidence
    wide = Information(unreachable_control(4), protocol((1, 1), (1, 1)))
    few = exact_test(wide, max_nodes=3)
    assert few.holds is None and "steps 1..2 of 3 pass" in few.evidence and "--max-nodes" in few.evidence


def test_one_decision_holds_trivially() -> None:
    assert strategy_independence(Information(dectiger(1), NONE)).holds is True
