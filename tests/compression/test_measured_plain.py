"""epsilon_z, epsilon_r and the window's certificate against enumeration of all prescriptions (Definition 5)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.checks import prepared
from support.compressed import Worst, apply
from support.games import Shape, shapes
from support.optimum import Coordinator

from posgc.compression.measured import measure
from posgc.model.rewards import reward_spans

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=250)
SPECS = (
    "window(0)",
    "window(1)",
    "window(0, prior=reachable)",
    "window(1, prior=reachable)",
    "belief(0.3)",
    "belief(1)",
    "belief(2)",
)


def compare(shape: Shape, spec: str, limit: float = 3e3) -> bool:
    """Whether there was an error to measure."""
    information, tree, _ = prepared(shape)
    assume(Coordinator(tree).affordable(limit))
    compressed = apply(information, spec)
    assume(compressed is not None)
    assert compressed is not None and compressed.certificate is not None
    found, worst = measure(compressed.model, 10**5), Worst(tree, compressed.model)
    assume(found.exact)
    for h in range(1, shape.horizon + 1):
        plain_z = worst.epsilon(h, None)
        plain_r = [worst.epsilon(h, i) for i in range(tree.n)]
        assert found.epsilon_z[h - 1] == pytest.approx(plain_z, abs=1e-9)
        assert found.epsilon_r[:, h - 1] == pytest.approx(plain_r, abs=1e-9)
        if compressed.certificate.kind == "expected":
            claimed = compressed.certificate.distance[h - 1]
            far = worst.distance(h)
            assert plain_z <= far + 1e-9 and far <= claimed + 1e-9
            assert (np.array(plain_r) <= reward_spans(information.model)[:, h - 1] * claimed / 2 + 1e-9).all()
    return bool(found.epsilon_r.max() > 1e-6 or found.epsilon_z.max() > 1e-6)


@few
@given(shapes(histories=300), st.sampled_from(SPECS))
def test_measured_is_enumerated(shape: Shape, spec: str) -> None:
    compare(shape, spec)


@pytest.mark.slow
@many
@given(shapes(histories=800), st.sampled_from(SPECS))
def test_measured_is_enumerated_on_more_games(shape: Shape, spec: str) -> None:
    compare(shape, spec, 3e4)


@pytest.mark.slow
@few
@given(shapes(histories=2000), st.sampled_from(SPECS))
def test_what_is_not_enumerated_is_an_upper_bound(shape: Shape, spec: str) -> None:
    """With no prescriptions enumerated the executor's closed forms are never below the exact numbers."""
    information, _, _ = prepared(shape)
    compressed = apply(information, spec)
    assume(compressed is not None)
    assert compressed is not None
    exact = measure(compressed.model, 10**5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("posgc.compression.prescriptions.MAX_PRESCRIPTIONS", 0)
        bound = measure(compressed.model, 10**5)
    assert (bound.epsilon_z >= exact.epsilon_z - 1e-12).all() and (bound.epsilon_r >= exact.epsilon_r - 1e-12).all()
