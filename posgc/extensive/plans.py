"""What one agent can do with its information sets: plans from behaviour, behaviour from plans, best responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.layers import ExtensiveGame

__all__ = ["Behaviour", "Plans"]

Floats = npt.NDArray[np.float64]
Behaviour = list[Floats]
"""For each step the law over the agent's choices in each of its information sets, [sets, choices]."""


@dataclass(frozen=True, eq=False)
class Plans:
    """The plans of one agent, as in `posgc.extensive.layers`; a gradient is what each sequence earns, [sequences]."""

    shapes: tuple[tuple[int, int], ...]  # sets and choices of each step
    slices: tuple[slice, ...]  # the sequences of each step among all
    into: tuple[sparse.csr_array, ...]  # of each step: [sets, sequences of the step before]
    back: tuple[sparse.csr_array, ...]  # the same transposed

    @staticmethod
    def of(game: ExtensiveGame, agent: int) -> Plans:
        """The plans of agent 0 or 1."""
        sets, offsets = game.sets(agent), game.offsets(agent).tolist()
        into = tuple(one.into for one in sets)
        return Plans(
            tuple((len(one), one.n_choices) for one in sets),
            tuple(map(slice, offsets, offsets[1:])),
            into,
            tuple(sparse.csr_array(matrix.T) for matrix in into),
        )

    @property
    def size(self) -> int:
        """Sequences of all steps."""
        return int(self.slices[-1].stop)

    def uniform(self) -> Behaviour:
        """Every choice equally likely."""
        return [np.full(shape, 1 / shape[1]) for shape in self.shapes]

    def plan(self, behaviour: Sequence[Floats]) -> Floats:
        """The plan [sequences] of a behaviour."""
        x, before = np.empty(self.size), np.ones(1)
        for into, law, part in zip(self.into, behaviour, self.slices, strict=True):
            before = x[part] = ((into @ before)[:, None] * law).ravel()
        return x

    def behaviour(self, plan: Floats) -> Behaviour:
        """Laws in proportion to the plan's sequences, negative ones taken for 0; uniform where all are 0."""
        found = []
        for shape, part in zip(self.shapes, self.slices, strict=True):
            law = np.maximum(plan[part].reshape(shape), 0.0)
            mass = law.sum(axis=1, keepdims=True)
            found.append(np.where(mass > 0, law / np.where(mass > 0, mass, 1.0), 1 / shape[1]))
        return found

    def best(self, gradient: Floats) -> float:
        """What the best plan earns against a gradient: the exact best response, by backward induction."""
        value = np.zeros(self.shapes[-1][0])
        ahead: Floats | None = None
        for k in reversed(range(len(self.shapes))):
            worth = gradient[self.slices[k]] if ahead is None else gradient[self.slices[k]] + ahead
            value = worth.reshape(self.shapes[k]).max(axis=1)
            ahead = self.back[k] @ value
        assert ahead is not None
        return float(ahead[0])

    def answer(self, gradient: Floats) -> Floats:
        """A plan [sequences] that earns `best` and never randomises."""
        ahead: Floats | None = None
        laws = list[Floats]()
        for k in reversed(range(len(self.shapes))):
            worth = gradient[self.slices[k]] if ahead is None else gradient[self.slices[k]] + ahead
            table = worth.reshape(self.shapes[k])
            laws.append(np.eye(self.shapes[k][1])[table.argmax(axis=1)])
            ahead = self.back[k] @ table.max(axis=1)
        return self.plan(laws[::-1])

    def constraints(self) -> tuple[sparse.csr_array, Floats]:
        """E [sets, sequences] and b with E x = b for all plans x."""
        first, laws = self.shapes[0][0], [sparse.kron(sparse.eye_array(n), np.ones((1, a))) for n, a in self.shapes]
        own = sparse.csr_array(sparse.block_diag(laws))
        b = np.zeros(own.shape[0])
        b[:first] = self.into[0] @ np.ones(1)
        if len(self.into) == 1:
            return own, b
        after = sparse.coo_array(sparse.block_diag(self.into[1:]))
        reach = sparse.csr_array((after.data, (after.row + first, after.col)), shape=own.shape)
        return sparse.csr_array(own - reach), b
