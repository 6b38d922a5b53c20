"""One controller for each agent, which reads its own history and nothing else.

Agent i's controller starts in the node that the code of its news of step 1 leads to; in a node it draws its action
from that node's law, on its own; when it learns something new (`InformationStructure.news`: its own last action and
observation, what arrives from others, what becomes common), it moves along the edge with that code
(`posgc.information.codes.learnt`).  So nothing needs to be shared, and codes stay small however long the game is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from posgc.model.ragged import positions
from posgc.policy.machine import Unseen
from posgc.policy.mismatch import PolicyMismatch

__all__ = ["Controller", "ControllerStep", "Controllers"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ControllerStep:
    """N nodes of one agent at one step."""

    # integers [N], the position of the action among the agent's choices of the step, or floats [N, A], a law over them
    table: npt.NDArray[Any]
    edge_indptr: Ints  # [N + 1]: edges of node m are `edge_indptr[m]:edge_indptr[m + 1]`; none at the last step
    edge_code: Ints  # [E], codes of the news of the next step, ascending within a node
    edge_to: Ints  # [E], nodes of the next step

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def _known(self) -> tuple[Ints, Ints]:
        """The codes of all edges, ascending, and the numbers of pairs of node and code, in the order of the edges."""
        codes, at = np.unique(self.edge_code, return_inverse=True)
        return codes, np.repeat(np.arange(len(self)), np.diff(self.edge_indptr)) * max(len(codes), 1) + at

    def follow(self, node: Ints, code: Ints) -> Ints:
        """The next node for each (node, code); -1 where there is no edge."""
        codes, known = self._known
        inside = np.minimum(node, len(self) - 1)
        at, absent = positions(codes, code)
        edge, missing = positions(known, inside * max(len(codes), 1) + at)
        absent |= missing | (node >= len(self))
        return np.where(absent, -1, self.edge_to[edge] if len(self.edge_to) else -1)


@dataclass(frozen=True, eq=False)
class Controller:
    """How one agent plays, for all H steps."""

    root_code: Ints  # codes of its news of step 1, ascending
    root_to: Ints  # the node that each leads to
    steps: tuple[ControllerStep, ...]


@dataclass(frozen=True, eq=False)
class Controllers:
    """A controller for each agent.

    Judged on histories under any protocol, where the information states fit, else estimated by play.  What a
    controller plays on news that it has never seen: nothing with `unseen="refuse"`; with "uniform", that agent draws
    uniformly from its choices to the end.  Its nodes remember as much as they like, also under `forget`.
    """

    kind: ClassVar = "controllers"

    agents: tuple[Controller, ...]
    unseen: Unseen = "refuse"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes of each step, of all agents together."""
        counts = ([len(step) for step in one.steps] for one in self.agents)
        return tuple(map(sum, zip_longest(*counts, fillvalue=0)))

    @property
    def n_nodes(self) -> int:
        """Nodes of all agents and steps together."""
        return sum(self.sizes)

    def first(self, agent: int, code: Ints) -> Ints:
        """The agent's first nodes; as many as there are nodes stands for uniform play.  Raises PolicyMismatch."""
        one = self.agents[agent]
        at, absent = positions(one.root_code, code)
        to = one.root_to[at] if len(one.root_to) else at
        return self._found(np.where(absent, -1, to), 1, len(one.steps[0]))

    def follow(self, agent: int, h: int, node: Ints, code: Ints) -> Ints:
        """The agent's nodes of step h + 1, numbered as `first` does.  Raises PolicyMismatch."""
        steps = self.agents[agent].steps
        return self._found(steps[h - 1].follow(node, code), h + 1, len(steps[h]))

    def _found(self, to: Ints, h: int, nodes: int) -> Ints:
        lost = to < 0
        if self.unseen == "refuse" and lost.any():
            raise PolicyMismatch(f"at step {h} a controller has no node for news that an agent can have")
        return np.where(lost, nodes, to).astype(np.int64)

    def laws(self, agent: int, h: int, node: Ints, n_choices: int) -> Floats:
        """What the agent draws from in each node, [len(node), A_i]."""
        step = self.agents[agent].steps[h - 1]
        at = np.minimum(node, len(step) - 1)
        if step.table.ndim == 2:
            law = np.array(step.table[at], dtype=np.float64)
        else:
            law = (step.table[at][:, None] == np.arange(n_choices)).astype(np.float64)
        law[node >= len(step)] = 1 / n_choices
        return law
