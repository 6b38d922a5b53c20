"""Hashes of integers and of rounded weights, whole arrays at a time.

Sums of hashed keys times rounded weights are signatures of weighted sets: equal sets have equal signatures, and
others have so only by accident (64 bits).  Whoever merges by signature measures the distance of what is merged, so
an accident costs tightness of a bound and nothing else.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["mixed", "rounded"]

SCALE = 1e13
"""Weights that agree in thirteen digits after the point have equal signatures."""


def mixed(key: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A hash of each integer (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    z = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x632BE59BD9B4E019)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def rounded(weight: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Weights from 0 to 1 as whole multiples of 1 / SCALE, and one more: no weight counts as nothing."""
    return (np.rint(weight * SCALE) + 1).astype(np.uint64)
