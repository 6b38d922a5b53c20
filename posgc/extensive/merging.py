"""Merging information sets whose rows are proportional: no value and no Nash equilibrium of two agents is lost.

Let I, I' be sets of agent i at one step, with W(I', ., .) = c W(I, ., .) over (the other's set, state), and with equal
values of the items that the other agent is yet to learn from i.  Whatever is played later leads from both to rows that
are proportional with the same c.  So what either agent earns is linear in x(I, a) + c x(I', a), and in such sums after
the two, and to any plan of i there is one that plays alike at both and with which both earn as much against every plan
of the other: at the merged set, play what x plays at I and I', averaged with weights x(I) and c x(I').  The same holds
for the other agent, so best responses, values and equilibrium plans of the merged game are those of the game, whatever
the rewards are.  (Correlated equilibria change: what is recommended at I need not be what is recommended at I'.)

The merged set J has the rows' sum, W(J, .) = W(I, .) + W(I', .), and with the masses m of the rows

    x(J) = [m(I) x(before I) + m(I') x(before I')] / (m(I) + m(I')).

Merging sets of one agent can make rows of the other proportional, so both take turns until nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.layers import InformationSets
from posgc.information.codes import Codec
from posgc.information.items import Information
from posgc.information.merge import merge_rows

__all__ = ["Merger", "Rows"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

L1 = 1e-12
"""Normalised rows that differ by more are different."""
RELATIVE = 1e-11
"""So are rows where an entry differs by more, relative to itself: small entries may be all that is left later."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a step (`posgc.extensive.layers`), sorted by the agents' sets."""

    joint: Ints  # [n, P]
    u: Ints  # [P], codes of the items that somebody is yet to learn; the agents' sets together determine them
    weight: sparse.csr_array  # [P, S]

    @staticmethod
    def summed(joint: Ints, u: Ints, weight: sparse.csr_array, widths: tuple[int, ...]) -> Rows:
        """Rows with those of equal sets added up; `widths`: how many sets each agent has, their product below 2^62."""
        code = joint[0]
        for own, width in zip(joint[1:], widths[1:], strict=True):
            code = code * width + own
        keys, first, at = np.unique(code, return_index=True, return_inverse=True)
        gathered = sparse.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(len(keys), len(at)))
        return Rows(joint[:, first], u[first], sparse.csr_array(gathered @ weight))


class Merger:
    """The rows and information sets of step h, and how they are merged."""

    def __init__(self, information: Information, h: int, rows: Rows, sets: tuple[InformationSets, ...]) -> None:
        self.rows, self.sets = rows, list(sets)
        self.information, self.h, self.error = information, h, 0.0

    def run(self) -> tuple[Rows, tuple[InformationSets, ...], float]:
        """Rows, sets, and the largest relative change of an entry that merging made, both agents' added."""
        agent, still = 0, 0
        while still < 2:
            still = 0 if self._merge(agent) else still + 1
            agent = 1 - agent
        return self.rows, tuple(self.sets), self.error

    def _merge(self, agent: int) -> bool:
        """Whether any two sets of the agent were merged."""
        sets, count = self.sets[agent], len(self.sets[agent])
        table, mass = self._normalised(agent)
        merge = merge_rows(table.indptr.astype(np.int64), table.indices, table.data, L1, self._queue(agent))
        leader = merge.representative[merge.member]
        change = _relative_change(table, leader)
        leader = np.where(change <= RELATIVE, leader, np.arange(count))
        kept, member = np.unique(leader, return_inverse=True)
        if len(kept) == count:
            return False
        self.error += float(change[leader != np.arange(count)].max())
        total = np.bincount(member, mass)
        shares = sparse.csr_array((mass / total[member], (member, np.arange(count))), shape=(len(kept), count))
        self.sets[agent] = replace(
            sets,
            into=sparse.csr_array(shares @ sets.into),
            edge_to=member[sets.edge_to],
            # sets are merged whose rows have the same states
            played=None if sets.played is None else sets.played[kept],
        )
        joint = self.rows.joint.copy()
        joint[agent] = member[joint[agent]]
        self.rows = Rows.summed(joint, self.rows.u, self.rows.weight, (len(self.sets[0]), len(self.sets[1])))
        return True

    def _normalised(self, agent: int) -> tuple[sparse.csr_array, Floats]:
        """[sets, other's sets * S] with rows that sum to 1, column indices ascending, and what they summed to."""
        weight, joint = self.rows.weight, self.rows.joint
        n_states = weight.shape[1]
        row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
        column = joint[1 - agent][row] * n_states + weight.indices
        shape = len(self.sets[agent]), len(self.sets[1 - agent]) * n_states
        mass = np.asarray(np.bincount(joint[agent][row], weight.data, shape[0]), dtype=np.float64)
        table = sparse.csr_array((weight.data / mass[joint[agent][row]], (joint[agent][row], column)), shape=shape)
        table.sort_indices()
        return table, mass

    def _queue(self, agent: int) -> Ints:
        """For each of the agent's sets the values of its items that the other is yet to learn, as one number."""
        information = self.information
        items = information.pending(self.h)
        codec, code = Codec.of(information, items), np.zeros(len(self.sets[agent]), dtype=np.int64)
        for item in items:
            if information.variable(item).agent == agent:
                digit = np.zeros_like(code)
                digit[self.rows.joint[agent]] = codec.digit(self.rows.u, item)
                code = code * information.size(item) + digit
        return code


def _relative_change(table: sparse.csr_array, leader: Ints) -> Floats:
    """For each row the largest relative difference of an entry from its leader's; supports are equal."""
    own, starts = table.data, table.indptr[:-1]
    counts = np.diff(table.indptr)
    other = table.data[np.repeat(table.indptr[leader] - starts, counts) + np.arange(len(own))]
    change: Floats = np.maximum.reduceat(np.abs(own - other) / np.minimum(own, other), starts)
    return change
