"""The algorithms that BenchMARL trains by, and the size of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

__all__ = ["ALGORITHMS", "BATCH", "AlgorithmName"]

AlgorithmName = Literal["mappo", "ippo"]

ALGORITHMS: Mapping[AlgorithmName, str] = MappingProxyType(
    {
        "mappo": "multi-agent PPO: one critic that reads what all agents read; agents alike share a policy",
        "ippo": "independent PPO: each agent has a policy and a critic of its own, which read what it reads",
    }
)
"""By name, what they are (Yu et al. 2022; de Witt et al. 2020)."""

BATCH = 3200
"""Joint steps between two updates, as Yu et al. have them (128 episodes of 25 steps)."""
