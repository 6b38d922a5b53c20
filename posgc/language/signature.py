"""Who plays, and what each sees and does: all that a sharing protocol needs to know of a game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

__all__ = ["Signature", "Variable"]


@dataclass(frozen=True)
class Variable:
    """An action or observation variable of one agent."""

    name: str  # as declared, without the index of the agent: `hear`
    agent: int  # the owner, from 0
    values: tuple[str, ...]  # the labels of its values, in order

    @property
    def family(self) -> str:
        """The name without further indices: `hear` of `hear[2]`."""
        return self.name.partition("[")[0]


@dataclass(frozen=True)
class Signature:
    """Agents, and their action and observation variables.

    Variables are ordered by agent, then as declared.  The joint action index is the mixed-radix number
    of the action variables' values, first variable most significant; it therefore splits into one index
    per agent in the same way.  The same holds for joint observations.
    """

    agents: tuple[str, ...]
    actions: tuple[Variable, ...]
    observations: tuple[Variable, ...]

    @property
    def action_sizes(self) -> tuple[int, ...]:
        """Number of actions of each agent (the product over its variables; 1 without any)."""
        return tuple(prod(len(v.values) for v in self.actions if v.agent == i) for i in range(len(self.agents)))

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """Number of observations of each agent (the product over its variables; 1 without any)."""
        return tuple(prod(len(v.values) for v in self.observations if v.agent == i) for i in range(len(self.agents)))

    def choices(self, agent: int, active: Sequence[bool] | npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Agent's own action indices, ascending: variable v is a choice if `active[v]`, else at its first value."""
        index = np.zeros(1, dtype=np.int64)
        for v, on in zip(self.actions, active, strict=True):
            if v.agent == agent:
                index = (index[:, None] * len(v.values) + np.arange(len(v.values) if on else 1)).ravel()
        return index
