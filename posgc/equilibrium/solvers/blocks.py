"""Many small linear programmes in one block-diagonal HiGHS call, chunked to bound memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from posgc.equilibrium.layer import chunks
from posgc.equilibrium.stage import Bools, Floats

__all__ = ["Blocks", "SolverFailed", "solve_blocks", "solve_sparse"]

TOLERANCE = 1e-10  # HiGHS primal and dual feasibility, absolute; programmes are scaled to O(1)
LOOSE_TOLERANCE = 1e-7  # HiGHS's own default, for a lone block on which the tight one ends "Unknown"
ITERATIONS = 20  # for each row and column of a call, and 10,000: a degenerate programme may go round for ever
VIOLATED = 1e-8  # of a row by an "optimal" answer: met where coefficients of 1e-9 stand beside 1
# (tolerance, presolve) for a lone block, in turn
ATTEMPTS = ((TOLERANCE, True), (TOLERANCE, False), (LOOSE_TOLERANCE, True), (LOOSE_TOLERANCE, False))
ENTRIES_PER_CALL = 50_000  # coefficients of one HiGHS call: fastest, within noise, of 5,000..500,000


class SolverFailed(RuntimeError):
    """No solver gave an answer to a programme that has one; the message is HiGHS's."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Solutions of n programmes of R rows and C variables.

    A call that fails leaves all its blocks unsolved.  The rows are checked: a block whose answer violates one is
    unsolved too, whatever HiGHS says.
    """

    primal: Floats  # [n, C], 0 where not solved
    dual: Floats  # [n, R], the multipliers (>= 0) of the inequality rows, 0 where not solved
    solved: Bools  # [n]
    message: str  # what was wrong with the last block that is not solved


def solve_blocks(
    a: Floats, b: Floats, c: Floats, equal: Floats | None = None, free: int = 0, one_each: bool = False
) -> Blocks:
    """max c_k z s.t. A_k z <= b, equal z = 1, z >= 0 except the last `free` variables, for every block k.

    a [n, R, C], b [R], c [n, C], equal [E, C] shared by the blocks.  `one_each`: a HiGHS call per block.
    """
    from scipy.optimize import linprog  # slow to load, and many games need no programme

    n, rows, columns = a.shape
    primal, dual, solved, message = np.zeros((n, columns)), np.zeros((n, rows)), np.zeros(n, dtype=bool), ""
    bounds = np.zeros((columns, 2))
    bounds[:, 1] = np.inf
    bounds[columns - free :, 0] = -np.inf
    # one call for many blocks: HiGHS takes longer to start than to solve a small block
    for start, stop in chunks(n, ENTRIES_PER_CALL if one_each else rows * columns, ENTRIES_PER_CALL):
        size = stop - start
        # the stubs know neither sparse constraints nor array bounds
        programme: dict[str, Any] = {"A_ub": _diagonal(a[start:stop]), "b_ub": np.tile(b, size)}
        programme["bounds"] = np.tile(bounds, (size, 1))
        if equal is not None:
            programme["A_eq"] = sparse.kron(sparse.eye_array(size), equal, format="csr")
            programme["b_eq"] = np.ones(size * len(equal))
        for tolerance, presolve in ATTEMPTS if one_each else ATTEMPTS[:1]:
            accuracy: Any = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
            accuracy |= {"presolve": presolve, "maxiter": 10_000 + ITERATIONS * size * (rows + columns)}
            result: Any = linprog(-c[start:stop].ravel(), method="highs", options=accuracy, **programme)
            if result.status != 0:
                message = f"HiGHS on {size} block(s) of {rows} x {columns}: {result.message}"
                continue
            z = result.x.reshape(size, columns)
            # a block may end "optimal" in a call and still violate a row beyond what callers tolerate
            obeyed = ((a[start:stop] @ z[:, :, None])[:, :, 0] <= b + VIOLATED).all(axis=1)
            primal[start:stop], solved[start:stop] = z, obeyed
            dual[start:stop] = -result.ineqlin.marginals.reshape(size, rows)
            if obeyed.all():
                break
            message = f"HiGHS on {size} block(s) of {rows} x {columns}: its answer violates a row"
    return Blocks(primal, dual, solved, message)


def solve_sparse(a: sparse.csr_array, c: Floats, free: int = 0) -> tuple[Floats, Floats]:
    """max c z s.t. a z <= 0, sum of z but the last `free` = 1, z >= 0 except the last `free`: primal [C], duals [R].

    For one programme too large to be held densely.  Raises SolverFailed.
    """
    from scipy.optimize import linprog

    rows, columns = a.shape
    sums = sparse.csr_array((np.arange(columns) < columns - free).astype(np.float64)[None])
    bounds = np.repeat([[0.0, np.inf]], columns, axis=0)
    bounds[columns - free :, 0] = -np.inf
    message = ""
    for tolerance, presolve in ATTEMPTS:
        options: Any = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
        options |= {"presolve": presolve, "maxiter": 10_000 + ITERATIONS * (rows + columns)}
        programme: dict[str, Any] = {"A_ub": a, "b_ub": np.zeros(rows), "A_eq": sums, "b_eq": [1.0], "bounds": bounds}
        result: Any = linprog(-c, method="highs-ds", options=options, **programme)
        if result.status == 0 and (a @ result.x <= VIOLATED).all():
            return result.x, -result.ineqlin.marginals
        message = f"HiGHS on {rows} x {columns}: {result.message}"
    raise SolverFailed(message)


def _diagonal(a: Floats) -> sparse.csr_array:
    n, rows, columns = a.shape
    index = (np.arange(n)[:, None, None] * columns + np.arange(columns)).repeat(rows, axis=1)
    # a copy: eliminate_zeros moves the coefficients within their array, and the caller's may be tried again
    matrix = sparse.csr_array(
        (a.flatten(), index.ravel(), np.arange(n * rows + 1) * columns), shape=(n * rows, n * columns)
    )
    matrix.eliminate_zeros()
    return matrix
