"""Whether two models are the same game in arrays, whatever things are called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model.arrays import Floats, Ints, Kernel, Model

__all__ = ["SAME", "same_arrays", "steps_to_all", "stretched"]

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


def steps_to_all(model: Model) -> int:
    """The first step at which every state of a stationary model has been reached, or can never be."""
    from scipy.sparse import csgraph  # slow to load, and few commands need it

    kernel, n = model.kernels[0], model.n_states
    now = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr)) % n
    moves = sparse.csr_array(sparse.coo_array((np.ones(len(now)), (now, kernel.state)), shape=(n, n)))
    start = np.unique(model.initial.state)
    far = csgraph.dijkstra(moves, indices=start, unweighted=True, min_only=True)
    return 1 + int(far[np.isfinite(far)].max())


def same_arrays(one: Model, two: Model) -> str | None:
    """None where two models have the same arrays to within SAME, else what differs first, with the row where it is in
    one; names are not compared, and are those of the first."""
    shapes = [(m.n_agents, m.n_states, m.n_actions, m.n_observations, m.horizon) for m in (one, two)]
    if shapes[0] != shapes[1] or one.discount != two.discount:
        return "sizes, horizon or discount"
    if not (np.array_equal(one.active, two.active) and np.array_equal(one.observed, two.observed)):
        return "which actions and observations there are at which step"
    first, second = one.initial, two.initial
    if not (np.array_equal(first.state, second.state) and np.array_equal(first.observation, second.observation)):
        return "which states and observations there are first"
    if (at := _apart(first.probability, second.probability)) is not None:
        return (
            f"the probability of {one.state_label(int(first.state[at]))} at the start: "
            f"{first.probability[at]:.17g} and {second.probability[at]:.17g}"
        )
    pairs = sorted(set(zip(one.kernel_of_step, two.kernel_of_step, strict=True)))
    return next((found for i, j in pairs if (found := _same_rows(one, one.kernels[i], two.kernels[j]))), None)


def _same_rows(model: Model, k: Kernel, m: Kernel) -> str | None:
    """What differs first between two kernels of the sizes of `model`, with its row."""
    if not _same_moves(k.played, m.played):
        return "which values of actions exist in which state"
    scale = max(1.0, float(np.abs(k.reward).max(initial=0.0)))
    lengths = np.diff(k.indptr)
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    at = _apart(lengths, np.diff(m.indptr))
    if at is not None:
        return f"how many outcomes {_row(model, at)} has: {lengths[at]} and {np.diff(m.indptr)[at]}"
    if (at := _apart(k.observation * model.n_states + k.state, m.observation * model.n_states + m.state)) is not None:
        return f"which states and observations follow {_row(model, int(row_of[at]))}"
    if (at := _apart(k.probability, m.probability)) is not None:
        where = _row(model, int(row_of[at]))
        return f"a probability after {where}: {k.probability[at]:.17g} and {m.probability[at]:.17g}"
    for x, y, rows in (
        (k.reward.reshape(len(k.reward), -1) / scale, m.reward.reshape(len(m.reward), -1) / scale, None),
        (_samples(k, scale), _samples(m, scale), row_of),
    ):
        for i, agent in enumerate(model.signature.agents):
            if (at := _apart(x[i], y[i])) is not None:
                where = _row(model, at if rows is None else int(rows[at]))
                return f"a reward of {agent} after {where}: {x[i, at] * scale:.17g} and {y[i, at] * scale:.17g}"
    return None


def _same_moves(one: Ints | None, two: Ints | None) -> bool:
    return (one is two) if one is None or two is None else np.array_equal(one, two)


def _apart(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> int | None:
    """The first place at which two arrays differ by more than SAME."""
    found = np.flatnonzero(~(np.abs(one - two) <= SAME))
    return int(found[0]) if len(found) else None


def _row(model: Model, row: int) -> str:
    """The joint action and the state of a row, in words."""
    action, state = divmod(row, model.n_states)
    sizes = [len(v.values) for v in model.signature.actions]
    acts = [v.values[d] for v, d in zip(model.signature.actions, np.unravel_index(action, sizes), strict=True)]
    return f"({', '.join(acts)}) in {model.state_label(state)}"


def _samples(kernel: Kernel, scale: float) -> Floats:
    """The reward of every entry, [n, entries], over `scale`."""
    if kernel.sample_reward is not None:
        return kernel.sample_reward / scale
    return np.repeat(kernel.reward.reshape(len(kernel.reward), -1), np.diff(kernel.indptr), axis=1) / scale
