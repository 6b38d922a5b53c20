"""What double precision can have changed: a bound on the rounding of beliefs and of values, step by step.

Everything here is a sum of products of non-negative probabilities with rewards, so with N terms to a sum the relative
error is at most N unit roundoffs of the sum of the sizes (Higham 2002, Accuracy and Stability of Numerical Algorithms,
section 4.2), and a law that is off by epsilon (L1) moves an expectation by at most epsilon times the largest size.  At
step h a term is touched by the draws of one transition, the cells of a belief, the increments, and the joint actions of
every joint private information; what it multiplies is at most the sum of the largest rewards still to come.  What the
text of a game computes from its numbers is rounded before: laws and rewards are those of the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.step import Cells
from posgc.model.arrays import Model
from posgc.model.rewards import largest_to_come

__all__ = ["Step", "rounding"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

OTHER = 16
"""Terms for what does not grow: normalising, discounting, adding reward and future, the first step."""


class Step(Protocol):
    """Cells, joint actions and increments of a step."""

    @property
    def cells(self) -> Cells: ...
    @property
    def actions(self) -> Ints: ...
    @property
    def z(self) -> Ints | None: ...


def rounding(model: Model, layers: Iterable[tuple[int, sparse.csr_array, Step]]) -> Floats:
    """[n], in the unit of the rewards: by how much a value or a gain found on the layers (step h, beliefs, step) can be
    off because of rounding."""
    draws = 4 * (len(model.state_names) + len(model.signature.observations))
    widest = [int(np.diff(kernel.indptr).max(initial=0)) for kernel in model.kernels]
    known: dict[tuple[int, int], int] = {}
    terms = np.zeros(model.horizon)
    for h, belief, step in layers:
        key = id(belief), id(step)
        if key not in known:
            increments = 0 if step.z is None else len(step.z)
            choices = (len(step.cells.u) + 1) * len(step.actions)
            known[key] = int(np.diff(belief.indptr).max(initial=0)) + choices + increments
        terms[h - 1] = known[key] + widest[model.kernel_of_step[h - 1]] + draws + OTHER
    return np.asarray(np.finfo(np.float64).eps * (largest_to_come(model) @ terms))
