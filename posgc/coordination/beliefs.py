"""Beliefs over states that whoever knew everything would hold: made when asked for, merged, shared by the whole search.

A joint history of all actions and observations determines one belief; two histories of equal beliefs have the same
future.  `BeliefStore` numbers beliefs and knows, for every joint action, the expected reward and what can follow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.model.arrays import Kernel, Model
from posgc.model.ragged import gather

__all__ = ["BeliefStore", "Outlook"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DIGITS = 11
"""Beliefs whose probabilities agree in so many digits after the point are one: what this changes is charged."""


@dataclass(frozen=True)
class Outlook:
    """What a belief leads to at a step, for the joint actions that can be played there."""

    reward: Floats  # [A] expected reward of the joint action at this position in `Model.allowed`
    first: Ints  # [A + 1] entries of action a are first[a]:first[a + 1]
    observation: Ints  # [E] joint observation of the next step
    probability: Floats  # [E]
    belief: Ints  # [E] number of the belief that follows


class BeliefStore:
    """Numbers beliefs; `belief(k)` are the states of belief k and their probabilities."""

    def __init__(self, model: Model, agent: int = 0) -> None:
        self.model, self.agent = model, agent
        self._numbers: dict[bytes, int] = {}
        self._beliefs: list[tuple[Ints, Floats]] = []
        self._outlooks: dict[tuple[int, int, bool], Outlook] = {}
        self._allowed = [model.allowed(h) for h in range(1, model.horizon + 1)]
        self._same: dict[tuple[int, bytes], int] = {}

    def __len__(self) -> int:
        return len(self._beliefs)

    def belief(self, number: int) -> tuple[Ints, Floats]:
        """States, ascending, and their probabilities."""
        return self._beliefs[number]

    def number(self, states: Ints, probability: Floats) -> int:
        """The number of a belief over ascending states."""
        key = states.tobytes() + np.round(probability, DIGITS).tobytes()
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._beliefs)
            self._beliefs.append((states, probability))
        return found

    def start(self) -> tuple[Ints, Floats, Ints]:
        """Joint observations of step 1, their probabilities, and the beliefs after them."""
        initial = self.model.initial
        order = np.lexsort((initial.state, initial.observation))
        return self._posteriors(initial.observation[order], initial.state[order], initial.probability[order])

    def outlook(self, number: int, h: int) -> Outlook:
        """What belief `number` leads to at step h."""
        last = h == self.model.horizon
        kind = self._kind(h)
        key = (number, kind, last)
        found = self._outlooks.get(key)
        if found is None:
            found = self._outlooks[key] = self._look(number, self.model.kernel(h), self._allowed[h - 1], last)
        return found

    def _kind(self, h: int) -> int:
        """Equal numbers for steps of one kernel and equal choices."""
        at = self.model.kernel_of_step[h - 1]
        return self._same.setdefault((at, self.model.active[h - 1].tobytes()), len(self._same))

    def _look(self, number: int, kernel: Kernel, actions: Ints, last: bool) -> Outlook:
        states, probability = self._beliefs[number]
        reward = kernel.reward[self.agent][actions][:, states] @ probability
        if last:
            none = np.zeros(0, dtype=np.int64)
            return Outlook(reward, np.zeros(len(actions) + 1, dtype=np.int64), none, np.zeros(0), none)
        rows = (actions[:, None] * self.model.n_states + states).ravel()
        at, counts = gather(kernel.indptr, rows)
        action = np.repeat(np.repeat(np.arange(len(actions)), len(states)), counts)
        weight = np.repeat(np.tile(probability, len(actions)), counts) * kernel.probability[at]
        group = action * self.model.n_observations + kernel.observation[at]
        order = np.lexsort((kernel.state[at], group))
        signal, mass, belief = self._posteriors(group[order], kernel.state[at][order], weight[order])
        of_action, observation = np.divmod(signal, self.model.n_observations)
        first = np.searchsorted(of_action, np.arange(len(actions) + 1))
        return Outlook(reward, first, observation, mass, belief)

    def _posteriors(self, group: Ints, state: Ints, weight: Floats) -> tuple[Ints, Floats, Ints]:
        """Groups, their masses, and numbers of the beliefs in them, from rows sorted by (group, state)."""
        fresh = np.r_[True, (np.diff(group) != 0) | (np.diff(state) != 0)]
        weight = np.add.reduceat(weight, np.flatnonzero(fresh))
        group, state = group[fresh], state[fresh]
        begin = np.flatnonzero(np.r_[True, np.diff(group) != 0])
        mass = np.add.reduceat(weight, begin)
        normal = weight / np.repeat(mass, np.diff(np.r_[begin, len(group)]))
        ends = np.r_[begin[1:], len(group)]
        numbers = [self.number(state[b:e], normal[b:e]) for b, e in zip(begin.tolist(), ends.tolist(), strict=True)]
        kept = mass > 0
        return group[begin][kept], mass[kept], np.array(numbers, dtype=np.int64)[kept]
