"""The best joint plan of a team whose payoffs are terms of sequences of all agents, the empty sequence among them.

Agents in a team that draw before play need no more than a plan each that never randomises.  All such plans of all
agents but one are listed, and the remaining one answers each with a best response by backward induction, which is
exact.  Plans that differ only where they never come are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Plans

__all__ = ["JointPlans", "TeamTerms", "plans_of_all_but_one"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BLOCK_CELLS = 4_000_000
"""Numbers in one block of listed plans (32 MB)."""


@dataclass(frozen=True, eq=False)
class TeamTerms:
    """E terms: agents' sequences, 0 for the empty one, else 1 + a sequence, and what the team earns by them."""

    sequence: Ints  # [n, E]
    value: Floats  # [E]


def plans_of_all_but_one(game: ExtensiveGame) -> float:
    """How many joint plans there are of all agents but the one that has most."""
    counts = sorted(_count(Plans.of(game, agent)) for agent in range(game.n_agents))
    return math.prod(counts[:-1])


def _count(plans: Plans) -> float:
    """How many plans an agent has."""
    ahead: Floats | None = None
    with np.errstate(over="ignore"):
        for k in reversed(range(len(plans.shapes))):
            ways = np.ones(plans.shapes[k]) if ahead is None else np.exp(ahead).reshape(plans.shapes[k])
            ahead = plans.back[k] @ np.log(ways.sum(axis=1))
        assert ahead is not None
        return float(np.exp(ahead[0]))


class JointPlans:
    """The plans of a game, to be asked again and again."""

    def __init__(self, game: ExtensiveGame) -> None:
        self.plans = [Plans.of(game, agent) for agent in range(game.n_agents)]
        self.last = max(range(game.n_agents), key=lambda agent: _count(self.plans[agent]))
        self.listed = {
            agent: np.insert(_listed(one), 0, 1.0, axis=1) for agent, one in enumerate(self.plans) if agent != self.last
        }

    def best(self, terms: TeamTerms, some: int) -> list[tuple[float, tuple[Floats, ...]]]:
        """What the best joint plan earns, and the plan; then the best with other plans of all agents but one, up to
        `some` all told."""
        found: list[tuple[float, tuple[int, ...], Floats]] = []
        for chosen, gradient in self._gradients(terms):
            worth = gradient[:, 0] + _best(self.plans[self.last], gradient[:, 1:])
            top = np.argsort(-worth, kind="stable")[:some]
            found += [(float(worth[k]), tuple(int(one[k]) for one in chosen), gradient[k, 1:]) for k in top.tolist()]
            found = sorted(found, key=lambda entry: -entry[0])[:some]
        return [(worth, self._joint(which, gradient)) for worth, which, gradient in found]

    def _joint(self, which: Sequence[int], gradient: Floats) -> tuple[Floats, ...]:
        others = {agent: table[k, 1:] for (agent, table), k in zip(self.listed.items(), which, strict=True)}
        return tuple(others[agent] if agent in others else one.answer(gradient) for agent, one in enumerate(self.plans))

    def _gradients(self, terms: TeamTerms) -> Iterator[tuple[tuple[Ints, ...], Floats]]:
        """What each sequence of the last agent earns, the empty one first, against blocks of the others' plans."""
        size, entries = 1 + self.plans[self.last].size, len(terms.value)
        into = sparse.csr_array((terms.value, (np.arange(entries), terms.sequence[self.last])), shape=(entries, size))
        counts = [len(table) for table in self.listed.values()]
        block = max(1, BLOCK_CELLS // max(entries, size))
        for begin in range(0, math.prod(counts), block):
            row = np.arange(begin, min(begin + block, math.prod(counts)))
            chosen = np.unravel_index(row, counts) if counts else ()
            played = np.ones((len(row), entries))
            for (agent, table), k in zip(self.listed.items(), chosen, strict=True):
                played *= table[k][:, terms.sequence[agent]]
            yield chosen, np.asarray(played @ into)


def _listed(plans: Plans) -> Floats:
    """All plans of an agent, [plans, sequences], those that differ only where they never come once."""
    found = np.zeros((1, plans.size))
    for k, (sets, choices) in enumerate(plans.shapes):
        before = np.ones((len(found), 1)) if k == 0 else found[:, plans.slices[k - 1]]
        reached = np.asarray((plans.into[k] @ before.T).T) > 0
        for own in range(sets):
            here = reached[:, own]
            row = np.repeat(np.arange(len(found)), np.where(here, choices, 1))
            copy = np.arange(len(row)) - np.searchsorted(row, row)
            found, here = found[row], here[row]
            reached = reached[row]
            (some,) = np.nonzero(here)
            found[some, plans.slices[k].start + own * choices + copy[some]] = 1.0
    return found


def _best(plans: Plans, gradient: Floats) -> Floats:
    """[B]: what the best plan earns against each gradient [B, sequences]."""
    ahead: Floats | None = None
    for k in reversed(range(len(plans.shapes))):
        worth = gradient[:, plans.slices[k]] if ahead is None else gradient[:, plans.slices[k]] + ahead
        value = worth.reshape(len(gradient), *plans.shapes[k]).max(axis=2)
        ahead = np.asarray((plans.back[k] @ value.T).T)
    assert ahead is not None
    return np.asarray(ahead[:, 0])
