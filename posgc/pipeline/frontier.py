"""Which protocols of a lattice have to be solved to know the Pareto front of cost against value.

Each protocol has bounds on its value.  Where the value is monotone (a team), what is found of one protocol bounds all
richer ones from below and all poorer ones from above.  A protocol cannot matter where one that costs no more is known
to be worth as much as it can be: docs/design.md proves that then no point of the front is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.language.sharing.lattice import Lattice

__all__ = ["Demands", "Frontier"]

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Demands:
    """Which part of the front is asked for."""

    budget: float = np.inf  # the most that a protocol may cost, a step
    least: float = -np.inf  # the least that it may be worth
    within: float = 1e-6  # values that differ by no more count as equal; in the unit of the rewards


class Frontier:
    """What is known of the values of a lattice, protocol by protocol, and what to ask next."""

    def __init__(self, lattice: Lattice, monotone: bool, demands: Demands) -> None:
        self.lattice, self.monotone, self.demands = lattice, monotone, demands
        self.costs = lattice.costs
        self.lower = np.full(lattice.size, -np.inf)  # [protocol], bounds on what it is worth
        self.upper = np.full(lattice.size, np.inf)
        self.reached = np.full(lattice.size, -np.inf)  # [protocol], what a policy that was found under it is worth
        self.asked = np.zeros(lattice.size, dtype=bool)  # [protocol]
        self.refused = np.zeros(lattice.size, dtype=bool)  # [protocol], those that lack what is required
        # protocols by cost, and how many cost no more than each
        self._by_cost = np.argsort(self.costs, kind="stable")
        self._until = np.searchsorted(self.costs[self._by_cost], self.costs, side="right")

    def learn(self, number: int, reached: float, lower: float, upper: float) -> None:
        """A policy that is worth `reached` was found under a protocol, whose value lies between the bounds."""
        self.reached[number] = reached
        richer, poorer = slice(number, number + 1), slice(number, number + 1)
        if self.monotone:
            richer, poorer = self.lattice.richer(number), self.lattice.poorer(number)  # type: ignore[assignment]
        self.lower[richer] = np.maximum(self.lower[richer], lower)
        self.upper[poorer] = np.minimum(self.upper[poorer], upper)

    def refuse(self, number: int) -> None:
        """A protocol lacks what is required."""
        self.refused[number] = True

    @property
    def affordable(self) -> Marks:
        """[protocol], those within the budget."""
        return self.costs <= self.demands.budget

    @property
    def open(self) -> Marks:
        """[protocol], those that may belong to the front although no policy found under them shows it."""
        best = self.up_to(self.reached)
        promising = (self.upper > best + self.demands.within / 2) & (
            self.upper >= self.demands.least - self.demands.within
        )
        return self.affordable & ~self.refused & promising

    def up_to(self, values: Floats) -> Floats:
        """[protocol], the largest of the values of the protocols that cost no more, are affordable and not refused."""
        counted = np.where(self.affordable & ~self.refused, values, -np.inf)
        highest: Floats = np.maximum.accumulate(counted[self._by_cost])[self._until - 1]
        return highest

    def front(self) -> list[int]:
        """The protocols under which policies were found such that none that is worth more, beyond rounding, costs as
        little; by ascending cost, the first of those that are alike."""
        found: list[int] = []
        highest = -np.inf
        able = self.affordable & np.isfinite(self.reached) & (self.reached >= self.demands.least - self.demands.within)
        for number in sorted(np.flatnonzero(able), key=lambda n: (self.costs[n], -self.reached[n], n)):
            if self.reached[number] > highest + self.demands.within / 2:
                found.append(int(number))
                highest = self.reached[number]
        return found

    def questions(self) -> Iterator[int]:
        """The protocols to solve, each chosen in the light of what is known when it is asked for."""
        while (number := self._next()) is not None:
            self.asked[number] = True
            yield number

    def _next(self) -> int | None:
        able = self.open & ~self.asked
        if not able.any():
            return None
        if not self.monotone:
            return int(self._by_cost[np.argmax(able[self._by_cost])])
        if not self.asked.any():
            return int(np.flatnonzero(able)[-1])  # the poorest: what can be had for nothing
        # the one that bounds the most others from above, of these the cheapest
        bounded = np.where(able, self.lattice.below(able), 0)
        return int(np.lexsort((self.costs, -bounded))[0])
