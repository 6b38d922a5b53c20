"""A policy on game trees: behaviour strategies of the whole tree, and the one-player trees of a deviator.

On `game_tree` a product policy is a behaviour strategy: the information set (h, (z_1..z_h), p_{i,h}) leads the
policy's machine to a node, and its table to a law.  A policy that correlates its agents is none; what agent i can
gain against it is asked in a tree of i alone, in which chance plays the rest.  At every step chance draws the
mixture component afresh (as the sampler does), and from it everybody's recommendation; the others follow theirs.
The deviator sees its own recommendation (CE, Definition 10 of Liu & Zhang 2023) or none (CCE, Definition 9).

Definition 10's deviations remember no earlier recommendation.  Here the deviator does, so that the tree has
perfect recall and best responses are easy; under Assumption 3 this gains nothing, as the belief on (u_h, s_h)
given c_h is the same whatever was played before.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.extensive import Chance, Decision, Infosets, Node
from posgc.information.items import Information
from posgc.information.tree import Histories, Moment
from posgc.model.rationals import law
from posgc.policy.artefact import Policy

__all__ = ["Machine", "deviation_tree", "obedience", "strategies"]

Floats = npt.NDArray[np.float64]


class Machine:
    """The policy's nodes and laws by what the agents know, on a tree that remembers own actions.

    A policy may leave own actions out of memory (`Information.dropped`); its laws are looked up without them.
    """

    def __init__(self, information: Information, policy: Policy) -> None:
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

    def laws(self, agent: int, h: int, node: int, private: int) -> Floats:
        """[components of the node, A_i]: what each prescribes for the agent's p_{i,h} (own actions remembered)."""
        step = self.policy.steps[h - 1]
        at = np.searchsorted(step.private[agent], self._remembered(agent, h, private))
        choices = len(self.model.choices(agent, h))
        return step.behaviour(agent, self.components(h, node), np.asarray(at), choices)

    def _remembered(self, agent: int, h: int, private: int) -> int:
        held = Codec.of(self.whole, self.whole.private_of(agent, h))
        kept = Codec.of(self.information, self.information.private_of(agent, h))
        code = np.array(private)
        return int(sum(stride * held.digit(code, item) for item, stride in zip(kept.items, kept.strides, strict=True)))


def strategies(machine: Machine, infosets: Infosets) -> list[list[list[float]]]:
    """The profile on a `game_tree` that has been walked; the policy has one component a node."""
    return [
        [machine.laws(agent, h, machine.node(news), private)[0].tolist() for h, news, private in _keys(known)]
        for agent, known in enumerate(infosets.keys)
    ]


def _keys(known: dict[Hashable, int]) -> list[Any]:
    return list(known)


@dataclass(frozen=True)
class _Draw:
    """The recommendations of one step: joint choices [K, n] with labels and exact probabilities."""

    choices: npt.NDArray[np.int64]
    labels: list[str]
    law: list[Fraction]


def deviation_tree(machine: Machine, agent: int, sees: bool, infosets: Infosets) -> Node:
    """The tree in which `agent` (there player 0) plays against the policy, seeing its recommendation or not.

    The key of an information set is (h, (z_1..z_h), p_{i,h}, the recommendations so far): the last is what
    obedience plays.
    """
    model = machine.model
    histories = Histories(machine.information, (agent,))
    known: dict[tuple[int, int, tuple[int, ...]], _Draw] = {}
    allowed = [model.allowed(h).tolist() for h in range(1, model.horizon + 1)]

    def draw(moment: Moment) -> _Draw:
        private = histories.private_of(moment)
        key = moment.h, machine.node(moment.news), private
        if key not in known:
            known[key] = _recommendations(machine, *key, None if sees else agent)
        return known[key]

    def step(moment: Moment, seen: tuple[int, ...]) -> Node:
        drawn = draw(moment)
        if len(drawn.law) == 1:
            return decide(moment, seen, drawn.choices[0])
        return Chance(drawn.labels, drawn.law, lambda k: decide(moment, seen, drawn.choices[k]))

    def decide(moment: Moment, seen: tuple[int, ...], joint: npt.NDArray[np.int64]) -> Node:
        labels = model.choice_labels(agent, moment.h)
        memory = (*seen, int(joint[agent])) if sees else ()
        if len(labels) == 1:
            return follow(moment, memory, joint, 0)
        key = moment.h, moment.news, histories.private_of(moment)[agent], memory
        number, name = infosets.meet(0, key, lambda: histories.name(agent, moment) + advice(memory))
        return Decision(0, number, name, labels, lambda k: follow(moment, memory, joint, k))

    def advice(memory: tuple[int, ...]) -> str:
        told = (f"{model.choice_labels(agent, t)[k]}@{t}" for t, k in enumerate(memory, start=1))
        return "; told " + ", ".join(told) if sees else ""

    def follow(moment: Moment, seen: tuple[int, ...], joint: npt.NDArray[np.int64], own: int) -> Node:
        sizes = [len(model.choices(i, moment.h)) for i in range(model.n_agents)]
        position = np.ravel_multi_index([own if i == agent else int(a) for i, a in enumerate(joint)], sizes)
        return histories.after(moment, allowed[moment.h - 1][int(position)], lambda m: step(m, seen))

    return histories.root(lambda moment: step(moment, ()))


def _recommendations(machine: Machine, h: int, node: int, private: Sequence[int], silent: int | None) -> _Draw:
    """What is played with positive probability at a node for given private informations; not for `silent`."""
    model, step = machine.model, machine.policy.steps[h - 1]
    agents = range(model.n_agents)
    table = step.weight[machine.components(h, node)]
    for i in agents:
        laws = machine.laws(i, h, node, private[i])
        if i == silent:
            laws = np.ones((len(laws), 1))
        table = table[..., None] * laws.reshape(len(laws), *(1,) * i, -1)
    joint = table.sum(axis=0)
    choices = np.argwhere(joint > 0)
    words = [model.choice_labels(i, h) for i in agents]
    labels = [", ".join(words[i][c] for i, c in enumerate(row) if i != silent) for row in choices]
    return _Draw(choices, labels, law(joint[joint > 0].tolist()))


def obedience(machine: Machine, agent: int, infosets: Infosets) -> list[list[list[float]]]:
    """The profile that follows every recommendation in a `deviation_tree` that has been walked."""
    model = machine.model
    rows = []
    for h, _, _, memory in _keys(infosets.keys[0]):
        size = len(model.choices(agent, h))
        rows.append([float(k == memory[-1]) for k in range(size)] if memory else [1 / size] * size)
    return [rows]
