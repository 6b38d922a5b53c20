"""The best prescription of a team at windows: a table for each agent from its private information to an action.

With w the law of the joint private information u, exact: all prescriptions of all agents but one are tried, and the
one with most of them answers by the best action at each private information of its own,

    max over gamma of sum_u w(u) Q(u, gamma_1(p_1(u)), .., gamma_n(p_n(u))).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from posgc.information.codes import project
from posgc.information.items import Structure
from posgc.plugin import LimitError

__all__ = ["Stage"]

Tensor = Any
Ints = npt.NDArray[np.int64]
PRESCRIPTIONS = 5_000
"""Prescriptions of all agents but one at most."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Step h: U joint private informations, and what may be chosen."""

    structure: Structure
    h: int
    u: Ints  # [U], codes, ascending

    @cached_property
    def private(self) -> tuple[Ints, ...]:
        """Of each agent, the codes of p_i that belong to some u, ascending."""
        return tuple(np.unique(own) for own in project(self.structure, self.h, self.u))

    @cached_property
    def own(self) -> Ints:
        """[n, U], which of them each agent holds."""
        codes = project(self.structure, self.h, self.u)
        return np.stack([np.searchsorted(known, own) for known, own in zip(self.private, codes, strict=True)])

    @cached_property
    def choices(self) -> tuple[Ints, ...]:
        """Own actions of each agent."""
        return tuple(self.structure.choices(i, self.h) for i in range(self.structure.n_agents))

    @cached_property
    def _last(self) -> int:
        """The agent that answers."""
        counts = [len(c) ** len(p) for c, p in zip(self.choices, self.private, strict=True)]
        last = int(np.argmax(counts))
        others = prod(counts) // counts[last]
        if others > PRESCRIPTIONS:
            raise LimitError(
                f"step {self.h}: all agents but one have {others:,} prescriptions (limit {PRESCRIPTIONS:,}), too many "
                "for Q-learning to try at every window; share more, or take --backend laci"
            )
        return last

    @cached_property
    def _others(self) -> Ints:
        """[G, U], for each prescription of the others and each u what they add to the joint action index."""
        strides = self._strides
        tables: list[list[Ints]] = []
        for i, (choices, own) in enumerate(zip(self.choices, self.own, strict=True)):
            if i != self._last:
                plans = product(choices, repeat=len(self.private[i]))
                tables.append([strides[i] * np.array(plan)[own] for plan in plans])
        return np.array([sum(parts, np.zeros(len(self.u), np.int64)) for parts in product(*tables)])

    @cached_property
    def _strides(self) -> list[int]:
        sizes = self.structure.signature.action_sizes
        return [prod(sizes[i + 1 :]) for i in range(len(sizes))]

    def best(self, values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """From values [rows, U, A] and laws [rows, U]: the most that a prescription is worth, [rows], and the joint
        action index that it plays at each u, [rows, U].  Raises LimitError where there are too many prescriptions."""
        others, last = torch.tensor(self._others), self._last
        own = torch.tensor(self._strides[last] * self.choices[last])
        groups = torch.eye(len(self.private[last]), dtype=values.dtype)[torch.tensor(self.own[last])]  # [U, P]
        rows, n_u, actions = values.shape
        at = others[:, :, None] + own + torch.arange(n_u)[:, None] * actions  # [G, U, B]
        paid = (values * weight[..., None]).flatten(1)[:, at.flatten()].view(rows, *at.shape)
        best, reply = torch.einsum("rgub,up->rgpb", paid, groups).max(dim=-1)
        worth, plan = best.sum(dim=-1).max(dim=-1)
        answer = reply[torch.arange(rows), plan][:, torch.tensor(self.own[last])]  # [rows, U]
        return worth, others[plan] + own[answer]
