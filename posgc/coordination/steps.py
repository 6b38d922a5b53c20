"""From a component and a joint decision rule to the components of the next step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.beliefs import BeliefStore
from posgc.coordination.components import Component, Parts, split
from posgc.coordination.pending import Transfer, transfers
from posgc.information.items import Information
from posgc.model.ragged import gather
from posgc.policy.existing import existing

__all__ = ["Played", "Rule", "Steps", "positions_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Rule = tuple[Ints, ...]
"""For every agent, the position among its choices of the action of each of its types."""


@dataclass(frozen=True, eq=False, slots=True)
class Played:
    """What follows when a rule is played, before anything is merged: one row for each that can happen."""

    types: Ints  # [n, rows] the types before
    news: Ints  # [n, rows] codes of what each agent newly learns, as `posgc.information.codes.learnt` codes it
    fresh: Ints  # [n, rows] the types after
    belief: Ints  # [rows]
    mass: Floats  # [rows] probabilities
    queue: tuple[Ints, ...]  # for each agent, of the types after

    def parts(self) -> Parts:
        """The components after."""
        return split(self.fresh, self.belief, self.mass, self.queue)


def positions_of(rule: Rule, types: Ints, sizes: tuple[int, ...]) -> Ints:
    """[E] the position in `Model.allowed` of the joint action that each joint type plays."""
    position = np.zeros(types.shape[1], dtype=np.int64)
    for own, t, size in zip(rule, types, sizes, strict=True):
        position = position * size + own[t]
    return position


class Steps:
    """Plays rules, and counts what is merged and interned.

    Components of equal content are one, whatever their step: `component[k]` is number k.
    """

    def __init__(self, information: Information, beliefs: BeliefStore) -> None:
        self.information, self.beliefs, model = information, beliefs, beliefs.model
        self.transfers = [transfers(information, h) for h in range(model.horizon)]
        self.sizes = [
            tuple(len(model.choices(i, h)) for i in range(model.n_agents)) for h in range(1, model.horizon + 1)
        ]
        self.component: list[Component] = []
        self._numbers: dict[bytes, int] = {}
        self._followed: dict[tuple[int, int, bytes], list[tuple[float, int]]] = {}
        kinds: dict[tuple[object, ...], int] = {}
        self.kind = [
            kinds.setdefault(
                (model.kernel_of_step[h - 1], model.active[h - 1].tobytes(), self.transfers[h]), len(kinds)
            )
            for h in range(1, model.horizon)
        ]
        self.apart = 0.0  # the largest L1 distance between laws of types that were merged in one component
        self.interned = 0.0  # the same of components
        self.nbytes = 0

    def number(self, component: Component) -> int:
        """The number of the component's content."""
        key = component.key()
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.component)
            self.component.append(component)
            self.nbytes += component.nbytes
        else:
            apart = float(np.abs(self.component[found].weight - component.weight).sum())
            self.interned = max(self.interned, apart)
        return found

    def alone(self, belief: int) -> int:
        """The number of the component in which everybody knows everything, and the belief is this."""
        n = self.beliefs.model.n_agents
        one = (np.zeros(1, dtype=np.int64),) * n
        return self.number(Component(np.zeros((n, 1), np.int64), np.array([belief]), np.ones(1), one))

    def begin(self) -> Played:
        """Before step 1."""
        observation, mass, belief = self.beliefs.start()
        n = self.beliefs.model.n_agents
        types = np.zeros((n, len(mass)), dtype=np.int64)
        nothing, none = (np.zeros(1, np.int64),) * n, np.zeros(len(mass), np.int64)
        return self._learn(0, types, nothing, none, observation, mass, belief)

    def play(self, component: Component, h: int, rule: Rule) -> Played:
        """Play a rule at step h < H."""
        position = positions_of(rule, component.types, self.sizes[h - 1])
        outlooks = self.beliefs.outlooks(h, component.belief)
        rows = outlooks.place.data[component.belief] * len(outlooks.actions) + position
        at, counts = gather(outlooks.first.data, rows)
        row = np.repeat(np.arange(len(rows)), counts)
        mass = outlooks.probability.data[at] * component.weight[row]
        action = outlooks.kernel.made(outlooks.actions[position], self.beliefs.some_state(component.belief))[row]
        types, belief = component.types[:, row], outlooks.belief.data[at]
        return self._learn(h, types, component.queue, action, outlooks.observation.data[at], mass, belief)

    def existing(self, h: int, types: Ints, belief: Ints, counts: tuple[int, ...]) -> tuple[Ints, ...] | None:
        """For each agent [T_i, A_i]: what a type plays where one of its choices is chosen (`Kernel.played`), from joint
        types [n, E] and their beliefs; None where all choices exist."""
        model, found = self.beliefs.model, []
        for i, count in enumerate(counts):
            own = model.played_choices(i, h)
            if own is None:
                return None
            played = np.tile(np.arange(own.shape[1]), (count, 1))
            played[types[i]] = own[self.beliefs.some_state(belief)]
            found.append(played)
        return tuple(found)

    def existing_rule(self, component: Component, h: int, rule: Rule) -> Rule:
        """The rule with choices that exist in place of those that do not."""
        played = self.existing(h, component.types, component.belief, component.counts)
        return rule if played is None else tuple(existing(own, of) for own, of in zip(rule, played, strict=True))

    def follow(self, number: int, h: int, rule: Rule) -> list[tuple[float, int]]:
        """The components after a rule at step h < H: probabilities and numbers, each number once."""
        key = (number, self.kind[h - 1], b"".join(own.tobytes() for own in rule))
        found = self._followed.get(key)
        if found is None:
            parts = self.play(self.component[number], h, rule).parts()
            found = self._followed[key] = self.merge(parts)
            self.nbytes += 250 + 120 * len(found)
        return found

    def merge(self, parts: Parts) -> list[tuple[float, int]]:
        """Probabilities and numbers of components, each number once."""
        self.apart = max(self.apart, parts.apart)
        mass: dict[int, float] = {}
        for p, component in zip(parts.mass.tolist(), parts.components, strict=True):
            number = self.number(component)
            mass[number] = mass.get(number, 0.0) + p
        return [(p, number) for number, p in mass.items()]

    def _learn(
        self, h: int, types: Ints, queue: tuple[Ints, ...], action: Ints, observation: Ints, mass: Floats, belief: Ints
    ) -> Played:
        """What agents know at step h + 1, from rows of types of step h, joint action, joint observation and belief."""
        rows = len(mass)
        sources = {-2: action, -1: observation, **{j: q[types[j]] for j, q in enumerate(queue)}}
        fresh, queues, news = [], [], []
        for i, transfer in enumerate(self.transfers[h]):
            code = Transfer.read(transfer.learned, sources, rows)
            span = int(code.max()) + 1
            if span > 1 << 20:  # few of the many possible values occur
                code, span = np.unique(code, return_inverse=True)[1], rows
            first, label = np.unique(types[i] * span + code, return_index=True, return_inverse=True)[1:]
            fresh.append(label)
            queues.append(Transfer.read(transfer.queue, {k: s[first] for k, s in sources.items()}, len(first)))
            news.append(Transfer.read(transfer.news, sources, rows) if transfer.news != transfer.learned else code)
        return Played(types, np.array(news), np.array(fresh), belief, mass, tuple(queues))
