"""Beliefs over states that whoever knew everything would hold: made when asked for, merged, shared by the whole search.

A joint history of all actions and observations determines one belief; two histories of equal beliefs have the same
future.  `BeliefStore` numbers beliefs and knows, for every joint action, the expected reward and what can follow.
Beliefs whose rounded probabilities agree are merged, and the largest L1 distance met is kept (`worst`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.coordination.growing import Growing
from posgc.coordination.hashing import mixed, rounded
from posgc.model.arrays import Kernel, Model
from posgc.model.ragged import gather, pointers

__all__ = ["BeliefStore", "Outlooks"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CHUNK = 200_000
"""Entries of kernels that are read at once."""


class Outlooks:
    """What the joint actions that can be played at a step lead to from the beliefs looked at so far.

    Row `place[k] * A + a` is of belief k and the joint action at position a of `Model.allowed`; entries
    `first[row]:first[row + 1]` are its successors.
    """

    def __init__(self, kernel: Kernel, actions: Ints) -> None:
        self.kernel, self.actions = kernel, actions
        self.place, self.first = Growing(np.int64), Growing(np.int64)
        self.observation, self.belief, self.probability = Growing(np.int64), Growing(np.int64), Growing(np.float64)
        self.reward = Growing(np.float64, len(actions))  # [beliefs, A]
        self.first.extend(np.zeros(1))

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        parts = (self.place, self.first, self.observation, self.belief, self.probability, self.reward)
        return sum(part.nbytes for part in parts)


class BeliefStore:
    """Beliefs by number; belief k has the entries `first[k]:first[k + 1]` of `state` and `probability`."""

    def __init__(self, model: Model, reward: Floats | None = None) -> None:
        self.model = model
        self.first, self.state, self.probability = Growing(np.int64), Growing(np.int64), Growing(np.float64)
        self.first.extend(np.zeros(1))
        self.worst = 0.0
        self._numbers: dict[int, int] = {}
        self._spread = mixed(np.arange(model.n_states))
        self._outlooks: dict[tuple[int, bytes], Outlooks] = {}
        self._of_step: list[Outlooks] = []
        for h in range(1, model.horizon + 1):
            key = (model.kernel_of_step[h - 1], model.active[h - 1].tobytes())
            if key not in self._outlooks:
                self._outlooks[key] = Outlooks(model.kernel(h), model.allowed(h))
            self._of_step.append(self._outlooks[key])

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def nbytes(self) -> int:
        """Bytes held, the dictionary of numbers by a rule of thumb."""
        own = self.first.nbytes + self.state.nbytes + self.probability.nbytes + 120 * len(self._numbers)
        return own + sum(o.nbytes for o in self._outlooks.values())

    def start(self) -> tuple[Ints, Floats, Ints]:
        """Joint observations of step 1, their probabilities, and the beliefs after them."""
        initial = self.model.initial
        order = np.lexsort((initial.state, initial.observation))
        return self.posteriors(initial.observation[order], initial.state[order], initial.probability[order])

    def some_state(self, beliefs: Ints) -> Ints:
        """A state that is possible under each of the beliefs.  What all agents together know says which moves exist, so
        in all others these are the same (`posgc.information.moves`)."""
        return np.asarray(self.state.data[self.first.data[beliefs]], dtype=np.int64)

    def means(self, value: Floats, begin: int = 0) -> Floats:
        """Expected `value` [S, ...] of the states, under the beliefs from number `begin` on, [beliefs, ...]."""
        first = self.first.data[begin:]
        at = slice(first[0], first[-1])
        weight = self.probability.data[at].reshape(-1, *(1,) * (value.ndim - 1))
        return np.asarray(np.add.reduceat(value[self.state.data[at]] * weight, first[:-1] - first[0], axis=0))

    def rewards(self, h: int) -> Floats:
        """[beliefs, A] expected reward of every joint action that can be played at step h."""
        outlooks = self._of_step[h - 1]
        if len(outlooks.reward) < len(self):
            table = np.ascontiguousarray(outlooks.kernel.reward[0][outlooks.actions].T)
            outlooks.reward.extend(self.means(table, len(outlooks.reward)))
        return outlooks.reward.data

    def outlooks(self, h: int, beliefs: Ints) -> Outlooks:
        """The successors at step h, these beliefs looked at."""
        outlooks = self._of_step[h - 1]
        if len(outlooks.place) < len(self):
            outlooks.place.extend(np.full(len(self) - len(outlooks.place), -1))
        new = beliefs[outlooks.place.data[beliefs] < 0]
        if len(new):
            new = np.unique(new)
            sizes = np.diff(self.first.data)[new]
            per = max(1, int(CHUNK // max(1, sizes.mean() * len(outlooks.actions))))
            for k in range(0, len(new), per):
                self._look(outlooks, new[k : k + per])
        return outlooks

    def _look(self, outlooks: Outlooks, beliefs: Ints) -> None:
        kernel, actions, n_states = outlooks.kernel, outlooks.actions, self.model.n_states
        n_actions, n_observations = len(actions), self.model.n_observations
        of, counts = gather(self.first.data, beliefs)
        owner = np.repeat(np.arange(len(beliefs)), counts)
        rows = (actions[:, None] * n_states + self.state.data[of]).ravel()
        at, many = gather(kernel.indptr, rows)
        row = (owner * n_actions + np.arange(n_actions)[:, None]).ravel()
        group = np.repeat(row, many) * n_observations + kernel.observation[at]
        weight = np.repeat(np.tile(self.probability.data[of], n_actions), many) * kernel.probability[at]
        order = np.argsort(group * n_states + kernel.state[at], kind="stable")
        signal, mass, belief = self.posteriors(group[order], kernel.state[at][order], weight[order])
        row, observation = np.divmod(signal, n_observations)
        done = (len(outlooks.first) - 1) // n_actions
        outlooks.first.extend(pointers(row, len(beliefs) * n_actions)[1:] + len(outlooks.belief))
        outlooks.observation.extend(observation)
        outlooks.probability.extend(mass)
        outlooks.belief.extend(belief)
        outlooks.place.data[beliefs] = done + np.arange(len(beliefs))

    def posteriors(self, group: Ints, state: Ints, weight: Floats) -> tuple[Ints, Floats, Ints]:
        """Groups, their masses, and numbers of the beliefs in them, from rows sorted by (group, state)."""
        keep = weight > 0
        group, state, weight = group[keep], state[keep], weight[keep]
        fresh = np.r_[True, (np.diff(group) != 0) | (np.diff(state) != 0)]
        weight = np.add.reduceat(weight, np.flatnonzero(fresh))
        group, state = group[fresh], state[fresh]
        begin = np.flatnonzero(np.r_[True, np.diff(group) != 0])
        mass = np.add.reduceat(weight, begin)
        first = np.r_[begin, len(group)]
        return group[begin], mass, self.numbers(first, state, weight / np.repeat(mass, np.diff(first)))

    def numbers(self, first: Ints, state: Ints, probability: Floats) -> Ints:
        """The numbers of beliefs `first[k]:first[k + 1]` over ascending states."""
        signature = np.add.reduceat(self._spread[state] * rounded(probability), first[:-1])
        kinds, one, which = np.unique(signature, return_index=True, return_inverse=True)
        known, count, added = [], len(self), []
        for sign, k in zip(kinds.tolist(), one.tolist(), strict=True):
            number = self._numbers.get(sign)
            if number is None:
                number = self._numbers[sign] = count
                count += 1
                added.append(k)
            known.append(number)
        if added:
            at, sizes = gather(first, np.array(added))
            self.first.extend(np.cumsum(sizes) + self.first.data[-1])
            self.state.extend(state[at])
            self.probability.extend(probability[at])
        found = np.array(known, dtype=np.int64)[which]
        self._measure(found, first, state, probability)
        return found

    def _measure(self, number: Ints, first: Ints, state: Ints, probability: Floats) -> None:
        """Keep the largest distance of a belief from the one whose number it got."""
        at, sizes = gather(self.first.data, number)
        if not np.array_equal(sizes, np.diff(first)) or not np.array_equal(self.state.data[at], state):
            self.worst = 2.0  # two beliefs of equal signatures: bounds stay true, and say nothing
            return
        apart = np.add.reduceat(np.abs(self.probability.data[at] - probability), first[:-1])
        self.worst = max(self.worst, float(apart.max()))
