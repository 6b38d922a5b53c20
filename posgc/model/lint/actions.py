"""Whether an action variable has any hand in what happens."""

from __future__ import annotations

from math import prod

import numpy as np

from posgc.model.arrays import Ints, Kernel, Model

__all__ = ["changes_nothing"]

_TOLERANCE = 1e-9


def changes_nothing(model: Model, v: int) -> bool:
    """Whether all values of action variable v lead to the same states, observations and rewards, wherever it is a
    choice; False where it never is one."""
    if len(model.signature.actions[v].values) < 2 or not model.active[:, v].any():
        return False
    return all(_alike(model, kernel, v) for kernel in model.kernels)


def _alike(model: Model, kernel: Kernel, v: int) -> bool:
    """Whether in one kernel each row is the row of the first value of v, where both can occur."""
    stride = prod(len(x.values) for x in model.signature.actions[v + 1 :])
    size, n_states = len(model.signature.actions[v].values), model.n_states
    actions = np.arange(model.n_actions)
    base = actions[actions // stride % size == 0]
    first = (base[:, None] * n_states + np.arange(n_states)).ravel()
    return all(_equal(kernel, first, first + value * stride * n_states, n_states) for value in range(1, size))


def _equal(kernel: Kernel, one: Ints, two: Ints, n_states: int) -> bool:
    count = np.diff(kernel.indptr)
    both = (count[one] > 0) & (count[two] > 0)
    one, two = one[both], two[both]
    if (count[one] != count[two]).any():
        return False
    (a, s), (b, _) = np.divmod(one, n_states), np.divmod(two, n_states)
    here, there = _entries(kernel, one, count), _entries(kernel, two, count)
    if any((x[here] != x[there]).any() for x in (kernel.observation, kernel.state)):
        return False
    near = [(kernel.probability[here], kernel.probability[there]), (kernel.reward[:, a, s], kernel.reward[:, b, s])]
    if kernel.sample_reward is not None:
        near.append((kernel.sample_reward[:, here], kernel.sample_reward[:, there]))
    return all(np.allclose(x, y, rtol=_TOLERANCE, atol=_TOLERANCE) for x, y in near)


def _entries(kernel: Kernel, rows: Ints, count: Ints) -> Ints:
    """The numbers of the entries of some rows, in their order."""
    own = count[rows]
    begin = np.repeat(kernel.indptr[rows] - (np.cumsum(own) - own), own)
    return begin + np.arange(len(begin))
