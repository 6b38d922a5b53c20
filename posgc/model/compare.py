"""Whether two models are the same game in arrays, whatever things are called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from posgc.model.arrays import Floats, Kernel, Model

__all__ = ["SAME", "same_arrays", "stretched"]

SAME = 1e-12
"""Absolute for probabilities, relative to the largest for rewards: arrays this close are the same."""


def stretched(model: Model, horizon: int) -> Model:
    """A stationary model with another horizon, every step like the first, and every observation like the second."""
    return replace(
        model,
        horizon=horizon,
        kernel_of_step=model.kernel_of_step[:1] * horizon,
        active=np.repeat(model.active[:1], horizon, axis=0),
        observed=np.concatenate([model.observed[:1], np.repeat(model.observed[1:2], horizon, axis=0)]),
    )


def same_arrays(one: Model, two: Model) -> str | None:
    """None where two models have the same arrays to within SAME, else what differs; names are not compared."""
    shapes = [(m.n_agents, m.n_states, m.n_actions, m.n_observations, m.horizon) for m in (one, two)]
    if shapes[0] != shapes[1] or one.discount != two.discount:
        return "sizes, horizon or discount"
    if not (np.array_equal(one.active, two.active) and np.array_equal(one.observed, two.observed)):
        return "which actions and observations there are at which step"
    first, second = one.initial, two.initial
    places = [(first.state, second.state), (first.observation, second.observation)]
    numbers = [(first.probability, second.probability)]
    for i, j in sorted(set(zip(one.kernel_of_step, two.kernel_of_step, strict=True))):
        k, m = one.kernels[i], two.kernels[j]
        scale = max(1.0, float(np.abs(k.reward).max(initial=0.0)))
        places += [(k.indptr, m.indptr), (k.observation, m.observation), (k.state, m.state)]
        numbers += [(k.probability, m.probability), (k.reward / scale, m.reward / scale)]
        if len(k.state) == len(m.state):
            numbers.append((_samples(k, scale), _samples(m, scale)))
    if not all(np.array_equal(x, y) for x, y in places):
        return "which states and observations follow which"
    return None if all((np.abs(x - y) <= SAME).all() for x, y in numbers) else "probabilities or rewards"


def _samples(kernel: Kernel, scale: float) -> Floats:
    """The reward of every entry, [n, entries], over `scale`."""
    if kernel.sample_reward is not None:
        return kernel.sample_reward / scale
    return np.repeat(kernel.reward.reshape(len(kernel.reward), -1), np.diff(kernel.indptr), axis=1) / scale
