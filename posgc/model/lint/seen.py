"""What an observation variable takes, and whether it is independent of all else."""

from __future__ import annotations

from math import prod

import numpy as np

from posgc.model.arrays import Floats, Ints, Model

__all__ = ["tells_nothing", "values_seen"]

_TOLERANCE = 1e-9


def values_seen(model: Model, v: int) -> Ints:
    """The values of observation variable v that occur, ascending."""
    found = [_digits(model, v, model.initial.observation)] if model.observed[0, v] else []
    if model.observed[1:, v].any():
        found += [_digits(model, v, kernel.observation) for kernel in model.kernels]
    return np.unique(np.concatenate(found))


def tells_nothing(model: Model, v: int) -> bool:
    """Whether observation variable v is independent of the state, the actions, the other observations and the rewards,
    at every step."""
    first = model.initial
    if model.observed[0, v]:
        whole = np.zeros_like(first.state)
        if not _independent(model, v, whole, first.observation, first.state, first.probability):
            return False
    if not model.observed[1:, v].any():
        return True
    for kernel in model.kernels:
        row = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
        if not _independent(model, v, row, kernel.observation, kernel.state, kernel.probability, kernel.sample_reward):
            return False
    return True


def _independent(
    model: Model, v: int, row: Ints, observation: Ints, state: Ints, probability: Floats, paid: Floats | None = None
) -> bool:
    """Whether P(v, rest | row) = P(v) P(rest | row) on all entries [entries], with the same P(v) in all rows; `paid`
    [n, entries] must not depend on v either."""
    digit = _digits(model, v, observation)
    rest = _joined(row, _joined(observation - digit * _stride(model, v), state))
    marginal = np.bincount(digit, probability) / probability.sum()
    total = np.bincount(rest, probability)
    if (np.abs(probability - marginal[digit] * total[rest]) > _TOLERANCE).any():
        return False
    if paid is None:
        return True
    order = np.argsort(rest, kind="stable")
    alike = np.diff(rest[order]) == 0
    return bool((np.abs(np.diff(paid[:, order], axis=1)[:, alike]) <= _TOLERANCE * (1 + np.abs(paid).max())).all())


def _joined(a: Ints, b: Ints) -> Ints:
    """One number for each pair, from 0 without gaps."""
    b = np.unique(b, return_inverse=True)[1].ravel()
    return np.unique(a.astype(np.int64) * (b.max(initial=0) + 1) + b, return_inverse=True)[1].ravel()


def _stride(model: Model, v: int) -> int:
    return prod(len(x.values) for x in model.signature.observations[v + 1 :])


def _digits(model: Model, v: int, joint: Ints) -> Ints:
    """The value of variable v in joint observations."""
    return joint // _stride(model, v) % len(model.signature.observations[v].values)
