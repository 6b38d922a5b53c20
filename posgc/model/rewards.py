"""Facts about the rewards of a model: whose interests agree, and how large they are."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.model.arrays import Model

__all__ = ["RewardKind", "reward_kind", "reward_spans"]

RewardKind = Literal["common", "zero_sum", "general"]


def reward_kind(model: Model) -> RewardKind:
    """`common` when all agents share every expected reward, `zero_sum` when two agents' rewards cancel.

    Both to within 1e-12 of the largest reward.  An all-zero game of two agents counts as common.
    """
    scale = max(float(np.abs(k.reward).max(initial=0.0)) for k in model.kernels)
    tolerance = 1e-12 * scale
    if all(np.ptp(k.reward, axis=0).max(initial=0.0) <= tolerance for k in model.kernels):
        return "common"
    if model.n_agents == 2 and all(np.abs(k.reward.sum(axis=0)).max(initial=0.0) <= tolerance for k in model.kernels):
        return "zero_sum"
    return "general"


def reward_spans(model: Model) -> npt.NDArray[np.float64]:
    """max - min of each agent's expected reward at each step, shape [n, H], over all stored (s, a)."""
    per_kernel = [np.ptp(k.reward.reshape(model.n_agents, -1), axis=1) for k in model.kernels]
    return np.stack([per_kernel[k] for k in model.kernel_of_step], axis=1)
