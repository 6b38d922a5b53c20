"""The steps of a game of two agents in which nobody learns old items, as rows of what can happen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.pending import Transfer
from posgc.coordination.steps import Steps
from posgc.model.ragged import gather

__all__ = ["Moves", "moves_of", "start_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moves:
    """What can happen at a step: entries sorted by (joint action, state)."""

    first: Ints  # [A + 1] entries of each joint action
    state: Ints
    after: Ints
    mass: Floats  # probability, discounted
    news: tuple[Ints, Ints]  # of each agent, numbered
    count: tuple[int, int]
    codes: tuple[
        Ints, Ints
    ]  # of each agent [3, codes]: own action, number of the news, its code as controllers read it
    reward: Floats  # [A_1, A_2, S]
    sizes: tuple[int, int]


def moves_of(steps: Steps, h: int) -> Moves:
    """What can happen at step h <= H."""
    model = steps.beliefs.model
    kernel, actions, n_states = model.kernel(h), model.allowed(h), model.n_states
    sizes = steps.sizes[h - 1]
    reward = kernel.reward[0][actions].reshape(sizes[0], sizes[1], n_states)
    if h == model.horizon:
        none, zeros = np.zeros(0), np.zeros(0, dtype=np.int64)
        first, no_codes = np.zeros(len(actions) + 1, dtype=np.int64), np.zeros((3, 0), dtype=np.int64)
        return Moves(
            first, zeros, zeros, none, (zeros, zeros), (0, 0), (no_codes, no_codes), reward, (sizes[0], sizes[1])
        )
    rows = (actions[:, None] * n_states + np.arange(n_states)).ravel()
    at, counts = gather(kernel.indptr, rows)
    position, state = np.divmod(np.repeat(np.arange(len(rows)), counts), n_states)
    observation = kernel.observation[at]
    news, codes = _news(steps, h, actions[position], np.divmod(position, sizes[1]), observation)
    first = np.searchsorted(position, np.arange(len(actions) + 1))
    mass = kernel.probability[at] * model.discount
    counts_of = int(news[0].max()) + 1, int(news[1].max()) + 1
    return Moves(first, state, kernel.state[at], mass, news, counts_of, codes, reward, (sizes[0], sizes[1]))


def _news(
    steps: Steps, h: int, action: Ints, own: tuple[Ints, ...], observation: Ints
) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Numbers of what both agents learn after step h, and the codes that controllers read."""
    sources, numbers, codes = {-2: action, -1: observation}, [], []
    for i, transfer in enumerate(steps.transfers[h]):
        number = np.unique(Transfer.read(transfer.learned, sources, len(action)), return_inverse=True)[1]
        code = Transfer.read(transfer.news, sources, len(action))
        numbers.append(number)
        codes.append(np.unique(np.stack([own[i], number, code]), axis=1))
    return (numbers[0], numbers[1]), (codes[0], codes[1])


def start_of(steps: Steps) -> tuple[Ints, Floats, tuple[Ints, Ints], tuple[Ints, Ints]]:
    """States, probabilities and news of step 1."""
    law = steps.beliefs.model.initial
    nothing = np.zeros(len(law.state), dtype=np.int64)
    return law.state, law.probability, *_news(steps, 0, nothing, (nothing, nothing), law.observation)
