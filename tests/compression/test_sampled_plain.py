"""Estimates by play against the exact numbers; everything is seeded, so an interval of 4 standard errors is safe."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.checks import coded, distance, node_belief, prepared, walk
from support.compressed import apply, close, plan, randomised, served
from support.games import Shape, shapes

from posgc.compression.sampled import CONFIDENCE, sampled_error, sampled_gap
from posgc.judge.verify import verify
from posgc.language.concepts import CONCEPTS

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
SPECS = ("window(0)", "window(1)", "belief(0.5)")


@few
@given(shapes(histories=800), st.sampled_from(SPECS))
def test_error_under_uniform_play(shape: Shape, spec: str) -> None:
    information, tree, _ = prepared(shape)
    compressed = apply(information, spec)
    assume(compressed is not None)
    assert compressed is not None
    graph = compressed.model
    found = sampled_error(graph, shape.seed, 2000)
    for h, (level, nodes) in enumerate(zip(tree.histories(), walk(tree, graph), strict=True), start=1):
        exact = sum(
            w * distance(coded(tree, belief), node_belief(tree, graph.layers[h - 1], nodes[common]))
            for common, (w, belief) in tree.beliefs(level).items()
        )
        assert abs(found.mean[h - 1] - exact) <= 4 * found.half[h - 1] / CONFIDENCE + 4 / 2000


@few
@given(shapes(histories=800), st.sampled_from(SPECS))
def test_gains_and_values_of_play(shape: Shape, spec: str) -> None:
    information, _, _ = prepared(shape)
    compressed = apply(information, spec)
    assume(compressed is not None)
    assert compressed is not None
    concept = served(shape, shape.seed)
    policy = randomised(plan(information, concept, compressed.graph).strategy, shape.seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("posgc.compression.sampled.PLAYED_STEPS", 6000)
        found = sampled_gap(compressed, policy, shape.seed)
    kind = CONCEPTS[concept].deviations()
    true = verify(information, policy, "cce" if kind == "ce" else kind)
    slack = close(information) + 1e-9
    assert (np.abs(found.values - true.values) <= 4 * found.values_half / CONFIDENCE + slack).all()
    assert (found.gains <= np.array(true.gains) + 4 * found.gains_half / CONFIDENCE + slack).all()
