"""What a window assumes of (s, p) at its first step: the prior nu_h, positive on every cell that can occur.

`uniform` is the paper's Unif(S): every state that can occur at the step is equally likely, and so is every joint
private information that can occur with it (which matters only for items that stay private past the window's start;
all others are summed over or ignored).  `reachable` is the law of (s, p) at the step when every joint action has
been equally likely so far, which is nearer to what a policy meets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.graph import FirstBeliefs
from posgc.information.step import Cells, StepTable

__all__ = ["Prior", "priors"]

Floats = npt.NDArray[np.float64]
Prior = Literal["uniform", "reachable"]

LEAST = 1e-200
"""Probability that a cell keeps however rare it has become, so that nothing possible is ever impossible in M."""

STEADY = 1e-12
"""L1 distance of two steps' priors that are taken for the same."""


def priors(first: FirstBeliefs, tables: list[StepTable], prior: Prior) -> Iterator[sparse.csr_array]:
    """nu_1..nu_H as CSR rows [1, X]; steps with equal priors share one object."""
    yield from _uniform(tables) if prior == "uniform" else _reachable(first, tables)


def _uniform(tables: list[StepTable]) -> Iterator[sparse.csr_array]:
    known: dict[bytes, sparse.csr_array] = {}
    for table in tables:
        key = table.cells.key
        if key not in known:
            known[key] = _row(_uniform_law(table.cells))
        yield known[key]


def _uniform_law(cells: Cells) -> Floats:
    _, state, count = np.unique(cells.s, return_inverse=True, return_counts=True)
    return 1.0 / (len(count) * count[state])


def _reachable(first: FirstBeliefs, tables: list[StepTable]) -> Iterator[sparse.csr_array]:
    law: Floats = np.asarray(first.probability @ first.belief[first.to])
    row = _row(law)
    for table, following in zip(tables, [*tables[1:], None], strict=True):
        yield row
        if following is not None:
            assert table.joint is not None and table.joint_cell is not None
            step = np.bincount(table.joint_cell, weights=law @ table.joint, minlength=len(following.cells))
            steady = following.cells.key == table.cells.key and np.abs(step - law).sum() <= STEADY
            law = law if steady else np.maximum(step / step.sum(), LEAST)
            row = row if steady else _row(law)


def _row(law: Floats) -> sparse.csr_array:
    return sparse.csr_array(law[None, :])
