"""Who knows what, when: the items of common and private information that a protocol implies.

An *item* is the value of one action or observation variable at one step.  Write g = h - t for the age at
step h of an item of step t, and l_i for the lag after which agent i knows it (`LagTable`).  Then

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
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from posgc.language.sharing.lag_table import NEVER, Kind, LagTable
from posgc.language.signature import Signature, Variable
from posgc.model.arrays import Model

__all__ = ["Information", "InformationStructure", "Item", "Structure"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, order=True)
class Item:
    """The value of one action or observation variable at one step."""

    time: int
    kind: Kind
    variable: int  # index into the signature's list of that kind


class InformationStructure:
    """Who knows what when: what follows from the protocol, and from which variables are made at which step."""

    if TYPE_CHECKING:  # what the two kinds of structure below have in common
        protocol: LagTable
        dropped: frozenset[tuple[int, int]]

        @property
        def signature(self) -> Signature: ...
        @property
        def horizon(self) -> int: ...
        @property
        def active(self) -> Bools: ...
        @property
        def observed(self) -> Bools: ...

    @cached_property
    def n_agents(self) -> int:
        return len(self.signature.agents)

    def choices(self, agent: int, h: int) -> Ints:
        """Agent's own action indices that can be played at step h, ascending."""
        return self.signature.choices(agent, self.active[h - 1])

    @cached_property
    def memory(self) -> int:
        """The largest finite lag or the forgetting age: what steps need to be looked at for shapes."""
        rows = *self.protocol.slowest("action"), *self.protocol.slowest("observation")
        finite = [lag for row in rows for lag in row if lag < NEVER]
        return max([1, *finite, self.protocol.forget or 0])

    def variable(self, item: Item) -> Variable:
        """The variable whose value the item is."""
        signature = self.signature
        return (signature.actions if item.kind == "action" else signature.observations)[item.variable]

    def size(self, item: Item) -> int:
        """Number of values of the item."""
        return len(self.variable(item).values)

    def lags(self, item: Item) -> tuple[int, ...]:
        """Age at which each agent comes to know the item."""
        return self.protocol.lags(item.kind, item.variable, item.time)

    def exists(self, item: Item) -> bool:
        """Whether the item is made at all: the action is a choice then, the observation is seen then."""
        made = self.active if item.kind == "action" else self.observed
        return bool(made[item.time - 1, item.variable])

    def makes(self, kind: Kind, variable: int) -> bool:
        """Whether the variable has an item at any step."""
        made = self.active if kind == "action" else self.observed[: self.horizon]
        return bool(made[:, variable].any())

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
        return not self._is_dropped(item)

    def _is_dropped(self, item: Item) -> bool:
        return item.kind == "action" and (item.variable, item.time) in self.dropped

    def _recent(self, h: int) -> Iterator[Item]:
        """The items made when step h begins that are no older than `memory` + 1, oldest first: no other item's
        holders change any more."""
        signature = self.signature
        for t in range(max(1, h - self.memory - 1), h + 1):
            if t < h:
                yield from (Item(t, "action", v) for v in range(len(signature.actions)))
            yield from (Item(t, "observation", v) for v in range(len(signature.observations)))

    @cached_property
    def _lasting(self) -> tuple[tuple[Item, ...], Ints]:
        """The items that somebody holds privately for ever, in order, and the number of those of steps 1..t [H + 1]."""
        kinds: tuple[Kind, ...] = ("action", "observation") if self.protocol.forget is None else ()
        unshared: list[tuple[Kind, int]] = []
        for kind in kinds:
            rows = self.protocol.slowest(kind)
            unshared += [(kind, v) for v, row in enumerate(rows) if min(row) < NEVER <= max(row)]
        items, counts = [], [0]
        for t in range(1, self.horizon + 1) if unshared else ():
            made = (Item(t, kind, v) for kind, v in unshared)
            items += [x for x in made if self.exists(x) and not self._is_dropped(x)]
            counts.append(len(items))
        return tuple(items), np.array(counts if unshared else [0] * (self.horizon + 1))

    def private(self, h: int) -> tuple[Item, ...]:
        """u_h: the items that somebody holds privately at step h, in order of (time, kind, variable)."""
        cache = self._private_cache
        if h not in cache:
            items, counts = self._lasting
            cache[h] = items[: counts[max(0, h - self.memory - 2)]] + tuple(
                item
                for item in self._recent(h)
                if self.exists(item) and any(self.holds(i, item, h) for i in range(self.n_agents))
            )
        return cache[h]

    @cached_property
    def _private_cache(self) -> dict[int, tuple[Item, ...]]:
        return {}

    @cached_property
    def _step_codes(self) -> Ints:
        """Equal numbers for steps 1..H + 1 at which the same variables are choices, are seen, are remembered, and reach
        the same agents after as many steps, after `memory` + 1 numbers for the steps before the first."""
        horizon, n_actions = self.horizon, len(self.signature.actions)
        forgotten = np.zeros((horizon + 1, n_actions), dtype=bool)
        if self.dropped:
            variable, time = np.array(sorted(self.dropped)).T
            forgotten[time - 1, variable] = True
        active = np.vstack([self.active, np.zeros((1, n_actions), dtype=bool)])
        rows = np.hstack([active, self.observed, forgotten, self._changing_lags])
        code = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
        return np.concatenate([np.full(self.memory + 1, -1), code])

    @property
    def _changing_lags(self) -> Ints:
        """[H + 1, k] the lags of links with exchanges, step by step; no column where there are none."""
        links = sorted({(x.kind, x.variable) for x in self.protocol.exchanges})
        steps = range(1, self.horizon + 2)
        rows = [[lag for kind, v in links for lag in self.protocol.lags(kind, v, t)] for t in steps] if links else []
        return np.array(rows, np.int64).reshape(self.horizon + 1, -1)

    def pattern(self, h: int) -> tuple[bytes, int]:
        """A key: steps with equal patterns have the same items at h and h + 1, with times relative to h."""
        lasting = self._lasting[1][max(0, h - self.memory - 1)]
        return self._step_codes[h - 1 : h + self.memory + 2].tobytes(), h if lasting else 0

    def private_of(self, agent: int, h: int) -> tuple[Item, ...]:
        """p_{i,h}, a sub-sequence of `private(h)`."""
        return tuple(item for item in self.private(h) if self.holds(agent, item, h))

    def increment(self, h: int) -> tuple[Item, ...]:
        """z_h: the items that are common at step h and were not before, in order."""
        return tuple(
            item
            for item in self._recent(h)
            if self.exists(item) and self.is_common(item, h) and not self.is_common(item, h - 1)
        )

    def first_age(self, agent: int, item: Item) -> int:
        """The age at which the agent first knows the item; NEVER or more where it never does."""
        lags, forget = self.lags(item), self.protocol.forget
        age = max(lags[agent], int(item.kind == "action"))
        return age if forget is None or age <= forget or age >= max(lags) else max(lags)

    def news(self, agent: int, h: int) -> tuple[Item, ...]:
        """What the agent knows at step h and did not know before, in order of (time, kind, variable): its own last
        action and observation, and what arrives from others or becomes common.  Dropped own actions are included."""
        return tuple(
            item for item in self._recent(h) if self.exists(item) and h - item.time == self.first_age(agent, item)
        )

    def pending(self, h: int) -> tuple[Item, ...]:
        """The items made when step h begins that an agent does not know yet and will know by step H, in order."""
        agents = range(self.n_agents)
        return tuple(
            item
            for item in self._recent(h)
            if self.exists(item)
            and any(h - item.time < self.first_age(i, item) <= self.horizon - item.time for i in agents)
        )

    def common(self, h: int) -> tuple[Item, ...]:
        """c_h: everything that is common at step h."""
        return tuple(item for t in range(1, h + 1) for item in self.increment(t))

    def lost(self, h: int) -> tuple[Item, ...]:
        """Items of z_h that nobody remembered at step h - 1: Assumption 1 fails (empty if it holds)."""
        if h == 1:
            return ()
        known = set(self.private(h - 1))
        return tuple(
            item for item in self.increment(h) if item.time < h - (item.kind == "action") and item not in known
        )

    def unlike_steps(self) -> Iterator[int]:
        """Steps 2..H, ascending, without those whose items and the items before are like an earlier step's."""
        seen: set[tuple[bytes, int]] = set()
        for h in range(2, self.horizon + 1):
            if (pattern := self.pattern(h - 1)) not in seen:
                seen.add(pattern)
                yield h

    @cached_property
    def first_lost(self) -> int | None:
        """The first step of 2..H at which an item of z_h is lost; None where Assumption 1 holds."""
        return next((h for h in self.unlike_steps() if self.lost(h)), None)

    def relays(self, h: int) -> tuple[tuple[int, Item], ...]:
        """Pairs (agent, item) where p_{i,h} takes an item that was another agent's at step h - 1."""
        return tuple(
            (i, item)
            for i in range(self.n_agents)
            for item in self.private_of(i, h)
            if h > 1 and self.variable(item).agent != i and self.lags(item)[i] == h - item.time
        )

    def shape(self, h: int) -> int:
        """A number of what the evolution from h to h + 1 looks like, with times relative to h; equal numbers, equal
        maps."""
        numbers, known = self._shapes
        pattern = self.pattern(h)
        if pattern not in numbers:
            numbers[pattern] = known.setdefault(self._shape(h), len(known))
        return numbers[pattern]

    @cached_property
    def _shapes(self) -> tuple[dict[tuple[bytes, int], int], dict[tuple[object, ...], int]]:
        """The number of each pattern's shape, and of each shape."""
        return {}, {}

    def _shape(self, h: int) -> tuple[object, ...]:
        def relative(items: tuple[Item, ...]) -> tuple[tuple[int, str, int], ...]:
            return tuple((item.time - h, item.kind, item.variable) for item in items)

        owners = tuple(tuple(self.holds(i, item, h) for item in self.private(h)) for i in range(self.n_agents))
        return relative(self.private(h)), owners, relative(self.increment(h + 1)), relative(self.private(h + 1))

    def label(self, item: Item) -> str:
        """The item in words: `hear[ann]@3`."""
        variable = self.variable(item)
        return f"{variable.name}[{self.signature.agents[variable.agent]}]@{item.time}"


@dataclass(frozen=True)
class Structure(InformationStructure):
    """The structure alone, without the game: what a learner is told.  Whoever holds it can reach no table."""

    signature: Signature
    horizon: int  # H, the decisions of an episode
    active: Bools  # [H, number of action variables]: whether the variable is a choice at the step
    observed: Bools  # [H + 1, number of observation variables]: whether it is made at step h = 1..H+1
    protocol: LagTable
    dropped: frozenset[tuple[int, int]] = frozenset()  # (action variable, step) that the owner need not remember


@dataclass(frozen=True)
class Information(InformationStructure):
    """The information structure of a model under a protocol."""

    model: Model
    protocol: LagTable
    # (action variable, step) pairs whose item its owner need not remember (`posgc.information.dropping`)
    dropped: frozenset[tuple[int, int]] = frozenset()

    @property
    def signature(self) -> Signature:
        """Agents and their variables."""
        return self.model.signature

    @property
    def horizon(self) -> int:
        """H, the decisions of an episode."""
        return self.model.horizon

    @property
    def active(self) -> Bools:
        """As `Model.active`."""
        return self.model.active

    @property
    def observed(self) -> Bools:
        """As `Model.observed`."""
        return self.model.observed

    @property
    def structure(self) -> Structure:
        """The structure without the game."""
        return Structure(
            self.signature, self.horizon, self.active.copy(), self.observed.copy(), self.protocol, self.dropped
        )
