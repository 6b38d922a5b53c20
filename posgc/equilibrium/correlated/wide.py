"""Some CE of a stage with very many actions, in prescriptions of growing sets of actions.

On columns that tell a few actions only, the mixture that keeps the largest gain of any deviation, to any action, as
small as it can be is a linear programme.  Where that gain is 0 the mixture is a CE of the whole stage; otherwise the
deviations that its multipliers pay for join the sets (column and constraint generation; for Nash equilibria the double
oracle of McMahan, Gordon and Blum 2003).  Sets only grow, so it ends; it is given up where the programme becomes large.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from posgc.equilibrium.correlated.listed import all_prescriptions
from posgc.equilibrium.correlated.programme import local_response
from posgc.equilibrium.correlated.sparse_listed import sparse_conditions
from posgc.equilibrium.solvers.blocks import SolverFailed, solve_sparse
from posgc.equilibrium.stage import Floats, Ints

__all__ = ["wide_equilibrium"]

TOLERANCE = 1e-9  # of the agent's unit: a gain that counts as none
MOST = 1 << 21  # coefficients of the programme


def wide_equilibrium(payoff: Sequence[Floats], types: Ints) -> tuple[Floats, list[Ints]] | None:
    """Weights [1, C] on prescriptions [1, C, P_i] that make a CE of payoff[i] [1, U, A_1..A_n], types [n, U].

    Payoffs are of unit range.  None where the sets became too large, or the solver failed.
    """
    counts, actions = [int(row.max()) + 1 for row in types], payoff[0].shape[2:]
    kept = [_first(part, i) for i, part in enumerate(payoff)]
    while _coefficients(counts, kept, actions) <= MOST:
        listed = all_prescriptions(counts, tuple(map(len, kept)))
        chosen = [k[table] for k, table in zip(kept, listed, strict=True)]
        response = [local_response(part, [t[None] for t in chosen], types, i) for i, part in enumerate(payoff)]
        conditions = sparse_conditions(chosen, response)
        # a deviation from an action that no column tells has an empty row
        bind = np.flatnonzero(np.diff(conditions.indptr))
        # the gain allowed to every deviation stands beside the weights, as the one free variable
        allowed = sparse.csr_array(np.full((len(bind), 1), -1.0))
        objective = np.append(np.zeros(len(chosen[0])), -1.0)
        try:
            primal, paid = solve_sparse(sparse.hstack([conditions[bind], allowed], format="csr"), objective, free=1)
        except SolverFailed:
            return None
        if primal[-1] <= TOLERANCE:
            return np.maximum(primal[None, :-1], 0.0), [table[None] for table in chosen]
        dual = np.zeros(conditions.shape[0])
        dual[bind] = paid
        grown = _grown(kept, dual, counts, actions)
        if all(map(np.array_equal, grown, kept)):
            return None
        kept = grown
    return None


def _first(payoff: Floats, i: int) -> Ints:
    """The best actions of agent i against uniform play, one for each u."""
    rest = tuple(k for k in range(2, payoff.ndim) if k != 2 + i)
    return np.unique(payoff.mean(axis=rest)[0].argmax(axis=1))


def _coefficients(counts: list[int], kept: list[Ints], actions: tuple[int, ...]) -> float:
    columns = np.prod([float(len(k)) ** p for p, k in zip(counts, kept, strict=True)])
    return float(columns * sum(p * a for p, a in zip(counts, actions, strict=True)))


def _grown(kept: list[Ints], dual: Floats, counts: list[int], actions: tuple[int, ...]) -> list[Ints]:
    """The sets with the actions whose deviations are paid for."""
    grown, at = [], 0
    for k, p, a in zip(kept, counts, actions, strict=True):
        paid = dual[at : at + p * a * a].reshape(-1, a)
        # only deviations that the multipliers pay for stand in the way of a smaller gain
        grown.append(np.union1d(k, np.flatnonzero((paid > TOLERANCE).any(axis=0))))
        at += p * a * a
    return grown
