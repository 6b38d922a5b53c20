"""Equilibrium plans of a zero-sum game by one linear programme (Koller, Megiddo & von Stengel 1996).

With plans x of the first agent (E x = b) and y of the second (F y = c) and payoff x' A y, the best that the second can
do against x costs min { y' A' x : F y = c, y >= 0 }, which by duality is max { c' v : F' v <= A' x }.  So

    max c' v     subject to     F' v - A' x <= 0,    E x = b,    x >= 0

gives the first agent's best plan and the value, and the dual variables of the inequalities are the second agent's best
plan.  Payoffs are divided by the largest, so that tolerances are relative to the game.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.highs import solve
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Plans
from posgc.extensive.solution import Solution, assessed
from posgc.language.diagnostics import LimitError

__all__ = ["solve_programme"]

Floats = npt.NDArray[np.float64]

ATTEMPTS = ((1e-10, True), (1e-10, False), (1e-7, True))
"""Tolerance of primal and dual (HiGHS takes none below the first), and presolve; later ones where the answer is off."""
ACCURATE = 1e-9
"""A bracket that is wider, relative to the span of what can be earned, calls for the next attempt."""


def solve_programme(game: ExtensiveGame, span: float, time_limit: float | None = None) -> Solution:
    """Equilibrium behaviours with exact best responses to both.

    `span`: of what can be earned.  `time_limit` is in seconds.  Raises LimitError where HiGHS finds none in time.
    """
    one, two = Plans.of(game, 0), Plans.of(game, 1)
    cost, programme = _programme(game, one, two)
    end = None if time_limit is None else time.monotonic() + time_limit
    best: Solution | None = None
    message = "no time was left"
    for tolerance, presolve in ATTEMPTS:
        options: Any = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
        options |= {"presolve": presolve}
        if end is not None:
            if (left := end - time.monotonic()) <= 0:
                break
            options |= {"time_limit": left}
        found = solve(cost, programme | {"options": options}, lambda: end is not None and time.monotonic() >= end)
        if found is None:
            break
        message = str(found.message)
        if found.x is None or found.ineqlin.marginals is None:
            continue
        y = -found.ineqlin.marginals
        solution = assessed(game, one.behaviour(found.x[: one.size]), two.behaviour(y))
        if best is None or solution.width < best.width:
            best = solution
        if best.width <= ACCURATE * span:
            break
    if best is None:
        over = end is not None and time.monotonic() >= end
        why = f"within {time_limit:g} seconds" if over else f": {message}"
        what = f"the linear programme with {game.payoff.nnz} payoffs was not solved{' ' if over else ''}{why}"
        raise LimitError(f"{what}; a programme gives no bracket before its end, --backend cfr does")
    return best


def _programme(game: ExtensiveGame, one: Plans, two: Plans) -> tuple[Floats, dict[str, Any]]:
    """Cost and constraints over (x, v)."""
    (first, b), (second, c) = one.constraints(), two.constraints()
    largest = float(np.abs(game.payoff.data).max(initial=0.0))
    payoff = game.payoff / (largest or 1.0)
    bounds = np.repeat([[0.0, np.inf]], one.size + len(c), axis=0)
    bounds[one.size :, 0] = -np.inf
    # the stubs know neither sparse constraints nor array bounds
    return np.concatenate([np.zeros(one.size), -c]), {
        "A_ub": sparse.hstack([-payoff.T, second.T], format="csc"),
        "b_ub": np.zeros(two.size),
        "A_eq": sparse.hstack([first, sparse.csr_array((len(b), len(c)))], format="csc"),
        "b_eq": b,
        "bounds": bounds,
    }
