"""Episodes as symbols: joint actions, joint observations, and joint rewards where few different ones are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from posgc.learning.sampling import Batch

__all__ = ["MOST_REWARDS", "Symbols"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST_REWARDS = 200
"""Distinct joint rewards above which they are not used as symbols."""


@dataclass(frozen=True, eq=False)
class Symbols:
    """E episodes of H steps in symbols."""

    n_actions: int
    n_observations: int
    kind_of_step: tuple[int, ...]  # [H]: which emission the observation of each step has; that of step 1 is `first`
    action: tuple[Ints, ...]  # H arrays [E]
    observation: tuple[Ints, ...]  # H arrays [E]
    reward: tuple[Ints, ...]  # H arrays [E], symbols of the joint rewards; all 0 where these are no symbols
    rewards: Floats  # [n, symbols]: the joint reward of each symbol
    paid: tuple[Floats, ...] | None  # H arrays [n, E] of the rewards where they are no symbols

    @property
    def size(self) -> int:
        """E."""
        return len(self.action[0])

    @property
    def horizon(self) -> int:
        """H."""
        return len(self.action)

    @staticmethod
    def of(batch: Batch, n_actions: int, n_observations: int, kind_of_step: Sequence[int]) -> Symbols:
        """Episodes as symbols; observations of one kind have one emission."""
        shape = len(batch.reward), batch.size
        rewards, symbol = np.unique(np.concatenate(batch.reward, axis=1), axis=1, return_inverse=True)
        few = rewards.shape[1] <= MOST_REWARDS
        return Symbols(
            n_actions,
            n_observations,
            tuple(kind_of_step),
            batch.action,
            batch.observation,
            tuple(symbol.reshape(shape) if few else np.zeros(shape, dtype=np.int64)),
            rewards if few else rewards[:, :1],
            None if few else batch.reward,
        )

    def some(self, rows: Ints) -> Symbols:
        """Some of the episodes."""
        return replace(
            self,
            action=tuple(a[rows] for a in self.action),
            observation=tuple(o[rows] for o in self.observation),
            reward=tuple(r[rows] for r in self.reward),
            paid=None if self.paid is None else tuple(r[:, rows] for r in self.paid),
        )
