"""A machine that knows no clock: the same prescriptions and edges at every step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from posgc.policy.machine import Machine, PolicyStep, Unseen

__all__ = ["Stationary"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stationary:
    """A finite-state controller of all agents together, for a game of any horizon.

    It is judged as the machine that it unrolls to, whose steps share their arrays, so that long horizons stay fast.
    What it plays on what it has never seen, it says like a `Machine`.  Codes of private information and of increments
    mean what they mean at the step where they are read (`posgc.information.codes.Codec`): early steps may have fewer
    items, and so other codes, than later ones.
    """

    kind: ClassVar = "stationary"

    root_z: Ints  # codes of z_1, ascending
    root_to: Ints  # the node that each leads to
    step: PolicyStep  # its edges lead to its own nodes
    unseen: Unseen = "refuse"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes, once."""
        return (len(self.step),)

    @property
    def n_nodes(self) -> int:
        """Nodes."""
        return len(self.step)

    def machine(self, horizon: int) -> Machine:
        """The same for `horizon` steps; the last one has no edges."""
        none = np.zeros(0, dtype=np.int64)
        last = replace(
            self.step,
            z=none,
            edge_indptr=np.zeros(len(self.step) + 1, dtype=np.int64),
            edge_z=none,
            edge_to=none,
        )
        return Machine(self.root_z, self.root_to, (self.step,) * (horizon - 1) + (last,), self.unseen)
