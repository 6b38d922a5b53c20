"""Agent-form CE over all joint prescriptions of one stage, the conditions held sparsely.

A column obeys or breaks only the conditions of the actions that it tells, sum_i P_i A_i of the sum_i P_i A_i^2, so
with many actions the dense rows of `listed.py` would be nearly all zeros: 430 MB for 300 x 2 actions, 5 MB here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from posgc.equilibrium.correlated.listed import Listing, all_prescriptions
from posgc.equilibrium.correlated.master import Answer, Columns
from posgc.equilibrium.correlated.programme import local_response
from posgc.equilibrium.correlated.selection import Aim
from posgc.equilibrium.solvers.blocks import solve_sparse
from posgc.equilibrium.stage import Floats, Ints

__all__ = ["SparseListing", "sparse_conditions", "sparse_listing"]


@dataclass(frozen=True, eq=False)
class SparseListing(Listing):
    """A listing of one node, whose `columns` hold the values alone."""

    conditions: sparse.csr_array  # [R, C]

    def solve(self, aim: Aim) -> Answer:
        """The aim at its best over all mixtures that obey the conditions; raises SolverFailed."""
        value = self.columns.value[:, 0]  # [n, C]
        n, size = value.shape
        objective = np.append(aim.weight[:, 0] @ value, [1.0] * aim.least)
        rows = self.conditions
        if aim.floored:
            lacking = -(aim.share * value + aim.shift) + (0.0 if aim.floor is None else aim.floor[0])
            rows = sparse.vstack([rows, sparse.csr_array(lacking)], format="csr")
        if aim.least:
            last = np.append(np.zeros(rows.shape[0] - n), np.ones(n))
            rows = sparse.hstack([rows, sparse.csr_array(last[:, None])], format="csr")
        primal, dual = solve_sparse(rows, objective, int(aim.least))
        dual = np.maximum(dual, 0.0)
        lifted = dual[-n:, None] if aim.floored else np.zeros((n, 1))
        if aim.least:
            lifted = lifted / lifted.sum(axis=0)
        paid = dual[None, : self.conditions.shape[0]]
        return Answer(np.maximum(primal[None, :size], 0.0), np.array([objective @ primal]), np.zeros(1), paid, lifted)

    def spent(self, paid: Floats) -> Floats:
        """[1, C] what every column pays at the multipliers [1, R] of the conditions."""
        spent: Floats = (self.conditions.T @ paid[0])[None]
        return spent

    def part(self, nodes: Ints) -> SparseListing:
        """The same, or nothing."""
        whole = Listing.part(self, nodes)
        return SparseListing(whole.chosen, whole.response, whole.columns, self.form, self.conditions)


def sparse_listing(payoff: list[Floats], types: Ints) -> SparseListing:
    """payoff[i] [1, U, A_1..A_n], least 0 in each u and of unit range."""
    counts, actions = [int(row.max()) + 1 for row in types], payoff[0].shape[2:]
    chosen = all_prescriptions(counts, actions)
    response = [local_response(part, [t[None] for t in chosen], types, i) for i, part in enumerate(payoff)]
    told = [np.take_along_axis(g[0], t[..., None], axis=2)[..., 0] for g, t in zip(response, chosen, strict=True)]
    values = np.stack([one.sum(axis=1)[None] for one in told])
    columns = Columns(np.zeros((1, 0, len(chosen[0]))), np.zeros((0, 0)), values)
    return SparseListing(chosen, response, columns, "ce", sparse_conditions(chosen, response))


def sparse_conditions(chosen: list[Ints], response: list[Floats]) -> sparse.csr_array:
    """The conditions of a CE on columns chosen[i] [C, P_i], response[i] [1, C, P_i, A_i] being what every own action is
    worth against each: rows (i, p, told, done), sum_i P_i A_i^2 of them."""
    blocks = []
    for table, g in zip(chosen, response, strict=True):
        _, size, p, a = g.shape
        # condition (p, told, done) of a column exists only for the action it tells at p
        row = ((np.arange(p) * a + table) * a)[..., None] + np.arange(a)
        column = np.broadcast_to(np.arange(size)[:, None, None], row.shape)
        gain = g[0] - np.take_along_axis(g[0], table[..., None], axis=2)
        block = sparse.csr_array((gain.ravel(), (row.ravel(), column.ravel())), shape=(p * a * a, size))
        block.eliminate_zeros()
        blocks.append(block)
    return sparse.vstack(blocks, format="csr")
