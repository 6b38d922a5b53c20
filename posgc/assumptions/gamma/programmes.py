"""Linear and mixed-integer programmes, handed to HiGHS through SciPy.

`scipy.optimize` takes longer to load (up to half a second) than most games take to check, and most need no
programme: it is loaded here, at the first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["Programme", "minimise", "minimise_mixed"]

Floats = npt.NDArray[np.float64]

# Absolute feasibility of rows and of reduced costs: HiGHS's least, then, where it gives up, its default.
FEASIBILITY = (1e-10, 1e-7)
# linprog's status of a programme without solution.
INFEASIBLE = 2


@dataclass(frozen=True)
class Programme:
    """min cᵀx subject to row_low <= matrix x <= row_high, low <= x <= high (infinities allowed)."""

    cost: Floats  # [columns]
    matrix: sparse.csr_array  # [rows, columns]
    row_low: Floats  # [rows]
    row_high: Floats  # [rows]
    low: Floats  # [columns]
    high: Floats  # [columns]


def minimise(programme: Programme) -> Floats | None:
    """A solution[columns] within FEASIBILITY of feasible; None where there is none or the solver gives up.

    Callers check what they make of it: a poor solution costs tightness, not truth.
    """
    from scipy.optimize import linprog

    equal = programme.row_low == programme.row_high
    upper = np.isfinite(programme.row_high) & ~equal
    lower = np.isfinite(programme.row_low) & ~equal
    given: dict[str, Any] = {  # the published types of linprog know no sparse matrices
        "A_ub": sparse.vstack([programme.matrix[upper], -programme.matrix[lower]], format="csr"),
        "b_ub": np.concatenate([programme.row_high[upper], -programme.row_low[lower]]),
        "A_eq": programme.matrix[equal],
        "b_eq": programme.row_low[equal],
        "bounds": np.stack([programme.low, programme.high], axis=1),
    }
    for tolerance in FEASIBILITY:
        options: Any = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
        answer: Any = linprog(programme.cost, method="highs", options=options, **given)
        if answer.x is not None:
            return np.asarray(answer.x)
        if answer.status == INFEASIBLE:
            break
    return None


def minimise_mixed(
    programme: Programme, integral: npt.NDArray[np.bool_], seconds: float
) -> tuple[float, Floats | None]:
    """A lower bound on the minimum (−inf if none) and the best solution[columns] found, if any.

    `integral`[columns] marks the integer variables; HiGHS's default tolerances (1e-6) apply to both.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    answer = milp(
        programme.cost,
        constraints=LinearConstraint(programme.matrix, programme.row_low, programme.row_high),
        integrality=integral.astype(np.int64),
        bounds=Bounds(programme.low, programme.high),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    bound = answer.mip_dual_bound
    return (-np.inf if bound is None else float(bound)), (None if answer.x is None else np.asarray(answer.x))
