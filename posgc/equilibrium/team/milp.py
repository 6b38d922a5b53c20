"""Exact team optimum of one large stage as a mixed-integer linear programme (HiGHS branch and cut).

    max sum_{u,a} U(u, a) y(u, a)   s.t.   sum_{a_-i} y(u, a) = x_i(p_i(u), a_i)   for all u, i, a_i,
                                           sum_a x_i(p, a) = 1,   y >= 0,   x binary

With x integral y(u, .) is the point mass on the actions prescribed in u, so the programme is the team problem;
with x relaxed it is the local polytope of the factor graph whose factors are the u's (Wainwright and Jordan
2008, section 4.1), hence an upper bound.  Its linear relaxation is never weaker than letting every u choose
for itself, the bound at the root of `branch.py`, whose last agent alone is coordinated.

HiGHS stops by its own tolerances: payoffs are scaled so that these amount to about 1e-7 of the stage's span,
which is what "optimal" means here.  Its incumbent is made integral, improved by the caller and evaluated anew.
The limit is one of nodes, not of time, so that the same stage always gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from posgc.equilibrium.solvers.standard_output import silent_stdout
from posgc.equilibrium.stage import Floats, Ints

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

__all__ = ["Integer", "solve_integer"]

SCALE = 1e3  # sum over u of the payoff ranges as HiGHS sees it: its absolute gap of 1e-6 is 1e-9 of the span
BOUND_MARGIN = 1e-7  # of the span: HiGHS's feasibility tolerance, added to its dual bound
OPTIMAL, LIMIT = 0, 1  # scipy.optimize.milp's status


@dataclass(frozen=True, eq=False)
class Integer:
    """The best team prescription of the integer programme, with a bound."""

    actions: list[Ints] | None  # for each agent i [1, P_i]; None where no incumbent was found
    upper: float  # >= the optimum, payoff units
    optimal: bool  # whether HiGHS ended by itself
    tolerance: float  # by how much an optimal answer may miss the optimum beyond what was tolerated, payoff units


def solve_integer(
    payoff: Floats, types: Ints, max_nodes: int, known: float | None = None, tolerated: float = 0.0
) -> Integer:
    """payoff [U, A_1..A_n], types [n, U] without gaps; `max_nodes` of the search tree, at least 1.

    With `known`, a value that is attained, the search may end where its bound is within `tolerated` of the better
    of that and its own incumbent: HiGHS knows a relative gap only, of what the incumbent misses of the best in
    every u, and tolerated / (what `known` misses) is one that implies it.
    """
    from scipy.optimize import Bounds, milp  # slow to load, and few stages need it

    counts, actions = types.max(axis=1) + 1, payoff.shape[1:]
    high = payoff.reshape(len(payoff), -1).max(axis=1)
    span = float((high - payoff.reshape(len(payoff), -1).min(axis=1)).sum())
    unit = span / SCALE if span > 0 else 1.0
    gain = (payoff - high.reshape(-1, *(1,) * len(actions))) / unit  # <= 0: the optimum is -(what is missed)
    sizes = counts * np.array(actions)
    n_x, n_y = int(sizes.sum()), payoff.size
    relative = _relative(float(high.sum()), known, tolerated - 2 * BOUND_MARGIN * span)
    programme: dict[str, Any] = {
        "c": np.concatenate([np.zeros(n_x), -gain.ravel()]),
        "integrality": np.repeat([1, 0], [n_x, n_y]),
        "bounds": Bounds(0, 1),
        "constraints": _constraints(types, counts, actions),
        "options": {"node_limit": max_nodes, "mip_rel_gap": relative},
    }
    with silent_stdout():
        result: Any = milp(**programme)
    if result.status not in (OPTIMAL, LIMIT):
        return Integer(None, float(high.sum()), False, 0.0)
    bound = 0.0 if result.mip_dual_bound is None else -float(result.mip_dual_bound)
    upper = float(high.sum()) + unit * min(bound, 0.0) + BOUND_MARGIN * span
    tables = None
    if result.x is not None:
        parts = np.split(result.x[:n_x], np.cumsum(sizes)[:-1])
        tables = [x.reshape(1, -1, a).argmax(axis=2) for x, a in zip(parts, actions, strict=True)]
    return Integer(tables, min(upper, float(high.sum())), result.status == OPTIMAL, 3 * BOUND_MARGIN * span)


def _relative(best: float, known: float | None, tolerated: float) -> float:
    missed = 0.0 if known is None else best - known
    return min(max(tolerated, 0.0) / missed, 1.0) if missed > 0 else 0.0


def _constraints(types: Ints, counts: Ints, actions: tuple[int, ...]) -> LinearConstraint:
    """Marginals of y(u, .) equal x, and every x_i(p, .) sums to 1; columns x_1, .., x_n, y."""
    from scipy.optimize import LinearConstraint

    n_u, joint = types.shape[1], int(np.prod(actions))
    played = np.stack(np.unravel_index(np.arange(joint), actions))
    eye = sparse.eye_array(n_u, format="csr")
    rows: list[list[Any]] = []
    for i, a in enumerate(actions):
        marginal = sparse.csr_array((np.ones(joint), (played[i], np.arange(joint))), shape=(a, joint))
        own = sparse.csr_array((np.ones(n_u), (np.arange(n_u), types[i])), shape=(n_u, counts[i]))
        blocks: list[Any] = [None] * len(actions)
        blocks[i] = -sparse.kron(own, sparse.eye_array(a))
        rows.append([*blocks, sparse.kron(eye, marginal)])
    for i, a in enumerate(actions):
        blocks = [None] * len(actions)
        blocks[i] = sparse.kron(sparse.eye_array(int(counts[i])), np.ones((1, a)))
        rows.append([*blocks, None])
    matrix = sparse.block_array(rows, format="csr")
    right = np.concatenate([np.zeros(n_u * sum(actions)), np.ones(int(counts.sum()))])
    return LinearConstraint(matrix, right, right)
