"""A game in layers: information sets of every agent and what they meet with, by step.

An *information set* of agent i at step h is what i has learnt by then (`InformationStructure.news` of every step, its
own actions included), a *sequence* an information set with an action.  A *plan* x of agent i gives every set the
product of i's own probabilities on the way there, and every sequence that times the probability of its action: with
`into` [sets, sequences of the step before],

    x(sets of h) = into_h x(sequences of h - 1),      sum_a x(set, a) = x(set).

Chance and the other agents are in the *rows*: for sets I_1, ..., I_n that can occur together the unnormalised law of
the state, W(I_1, ..., I_n, s), the product of what chance draws on the way, summed over all histories that the agents
together cannot tell apart.  What these add to agent j's payoff of plans x_1, ..., x_n is the sum over states of
W(I_1, ..., I_n, s) x_1(I_1, a_1) ... x_n(I_n, a_n) r_j(s, a), so that rows suffice.  With two agents the expected
payoff is bilinear, x_1' A_j x_2 with A_j(I a, J b) = sum_s W(I, J, s) r_j(s, a, b) (von Stengel 1996).

In a game of two agents sets may be *merged* (`posgc.extensive.merging`): then `into` has several entries in a
row, and the sets make an acyclic graph in place of a tree.  Nothing that is said of plans above changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["ExtensiveGame", "InformationSets", "Layer", "Terms"]

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
    # [N, n_choices]: the choice that is played where one is chosen, another one where that does not exist; what follows
    # is the same for both, so that `into` has an entry for each.  None where all exist
    played: Ints | None = None

    def __len__(self) -> int:
        return int(self.into.shape[0])


@dataclass(frozen=True, eq=False)
class Layer:
    """One step."""

    sets: tuple[InformationSets, ...]  # [n]
    joint: Ints  # [n, P]: each agent's set in each row, distinct columns
    # [m, P, A_1, ..., A_n]: what is earned at this step, discounted, times the weight of the row; by the first agent
    # alone (m = 1) in a zero-sum game of two, else by each (m = n)
    payoff: Floats
    entries: int  # pairs of row and state


@dataclass(frozen=True, eq=False)
class Terms:
    """What is earned, as E terms: agents' sequences that occur together, and what each agent earns by them."""

    sequence: Ints  # [n, E]
    value: Floats  # [m, E], m as in `Layer.payoff`
    sizes: tuple[int, ...]  # sequences of each agent

    def earned(self, agent: int) -> Floats:
        """[E], by one agent."""
        earned: Floats = self.value[agent] if agent < len(self.value) else -self.value[0]
        return earned

    def matrix(self, agent: int) -> sparse.csr_array:
        """What an agent earns in a game of two, [sequences of the first, of the second], terms of 0 left out."""
        value, (first, second) = self.earned(agent), self.sequence
        some = value != 0
        return sparse.csr_array((value[some], (first[some], second[some])), shape=(self.sizes[0], self.sizes[1]))

    def gradient(self, agent: int, plans: Sequence[Floats], of: int | None = None) -> Floats:
        """What each of `agent`'s sequences earns for agent `of` (itself, unless said) against the others' plans."""
        value = self.earned(agent if of is None else of).copy()
        for j, plan in enumerate(plans):
            if j != agent:
                value *= plan[self.sequence[j]]
        return np.asarray(np.bincount(self.sequence[agent], value, self.sizes[agent]), dtype=np.float64)


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

    @property
    def n_agents(self) -> int:
        """n."""
        return len(self.layers[0].sets)

    @cached_property
    def terms(self) -> Terms:
        """All that can be earned, steps one after the other."""
        offsets = [self.offsets(i) for i in range(self.n_agents)]
        sequences, values = [], []
        for h, layer in enumerate(self.layers):
            row, *actions = np.nonzero(layer.payoff.any(axis=0))
            own = zip(offsets, layer.joint, layer.sets, actions, strict=True)
            sequences.append(np.stack([at[h] + joint[row] * one.n_choices + a for at, joint, one, a in own]))
            values.append(np.stack([earned[row, *actions] for earned in layer.payoff]))
        sizes = tuple(int(at[-1]) for at in offsets)
        return Terms(np.concatenate(sequences, axis=1), np.concatenate(values, axis=1), sizes)

    @cached_property
    def payoff(self) -> sparse.csr_array:
        """A [sequences of the first agent, of the second]: what the first of two agents earns."""
        return self.terms.matrix(0)

    @property
    def sizes(self) -> dict[str, int]:
        """Information sets of all agents, and rows."""
        return {
            "information_sets": sum(len(sets) for layer in self.layers for sets in layer.sets),
            "rows": sum(layer.joint.shape[1] for layer in self.layers),
        }
