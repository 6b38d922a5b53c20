"""The best prescription of a team at windows: a table for each agent from its private information to an action.

With w the law of the joint private information u, exact: all prescriptions of all agents but one are tried, and the
one with most of them answers by the best action at each private information of its own,

    max over gamma of sum_u w(u) Q(u, gamma_1(p_1(u)), .., gamma_n(p_n(u))).
"""

from __future__ import annotations

from collections.abc import Iterator
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
NUMBERS = 1 << 22
"""Numbers that are compared at a time."""


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
    def _strides(self) -> list[int]:
        sizes = self.structure.signature.action_sizes
        return [prod(sizes[i + 1 :]) for i in range(len(sizes))]

    @cached_property
    def _plans(self) -> tuple[Ints, Ints, Ints]:
        """What the others may hold together: its number for each u, [U]; what each of their G prescriptions adds there
        to the joint action index, [G, Q]; and all that it can add, ascending, [C]."""
        others = [i for i in range(len(self.own)) if i != self._last]
        held, which = np.unique(self.own[others], axis=1, return_inverse=True)
        tables = [
            [self._strides[i] * np.array(plan)[own] for plan in product(self.choices[i], repeat=len(self.private[i]))]
            for i, own in zip(others, held, strict=True)
        ]
        added = np.array([sum(parts, np.zeros(held.shape[1], np.int64)) for parts in product(*tables)])
        return which.ravel(), added, np.unique(added)

    @cached_property
    def _paid(self) -> tuple[Tensor, Tensor]:
        """Where values [U, A] stand in an array [Q, C, P, B] of what the others hold and add and the last agent holds
        and chooses: indices [Q * C * P * B], and U * A for what no u brings about.  And whether a prescription of the
        others adds it there, [G, Q * C]."""
        which, added, sums = self._plans
        answers, joint = (
            self._strides[self._last] * self.choices[self._last],
            prod(self.structure.signature.action_sizes),
        )
        n_u, shape = len(self.u), (added.shape[1], len(sums), len(self.private[self._last]), len(answers))
        at = np.full(shape, n_u * joint)
        at[which, :, self.own[self._last]] = joint * np.arange(n_u)[:, None, None] + sums[:, None] + answers
        adds = (added[..., None] == sums).reshape(len(added), -1)
        return torch.tensor(at.ravel()), torch.tensor(adds, dtype=torch.float32)

    def _answered(self, values: Tensor, weight: Tensor) -> Iterator[Tensor]:
        """[rows, G, P, B], what each choice of the last agent earns beside each prescription of the others; some rows
        at a time."""
        at, adds = self._paid
        width = len(self.private[self._last]) * len(self.choices[self._last])
        rows = max(1, NUMBERS // (len(adds) * width))
        for some, law in zip(values.split(rows), weight.split(rows), strict=True):
            paid = torch.nn.functional.pad((some * law[..., None]).flatten(1), (0, 1))[:, at]
            yield (adds.to(paid) @ paid.unflatten(1, (-1, width))).unflatten(2, (len(self.private[self._last]), -1))

    def worth(self, values: Tensor, weight: Tensor) -> Tensor:
        """From values [rows, U, A] and laws [rows, U] the most that a prescription is worth, [rows].  Raises LimitError
        where there are too many prescriptions."""
        return torch.cat([one.amax(dim=-1).sum(dim=-1).amax(dim=-1) for one in self._answered(values, weight)])

    def best(self, values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """As `worth`, and the joint action index that the best prescription plays at each u, [rows, U]."""
        which, added, _ = self._plans
        table, last = torch.tensor(added[:, which]), self._last
        answers, held = torch.tensor(self._strides[last] * self.choices[last]), torch.tensor(self.own[last])
        found = []
        for one in self._answered(values, weight):
            best, reply = one.max(dim=-1)
            worth, plan = best.sum(dim=-1).max(dim=-1)
            answer = reply[torch.arange(len(plan)), plan][:, held]  # [rows, U]
            found.append((worth, table[plan] + answers[answer]))
        worths, actions = zip(*found, strict=True)
        return torch.cat(worths), torch.cat(actions)
