"""A policy on game trees: behaviour strategies of the whole tree, and the one-player trees of a deviator.

On `game_tree` a product policy is a behaviour strategy: the information set (h, (z_1..z_h), p_{i,h}) leads the
policy's machine to a node, and its table to a law.  A policy that correlates its agents is none; what agent i can
gain against it is asked in a tree of i alone, in which chance plays the rest.  At every step chance draws the
mixture component afresh (as the sampler does), and from it everybody's recommendation; the others follow theirs.
The deviator hears its own recommended action (CE, Definition 10 of Liu & Zhang 2023), its whole prescription (the
strategic form of a CE, `posgc.judge.prescribed`), or nothing (CCE, Definition 9).

Definition 10's deviations remember no earlier recommendation.  Here the deviator does, so that the tree has
perfect recall and best responses are easy; under Assumption 3 this gains nothing, as the belief on (u_h, s_h)
given c_h is the same whatever was played before.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.extensive import Chance, Decision, Infosets, Node
from posgc.information.items import Information
from posgc.information.tree import Histories, Moment
from posgc.model.rationals import law
from posgc.policy.machine import Machine

__all__ = ["Hears", "Lookup", "deviation_tree", "obedience", "strategies"]

Floats = npt.NDArray[np.float64]
Hears = Literal["action", "prescription", "nothing"]
Signal = int | tuple[int, ...] | None
"""What the deviator hears at a step: an action, an action for each of its private informations, or nothing."""


class Lookup:
    """The policy's nodes and laws by what the agents know, on a tree that remembers own actions.

    A policy may leave own actions out of memory (`Information.dropped`); its laws are looked up without them.
    """

    def __init__(self, information: Information, policy: Machine) -> None:
        self.information, self.policy, self.model = information, policy, information.model
        self.whole = Histories(information).information
        self._nodes: dict[tuple[int, ...], int] = {}

    def node(self, news: tuple[int, ...]) -> int:
        """The node after the increments z_1..z_h."""
        if news not in self._nodes:
            self._nodes[news] = self._follow(news)
        return self._nodes[news]

    def _follow(self, news: tuple[int, ...]) -> int:
        if len(news) == 1:
            return int(self.policy.root_to[np.searchsorted(self.policy.root_z, news[0])])
        node, step = self.node(news[:-1]), self.policy.steps[len(news) - 2]
        edges = slice(int(step.edge_indptr[node]), int(step.edge_indptr[node + 1]))
        (at,) = np.flatnonzero(step.z[step.edge_z[edges]] == news[-1])
        return int(step.edge_to[edges][at])

    def components(self, h: int, node: int) -> npt.NDArray[np.int64]:
        """The mixture components of a node."""
        step = self.policy.steps[h - 1]
        return np.arange(step.indptr[node], step.indptr[node + 1])

    def position(self, agent: int, h: int, private: int) -> int:
        """Where the agent's p_{i,h} (code with own actions remembered) stands in the policy's table."""
        held = Codec.of(self.whole, self.whole.private_of(agent, h))
        kept = Codec.of(self.information, self.information.private_of(agent, h))
        code = np.array(private)
        known = sum(stride * held.digit(code, item) for item, stride in zip(kept.items, kept.strides, strict=True))
        return int(np.searchsorted(self.policy.steps[h - 1].private[agent], known))

    def laws(self, agent: int, h: int, node: int, private: int) -> Floats:
        """[components of the node, A_i]: what each prescribes for the agent's p_{i,h}."""
        at = np.asarray(self.position(agent, h, private))
        choices = len(self.model.choices(agent, h))
        return self.policy.steps[h - 1].behaviour(agent, self.components(h, node), at, choices)

    def prescriptions(self, agent: int, h: int, component: int) -> Iterator[tuple[float, tuple[int, ...]]]:
        """(probability, action for each position of the table) of the prescriptions a component is made of."""
        table = self.policy.steps[h - 1].tables[agent][component]
        if table.ndim == 1:
            yield 1.0, tuple(table.tolist())
            return
        for told in product(*(np.flatnonzero(row).tolist() for row in table)):
            yield prod(float(row[a]) for row, a in zip(table, told, strict=True)), told


def strategies(lookup: Lookup, infosets: Infosets) -> list[list[list[float]]]:
    """The profile on a `game_tree` that has been walked; the policy has one component a node."""
    return [
        [lookup.laws(agent, h, lookup.node(news), private)[0].tolist() for h, news, private in _keys(known)]
        for agent, known in enumerate(infosets.keys)
    ]


def _keys(known: dict[Hashable, int]) -> list[Any]:
    return list(known)


@dataclass(frozen=True)
class _Draw:
    """What chance may draw before the deviator chooses: what it hears, and everybody's choices (its own is 0)."""

    heard: list[Signal]
    choices: list[tuple[int, ...]]
    labels: list[str]
    law: list[Fraction]


def deviation_tree(lookup: Lookup, agent: int, hears: Hears, infosets: Infosets) -> Node:
    """The tree in which `agent` (there player 0) plays against the policy.

    The key of an information set is (h, (z_1..z_h), p_{i,h}, all that was heard so far): the last of it is what
    obedience plays.
    """
    model = lookup.model
    histories = Histories(lookup.information, (agent,))
    known: dict[tuple[int, int, tuple[int, ...]], _Draw] = {}
    allowed = [model.allowed(h).tolist() for h in range(1, model.horizon + 1)]
    sizes = [[len(model.choices(i, h)) for i in range(model.n_agents)] for h in range(1, model.horizon + 1)]

    def draw(moment: Moment) -> _Draw:
        private = histories.private_of(moment)
        key = moment.h, lookup.node(moment.news), private
        if key not in known:
            known[key] = _drawn(lookup, agent, hears, *key)
        return known[key]

    def step(moment: Moment, heard: tuple[Signal, ...]) -> Node:
        drawn = draw(moment)
        if len(drawn.law) == 1:
            return decide(moment, heard, drawn, 0)
        return Chance(drawn.labels, drawn.law, lambda k: decide(moment, heard, drawn, k))

    def decide(moment: Moment, before: tuple[Signal, ...], drawn: _Draw, k: int) -> Node:
        labels, heard = model.choice_labels(agent, moment.h), (*before, drawn.heard[k])
        if len(labels) == 1:
            return follow(moment, heard, drawn.choices[k], 0)
        key = moment.h, moment.news, histories.private_of(moment)[agent], heard
        number, name = infosets.meet(0, key, lambda: histories.name(agent, moment) + _told(heard))
        return Decision(0, number, name, labels, lambda own: follow(moment, heard, drawn.choices[k], own))

    def follow(moment: Moment, heard: tuple[Signal, ...], choices: tuple[int, ...], own: int) -> Node:
        position = 0
        for i, (choice, size) in enumerate(zip(choices, sizes[moment.h - 1], strict=True)):
            position = position * size + (own if i == agent else choice)
        return histories.after(moment, allowed[moment.h - 1][position], lambda m: step(m, heard))

    return histories.root(lambda moment: step(moment, ()))


def _told(heard: tuple[Signal, ...]) -> str:
    """What was heard, by the numbers of choices: `; told 2, 0/1` is choice 2, then a prescription."""
    said = ["/".join(map(str, signal)) if isinstance(signal, tuple) else str(signal) for signal in heard]
    return "; told " + ", ".join(said) if any(signal is not None for signal in heard) else ""


def _drawn(lookup: Lookup, agent: int, hears: Hears, h: int, node: int, private: Sequence[int]) -> _Draw:
    """Everything that is drawn with positive probability at a node for given private informations."""
    model, components = lookup.model, lookup.components(h, node)
    laws = [lookup.laws(i, h, node, private[i]) for i in range(model.n_agents)]
    mass: dict[tuple[Signal, tuple[int, ...]], float] = {}
    for row, component in enumerate(components):
        weight = float(lookup.policy.steps[h - 1].weight[component])
        signals: list[tuple[float, Signal]] = [(1.0, None)]
        if hears == "action":
            signals = [(float(p), a) for a, p in enumerate(laws[agent][row])]
        elif hears == "prescription" and len(components) > 1:  # one component has nothing to tell
            signals = list(lookup.prescriptions(agent, h, int(component)))
        parts = [
            [(1.0, 0)] if i == agent else [(float(p), a) for a, p in enumerate(table[row]) if p > 0]
            for i, table in enumerate(laws)
        ]
        for (chance, signal), others in product(signals, list(product(*parts))):
            p = weight * chance * prod(q for q, _ in others)
            if p > 0:
                key = signal, tuple(a for _, a in others)
                mass[key] = mass.get(key, 0.0) + p
    words = [model.choice_labels(i, h) for i in range(model.n_agents)]
    labels = [
        ", ".join([f"hears {signal}"] * (signal is not None) + [words[i][a] for i, a in enumerate(row) if i != agent])
        for signal, row in mass
    ]
    return _Draw([s for s, _ in mass], [row for _, row in mass], labels, law(list(mass.values())))


def obedience(lookup: Lookup, agent: int, infosets: Infosets) -> list[list[list[float]]]:
    """The profile that does as it is told in a `deviation_tree` that has been walked; told nothing, it plays as the
    node's first component prescribes, which is obedience where there is one only."""
    rows = []
    for h, news, private, heard in _keys(infosets.keys[0]):
        told = heard[-1]
        if isinstance(told, tuple):
            told = told[lookup.position(agent, h, private)]
        if told is None:
            rows.append(lookup.laws(agent, h, lookup.node(news), private)[0].tolist())
        else:
            rows.append([float(k == told) for k in range(len(lookup.model.choices(agent, h)))])
    return [rows]
