"""Two models with the same actions and observations, compared up to a renaming of their states.

The renaming is found by colour refinement (1-dimensional Weisfeiler-Leman) on the weighted, labelled
graph of transitions: two states keep one colour while they agree in initial law, rewards, and in the
probability of every (action, observation, colour) going out and coming in.  Where the refinement ends with
one state of each model in a class, the renaming is the only one there can be; `matched` asserts that, and
nobody needs to trust it, since `difference` then compares every entry of every array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.model.arrays import Model

__all__ = ["Dense", "dense", "difference", "matched"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dense:
    """A stationary model without `None`s: `initial[s, o]`, `joint[a, s, o, s']`, `reward[n, a, s]`."""

    initial: Floats
    joint: Floats
    reward: Floats


def dense(model: Model) -> Dense:
    """The arrays of a stationary model, written out."""
    assert len(model.kernels) == 1, "the dynamics depend on the step"
    kernel, n_states = model.kernels[0], model.n_states
    n_actions, n_obs = model.n_actions, model.n_observations
    joint = np.zeros((n_actions * n_states, n_obs, n_states))
    row = np.repeat(np.arange(n_actions * n_states), np.diff(kernel.indptr))
    joint[row, kernel.observation, kernel.state] = kernel.probability
    initial = np.zeros((n_states, n_obs))
    initial[model.initial.state, model.initial.observation] = model.initial.probability
    return Dense(initial, joint.reshape(n_actions, n_states, n_obs, n_states), kernel.reward)


def matched(ours: Dense, theirs: Dense) -> Ints:
    """`renamed[s]`: the state of `theirs` that is state s of `ours`."""
    assert ours.joint.shape == theirs.joint.shape, "sizes differ"
    n_states = ours.joint.shape[1]
    colours = [np.zeros(n_states, dtype=np.int64) for _ in range(2)]
    n_colours = 1
    while True:
        numbers: dict[tuple[int, bytes], int] = {}
        colours = [_refined(d, c, n_colours, numbers) for d, c in zip((ours, theirs), colours, strict=True)]
        if len(numbers) == n_colours:
            break
        n_colours = len(numbers)
    assert n_colours == n_states and all(len(set(c)) == n_states for c in colours), "no renaming matches"
    renamed = np.empty(n_states, dtype=np.int64)
    renamed[np.argsort(colours[0])] = np.argsort(colours[1])
    return renamed


def _refined(d: Dense, colour: Ints, n_colours: int, numbers: dict[tuple[int, bytes], int]) -> Ints:
    """The next colours, numbered by `numbers` (shared by both models) in the order they are met."""
    n_states = len(colour)
    member = np.eye(n_colours)[colour]
    leaving = np.moveaxis(d.joint @ member, 1, 0).reshape(n_states, -1)
    entering = np.tensordot(d.joint, member, axes=(1, 0)).transpose(2, 0, 1, 3).reshape(n_states, -1)
    features = np.concatenate((d.initial, np.moveaxis(d.reward, 2, 0).reshape(n_states, -1), leaving, entering), 1)
    rounded = features.round(9) + 0.0  # -0.0 and 0.0 have different bytes
    keys = [(int(c), f.tobytes()) for c, f in zip(colour, rounded, strict=True)]
    return np.array([numbers.setdefault(k, len(numbers)) for k in keys])


def difference(ours: Dense, theirs: Dense, renamed: Ints) -> list[tuple[int, int]]:
    """The rows (action, state of `ours`) whose transition or reward differ by more than 1e-12."""
    joint = theirs.joint[:, renamed][:, :, :, renamed]
    assert np.allclose(ours.initial, theirs.initial[renamed], rtol=0, atol=1e-12), "initial laws differ"
    off = np.abs(ours.joint - joint).max(axis=(2, 3)) > 1e-12
    off |= np.abs(ours.reward - theirs.reward[:, :, renamed]).max(axis=0) > 1e-12
    return [(int(a), int(s)) for a, s in np.argwhere(off)]
