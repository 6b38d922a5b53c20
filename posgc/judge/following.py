"""How a strategy goes on from step to step: what judges on histories ask of it, and how a machine answers.

`following_of` makes the object that answers for any kind.  Its cells (`posgc.judge.replies`) hold

- of a machine: the node, the joint private information u_h, and the state;
- of controllers: the nodes of all controllers, the items that somebody is yet to learn, and the state: whatever an
  agent knows is in its node already;
- of a mixture: the part that was drawn, and the part's own.

What a *deviator* learns on the way is its news (`InformationStructure.news`), its own answer, and what it hears.  It
does not see the memory of the others.  Its own, a function of the same things and of what was drawn, is left out
where it hears nothing: nobody else's play depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec, evolve, first_news, initial_codes, learnt, project
from posgc.information.items import Information
from posgc.judge.deviating import components_of, table_positions
from posgc.judge.pairs import first_nodes, follow_edges
from posgc.judge.prescribed import most_drawn, signals
from posgc.judge.replies import Deviator, Draws, Moves, NodeCells, Outcomes, Played, spelt_out, transitions
from posgc.model.ragged import gather, pointers
from posgc.policy.machine import Machine, PolicyStep

__all__ = ["FollowedMachine", "Following"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Following(Protocol):
    """A strategy as it is followed by all agents, or by all but a deviator."""

    def width(self, h: int) -> int:
        """More than any number of a memory at step h."""
        ...

    def terms(self, h: int) -> int:
        """The most terms that the probability of a joint action at a pair is a sum of."""
        ...

    def mixes(self, h: int) -> bool:
        """Whether what is recommended at step h can tell an agent of the others' actions."""
        ...

    def first(self, reader: int | None, deviator: Deviator | None) -> Outcomes:
        """The first draw: every row of the model's initial law is a move; `learnt` is the reader's news of step 1."""
        ...

    def played(self, h: int, cells: NodeCells, deviator: Deviator | None) -> Played:
        """What is drawn at every pair of the cells.  Raises PolicyMismatch where an instruction is missing, LimitError
        where there is too much to list."""
        ...

    def outcomes(
        self, h: int, cells: NodeCells, done: Moves, reader: int | None, deviator: Deviator | None
    ) -> Outcomes:
        """All transitions of the moves; `learnt` is the reader's news of step h + 1.  Raises as `played`."""
        ...


@dataclass(frozen=True)
class FollowedMachine:
    """A machine, which has an instruction for everything or refuses.  `tells`: whether recommendations of nodes with
    one component tell a deviator something too, as they do where the machine is itself drawn."""

    information: Information
    machine: Machine
    tells: bool = False

    def width(self, h: int) -> int:
        """As `Following.width`."""
        return len(self.machine.steps[h - 1])

    def terms(self, h: int) -> int:
        """As `Following.terms`."""
        return int(np.diff(self.machine.steps[h - 1].indptr).max())

    def mixes(self, h: int) -> bool:
        """Whether a node has several components: only then does a recommendation tell of the others' actions."""
        step = self.machine.steps[h - 1]
        return len(step.weight) > len(step)

    def first(self, reader: int | None, deviator: Deviator | None) -> Outcomes:
        """As `Following.first`."""
        initial = self.information.model.initial
        z, u = initial_codes(self.information, initial.observation)
        news = np.zeros_like(u) if reader is None else first_news(self.information, initial.observation)[0][reader]
        u = _reduced(self.information, deviator, 1, u)
        return Outcomes(np.arange(len(u)), initial.probability, news, first_nodes(self.machine, z), u, initial.state)

    def played(self, h: int, cells: NodeCells, deviator: Deviator | None) -> Played:
        """As `Following.played`."""
        information, step = self.information, self.machine.steps[h - 1]
        component, draws = self._drawn(step, cells.node, deviator)
        private = project(information, h, cells.u)

        def law_of(agent: int, draw: Ints) -> Floats:
            at = table_positions(step, agent, private[agent], h)[draws.pair]
            choices = len(information.model.choices(agent, h))
            return step.behaviour(agent, component[draw], at[draw], choices)

        return spelt_out(information, h, draws, deviator, law_of)

    def outcomes(
        self, h: int, cells: NodeCells, done: Moves, reader: int | None, deviator: Deviator | None
    ) -> Outcomes:
        """As `Following.outcomes`."""
        information, after = self.information, transitions(self.information, h, cells, done)
        held = cells.u[after.pair]
        z, u = evolve(information, h, held, after.a, after.o)
        node = follow_edges(self.machine.steps[h - 1], cells.node[after.pair], z, h)
        news = np.zeros_like(u)
        if reader is not None:
            news = learnt(information, reader, h, information.private(h), held, after.a, after.o)
        return Outcomes(after.move, after.probability, news, node, _reduced(information, deviator, h + 1, u), after.s)

    def _drawn(self, step: PolicyStep, node: Ints, deviator: Deviator | None) -> tuple[Ints, Draws]:
        """The component of every draw, and the draws."""
        nodes, node_of = np.unique(node, return_inverse=True)
        component, owner = components_of(step, nodes)
        total = np.bincount(owner, step.weight[component])
        weight, heard = step.weight[component] / total[owner], np.zeros(len(owner), dtype=np.int64)
        if deviator is not None and deviator.hears == "prescription":
            most_drawn(step)
            said = signals(step, deviator.agent, component, owner)
            component, weight = component[said.component], weight[said.component] * said.chance
            owner = said.owner[said.group]
            heard = said.group - np.searchsorted(said.owner, owner)
        some = weight > 0
        component, heard, weight, owner = component[some], heard[some], weight[some], owner[some]
        at, counts = gather(pointers(owner, len(nodes)), node_of)
        pair = np.repeat(np.arange(len(node)), counts)
        tells = np.full(len(pair), True) if self.tells else counts[pair] > 1
        return component[at], Draws(pair, weight[at], heard[at], int(heard.max()) + 1, tells)


def _reduced(information: Information, deviator: Deviator | None, h: int, u: Ints) -> Ints:
    """u without what the deviator alone will ever hold, unless recommendations read it.

    What others do, and what becomes common, does not depend on it: a deviator that knows it anyway needs no belief
    about it.  Such items have their first values.
    """
    if deviator is None or deviator.hears == "action":
        return u
    model, codec = information.model, Codec.of(information, information.private(h))
    for item, size, stride in zip(codec.items, codec.sizes, codec.strides, strict=True):
        others = (lag for j, lag in enumerate(information.lags(item)) if j != deviator.agent)
        if all(item.time + lag > model.horizon for lag in others):
            u = u - stride * (u // stride % size)
    return u
