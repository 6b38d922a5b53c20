"""What is still to come at each step, and what double precision can have changed of it.

Everything that is computed on layers of beliefs is a sum of products of non-negative probabilities with rewards, so
with N terms to a sum the relative error is at most N unit roundoffs of the sum of the sizes (Higham 2002, Accuracy and
Stability of Numerical Algorithms, section 4.2), and a law that is off by epsilon (L1) moves an expectation by at most
epsilon times the largest size, or half of epsilon times the span.  At step h a term is touched by the draws of one
transition, the cells of a belief, the increments, and the joint actions of every joint private information; what it
multiplies is at most the sum of the largest rewards still to come.  What the text of a game computes from its numbers
is rounded before: laws and rewards are those of the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.step import Cells
from posgc.model.arrays import Model
from posgc.model.rewards import largest_to_come, spans_to_come

__all__ = ["Step", "ToCome", "charged", "to_come"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

OTHER = 96
"""Terms for what does not grow: normalising, discounting, adding reward and future, the first step; and the 64 units
within which an oracle of team optima calls two values equal."""


class Step(Protocol):
    """Cells, joint actions, rewards (of each agent, [X, U * A_h]) and increments of a step."""

    @property
    def cells(self) -> Cells: ...
    @property
    def actions(self) -> Ints: ...
    @property
    def reward(self) -> tuple[sparse.csr_array, ...]: ...
    @property
    def z(self) -> Ints | None: ...


@dataclass(frozen=True)
class ToCome:
    """What is at stake and what rounding can have changed, in the unit of the rewards."""

    span: Floats  # [n, H], by how much what an agent earns from step h on can differ, discounted to step 1
    rounding: Floats  # [n], by how much a value or a gain that was found on the layers can be off because of rounding


def to_come(model: Model, layers: Iterable[tuple[int, sparse.csr_array, Step]]) -> ToCome:
    """Of a game whose step h has the beliefs and the `Step` of its layer (h, beliefs, step)."""
    fixed = _fixed_terms(model)
    known: dict[tuple[int, int], tuple[Floats, int]] = {}
    spans, sizes = np.zeros((2, model.n_agents, model.horizon))
    terms = np.zeros(model.horizon)
    for h, belief, step in layers:
        # layers that share their arrays have the same terms
        key = id(belief), id(step)
        if key not in known:
            known[key] = _stakes(step), _terms(belief, step)
        (spans[:, h - 1], sizes[:, h - 1]), own = known[key]
        terms[h - 1] = own + fixed[h - 1]
    discount = model.discount ** np.arange(model.horizon)
    # from the last step backwards: what is still to come at step h
    span, size = (np.cumsum((x * discount)[:, ::-1], axis=1)[:, ::-1] for x in (spans, sizes))
    return ToCome(span, np.finfo(np.float64).eps * (size @ terms))


def charged(model: Model, terms: Ints) -> ToCome:
    """The same from the rewards of all states, for sums of at most `terms` [H] terms besides those of a transition."""
    rounding = np.finfo(np.float64).eps * (largest_to_come(model) @ (terms + _fixed_terms(model)))
    return ToCome(spans_to_come(model), rounding)


def _fixed_terms(model: Model) -> Ints:
    """[H]: the terms of a transition, and `OTHER`."""
    # a draw multiplies by a probability that was computed and normalised: a few roundings each
    draws = 4 * (len(model.state_names) + len(model.signature.observations))
    widest = np.array([int(np.diff(kernel.indptr).max(initial=0)) for kernel in model.kernels])
    return widest[list(model.kernel_of_step)] + draws + OTHER


def _stakes(step: Step) -> Floats:
    """[2, n]: the span and the largest size of each agent's rewards."""
    spans = [float(np.ptp(reward.data)) if len(reward.data) else 0.0 for reward in step.reward]
    return np.array([spans, [float(np.abs(reward.data).max(initial=0.0)) for reward in step.reward]])


def _terms(belief: sparse.csr_array, step: Step) -> int:
    increments = 0 if step.z is None else len(step.z)
    return int(np.diff(belief.indptr).max(initial=0)) + (len(step.cells.u) + 1) * len(step.actions) + increments
