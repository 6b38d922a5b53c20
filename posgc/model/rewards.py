"""Facts about the rewards of a model: whose interests agree, and how large they are."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.model.arrays import Model

__all__ = [
    "REWARD_LIMIT",
    "RewardKind",
    "largest_to_come",
    "require_moderate",
    "reward_kind",
    "reward_spans",
    "spans_to_come",
]

Floats = npt.NDArray[np.float64]

RewardKind = Literal["common", "zero_sum", "general"]

REWARD_LIMIT = 1e150
"""Largest discounted sum of absolute rewards: squares of sums of rewards stay finite, and spans do."""


def reward_kind(model: Model) -> RewardKind:
    """`common` when all agents share every expected reward, `zero_sum` when two agents' rewards cancel.

    To the last digit: a tolerance would be a statement about rewards that differ.  An all-zero game of two agents is
    common.
    """
    if all((k.reward == k.reward[:1]).all() for k in model.kernels):
        return "common"
    if model.n_agents == 2 and all((k.reward[0] == -k.reward[1]).all() for k in model.kernels):
        return "zero_sum"
    return "general"


def reward_spans(model: Model) -> Floats:
    """max - min of each agent's expected reward at each step, shape [n, H], over all stored (s, a)."""
    per_kernel = [np.ptp(k.reward.reshape(model.n_agents, -1), axis=1) for k in model.kernels]
    return np.stack(per_kernel, axis=1)[:, list(model.kernel_of_step)]


def spans_to_come(model: Model) -> Floats:
    """[n, H]: sum_{t >= h} discount^{t-1} span_{i,t}, by how much what agent i earns from step h on can differ."""
    return _to_come(model, reward_spans(model))


def largest_to_come(model: Model) -> Floats:
    """[n, H]: sum_{t >= h} discount^{t-1} max |r_{i,t}|."""
    per_kernel = [np.abs(k.reward).reshape(model.n_agents, -1).max(axis=1) for k in model.kernels]
    return _to_come(model, np.stack([per_kernel[k] for k in model.kernel_of_step], axis=1))


def _to_come(model: Model, per_step: Floats) -> Floats:
    weighted = per_step * model.discount ** np.arange(model.horizon)
    return np.asarray(np.cumsum(weighted[:, ::-1], axis=1)[:, ::-1])


def require_moderate(model: Model) -> None:
    """Raises InputError (E625) where sum_h discount^{h-1} max |r_h|, over agents and outcomes, exceeds REWARD_LIMIT."""
    largest = [
        max(float(np.abs(r).max(initial=0.0)) for r in (k.reward, k.sample_reward) if r is not None)
        for k in model.kernels
    ]
    # plain floats overflow to infinity without a warning
    total = sum(model.discount**step * largest[k] for step, k in enumerate(model.kernel_of_step))
    if not total <= REWARD_LIMIT:
        what = f"rewards may add up to {total:.3g} over the steps, and the limit is {REWARD_LIMIT:g}"
        raise InputError([Diagnostic("E625", what, help="give the rewards in a larger unit")])
