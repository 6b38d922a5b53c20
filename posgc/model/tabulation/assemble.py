"""Chunks of rows put together as one kernel, rows and states in their final order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from posgc.model.arrays import Floats, Kernel
from posgc.model.tabulation.rows import Chunk, Rows
from posgc.model.tabulation.table import Array

__all__ = ["SAMPLE_TOLERANCE", "assemble"]

SAMPLE_TOLERANCE = 1e-12
"""Relative to the largest reward: outcomes of one (s, a) are paid alike if they differ by less."""


def assemble(rows: Rows, chunks: list[Chunk], emission: sparse.csr_array | None) -> Kernel:
    """The kernel of the chunks, which are used up, so that memory is held once."""
    setup = rows.setup
    n_actions, n_states = setup.n_actions, len(rows.states)
    rank = rows.states.ranks()
    counts = np.zeros(n_actions * n_states, dtype=np.int64)
    reward = np.zeros((setup.rewards, n_actions * n_states))
    for chunk in chunks:
        row = _row(chunk, rank, n_actions)
        counts[row] = chunk.count
        reward[:, row] = chunk.reward
    indptr = np.concatenate(([0], np.cumsum(counts)))
    total = int(indptr[-1])
    observation = np.empty(total, dtype=np.int64)
    state = np.empty(total, dtype=np.int64)
    probability = np.empty(total)
    sample = np.empty((setup.rewards, total)) if _differ(chunks) else None
    # chunks are given up one by one while the arrays fill, so that the entries are never held twice
    while chunks:
        chunk = chunks.pop()
        row = _row(chunk, rank, n_actions)
        # place within the row, since a chunk's rows are scattered over the kernel
        within = np.arange(len(chunk.state)) - np.repeat(np.cumsum(chunk.count) - chunk.count, chunk.count)
        at = np.repeat(indptr[row], chunk.count) + within
        observation[at] = chunk.observation
        state[at] = rank[chunk.state]
        probability[at] = chunk.probability
        if sample is not None and chunk.sample is not None:
            sample[:, at] = chunk.sample
    paid = np.array(setup.paid, dtype=np.int64)
    return Kernel(
        indptr=indptr,
        observation=observation,
        state=state,
        probability=probability,
        reward=reward[paid].reshape(len(paid), n_actions, n_states),
        sample_reward=None if sample is None else _by_agent(sample, paid),
        emission=emission,
    )


def _row(chunk: Chunk, rank: Array, n_actions: int) -> Array:
    state, action = np.divmod(chunk.pair, n_actions)
    return np.asarray(action * len(rank) + rank[state])


def _differ(chunks: Sequence[Chunk]) -> bool:
    """Whether the reward of some entry is not that of its row."""
    samples = [(c, c.sample) for c in chunks if c.sample is not None]
    largest = max((float(np.abs(x).max(initial=0.0)) for _, x in samples), default=0.0)
    bound = SAMPLE_TOLERANCE * max(1.0, largest)
    return any(
        bool((np.abs(sample - np.repeat(chunk.reward, chunk.count, axis=1)) > bound).any()) for chunk, sample in samples
    )


def _by_agent(sample: Floats, paid: Array) -> Floats:
    """[n, entries]; one reward for all agents is held once, as a read-only view."""
    if len(sample) == 1:
        return np.broadcast_to(sample[0], (len(paid), sample.shape[1]))
    return sample[paid]
