"""What a strategic-form deviator hears at a pair: the whole prescription that the seed recommends to it.

The seed picks component k of the node's mixture with probability w_k; agent i's prescription g : p_i -> a_i is
then drawn from the component's table, independently at every p_i, and g is what the agent sees (Forges 1993, the
strategic form; agent form would show g(p_i) alone).  With U_i the payoff of a pair, the best it can do is

    sum_g sum_p max_a'  sum_{k, u : p_i(u) = p}  w_k P(g | k)  (payoff of a' at u against the others' part of k).

g is the whole map of the step, private informations included that cannot occur at the node: what stands there
tells of k as well.  A node of one component has nothing to tell, and nothing is drawn there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import LimitError
from posgc.policy.machine import PolicyStep

__all__ = ["MAX_DRAWN", "Signals", "most_drawn", "signals"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MAX_DRAWN = 1 << 20
"""Prescriptions that the behaviours of one node are spelt out into."""


@dataclass(frozen=True, eq=False)
class Signals:
    """The draws of a block of pairs: draw d turns component `component[d]` into a prescription with probability
    `chance[d]` and is heard as `group[d]` (ascending, none missing); group g is heard at pair `owner[g]`."""

    component: Ints
    chance: Floats
    group: Ints
    owner: Ints

    def heard(self, table: Floats) -> Floats:
        """Rows [components, A] summed by what is heard: [groups, A]."""
        starts = np.flatnonzero(np.diff(self.group, prepend=-1))
        total: Floats = np.add.reduceat(self.chance[:, None] * table[self.component], starts, axis=0)
        return total


def most_drawn(step: PolicyStep) -> int:
    """Draws of the node that needs most.  Raises LimitError beyond `MAX_DRAWN`."""
    most = 1.0
    for table in step.tables:
        drawn = np.ones(len(step.weight)) if table.ndim == 2 else (table > 0).sum(axis=2).astype(float).prod(axis=1)
        by_node = np.add.reduceat(drawn, step.indptr[:-1])
        most = max(most, float(by_node[np.diff(step.indptr) > 1].max(initial=1.0)))
    if most > MAX_DRAWN:
        raise LimitError(
            f"the strategic form spells behaviours out: a node of the policy may turn into {most:.3g} "
            f"prescriptions of an agent, and {MAX_DRAWN} are allowed; ask for the agent form"
        )
    return int(most)


def signals(step: PolicyStep, agent: int, components: Ints, owner: Ints) -> Signals:
    """What the agent may hear; components of the step, and the pair (ascending, none missing) each belongs to."""
    table = step.tables[agent][components]
    alone = np.bincount(owner)[owner] == 1
    component, chance = np.arange(len(components)), np.ones(len(components))
    if table.ndim == 2:
        told = np.where(alone[:, None], 0, table).astype(np.int64)
    else:
        table[alone] = np.arange(table.shape[2]) == 0
        told = np.zeros((len(components), 0), dtype=np.int64)
        for p in range(table.shape[1]):
            row, action = np.nonzero(table[component, p])
            chance = chance[row] * table[component[row], p, action]
            component, told = component[row], np.column_stack([told[row], action])
    kinds, group = np.unique(np.column_stack([owner[component], told]), axis=0, return_inverse=True)
    group = group.ravel()
    order = np.argsort(group, kind="stable")
    return Signals(component[order], chance[order], group[order], kinds[:, 0])
