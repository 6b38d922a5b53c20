"""Gains of deviators: what is taken for rounding."""

import numpy as np

from posgc.judge.judgement import gains_of

VALUES = np.array([1.0, 1.0, 1.0])
OFF = np.array([1e-12, 1e-12, 1e-12])


def test_who_forgoes_what_is_drawn_may_lose_by_more_than_rounding() -> None:
    deviations = VALUES - np.array([0.5, 5e-13, -0.25])
    assert gains_of("cce", deviations, VALUES, OFF).tolist() == [-0.5, 0.0, 0.25]
    assert gains_of("nfcce", deviations, VALUES, OFF).tolist() == [-0.5, 0.0, 0.25]
    assert gains_of("cce", deviations, VALUES)[1] == (VALUES[1] - 5e-13) - 1.0  # nothing is known to be off


def test_who_keeps_what_is_drawn_loses_nothing() -> None:
    for kind in ("nash", "ce", "ce_strategic", "efce", "efcce"):
        assert gains_of(kind, VALUES - np.array([0.5, 5e-13, -0.25]), VALUES, OFF).tolist() == [0.0, 0.0, 0.25]
