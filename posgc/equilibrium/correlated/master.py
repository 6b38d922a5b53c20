"""The linear programme over mixtures of given columns, and what its multipliers prove about all columns.

Columns k are deterministic joint prescriptions, w their weights, A w + F t <= 0 the equilibrium conditions of
`programme.py`.  With multipliers lambda >= 0 of these (F' lambda = 0) and phi of the floors of `selection.Aim`,
every equilibrium's objective is at most

    max_g sum_i c_i Q_i(g) - sum_i G_i(g; lambda) + constant,        c_i = weight_i + phi_i share_i,

the maximum running over *all* joint prescriptions g (Lagrange).  G_i, the gains that lambda pays for, is a sum
over u of terms that depend on u and g's actions in u alone; so with one matrix per (i, p_i), exchanging the
action told for the action done,

    E_i[p, a, b] = - lambda_i[p, a, b],   E_i[p, a, a] = c_i + sum_b lambda_i[p, a, b]                  (CE)
    E_i[p, a, b] = - lambda_i[p, b] + (c_i + sum_b' lambda_i[p, b']) [a = b]                            (CCE)

the bound is the team optimum of the stage game with the common payoff sum_i sum_b E_i[p_i, a_i, b] U_i(u, b, a_-i).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.correlated.selection import Aim
from posgc.equilibrium.solvers.blocks import SolverFailed, solve_blocks
from posgc.equilibrium.stage import Bools, Floats, Ints

__all__ = ["FEASIBLE", "OPTIMAL", "Answer", "Columns", "balanced", "exchanges", "price", "solve_master"]

OPTIMAL = 1e-8  # of the node's largest unit: a bound this close to the mixture at hand proves it optimal
FEASIBLE = 1e-9  # excess of a condition, in the agent's unit, that counts as none


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of c nodes as coefficients of the programme."""

    rows: Floats  # [c, R, C], the conditions A
    free: Floats  # [R, F], the coefficients F of the free variables t, the same for all nodes
    value: Floats  # [n, c, C], Q_i of every column

    def part(self, nodes: Ints) -> Columns:
        return Columns(self.rows[nodes], self.free, self.value[:, nodes])


@dataclass(frozen=True, eq=False)
class Answer:
    """An optimal solution of the programme on c nodes, and its multipliers."""

    w: Floats  # [c, C], the weights of the columns, summing to 1
    objective: Floats  # [c], the aim less the penalty that was paid
    excess: Floats  # [c], the relaxation of the conditions that was paid for
    paid: Floats  # [c, R], the multipliers lambda >= 0 of the conditions
    lifted: Floats  # [n, c], the multipliers phi >= 0 of the floors

    def part(self, nodes: Ints) -> Answer:
        """The same for some of the nodes."""
        return Answer(self.w[nodes], self.objective[nodes], self.excess[nodes], self.paid[nodes], self.lifted[:, nodes])


def solve_master(columns: Columns, aim: Aim, penalty: Floats | None = None, slackened: Bools | None = None) -> Answer:
    """Maximise the aim over distributions on the columns.

    With `penalty` [c] every condition of `slackened` [R] may be exceeded by e >= 0 at the cost penalty * e, so
    that any columns do.  Blocks that fail are solved again alone; SolverFailed where that fails as well.
    """
    c, rows, n_columns = columns.rows.shape
    n = len(columns.value)
    free = columns.free.shape[1]
    relaxed = int(penalty is not None)
    # columns: w, then the relaxation e, then t, then the least value z; rows: the conditions, then a floor per agent
    a = np.zeros((c, rows + n * aim.floored, n_columns + relaxed + free + aim.least))
    a[:, :rows, :n_columns] = columns.rows
    a[:, :rows, n_columns + relaxed : n_columns + relaxed + free] = columns.free
    objective = np.zeros((c, a.shape[2]))
    objective[:, :n_columns] = np.einsum("ic,ick->ck", aim.weight, columns.value)
    if penalty is not None:
        a[:, :rows, n_columns] = -1.0 if slackened is None else -slackened.astype(np.float64)
        objective[:, n_columns] = -penalty
    if aim.floored:
        lacking = -(aim.share[:, :, None] * columns.value + aim.shift[:, :, None])
        a[:, rows:, :n_columns] = (lacking + (0.0 if aim.floor is None else aim.floor[:, None])).swapaxes(0, 1)
    if aim.least:
        a[:, rows:, -1] = objective[:, -1] = 1.0
    equal = np.zeros((1, a.shape[2]))
    equal[:, :n_columns] = 1.0
    right = np.zeros(a.shape[1])
    answer = solve_blocks(a, right, objective, equal, free + aim.least)
    primal, dual = answer.primal, answer.dual
    again = np.flatnonzero(~answer.solved)
    if len(again):
        alone = solve_blocks(a[again], right, objective[again], equal, free + aim.least, one_each=True)
        if not alone.solved.all():
            raise SolverFailed(alone.message)
        primal[again], dual[again] = alone.primal, alone.dual
    w = np.maximum(primal[:, :n_columns], 0.0)
    # Lagrange's bound holds for all multipliers >= 0: cutting the noise below 0 may loosen the bound, never falsify
    # it
    dual = np.maximum(dual, 0.0)
    lifted = dual[:, rows:].T if aim.floored else np.zeros((n, c))
    if aim.least:
        # z is free with coefficient 1 in the objective, so that the bound is finite only where the phi sum to 1
        lifted = lifted / lifted.sum(axis=0)
    excess = primal[:, n_columns] if relaxed else np.zeros(c)
    return Answer(w, (objective * primal).sum(axis=1), excess, dual[:, :rows], lifted)


def balanced(paid: Floats, shapes: Sequence[tuple[int, int]], kind: str) -> Floats:
    """lambda [c, R] with F' lambda = 0, which the solver meets up to noise: for a CCE the rows of every p_i are
    made to pay exactly what the agent's own row does; shapes (P_i, A_i)."""
    if kind != "cce":
        return paid
    out, at, first_own = paid.copy(), 0, paid.shape[1] - len(shapes)
    for i, (types, actions) in enumerate(shapes):
        size = types * actions
        # the column of t(i, p) in F is -1 in the rows of p and 1 in the agent's own row, so that F' lambda = 0 says:
        # sum_b lambda_i[p, b] equals the multiplier of the own row, for every p
        raw = paid[:, at : at + size].reshape(-1, types, actions)
        total = raw.sum(axis=2, keepdims=True)
        even = np.where(total > 0, raw / np.where(total > 0, total, 1.0), 1.0 / actions)
        out[:, at : at + size] = (even * paid[:, first_own + i, None, None]).reshape(-1, size)
        at += size
    return out


def exchanges(paid: Sequence[Floats], counted: Floats) -> list[Floats]:
    """E_i [c, P_i, A_i, A_i] from the balanced multipliers by agent and c_i = counted[n, c]."""
    out = []
    for part, weight in zip(paid, counted, strict=True):
        spent = part.sum(axis=-1, keepdims=True)  # CE [c, P, A, 1], CCE [c, P, 1]
        if part.ndim == 3:
            part, spent = np.repeat(part[:, :, None], part.shape[2], axis=2), spent[:, :, None]
        out.append((spent + weight[:, None, None, None]) * np.eye(part.shape[-1]) - part)
    return out


def price(payoff: Sequence[Floats], exchange: Sequence[Floats], types: Ints) -> Floats:
    """[c, U, A_1..A_n]: sum_i sum_b E_i[p_i(u), a_i, b] U_i(u, b, a_-i)."""
    total = np.zeros_like(payoff[0])
    for i, (part, matrix) in enumerate(zip(payoff, exchange, strict=True)):
        own = np.moveaxis(part, 2 + i, 2)
        swapped = matrix[:, types[i]] @ own.reshape(*own.shape[:3], -1)
        total += np.moveaxis(swapped.reshape(own.shape), 2, 2 + i)
    return total
