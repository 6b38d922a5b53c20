"""Layers that share their arrays against the same game with the dynamics stored anew for each step.

`same_step` tells steps apart by the number of their kernel, so a model with one kernel a step shares nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.compressed import apply, judged, plan
from support.games import dectiger, delayed, full

from posgc.compression import CompressedGame
from posgc.compression.assess import Assessment
from posgc.information.graph import expand_graph
from posgc.information.items import Information
from posgc.language.concepts import ConceptName
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.arrays import Model
from posgc.model.build import from_arrays


def unshared(model: Model) -> Model:
    copies = tuple(replace(model.kernel(h), reward=model.kernel(h).reward.copy()) for h in range(1, model.horizon + 1))
    return replace(model, kernels=copies, kernel_of_step=tuple(range(model.horizon)))


def noisy(horizon: int, seed: int) -> Model:
    rng = np.random.default_rng(seed)
    return from_arrays(
        transition=rng.dirichlet(np.ones(2), (4, 2)),
        emission=rng.dirichlet(np.ones(4), (4, 2)),
        reward=np.repeat(rng.normal(size=(1, 4, 2)), 2, axis=0),
        initial=np.array([0.3, 0.7]),
        action_sizes=(2, 2),
        observation_sizes=(2, 2),
        horizon=horizon,
        discount=0.95,
    )


def uncontrolled(horizon: int) -> tuple[Model, LagTable]:
    """Delay 2, nobody moves the state."""
    rng = np.random.default_rng(5)
    law, see = rng.dirichlet(np.ones(2), 2), rng.dirichlet(np.ones(4), 2)
    model = from_arrays(
        transition=np.broadcast_to(law, (4, 2, 2)),
        emission=np.broadcast_to(see, (4, 2, 4)),
        reward=np.repeat(rng.normal(size=(1, 4, 2)), 2, axis=0),
        initial=np.array([0.3, 0.7]),
        action_sizes=(2, 2),
        observation_sizes=(2, 2),
        horizon=horizon,
    )
    return model, LagTable("late", ((1, NEVER), (NEVER, 1)), ((0, 2), (2, 0)))


def judge(information: Information, spec: str, concept: ConceptName) -> tuple[CompressedGame, Assessment]:
    compressed = apply(information, spec, 100_000)
    assert compressed is not None
    return compressed, judged(compressed, plan(information, concept, compressed.graph).strategy, concept)


CASES = [
    pytest.param((dectiger(60), delayed(1), "window(1)", "team"), marks=pytest.mark.slow),
    pytest.param((dectiger(60), full(), "window(2)", "cce"), marks=pytest.mark.slow),
    pytest.param((dectiger(60), delayed(1), "window(2, prior=reachable)", "team"), marks=pytest.mark.slow),
    pytest.param((dectiger(60), delayed(1), "belief(0.01)", "team"), marks=pytest.mark.slow),
    pytest.param((noisy(60, 1), full(), "belief(0.1)", "team"), marks=pytest.mark.slow),
    (dectiger(15), full(), "window(2)", "cce"),
    (dectiger(15), delayed(1), "window(1, prior=reachable)", "team"),
    (dectiger(20), full(), "exact", "team"),
    (noisy(4, 2), full(), "window(2)", "team"),
    (noisy(5, 2), delayed(1), "window(1)", "ce"),
    (*uncontrolled(7), "window(2)", "nash"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].name}-{case[0].horizon}-{case[1].name}-{case[2]}")
def test_sharing_changes_nothing(case: tuple[Model, LagTable, str, ConceptName]) -> None:
    model, protocol, spec, concept = case
    secret = [v for v in (0, 1) if max(protocol.action_lags[v]) == NEVER]
    dropped = frozenset((v, t) for v in secret for t in range(1, model.horizon))
    (one, a), (two, b) = (judge(Information(m, protocol, dropped), spec, concept) for m in (model, unshared(model)))
    assert len({id(layer.table) for layer in two.model.layers}) == model.horizon
    assert one.model.sizes == two.model.sizes and one.graph.sizes == two.graph.sizes
    assert one.certificate is not None and two.certificate is not None
    assert one.certificate.distance == pytest.approx(two.certificate.distance, abs=1e-12)
    assert a.in_model.values == pytest.approx(b.in_model.values, rel=1e-10)
    assert a.in_model.value_span == pytest.approx(b.in_model.value_span, rel=1e-9, abs=1e-9)
    assert (a.measured is None) == (b.measured is None) and (a.judgement is None) == (b.judgement is None)
    if a.measured is not None and b.measured is not None:
        assert a.measured.epsilon_z == pytest.approx(b.measured.epsilon_z, abs=1e-10)
        assert a.measured.epsilon_r == pytest.approx(b.measured.epsilon_r, abs=1e-8)
    if a.judgement is not None and b.judgement is not None:
        assert a.judgement.values == pytest.approx(b.judgement.values, rel=1e-9)
        assert a.judgement.gains == pytest.approx(b.judgement.gains, abs=1e-6)


def test_arrays_are_shared() -> None:
    """A window of DecTiger is built once, not 200 times; an exact graph that stops growing is too."""
    windows = apply(Information(dectiger(200), delayed(1)), "window(2)")
    assert windows is not None
    assert len({id(layer.belief) for layer in windows.graph.layers}) < 15
    constant = noisy(200, 3)
    merged = expand_graph(Information(constant, full()), tolerance=0.3)
    assert len({id(layer.belief) for layer in merged.layers}) < 60
