"""The plans of one agent by the sets in which it has a choice.

A set with one choice is reached as its sequence is played, so it needs no variable of its own.  What is left are the
probabilities v of the empty sequence and of all sequences of sets with several choices, with

    v(empty) = 1,      sum_a v(set, a) = v(sequences before the set),      v >= 0,

in short E v = e, and all sequences of `posgc.extensive.layers` are linear in v.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.layers import InformationSets

__all__ = ["Choices"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Choices:
    """V variables in R sets; the first of each stands for the empty sequence."""

    expand: sparse.csr_array  # [sequences, V]
    constraints: sparse.csr_array  # E [R, V]; e is 1 for the first set, else 0
    owner: Ints  # [V], the set of each variable, ascending; sets go by step
    steps: tuple[slice, ...]  # the sets of each step that has any, the empty sequence first

    @staticmethod
    def of(sets: Sequence[InformationSets]) -> Choices:
        """Those of an agent with these sets, by step."""
        sizes = [len(one) if one.n_choices > 1 else 0 for one in sets]
        counts = [size * one.n_choices for size, one in zip(sizes, sets, strict=True)]
        width, variables, rows = 1 + sum(counts), 1, 1
        before = sparse.csr_array(([1.0], ([0], [0])), shape=(1, width))
        constraints, played, steps = [before], [], [slice(0, 1)]
        owner = [np.zeros(1, dtype=np.int64)]
        for one, size, count in zip(sets, sizes, counts, strict=True):
            before = sparse.csr_array(one.into @ before)
            if size:
                own = np.arange(count)
                mine = np.repeat(np.arange(size), one.n_choices)
                taken = sparse.csr_array((np.ones(count), (mine, variables + own)), shape=(size, width))
                constraints.append(sparse.csr_array(taken - before))
                before = sparse.csr_array((np.ones(count), (own, variables + own)), shape=(count, width))
                owner.append(rows + mine)
                steps.append(slice(rows, rows + size))
                variables, rows = variables + count, rows + size
            played.append(before)
        return Choices(
            sparse.csr_array(sparse.vstack(played)),
            sparse.csr_array(sparse.vstack(constraints)),
            np.concatenate(owner),
            tuple(steps),
        )

    @property
    def size(self) -> int:
        """V."""
        return len(self.owner)

    def uniform(self) -> Floats:
        """[V], every choice of a set equally likely."""
        law: Floats = 1.0 / np.bincount(self.owner)[self.owner]
        return law

    def random(self, rng: np.random.Generator) -> Floats:
        """[V], a law for each set drawn uniformly from all laws."""
        drawn = rng.exponential(size=self.size)
        law: Floats = drawn / np.bincount(self.owner, drawn)[self.owner]
        return law

    def plan(self, law: Floats) -> Floats:
        """The probabilities v of the laws [V] of all sets."""
        v = np.zeros(self.size)
        v[0] = 1.0
        for step in self.steps[1:]:
            part = self._variables(step)
            reach = -(self.constraints[step] @ v)
            v[part] = reach[self.owner[part] - step.start] * law[part]
        return v

    def _variables(self, step: slice) -> slice:
        """Those of some sets."""
        begin, end = np.searchsorted(self.owner, [step.start, step.stop]).tolist()
        return slice(begin, end)

    def greedy(self, gradient: Floats) -> Ints:
        """[R], a best response to a gradient [V]: for each set the variable that earns most from there on."""
        owned = sparse.csr_array(self.constraints.T)
        value, chosen = np.zeros(owned.shape[1]), np.zeros(owned.shape[1], dtype=np.int64)
        for step in reversed(self.steps):
            part = self._variables(step)
            # the constraints of later sets subtract what comes before them; the values of this step's are still 0
            worth = (gradient[part] - owned[part] @ value).reshape(step.stop - step.start, -1)
            value[step] = worth.max(axis=1)
            chosen[step] = part.start + worth.shape[1] * np.arange(len(worth)) + worth.argmax(axis=1)
        return chosen

    def scales(self, weight: Floats) -> Floats:
        """[R]: the largest of the variables' weights [V] in each set or after it; the least positive one for 0."""
        entries = sparse.coo_array(self.constraints)
        follows = entries.data < 0
        later, before = entries.row[follows], entries.col[follows]
        most, found = weight.copy(), np.zeros(self.constraints.shape[0])
        for _ in self.steps:
            np.maximum.at(found, self.owner, most)
            np.maximum.at(most, before, found[later])
        positive = found[found > 0]
        return np.where(found > 0, found, positive.min(initial=np.inf) if len(positive) else 1.0)
