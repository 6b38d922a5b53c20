"""Many small linear programmes in one block-diagonal HiGHS call, chunked to bound memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from posgc.equilibrium.layer import chunks
from posgc.equilibrium.stage import Bools, Floats

__all__ = ["Blocks", "SolverFailed", "solve_blocks"]

TOLERANCE = 1e-10  # HiGHS primal and dual feasibility, absolute; programmes are scaled to O(1)
LOOSE_TOLERANCE = 1e-7  # HiGHS's own default, for a lone block on which the tight one ends "Unknown"
ENTRIES_PER_CALL = 50_000  # coefficients of one HiGHS call: fastest, within noise, of 5,000..500,000


class SolverFailed(RuntimeError):
    """No solver gave an answer to a programme that has one; the message is HiGHS's."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """`primal[n, C]`, `dual[n, R]` the multipliers (>= 0) of the inequality rows, 0 where not `solved[n]`.

    A call that fails leaves all its blocks unsolved; `message` is HiGHS's word on the last such call.
    """

    primal: Floats
    dual: Floats
    solved: Bools
    message: str


def solve_blocks(
    a: Floats, b: Floats, c: Floats, equal: Floats | None = None, free: int = 0, one_each: bool = False
) -> Blocks:
    """max c_k z s.t. A_k z <= b, equal z = 1, z >= 0 except the last `free` variables, for every block k.

    a [n, R, C], b [R], c [n, C], equal [E, C] shared by the blocks.  `one_each`: a HiGHS call per block.
    """
    n, rows, columns = a.shape
    primal, dual, solved, message = np.zeros((n, columns)), np.zeros((n, rows)), np.zeros(n, dtype=bool), ""
    bounds = np.zeros((columns, 2))
    bounds[:, 1] = np.inf
    bounds[columns - free :, 0] = -np.inf
    for start, stop in chunks(n, ENTRIES_PER_CALL if one_each else rows * columns, ENTRIES_PER_CALL):
        size = stop - start
        # the stubs know neither sparse constraints nor array bounds
        programme: dict[str, Any] = {"A_ub": _diagonal(a[start:stop]), "b_ub": np.tile(b, size)}
        programme["bounds"] = np.tile(bounds, (size, 1))
        if equal is not None:
            programme["A_eq"] = sparse.kron(sparse.eye_array(size), equal, format="csr")
            programme["b_eq"] = np.ones(size * len(equal))
        for tolerance in (TOLERANCE, LOOSE_TOLERANCE) if one_each else (TOLERANCE,):
            accuracy: Any = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
            result: Any = linprog(-c[start:stop].ravel(), method="highs", options=accuracy, **programme)
            if result.status == 0:
                break
        else:
            message = f"HiGHS on {size} block(s) of {rows} x {columns}: {result.message}"
            continue
        solved[start:stop] = True
        primal[start:stop] = result.x.reshape(size, columns)
        dual[start:stop] = -result.ineqlin.marginals.reshape(size, rows)
    return Blocks(primal, dual, solved, message)


def _diagonal(a: Floats) -> sparse.csr_array:
    n, rows, columns = a.shape
    index = (np.arange(n)[:, None, None] * columns + np.arange(columns)).repeat(rows, axis=1)
    matrix = sparse.csr_array(
        (a.ravel(), index.ravel(), np.arange(n * rows + 1) * columns), shape=(n * rows, n * columns)
    )
    matrix.eliminate_zeros()
    return matrix
