"""A two-agent zero-sum game in layers: information sets of both agents and what they meet with, by step.

An *information set* of agent i at step h is what i has learnt by then (`InformationStructure.news` of every step, its
own actions included), a *sequence* an information set with an action.  A *plan* x of agent i gives every set the
product of i's own probabilities on the way there, and every sequence that times the probability of its action: with
`into` [sets, sequences of the step before],

    x(sets of h) = into_h x(sequences of h - 1),      sum_a x(set, a) = x(set).

Chance and the other agent are in the *rows*: for each pair of sets that can occur together the unnormalised law of the
state, W(I, J, s), the product of what chance draws on the way, summed over all histories that both agents together
cannot tell apart.  What these add to the payoff of plans x and y is W(I, J, s) x(I, a) y(J, b) r(s, a, b), so that rows
suffice, and the expected payoff is x' A y with A(I a, J b) = sum_s W(I, J, s) r(s, a, b) (von Stengel 1996).

Sets may be *merged* (`posgc.extensive.merging`): then `into` has several entries in a row, and the sets make an acyclic
graph in place of a tree.  Nothing that is said of plans above changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["ExtensiveGame", "InformationSets", "Layer"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InformationSets:
    """N information sets of one agent at one step."""

    # [N, sequences of the step before]; sequence (set, action) is number set * choices + action; before step 1 there is
    # one, the empty sequence
    into: sparse.csr_array
    n_choices: int
    # E edges, sorted by (set of the step before, code): a set (0 before step 1), the code of the news that follow it,
    # and the set of this step that they lead to
    edge_from: Ints
    edge_code: Ints
    edge_to: Ints

    def __len__(self) -> int:
        return int(self.into.shape[0])


@dataclass(frozen=True, eq=False)
class Layer:
    """One step."""

    sets: tuple[InformationSets, InformationSets]
    pair: Ints  # [2, P]: the sets of both agents in each row, distinct pairs
    payoff: Floats  # [P, A_1, A_2]: what the first agent earns at this step, discounted, times the weight of the row
    entries: int  # pairs of row and state


@dataclass(frozen=True, eq=False)
class ExtensiveGame:
    """All steps up to the last at which anything can be earned, and what was lost on the way to them."""

    layers: tuple[Layer, ...]
    # [steps], how much of a row's entry merging at that step can have changed at most, relative to the entry
    merged: Floats

    def sets(self, agent: int) -> list[InformationSets]:
        """The agent's information sets by step."""
        return [layer.sets[agent] for layer in self.layers]

    def offsets(self, agent: int) -> Ints:
        """[H + 1]: where the sequences of each step begin among all of the agent's."""
        return np.cumsum([0, *(len(sets) * sets.n_choices for sets in self.sets(agent))], dtype=np.int64)

    @cached_property
    def payoff(self) -> sparse.csr_array:
        """A [sequences of the first agent, of the second], steps one after the other."""
        one, two = self.offsets(0), self.offsets(1)
        rows, columns, data = [], [], []
        for h, layer in enumerate(self.layers):
            a, b = (sets.n_choices for sets in layer.sets)
            row, i, j = np.nonzero(layer.payoff)
            rows.append(one[h] + layer.pair[0][row] * a + i)
            columns.append(two[h] + layer.pair[1][row] * b + j)
            data.append(layer.payoff[row, i, j])
        where = np.concatenate(rows), np.concatenate(columns)
        return sparse.csr_array((np.concatenate(data), where), shape=(int(one[-1]), int(two[-1])))

    @property
    def sizes(self) -> dict[str, int]:
        """Information sets of both agents, and rows."""
        return {
            "information_sets": sum(len(sets) for layer in self.layers for sets in layer.sets),
            "rows": sum(layer.pair.shape[1] for layer in self.layers),
        }
