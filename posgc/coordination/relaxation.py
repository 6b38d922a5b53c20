"""Bounds on what a belief is worth if everything were shared from a step on.

`value(h)[k]` is never below the value of belief k at step h under any protocol: it is the value under full sharing as
far as beliefs were looked at, and sum_s b(s) V_MDP(s) beyond.  The search lowers it where it learns more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from posgc.coordination.beliefs import BeliefStore
from posgc.coordination.growing import Growing
from posgc.model.ragged import gather

__all__ = ["Relaxation"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ENTRIES = 4_000_000
"""Successors of beliefs that are listed before the search begins."""
SLICE = 1000
"""Beliefs that are looked at between two looks at the clock."""
CELLS = 10_000_000
"""Values of beliefs, all steps together, that are computed before the search begins."""


class Relaxation:
    """Upper bounds of beliefs, by step; `layers[h - 1]` are the beliefs of full sharing that step h can find, as far as
    they were looked at before the search."""

    def __init__(self, beliefs: BeliefStore, stopped: Callable[[], bool]) -> None:
        self.beliefs, self.model = beliefs, beliefs.model
        self._mdp = self._states()
        self._value = [Growing(np.float64) for _ in range(self.model.horizon + 2)]
        self.layers: list[Ints] = []  # the beliefs that can be those of steps 1, 2, ..., as far as they were looked at
        self._spread(stopped)
        self._back_up(stopped)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(v.nbytes for v in self._value)

    def value(self, h: int) -> Floats:
        """[beliefs] bounds at step h, a view that may be lowered in place; zero after the last step."""
        held = self._value[h]
        if len(held) < len(self.beliefs):
            if h > self.model.horizon:
                held.extend(np.zeros(len(self.beliefs) - len(held)))
            elif h == self.model.horizon:
                held.extend(self.beliefs.rewards(h)[len(held) :].max(axis=1))
            else:
                held.extend(self.beliefs.means(self._mdp[h], len(held)))
        return held.data

    def states(self, h: int) -> Floats:
        """[S] bounds of step h if states were seen."""
        return self._mdp[h]

    def actions(self, h: int, beliefs: Ints) -> Floats:
        """[len(beliefs), A] bounds of each joint action."""
        reward: Floats = self.beliefs.rewards(h)[beliefs]
        if h == self.model.horizon:
            return reward
        outlooks = self.beliefs.outlooks(h, beliefs)
        ahead = self.value(h + 1)
        n_actions = reward.shape[1]
        rows = (outlooks.place.data[beliefs][:, None] * n_actions + np.arange(n_actions)).ravel()
        at, counts = gather(outlooks.first.data, rows)
        worth = outlooks.probability.data[at] * ahead[outlooks.belief.data[at]]
        total = np.add.reduceat(worth, np.cumsum(counts) - counts)
        return reward + self.model.discount * total.reshape(reward.shape)

    def _states(self) -> list[Floats]:
        """[H + 2][S] the value of each state if states were seen."""
        model = self.model
        values = [np.zeros(model.n_states)] * (model.horizon + 2)
        for h in range(model.horizon, 0, -1):
            kernel, actions = model.kernel(h), model.allowed(h)
            row = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
            ahead = np.bincount(row, kernel.probability * values[h + 1][kernel.state], len(kernel.indptr) - 1)
            total = kernel.reward[0] + model.discount * ahead.reshape(-1, model.n_states)
            values[h] = total[actions].max(axis=0)
        return values

    def _spread(self, stopped: Callable[[], bool]) -> None:
        """Look at the beliefs of full sharing step by step, within limits."""
        store, horizon = self.beliefs, self.model.horizon
        layer = np.unique(store.start()[2])
        self.layers = [layer]
        for h in range(1, horizon):
            outlooks = store.outlooks(h, np.zeros(0, dtype=np.int64))
            grown = len(outlooks.belief) * len(layer) // max(1, (len(outlooks.first) - 1) // len(outlooks.actions))
            if stopped() or len(outlooks.belief) + grown > ENTRIES or len(store) * horizon > CELLS:
                return
            for k in range(0, len(layer), SLICE):
                if stopped():
                    return
                outlooks = store.outlooks(h, layer[k : k + SLICE])
            rows = outlooks.place.data[layer][:, None] * len(outlooks.actions) + np.arange(len(outlooks.actions))
            layer = np.unique(outlooks.belief.data[gather(outlooks.first.data, rows.ravel())[0]])
            self.layers.append(layer)

    def _back_up(self, stopped: Callable[[], bool]) -> None:
        for h in range(self.model.horizon - 1, 0, -1):
            if stopped() or len(self.beliefs) * self.model.horizon > CELLS:
                return
            outlooks = self.beliefs.outlooks(h, np.zeros(0, dtype=np.int64))
            known = np.flatnonzero(outlooks.place.data >= 0)
            value = self.value(h)
            if len(known):
                value[known] = np.minimum(value[known], self.actions(h, known).max(axis=1))
