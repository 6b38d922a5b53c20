"""From a game with channels that lose or delay what they carry to a plain game that is equal to it.

For each age at which an item may still be on its way the plain game has a state variable, which holds the item's value
or that nothing is on its way; for each delay that a channel may have it has an observation variable of the receiver:
the value that arrives, or nothing.  So a receiver sees what arrives, and of which step it is.  Delays are independent
for each item and each channel, or, on channels that share a chance, equal for all items of a step: what has age a and
has not arrived yet arrives then with probability P(delay = a) / P(delay >= a), which is the law of the delay.  Who else
learns of an arrival is a matter of lags (`posgc.model.channels.links`).  Dynamics and rewards are those of the game,
and states those that can be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import LimitError
from posgc.language.sharing.lag_table import LagTable
from posgc.language.signature import Variable
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.build import kernel_from_entries
from posgc.model.channels.links import Link, arrival_variables, by_agent, links_of, lowered_table, values_of
from posgc.model.ragged import gather

__all__ = ["ENTRY_LIMIT", "lowered"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ENTRY_LIMIT = 5_000_000
"""Transitions of the lowered game; above it about 2 GB would be needed."""

CODE_LIMIT = 1 << 62


def lowered(model: Model, protocol: LagTable) -> tuple[Model, LagTable]:
    """The plain game, and the protocol without channels, that are equal to these; the very same without channels.

    Raises LimitError where the plain game would be too large.
    """
    if not protocol.channels:
        return model, protocol
    links, table = links_of(model.signature, protocol)
    if not links:
        return model, table
    return _Lowering(model, links).run(), lowered_table(model.signature, links, table)


def _too_large() -> LimitError:
    return LimitError(
        f"with all that may be on its way the game has more than {ENTRY_LIMIT:,} transitions; let fewer "
        "items be lost or late, or by fewer steps"
    )


@dataclass(frozen=True)
class _Carried:
    """What channels make of some outcomes: one row for each way in which things arrive."""

    index: Ints  # [rows] which outcome it is of
    weight: Floats  # [rows] the probability of these arrivals given the outcome
    slots: Ints  # [rows, slots] what is on its way afterwards
    arrivals: Ints  # [rows, arrivals] what arrives; 0 is nothing, 1 the first value


def _carry(links: Sequence[Link], before: Ints, fresh: Ints) -> _Carried:
    """What follows where `before` [rows, slots] was on its way and `fresh` [rows, links] is sent; 0 is nothing."""
    index, weight = np.arange(len(fresh)), np.ones(len(fresh))
    slots = np.zeros_like(before)
    arrivals = np.zeros((len(fresh), sum(len(link.chance) for link in links)), dtype=np.int64)
    for together in _draws(links):
        first, last = min(link.ages.start for _, link in together), max(link.ages.stop for _, link in together)
        for age in range(first, last + 1):
            drawn = [(number, link) for number, link in together if link.ages.start <= age <= link.ages.stop]
            # of this age: what was one step younger before, or is sent now
            value = np.stack([_aged(link, number, age, before, fresh)[index] for number, link in drawn], axis=1)
            late = [k for k, (_, link) in enumerate(drawn) if age in link.chance]
            if late:
                chance = drawn[late[0]][1].chance[age]
                waiting = (value[:, late] > 0).sum(axis=1) > 0
                split = np.flatnonzero(waiting) if chance < 1 else np.zeros(0, dtype=np.int64)
                if len(index) + len(split) > ENTRY_LIMIT:
                    raise _too_large()
                rows = np.concatenate([np.arange(len(index)), split])
                came = (np.arange(len(rows)) < len(index)) & waiting[rows]
                index, slots, arrivals, value = index[rows], slots[rows], arrivals[rows], value[rows]
                weight = weight[rows] * np.where(came, chance, np.where(waiting[rows], 1 - chance, 1.0))
                for k in late:
                    link = drawn[k][1]
                    arrivals[:, link.arrival + list(link.chance).index(age)] = np.where(came, value[:, k], 0)
                    value[:, k] = np.where(came, 0, value[:, k])
            for k, (_, link) in enumerate(drawn):
                if age in link.ages:
                    slots[:, link.slot + age - link.ages.start] = value[:, k]
    return _Carried(index, weight, slots, arrivals)


def _draws(links: Sequence[Link]) -> list[list[tuple[int, Link]]]:
    """The links with their numbers; those that share a chance together."""
    found = dict[str | int, list[tuple[int, Link]]]()
    for number, link in enumerate(links):
        chance = link.channel.chance
        found.setdefault(number if chance is None else chance, []).append((number, link))
    return list(found.values())


def _aged(link: Link, number: int, age: int, before: Ints, fresh: Ints) -> Ints:
    """[rows] what reaches an age on a link."""
    return fresh[:, number] if age == link.ages.start else before[:, link.slot + age - link.ages.start - 1]


@dataclass
class _Step:
    """The lowered kernel of steps that are alike, as far as states have been found."""

    kernel: Kernel  # of the game
    done: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # codes of states whose rows are made, ascending
    # rows of the lowered kernel, joined when all are found
    source: list[Ints] = field(default_factory=list)  # code
    action: list[Ints] = field(default_factory=list)
    observation: list[Ints] = field(default_factory=list)
    target: list[Ints] = field(default_factory=list)  # code
    probability: list[Floats] = field(default_factory=list)
    entry: list[Ints] = field(default_factory=list)  # of `kernel`
    following: dict[bytes, Ints] = field(default_factory=dict)  # codes after the codes of these bytes


class _Lowering:
    """Makes the lowered model.  The code of one of its states is s * width + a mixed-radix number of the slots."""

    def __init__(self, model: Model, links: Sequence[Link]) -> None:
        self.model, self.links = model, links
        signature = model.signature
        variables = [*signature.observations, *arrival_variables(signature, links)]
        self.order = by_agent(variables)
        self.variables: list[Variable] = [variables[k] for k in self.order]
        self.sizes = [len(values_of(link.source)) for link in links for _ in link.ages]
        self.width = prod(self.sizes)
        if max(self.width * model.n_states, prod(len(v.values) for v in variables)) > CODE_LIMIT:
            raise _too_large()
        self.entries = 0

    def run(self) -> Model:
        """The lowered model; its states are in the order of their codes."""
        model, links = self.model, self.links
        start = self._start()
        steps, number = self._explored(np.unique(start.state))
        states = np.unique(np.concatenate([start.state, *(x for step in steps for x in (*step.source, *step.target))]))
        item = {id(link): f"{link.source.name}[{model.signature.agents[link.source.agent]}]" for link in links}
        names = [
            f"{item[id(link)]} for {model.signature.agents[link.channel.agent]} at age {age}"
            for link in links
            for age in link.ages
        ]
        return replace(
            model,
            signature=replace(model.signature, observations=tuple(self.variables)),
            state_names=(*model.state_names, *names),
            state_labels=(*model.state_labels, *(values_of(link.source) for link in links for _ in link.ages)),
            state_values=np.hstack([model.state_values[states // self.width], self._slots(states)]),
            initial=replace(start, state=np.searchsorted(states, start.state)),
            kernels=tuple(self._kernel(step, states) for step in steps),
            kernel_of_step=number,
            observed=np.hstack([model.observed, self._made()])[:, self.order],
        )

    def _start(self) -> Initial:
        """The first law; states by their codes."""
        first = self.model.initial
        carried = _carry(
            self.links,
            np.zeros((len(first.state), len(self.sizes)), dtype=np.int64),
            self._sent(first.observation, self.model.observed[0], None, None),
        )
        state = first.state[carried.index] * self.width + self._code(carried.slots)
        observation = self._observation(first.observation[carried.index], carried.arrivals)
        order = np.lexsort((observation, state))
        probability = first.probability[carried.index] * carried.weight
        return Initial(state[order], observation[order], probability[order])

    def _explored(self, codes: Ints) -> tuple[list[_Step], tuple[int, ...]]:
        """The different steps, and which of them each of 1..H is."""
        model, steps, numbers = self.model, dict[tuple[object, ...], _Step](), []
        for h in range(1, model.horizon + 1):
            key = model.kernel_of_step[h - 1], model.active[h - 1].tobytes(), model.observed[h].tobytes()
            step = steps.setdefault(key, _Step(model.kernel(h)))
            numbers.append(list(steps).index(key) if len(steps) > 1 else 0)
            known = codes.tobytes()
            if known not in step.following:
                self._expand(step, h, np.setdiff1d(codes, step.done))
                source, target = np.concatenate(step.source), np.concatenate(step.target)
                step.following[known] = np.unique(target[np.isin(source, codes)])
            codes = step.following[known]
        return list(steps.values()), tuple(numbers)

    def _expand(self, step: _Step, h: int, codes: Ints) -> None:
        """Add the rows of the states of these codes, which are not there yet."""
        model, kernel, actions = self.model, step.kernel, self.model.allowed(h)
        rows = (actions[:, None] * model.n_states + codes // self.width).ravel()
        self._spend(int((kernel.indptr[rows + 1] - kernel.indptr[rows]).sum()))
        at, counts = gather(kernel.indptr, rows)
        row = np.repeat(np.arange(len(rows)), counts)
        source, action = np.tile(codes, len(actions))[row], np.repeat(actions, len(codes))[row]
        played = kernel.made(action, source // self.width)
        sent = self._sent(kernel.observation[at], model.observed[h], played, model.active[h - 1])
        carried = _carry(self.links, self._slots(source), sent)
        self._spend(len(carried.index) - len(at))
        at = at[carried.index]
        step.done = np.union1d(step.done, codes)
        step.source.append(source[carried.index])
        step.action.append(action[carried.index])
        step.observation.append(self._observation(kernel.observation[at], carried.arrivals))
        step.target.append(kernel.state[at] * self.width + self._code(carried.slots))
        step.probability.append(kernel.probability[at] * carried.weight)
        step.entry.append(at)

    def _spend(self, entries: int) -> None:
        self.entries += entries
        if self.entries > ENTRY_LIMIT:
            raise _too_large()

    def _kernel(self, step: _Step, states: Ints) -> Kernel:
        kernel, at = step.kernel, np.concatenate(step.entry)
        state = states // self.width
        reward = np.where(np.isin(states, step.done), kernel.reward[:, :, state], 0.0)
        row = np.concatenate(step.action) * len(states) + np.searchsorted(states, np.concatenate(step.source))
        made = kernel_from_entries(
            row,
            np.concatenate(step.observation),
            np.searchsorted(states, np.concatenate(step.target)),
            np.concatenate(step.probability),
            reward,
            None if kernel.sample_reward is None else kernel.sample_reward[:, at],
        )
        return replace(made, played=None if kernel.played is None else kernel.played[:, state])

    def _sent(self, observation: Ints, observed: Bools, action: Ints | None, active: Bools | None) -> Ints:
        """[rows, links] what is sent on each link: 0 for nothing, then the values of the item."""
        sent = np.zeros((len(observation), len(self.links)), dtype=np.int64)
        for k, link in enumerate(self.links):
            v, played = link.channel.variable, link.channel.kind == "action"
            joint, there = (action, active) if played else (observation, observed)
            if joint is not None and there is not None and there[v]:
                variables = self.model.signature.actions if played else self.model.signature.observations
                sent[:, k] = 1 + _digits(joint, [len(x.values) for x in variables])[:, v]
        return sent

    def _slots(self, codes: Ints) -> Ints:
        """[codes, slots] what is on its way in the states of these codes."""
        return _digits(codes % self.width, self.sizes)

    def _code(self, slots: Ints) -> Ints:
        return _joint(slots, self.sizes)

    def _observation(self, joint: Ints, arrivals: Ints) -> Ints:
        """Joint observations of the lowered game."""
        own = _digits(joint, [len(v.values) for v in self.model.signature.observations])
        return _joint(np.hstack([own, arrivals])[:, self.order], [len(v.values) for v in self.variables])

    def _made(self) -> Bools:
        """[H + 1, arrivals] at which steps something can arrive.  Where the items are made at every step from some step
        on, so are the arrivals from step 2 on, so that a game that is the same at every step stays so."""
        columns = []
        for link in self.links:
            played, v = link.channel.kind == "action", link.channel.variable
            there = self.model.active[:, v] if played else self.model.observed[:, v]
            usual = there[0 if played else 1]
            for lag in link.chance:
                made = np.full(self.model.horizon + 1, usual)
                made[lag:] = there[: max(0, len(made) - lag)]
                if lag:
                    made[:1] = False
                    made[lag : lag + 1] |= usual
                columns.append(made)
        return np.stack(columns, axis=1)


def _digits(joint: Ints, sizes: Sequence[int]) -> Ints:
    """[rows, len(sizes)] the digits of mixed-radix numbers, the first most significant."""
    digits = np.zeros((len(joint), len(sizes)), dtype=np.int64)
    for k in reversed(range(len(sizes))):
        joint, digits[:, k] = np.divmod(joint, sizes[k])
    return digits


def _joint(digits: Ints, sizes: Sequence[int]) -> Ints:
    joint = np.zeros(len(digits), dtype=np.int64)
    for k, size in enumerate(sizes):
        joint = joint * size + digits[:, k]
    return joint
