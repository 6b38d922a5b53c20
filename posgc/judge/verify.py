"""Values and exact gaps of a policy in the true game (paper: Definitions 2, 9 and 10; Algorithm 2).

Backward induction on the pairs of `posgc.judge.pairs`.  With U_i(u, a) the stage payoff of a pair (prior
folded in) and mu(a | u) = sum_k w_k prod_j gamma_j^k(a_j | p_j(u)) what the policy plays there,

    V_i       = sum_{u, a} mu(a | u) U_i(u, a)                          continuation: V_i
    V_i^NE    = sum_{p_i} max_{a'} sum_{u in p_i, a} mu(a | u) U_i(u, (a', a_-i))          (also CCE)
    V_i^CE    = sum_{p_i, a_i} max_{a'} sum_{u in p_i, a_-i} mu((a_i, a_-i) | u) U_i(u, (a', a_-i))

where the last two continue with themselves: the deviator goes on deviating.  For CE the modifications are
the memoryless phi_{i,h,c,p}: A_i -> A_i of Definition 10, which see the recommended action (sampled from
the prescription), not the prescription; in strategic form ("ce_strategic") they see the whole prescription
(`prescribed.py`), which tells more: that gap is never the smaller.  gap_i = V_i^dev - V_i at the start.

Under Assumption 3 a deviation does not move the common belief, so these maxima range over all
pi_i(c_h, p_{i,h}).  Without it they would not; `verify` is for games in which it has been established, and
`posgc.judge.histories` for all others.

Two histories share a pair when their beliefs differ by at most 1e-12 in L1; with delta_h the largest such
distance met at step h, and what the check of Assumption 3 overlooked, values are right to within half of
sum_h delta_h sum_{t >= h} discount^{t-1} span_t, gaps to within all of it, and either to within rounding
(`Judgement.error`, the largest of the agents').
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from posgc.information.graph import DEFAULT_MAX_NODES, MERGE_TOLERANCE
from posgc.information.items import Information
from posgc.information.precision import to_come
from posgc.information.step import Beliefs
from posgc.judge.deviating import Flows, backward
from posgc.judge.judged_stretches import stretches_backwards, together
from posgc.judge.judgement import Judgement, gains_of
from posgc.judge.kinds import require_kind
from posgc.judge.pairs import PairLayer, pair_layers
from posgc.language.concepts import DeviationKind
from posgc.model.arrays import Model
from posgc.policy.completed import completed
from posgc.policy.machine import Machine

__all__ = ["Distances", "verify"]

Floats = npt.NDArray[np.float64]
Distances = Callable[[Sequence[Beliefs]], Floats]


def verify(
    information: Information,
    policy: Machine,
    kind: DeviationKind,
    max_pairs: int = DEFAULT_MAX_NODES,
    progress: Callable[[str, int, int], None] | None = None,
    distances: Distances | None = None,
    tolerance: float = MERGE_TOLERANCE,
) -> Judgement:
    """Recompute values and gap, on pairs whose beliefs are merged within `tolerance` (L1).

    `distances(layers)` [H] says how far prescriptions can move the beliefs of each step (L1), None for not at all.
    Raises PolicyMismatch, LimitError, and ValueError for kind "nash" on a policy that correlates its agents (a mixture
    of several components is not a product policy).
    """
    require_kind(policy, kind)
    policy = completed(policy, information)
    layers, first, probability = pair_layers(information, policy, max_pairs, progress, tolerance=tolerance)
    horizon = information.model.horizon
    value: Floats | None = None
    best: Floats | None = None
    flows = Flows()
    for stretch in stretches_backwards(information, layers, policy.steps, kind):
        layer, step = stretch[-1]
        if len(stretch) == 1:
            value, best = backward(information, layer, step, value, best, kind, flows)
        else:
            assert value is not None and best is not None
            value, best = together(information, stretch, value, best, kind)
        if progress is not None:
            progress("verify", 2 * horizon - layer.h + 1, 2 * horizon)
    assert value is not None and best is not None
    values, deviations = value[:, first] @ probability, best[:, first] @ probability
    off = _errors(information.model, layers, distances)
    return Judgement(
        kind,
        tuple(map(float, values)),
        tuple(map(float, deviations)),
        tuple(map(float, gains_of(kind, deviations, values, off))),
        float(off.max()),
        tuple(len(layer.node) for layer in layers),
    )


def _errors(model: Model, layers: list[PairLayer], distances: Distances | None) -> Floats:
    """[n]: what the pairs can have changed of each agent's gain."""
    off: Floats = np.array([layer.merge_error for layer in layers])
    if distances is not None:
        # A pair goes on from the posterior of what was played, a prescription from that of all that it may play.
        actions = np.array([0, *(len(layer.actions) for layer in layers[:-1])])
        off = off + (1 + actions) * distances(layers)
    ahead = to_come(model, ((la.h, la.belief, la.step) for la in layers))
    return ahead.span @ off + ahead.rounding
