"""`verify` against policies played out along every history, and deviators against the definitions.

Verified policies are bad on purpose, so that gaps are far from 0: random prescriptions, mixtures, and
machines that split equal beliefs or merge different ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.checks import check_policy, check_random_policies, prepared
from support.games import Shape, full, shapes
from support.play import Play
from support.policies import machine, on_graph
from support.tree import Tree

from posgc.information.items import Information
from posgc.judge.verify import verify
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError, Source
from posgc.model.build import from_arrays
from posgc.pipeline import Request, compile_request

few = settings(max_examples=16, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@few
@given(shapes(histories=300))
def test_values_and_gaps_of_random_policies(shape: Shape) -> None:
    information, tree, graph = prepared(shape)
    gaps = check_random_policies(information, tree, graph, shape.seed)
    assert all(gap >= -1e-12 for gap in gaps)


@few
@given(shapes(histories=40))
def test_gaps_are_those_of_the_definition(shape: Shape) -> None:
    """All deterministic deviations pi_i(c, p_i), and all modifications phi(c, p_i, a_i), one by one."""
    information, tree, _ = prepared(shape)
    rng = np.random.default_rng(shape.seed)
    decided = 0
    kinds: tuple[DeviationKind, ...] = ("nash", "cce", "ce", "ce_strategic")
    for kind in kinds:
        policy = machine(rng, tree, kind == "nash", 2)
        fast, play = verify(information, policy, kind), Play(tree, policy)
        for i in range(tree.n):
            best = play.enumerated(i, kind, 600)
            if best is not None:
                decided += 1
                assert fast.deviation_values[i] == pytest.approx(best, abs=1e-9)
    assume(decided)


@few
@given(shapes(histories=60))
def test_strategic_form_against_deviators_that_see_prescriptions(shape: Shape) -> None:
    """It never gains less than the agent form, and as much where the node mixes nothing."""
    information, tree, graph = prepared(shape)
    rng = np.random.default_rng(shape.seed)
    for policy in (on_graph(rng, tree, graph, False), machine(rng, tree, False)):
        strategic = check_policy(information, tree, policy, "ce_strategic")
        agent = verify(information, policy, "ce")
        for more, less in zip(strategic.deviation_values, agent.deviation_values, strict=True):
            assert more >= less - 1e-9
    product = machine(rng, tree, True)
    same = verify(information, product, "ce_strategic").gains, verify(information, product, "nash").gains
    assert same[0] == pytest.approx(same[1], abs=1e-9)


def test_seeing_the_prescription_is_worth_something() -> None:
    """A fair seed has bob say false or true; ann, asked true, wants to match him, and asked false does not care.

    She is to say false when asked true, always, and to repeat bob's answer when asked false: told her action alone
    she learns nothing when it matters and matches half the time, 1/4 in all; the prescription gives bob away, 1/2.
    """
    text = """game g { horizon 1; agents ann, bob; state question[i]: bool; action answer[i]: bool;
        observation hear[i]: bool; init question[i] ~ uniform; init hear[i] = question[i];
        reward ann = if question[ann] and answer[ann] == answer[bob] then 1 else 0; reward bob = 0; share none { } }"""
    information = compile_request(Request("g"), source=Source("g", text)).information
    tree = Tree(information.model, information.protocol)
    policy = machine(np.random.default_rng(0), tree, True, 1)
    tables = (np.array([[0, 0], [1, 0]]), np.array([[0, 0], [1, 1]]))
    step = replace(policy.steps[0], indptr=np.array([0, 2]), weight=np.full(2, 0.5), tables=tables)
    policy = replace(policy, steps=(step,))
    assert verify(information, policy, "ce").gains == pytest.approx((0.0, 0.0))
    assert verify(information, policy, "ce_strategic").gains == pytest.approx((0.25, 0.0))
    assert verify(information, policy, "ce").values == pytest.approx((0.25, 0.0))


def test_too_many_prescriptions_are_a_limit() -> None:
    rng = np.random.default_rng(8)
    shape = Shape("one_step", 2, 2, 2, (2, 2), (2, 2), "general", "coarse", False, False, False, 1.0, 7)
    information, tree, _ = prepared(shape)
    policy = machine(rng, tree, False)
    step = policy.steps[0]
    many = 40  # private informations of ann that never occur: 2^40 prescriptions
    private = (np.concatenate([step.private[0], 100 + np.arange(many)]), *step.private[1:])
    mixed = np.full((2, len(private[0]), 2), 0.5)
    others = tuple(np.zeros((2, len(codes)), np.int64) for codes in private[1:])
    indptr, weight = 2 * np.arange(len(step) + 1), np.full(2 * len(step), 0.5)
    tables = (np.tile(mixed, (len(step), 1, 1)), *(np.tile(t, (len(step), 1)) for t in others))
    step = replace(step, private=private, indptr=indptr, weight=weight, tables=tables)
    policy = replace(policy, steps=(step, *policy.steps[1:]))
    assert verify(information, policy, "ce").gap >= 0
    with pytest.raises(LimitError, match="prescriptions"):
        verify(information, policy, "ce_strategic")


def test_gaps_here_are_not_small() -> None:
    """The tests above would be idle if random policies happened to be equilibria."""
    rng = np.random.default_rng(7)
    shape = Shape("one_step", 2, 2, 3, (2, 2), (2, 2), "general", "coarse", False, False, False, 1.0, 7)
    information, tree, _ = prepared(shape)
    assert verify(information, machine(rng, tree, True), "nash").gap > 0.5


def test_a_coarse_deviator_may_lose() -> None:
    """Chicken, (7, 2), (2, 7) and (6, 6) with probability 1/3 each (Aumann 1974): 5 on the average.

    Whoever ignores the recommendation meets "dare" with probability 1/3: daring earns 14/3, yielding also
    2/3 + 12/3, so the coarse gain is -1/3; the best response to each recommendation is to follow it.
    """
    pay = np.array([[[0, 7], [2, 6]], [[0, 2], [7, 6]]], dtype=np.float64).reshape(2, 4, 1)
    model = from_arrays(
        transition=np.ones((4, 1, 1)),
        emission=np.ones((4, 1, 1)),
        reward=pay,
        initial=np.ones(1),
        action_sizes=(2, 2),
        observation_sizes=(1, 1),
        horizon=1,
    )
    information, tree = Information(model, full()), Tree(model, full())
    policy = machine(np.random.default_rng(0), tree, True)
    tables = (np.array([[0], [1], [1]]), np.array([[1], [0], [1]]))
    step = replace(policy.steps[0], indptr=np.array([0, 3]), weight=np.full(3, 1 / 3), tables=tables)
    policy = replace(policy, steps=(step,), root_to=np.zeros(1, np.int64))
    assert verify(information, policy, "cce").gains == pytest.approx((-1 / 3, -1 / 3))
    assert verify(information, policy, "ce").gains == (0.0, 0.0)
