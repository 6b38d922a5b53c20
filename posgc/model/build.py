"""A model from dense NumPy arrays, for callers who have them already (and for random games in tests)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.language.signature import Signature, Variable
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.ragged import gather

__all__ = ["from_arrays", "kernel_from_dense", "kernel_from_entries", "with_played"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def kernel_from_dense(joint: Floats, reward: Floats, emission: Floats | None = None) -> Kernel:
    """A kernel from `joint[a, s, o', s']` (sums to 1 over the last two axes) and `reward[n, A, S]`.

    `emission[a, s', o']` is kept as the factored form where it is given.
    """
    n_actions, n_states, n_obs, _ = joint.shape
    a, s, o, t = np.nonzero(joint)
    counts = np.bincount(a * n_states + s, minlength=n_actions * n_states)
    factored = None if emission is None else sparse.csr_array(emission.reshape(n_actions * n_states, n_obs))
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Kernel(indptr, o, t, joint[a, s, o, t], np.ascontiguousarray(reward, dtype=np.float64), None, factored)


def kernel_from_entries(
    row: Ints, observation: Ints, state: Ints, probability: Floats, reward: Floats, sample: Floats | None = None
) -> Kernel:
    """A kernel from entries in any order; rows are `a * S + s`, and there is no factored emission.

    `reward[n, A, S]`; `sample[n, entries]` where the reward depends on the outcome.  Entries of one
    (row, o', s') are added up, their samples averaged; entries of probability 0 are left out.
    """
    positive = np.flatnonzero(probability > 0)
    order = positive[np.lexsort((state[positive], observation[positive], row[positive]))]
    keys = np.stack([row[order], observation[order], state[order]])
    fresh = np.concatenate(([True], np.any(np.diff(keys, axis=1) != 0, axis=0)))[: len(order)]
    group, keys = np.cumsum(fresh) - 1, keys[:, fresh]
    mass = np.bincount(group, probability[order]).astype(np.float64)
    paid = None
    if sample is not None:
        paid = np.stack([np.bincount(group, probability[order] * each[order]) / mass for each in sample])
    counts = np.bincount(keys[0], minlength=reward.shape[1] * reward.shape[2])
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Kernel(indptr, keys[1], keys[2], mass, np.ascontiguousarray(reward, dtype=np.float64), paid, None)


def with_played(kernel: Kernel, played: Ints) -> Kernel:
    """The kernel with `Kernel.played` [A, S], and with rows and rewards of what is played in place of its own."""
    n_states = played.shape[1]
    at, counts = gather(kernel.indptr, (played * n_states + np.arange(n_states)).ravel())
    return Kernel(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        kernel.observation[at],
        kernel.state[at],
        kernel.probability[at],
        np.ascontiguousarray(kernel.reward[:, played, np.arange(n_states)]),
        None if kernel.sample_reward is None else kernel.sample_reward[:, at],
        None,
        played,
    )


def from_arrays(
    *,
    transition: Floats,
    emission: Floats,
    reward: Floats,
    initial: Floats,
    action_sizes: Sequence[int],
    observation_sizes: Sequence[int],
    horizon: int,
    discount: float = 1.0,
    name: str = "game",
    agents: Sequence[str] | None = None,
) -> Model:
    """A stationary model with one action and one observation variable (`act`, `obs`) for each agent.

    `transition[a, s, s']`, `emission[a, s', o']`, `reward[n, a, s]`, `initial[s]`; joint indices are
    row-major, first agent most significant.  Nothing is observed before the first action.  Raises
    ValueError where shapes disagree or a distribution does not sum to 1 within 1e-9.
    """
    n_actions, n_states, _ = transition.shape
    shapes = (transition.shape, emission.shape, reward.shape, initial.shape)
    n_obs, n = int(np.prod(observation_sizes)), len(action_sizes)
    if shapes != (
        (int(np.prod(action_sizes)), n_states, n_states),
        (n_actions, n_states, n_obs),
        (n, n_actions, n_states),
        (n_states,),
    ):
        raise ValueError(f"shapes of transition, emission, reward and initial disagree: {shapes}")
    for what, table in (("transition", transition), ("emission", emission), ("initial", initial)):
        if table.min() < 0 or not np.allclose(table.sum(axis=-1), 1.0, rtol=0.0, atol=1e-9):
            raise ValueError(f"{what} holds a row that is not a probability distribution")
    joint = transition[:, :, None, :] * emission.transpose(0, 2, 1)[:, None, :, :]
    names = tuple(agents) if agents is not None else tuple(str(i + 1) for i in range(n))
    signature = Signature(
        names,
        tuple(Variable("act", i, tuple(map(str, range(k)))) for i, k in enumerate(action_sizes)),
        tuple(Variable("obs", i, tuple(map(str, range(k)))) for i, k in enumerate(observation_sizes)),
    )
    start = np.flatnonzero(initial)
    observed = np.ones((horizon + 1, n), dtype=bool)
    observed[0] = False
    return Model(
        name,
        "",
        signature,
        horizon,
        discount,
        ("state",),
        (tuple(map(str, range(n_states))),),
        np.arange(n_states)[:, None],
        Initial(start, np.zeros_like(start), initial[start]),
        (kernel_from_dense(joint, reward, emission),),
        (0,) * horizon,
        np.ones((horizon, n), dtype=bool),
        observed,
    )
