"""Equilibrium plans of a zero-sum game by one linear programme (Koller, Megiddo & von Stengel 1996).

With plans x of the first agent (E x = b) and y of the second (F y = c) and payoff x' A y, the best that the second can
do against x costs min { y' A' x : F y = c, y >= 0 }, which by duality is max { c' v : F' v <= A' x }.  So

    max c' v     subject to     F' v - A' x <= 0,    E x = b,    x >= 0

gives the first agent's best plan and the value, and the dual variables of the inequalities are the second agent's best
plan.  Payoffs are divided by the largest, so that tolerances are relative to the game.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Plans
from posgc.extensive.solution import Solution, assessed
from posgc.language.diagnostics import LimitError

__all__ = ["solve_programme"]

Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-10
"""The least that HiGHS takes, for violated constraints of primal and dual."""


def solve_programme(game: ExtensiveGame, time_limit: float | None = None) -> Solution:
    """Equilibrium behaviours with exact best responses to both.  Raises LimitError where HiGHS finds none in time."""
    one, two = Plans.of(game, 0), Plans.of(game, 1)
    (first, b), (second, c) = one.constraints(), two.constraints()
    payoff = game.payoff / max(float(np.abs(game.payoff.data).max(initial=0.0)), np.finfo(np.float64).tiny)
    found = linprog(
        np.concatenate([np.zeros(one.size), -c]),
        A_ub=sparse.hstack([-payoff.T, second.T], format="csc"),
        b_ub=np.zeros(two.size),
        A_eq=sparse.hstack([first, sparse.csr_array((len(b), len(c)))], format="csc"),
        b_eq=b,
        bounds=[(0, None)] * one.size + [(None, None)] * len(c),
        method="highs",
        options={
            "primal_feasibility_tolerance": TOLERANCE,
            "dual_feasibility_tolerance": TOLERANCE,
            "time_limit": time_limit,
        },
    )
    if found.x is None or found.status not in (0, 4):
        raise LimitError(f"the linear programme of {game.payoff.nnz} payoffs was not solved: {found.message}")
    return assessed(game, one.behaviour(found.x[: one.size]), two.behaviour(-found.ineqlin.marginals))
