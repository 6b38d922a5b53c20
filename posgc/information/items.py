"""Who knows what, when: the items of common and private information that a protocol implies.

An *item* is the value of one action or observation variable at one step.  Write g = h - t for the age at
step h of an item of step t, and l_i for the lag after which agent i knows it (`Protocol`).  Then

- the item is common at h iff g >= max_i l_i;
- it is agent i's private information at h iff l_i <= g, it is not common, and g <= forget;
- c_h is the set of common items, p_{i,h} the set of i's private ones, u_h the union of all p_{i,h}
  (an item that reached some but not all is held by several agents), z_{h+1} the items common at h + 1
  and not at h.

This is Assumption 1 of Liu & Zhang (2023) in the form z_{h+1} = chi(p_h, a_h, o_{h+1}) and
p_{i,h+1} = xi_i(p_h, a_h, o_{h+1}): every item of z_{h+1} and u_{h+1} is either in u_h or made by
a_h and o_{h+1}.  Their (2.2), where xi_i reads only agent i's own, is the special case without links
that relay (`Information.relays` lists the items that need more).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.language.protocol import NEVER, Protocol
from posgc.language.signature import Variable
from posgc.model.arrays import Model

__all__ = ["Information", "Item"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Item:
    """The value of variable `variable` (an index into the signature's list of that kind) at step `time`."""

    time: int
    kind: Literal["action", "observation"]
    variable: int


@dataclass(frozen=True)
class Information:
    """The information structure of a model under a protocol.

    `dropped` holds (action variable, step) pairs whose item its owner need not remember
    (`posgc.information.dropping`).
    """

    model: Model
    protocol: Protocol
    dropped: frozenset[tuple[int, int]] = frozenset()

    @cached_property
    def n_agents(self) -> int:
        return self.model.n_agents

    @cached_property
    def memory(self) -> int:
        """The largest finite lag or the forgetting age: what steps need to be looked at for shapes."""
        finite = [lag for row in (*self.protocol.action_lags, *self.protocol.observation_lags) for lag in row
                  if lag < NEVER]  # fmt: skip
        return max([1, *finite, self.protocol.forget or 0])

    def variable(self, item: Item) -> Variable:
        """The variable whose value the item is."""
        signature = self.model.signature
        return (signature.actions if item.kind == "action" else signature.observations)[item.variable]

    def size(self, item: Item) -> int:
        """Number of values of the item."""
        return len(self.variable(item).values)

    def lags(self, item: Item) -> tuple[int, ...]:
        """Age at which each agent comes to know the item."""
        table = self.protocol.action_lags if item.kind == "action" else self.protocol.observation_lags
        return table[item.variable]

    def exists(self, item: Item) -> bool:
        """Whether the item is made at all: the action is a choice then, the observation is seen then."""
        made = self.model.active if item.kind == "action" else self.model.observed
        return bool(made[item.time - 1, item.variable])

    def is_common(self, item: Item, h: int) -> bool:
        """Whether everyone knows the item at step h."""
        return h - item.time >= max(self.lags(item))

    def holds(self, agent: int, item: Item, h: int) -> bool:
        """Whether the item is in p_{i,h}."""
        age, lags = h - item.time, self.lags(item)
        if age < lags[agent] or age >= max(lags):
            return False
        if self.protocol.forget is not None and age > self.protocol.forget:
            return False
        return item.kind == "observation" or (item.variable, item.time) not in self.dropped

    def _made_until(self, h: int) -> Iterator[Item]:
        """Every item that has been made when step h begins and can still be private, oldest first."""
        bounded = all(max(row) < NEVER for row in (*self.protocol.action_lags, *self.protocol.observation_lags))
        reach = self.memory + 1 if bounded or self.protocol.forget is not None else h
        signature = self.model.signature
        for t in range(max(1, h - reach), h + 1):
            if t < h:
                yield from (Item(t, "action", v) for v in range(len(signature.actions)))
            yield from (Item(t, "observation", v) for v in range(len(signature.observations)))

    def private(self, h: int) -> tuple[Item, ...]:
        """u_h: the items that somebody holds privately at step h, in order of (time, kind, variable)."""
        cache = self._private_cache
        if h not in cache:
            cache[h] = tuple(
                item for item in self._made_until(h)
                if self.exists(item) and any(self.holds(i, item, h) for i in range(self.n_agents))
            )  # fmt: skip
        return cache[h]

    @cached_property
    def _private_cache(self) -> dict[int, tuple[Item, ...]]:
        return {}

    def private_of(self, agent: int, h: int) -> tuple[Item, ...]:
        """p_{i,h}, a sub-sequence of `private(h)`."""
        return tuple(item for item in self.private(h) if self.holds(agent, item, h))

    def increment(self, h: int) -> tuple[Item, ...]:
        """z_h: the items that are common at step h and were not before, in order."""
        return tuple(
            item for item in self._made_until(h)
            if self.exists(item) and self.is_common(item, h) and not self.is_common(item, h - 1)
        )  # fmt: skip

    def common(self, h: int) -> tuple[Item, ...]:
        """c_h: everything that is common at step h."""
        return tuple(item for t in range(1, h + 1) for item in self.increment(t))

    def lost(self, h: int) -> tuple[Item, ...]:
        """Items of z_h that nobody remembered at step h - 1: Assumption 1 fails (empty if it holds)."""
        if h == 1:
            return ()
        known = set(self.private(h - 1))
        return tuple(
            item for item in self.increment(h)
            if item.time < h - (item.kind == "action") and item not in known
        )  # fmt: skip

    def relays(self, h: int) -> tuple[tuple[int, Item], ...]:
        """Pairs (agent, item) where p_{i,h} takes an item that was another agent's at step h - 1."""
        return tuple(
            (i, item) for i in range(self.n_agents) for item in self.private_of(i, h)
            if h > 1 and self.variable(item).agent != i and self.lags(item)[i] == h - item.time
        )  # fmt: skip

    def shape(self, h: int) -> tuple[object, ...]:
        """What the evolution from h to h + 1 looks like with times relative to h; equal shapes, equal maps."""

        def relative(items: tuple[Item, ...]) -> tuple[tuple[int, str, int], ...]:
            return tuple((item.time - h, item.kind, item.variable) for item in items)

        owners = tuple(tuple(self.holds(i, item, h) for item in self.private(h)) for i in range(self.n_agents))
        return relative(self.private(h)), owners, relative(self.increment(h + 1)), relative(self.private(h + 1))

    def label(self, item: Item) -> str:
        """The item in words: `hear[ann]@3`."""
        variable = self.variable(item)
        return f"{variable.name}[{self.model.signature.agents[variable.agent]}]@{item.time}"
