"""Many small layers at once against one layer at a time: policies, values, gaps and verification."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from support.games import full

from posgc.equilibrium import (
    Stages,
    StageSolution,
    solve_correlated,
    solve_nash,
    solve_team,
)
from posgc.information.graph import expand_graph
from posgc.information.items import Information
from posgc.judge import judged_stretches
from posgc.judge.judgement import Judgement
from posgc.judge.verify import verify
from posgc.language.sharing.lag_table import LagTable
from posgc.model.arrays import Model
from posgc.model.build import from_arrays
from posgc.planning import stretches
from posgc.planning.induction import Induction
from posgc.policy.artefact import Result

HORIZON = 160
Rewards = Literal["zero_sum", "common", "general"]
Form = Literal["plain", "discounted", "slow", "halves", "turns"]
FORMS: list[tuple[Form, int]] = [
    ("plain", 2),
    ("discounted", 2),
    ("slow", 2),
    ("halves", 2),
    ("turns", 2),
    ("plain", 3),
    ("halves", 3),
]


def game(seed: int, kind: Rewards, form: Form = "plain", n: int = 2) -> tuple[Model, LagTable]:
    """`n` agents with two actions each, who all see the state."""
    rng = np.random.default_rng(seed)
    joint = 2**n
    move = rng.dirichlet(np.ones(2), size=(joint, 2))
    if form == "slow":
        move = 0.995 * np.eye(2) + 0.005 * move  # the values' differences go on changing for hundreds of steps
    reward = rng.integers(-8, 9, size=(n, joint, 2)).astype(float)
    if kind != "general":
        reward[1:] = -reward[0] if kind == "zero_sum" else reward[0]
    seen = np.tile(np.eye(joint)[[0, joint - 1]], (joint, 1, 1))
    model = from_arrays(
        transition=move,
        emission=seen,
        reward=reward,
        initial=np.array([0.5, 0.5]),
        action_sizes=(2,) * n,
        observation_sizes=(2,) * n,
        horizon=HORIZON,
        discount=0.97 if form == "discounted" else 1.0,
    )
    if form in ("halves", "turns"):  # another kernel in the second half, or at every third step and at the last
        other = replace(model.kernels[0], reward=2.0 * model.kernels[0].reward)
        at = [h > HORIZON // 2 if form == "halves" else h % 3 == 0 or h == HORIZON for h in range(1, HORIZON + 1)]
        model = replace(model, kernels=(*model.kernels, other), kernel_of_step=tuple(map(int, at)))
    return model, full(n)


def solved(model: Model, protocol: LagTable, concept: Any, oracle: Any) -> Result:
    information = Information(model, protocol)
    return Induction(lambda _: expand_graph(information), concept, oracle).run(lambda *_: None)


CASES = [
    ("nash", "zero_sum", solve_nash),
    ("team", "common", solve_team),
    ("ce", "general", lambda s: solve_correlated(s, "ce")),
    ("cce", "general", lambda s: solve_correlated(s, "cce")),
]


def by_stretches_and_one_by_one(
    model: Model, protocol: LagTable, concept: Any, oracle: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[Result, Result, int]:
    """What is found by stretches, what is found one layer at a time, and the most layers solved in one call."""
    calls: list[int] = []

    def counted(stages: Stages) -> StageSolution:
        calls.append(stages.n_nodes // 2)  # two nodes a layer, one for each state that is seen
        solution: StageSolution = oracle(stages)
        return solution

    quick = solved(model, protocol, concept, counted)
    monkeypatch.setattr(stretches, "FEWEST", HORIZON + 1)
    plain = solved(model, protocol, concept, oracle)
    monkeypatch.undo()
    return quick, plain, max(calls)


def combined() -> list[Any]:
    """Every form with every concept; correlated equilibria take longest and run in full with the slow tests."""
    return [
        pytest.param(
            form, n, *case, marks=[pytest.mark.slow] if case[1] == "general" and (form, n) not in FORMS[:2] else []
        )
        for form, n in FORMS
        for case in CASES
    ]


@pytest.mark.parametrize(("form", "n", "concept", "kind", "oracle"), combined())
def test_what_one_layer_at_a_time_finds(
    concept: Any, kind: Rewards, oracle: Any, form: Form, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "zero_sum" and n == 3:
        pytest.skip("zero-sum games have two agents")
    for seed in range(1 if kind == "general" or n == 3 or form == "turns" else 2):
        model, protocol = game(seed, kind, form, n)
        quick, plain, most = by_stretches_and_one_by_one(model, protocol, concept, oracle, monkeypatch)
        if form != "turns":  # layers that take turns share no arrays, so each is solved by itself
            assert most >= stretches.SHORTEST
        if form in ("plain", "halves"):  # only what paid is followed by a longer one
            assert most > stretches.SHORTEST
        scale = abs(np.array(plain.claim.values)).max()
        assert quick.claim.values == pytest.approx(plain.claim.values, rel=1e-12, abs=1e-12 * scale)
        assert quick.claim.gap_bound == pytest.approx(plain.claim.gap_bound, abs=1e-12 * scale)
        assert stages_of(quick) == stages_of(plain) == 2 * HORIZON - 1
        if kind != "general":  # programmes of equal stages in one call are solved once and copied
            assert quick.claim.notes == plain.claim.notes
        if concept == "team":
            assert quick.claim.upper == pytest.approx(plain.claim.upper, rel=1e-12)
        same_verification(Information(model, protocol), quick, "nash" if concept == "team" else concept, monkeypatch)


def stages_of(result: Result) -> int:
    """How many stage games the notes of a result count: two states from the second step on."""
    return sum(int(number) for note in result.claim.notes for number in re.findall(r" (\d+)", note))


def same_verification(information: Information, result: Result, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = verify(information, result.strategy, kind)
    monkeypatch.setattr(judged_stretches, "SMALL_STAGES", 0)
    plain: Judgement = verify(information, result.strategy, kind)
    monkeypatch.undo()
    assert quick.values == pytest.approx(plain.values, rel=1e-12, abs=1e-10)
    assert quick.deviation_values == pytest.approx(plain.deviation_values, rel=1e-12, abs=1e-10)
    assert quick.values == pytest.approx(result.claim.values, rel=1e-10, abs=1e-9)


@pytest.mark.parametrize("kind", ["nash", "cce", "ce"])
def test_verification_of_bad_policies(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies of which agents gain by deviating: the gains, too, are those of one layer at a time."""
    for seed in range(3):
        model, protocol = game(seed, "general", "discounted")
        policy = solved(model, protocol, "nash", solve_nash).strategy
        rng = np.random.default_rng(seed)
        steps = [
            replace(step, tables=tuple(rng.dirichlet(np.ones(2), size=t.shape[:2]) for t in step.tables))
            for step in policy.steps
        ]
        policy = replace(policy, steps=tuple(steps))
        information = Information(model, protocol)
        quick = verify(information, policy, kind)
        monkeypatch.setattr(judged_stretches, "SMALL_STAGES", 0)
        plain = verify(information, policy, kind)
        monkeypatch.undo()
        assert quick.gains == pytest.approx(plain.gains, rel=1e-10, abs=1e-9)
        assert quick.gap > 1.0


def test_a_value_computed_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matching pennies with prizes 1 and 2: by the formula (ad - bc)/(a + d - b - c) for 2 x 2 games the value is
    = (1 * 2 - 1) / (1 + 2 + 2) = 1/5 a step, whatever the move of the state: 1/5 times the horizon."""
    move = np.full((4, 2, 2), 0.5)
    reward = np.zeros((2, 4, 2))
    reward[0] = np.array([1.0, -1.0, -1.0, 2.0])[:, None]
    reward[1] = -reward[0]
    model = from_arrays(
        transition=move,
        emission=np.tile(np.eye(4)[[0, 3]], (4, 1, 1)),
        reward=reward,
        initial=np.array([0.5, 0.5]),
        action_sizes=(2, 2),
        observation_sizes=(2, 2),
        horizon=HORIZON,
    )
    quick, plain, most = by_stretches_and_one_by_one(model, full(), "nash", solve_nash, monkeypatch)
    assert most > stretches.SHORTEST and plain.claim.values == pytest.approx((HORIZON / 5, -HORIZON / 5), rel=1e-12)
    assert quick.claim.values == pytest.approx((HORIZON / 5, -HORIZON / 5), rel=1e-12)
