"""The finite-state machine that reads the common information: the policy that planners under Assumption 3 return.

All agents run the same machine.  It starts in node `root_to[k]` when the first increment z_1 has code
`root_z[k]`; at step h, in node m, a mixture component is drawn from `weight` (the shared seed omega_h,
drawn afresh and independently at each step), every agent i looks up its own private information p_{i,h}
in its component table and plays what it finds; when the increment z_{h+1} becomes common, the machine
moves along the edge of m with that code.  A product policy (Nash, team) has one component a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Edges", "Machine", "PolicyStep", "TransitionStep", "Transitions", "Unseen"]

Unseen = Literal["refuse", "uniform"]
"""What a strategy plays on what it has never seen: nothing, so that whoever plays it raises PolicyMismatch; or uniform
draws."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class TransitionStep(Protocol):
    """The edges of one step, as in `PolicyStep`."""

    @property
    def z(self) -> Ints: ...
    @property
    def edge_indptr(self) -> Ints: ...
    @property
    def edge_z(self) -> npt.NDArray[np.integer[Any]]: ...
    @property
    def edge_to(self) -> npt.NDArray[np.integer[Any]]: ...
    @property
    def otherwise(self) -> int | None: ...


@dataclass(frozen=True, eq=False)
class Edges:
    """A `TransitionStep` and nothing else."""

    z: Ints
    edge_indptr: Ints
    edge_z: npt.NDArray[np.integer[Any]]
    edge_to: npt.NDArray[np.integer[Any]]
    otherwise: int | None = None


class Transitions(Protocol):
    """A finite-state machine that reads increments: what is left of one without its prescriptions."""

    @property
    def root_z(self) -> Ints: ...
    @property
    def root_to(self) -> Ints: ...
    @property
    def steps(self) -> Sequence[TransitionStep]: ...
    @property
    def first_otherwise(self) -> int | None:
        """The first node for codes of z_1 that are not listed; None: they are refused."""
        ...


@dataclass(frozen=True, eq=False)
class PolicyStep:
    """Prescriptions of one step: N nodes, K mixture components in all, P_i private informations of agent i.

    `private[i]`: codes of p_i (`posgc.information.codes.Codec`), ascending, [P_i].
    Node m mixes components `indptr[m]:indptr[m + 1]` with probabilities `weight` [K].
    `tables[i]`: integers [K, P_i], the position of the action among the agent's choices of the step
    (`Model.choices`), or floats [K, P_i, A_i], a distribution over them.
    Edges of node m are `edge_indptr[m]:edge_indptr[m + 1]`: increment code `z[edge_z]` leads to node
    `edge_to` of the next step; no edges at the last step.
    Where `otherwise` is a node of the next step (`posgc.policy.completed` makes such steps), increments without an edge
    lead there, and the last column of each table is for private informations that are not listed.
    """

    private: tuple[Ints, ...]
    indptr: Ints
    weight: Floats
    tables: tuple[npt.NDArray[Any], ...]
    z: Ints
    edge_indptr: Ints
    edge_z: npt.NDArray[np.integer[Any]]
    edge_to: npt.NDArray[np.integer[Any]]
    otherwise: int | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def behaviour(self, agent: int, components: Ints, private: Ints, n_choices: int) -> Floats:
        """The agent's action distributions [len(components), A_i] for one private index each (or one for all); an
        index past the table means its last column."""
        table = self.tables[agent]
        if self.otherwise is not None:
            private = np.minimum(private, table.shape[1] - 1)
        chosen = table[components, private]
        if table.ndim == 3:
            return np.asarray(chosen, dtype=np.float64)
        law: Floats = (chosen[:, None] == np.arange(n_choices)).astype(np.float64)
        return law


@dataclass(frozen=True, eq=False)
class Machine:
    """Prescriptions on the nodes of a finite-state machine, for all H steps.

    Judged on pairs of node and belief where Assumption 3 is established, else on histories.  What it plays on what it
    has never seen: nothing with `unseen="refuse"`.  With "uniform", an agent that finds no entry for its private
    information draws uniformly from its choices at that step, and after an increment without an edge, which all see,
    everybody does so to the end.
    """

    kind: ClassVar = "machine"

    root_z: Ints  # codes of z_1, ascending
    root_to: Ints  # the node that each leads to
    steps: tuple[PolicyStep, ...]
    unseen: Unseen = "refuse"

    @property
    def first_otherwise(self) -> int | None:
        """As `Transitions.first_otherwise`: of a machine that was completed, its last node."""
        return None if self.steps[0].otherwise is None else len(self.steps[0]) - 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes of each step."""
        return tuple(len(step) for step in self.steps)

    @property
    def n_nodes(self) -> int:
        """Nodes of all steps together."""
        return sum(len(step) for step in self.steps)
