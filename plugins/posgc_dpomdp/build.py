"""From the tables of T, O and R to the array model: reachable states, then the joint kernel.

The kernel is P(s', o' | s, a) = T(s' | s, a) O(o' | a, s').  A state is reachable if the start law gives it
positive probability, or some reachable state and joint action do; the others are left out, which changes no
value.  Time follows Oliehoek and Amato (2016): the first observation is made after the first action.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model.arrays import Initial, Kernel
from posgc.plugin import LimitError
from posgc_dpomdp.rewards import Rewards

__all__ = ["MAX_ENTRIES", "build_initial", "build_kernel", "reachable"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MAX_ENTRIES = 50_000_000  # entries of the joint kernel, some 100 bytes each while it is built


def reachable(start: Floats, transition: Floats) -> Ints:
    """The reachable states, ascending, from `start[S]` and `transition[A, S, S]`."""
    edges: Bools = np.any(transition > 0, axis=0)
    seen: Bools = start > 0
    frontier = seen
    while frontier.any():
        frontier = edges[frontier].any(axis=0) & ~seen
        seen = seen | frontier
    return np.flatnonzero(seen)


def build_initial(start: Floats, kept: Ints, observed: bool) -> Initial:
    """The start law over the kept states; nothing is observed before the first action, or the state (`observed`)."""
    state = np.flatnonzero(start[kept] > 0)
    return Initial(state, kept[state] if observed else np.zeros_like(state), start[kept][state])


def build_kernel(transition: Floats, observation: Floats, rewards: Rewards, kept: Ints) -> Kernel:
    """The stationary kernel over the kept states, with one reward row for each that the file gives.

    `transition[A, S, S']` and `observation[A, S', O]` have rows that sum to 1 where play comes, and `kept`
    is closed under them.  Raises LimitError above MAX_ENTRIES entries.
    """
    n_actions, n_states, n_observations = observation.shape
    if len(kept) < n_states:
        transition, observation = transition[:, kept][:, :, kept], observation[:, kept]
        n_states = len(kept)
    emission = sparse.csr_array(observation.reshape(n_actions * n_states, n_observations))
    action, state, following = np.nonzero(transition)
    lower = emission.indptr[action * n_states + following].astype(np.int64)
    count = emission.indptr[action * n_states + following + 1] - lower
    total = int(count.sum())
    if total > MAX_ENTRIES:
        raise LimitError(
            f"the joint kernel P(s', o' | s, a) would have {total:.3g} entries; the limit is {MAX_ENTRIES:.3g}: "
            "write sparser transition or observation laws"
        )
    step = np.repeat(np.arange(len(action)), count)
    at = np.arange(total) - np.repeat(np.cumsum(count) - count, count) + lower[step]
    probability = transition[action, state, following][step] * emission.data[at]
    row = (action * n_states + state)[step]
    seen, following = emission.indices[at].astype(np.int64), following[step]
    order = np.argsort((row * n_observations + seen) * n_states + following, kind="stable")
    order = order[probability[order] > 0]  # a product of tiny factors may have vanished
    row, seen, following, probability = row[order], seen[order], following[order], probability[order]
    indptr = np.zeros(n_actions * n_states + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=n_actions * n_states), out=indptr[1:])
    mean, sample = _rewards(rewards, row, indptr, probability, (kept, following, seen))
    shape = (-1, n_actions, n_states)
    return Kernel(indptr, seen, following, probability, mean.reshape(shape), sample, emission)


def _rewards(
    rewards: Rewards, row: Ints, indptr: Ints, probability: Floats, end: tuple[Ints, Ints, Ints]
) -> tuple[Floats, Floats | None]:
    """Expected rewards [k, A*S], and the reward of each entry [k, entries] or None where it adds nothing."""
    kept, following, seen = end
    rows = np.arange(len(indptr) - 1)
    action, state = np.divmod(rows, len(kept))
    if rewards.plain:
        zero = np.zeros_like(rows)
        return rewards(action, kept[state], zero, zero).T.copy(), None
    entry = rewards(action[row], kept[state[row]], kept[following], seen).T.copy()
    lowest = np.minimum.reduceat(entry, indptr[:-1], axis=1)
    constant = lowest == np.maximum.reduceat(entry, indptr[:-1], axis=1)
    if constant.all():
        return lowest, None
    mean = np.add.reduceat(entry * probability, indptr[:-1], axis=1)
    return np.where(constant, lowest, mean), entry
