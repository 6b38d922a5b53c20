"""From the error of M to a bound on the gap in the true game (Liu & Zhang 2023, Theorem 2, sharpened).

With G_i the gain of agent i's best deviation in M itself (which contains every stage's epsilon_e) and sp the
largest less the smallest value of a node of M, agent i's gain in the true game is at most

    G_i + 2 sum_h disc^{h-1} epsilon_{r,i,h}
        + sum_{h<H} disc^h (sp V^dev_{i,h+1} + sp V^pi_{i,h+1}) / 2 * epsilon_{z,h}                       (E)

by telescoping twice: the value of the policy in the game against M's, and that of the true best deviation against
the best in M, which is at least what it earns there.  A reward's expectations differ by epsilon_r at step h, and
those of the next value by at most half its span times |P(z) - P^M(z)|_1.  The paper's 2 H epsilon_r +
H^2 epsilon_z + H epsilon_e (rewards in [0, 1]) is the same with the spans bounded by H.

From a certificate |beta - beta^|_1 <= epsilon_h in expectation: epsilon_{z,h} <= epsilon_h, since the law of z is
linear in the belief, and epsilon_{r,i,h} <= span_i epsilon_h / 2.  From one that says which distances delta_h were
met in merging, with the representative carried on,

    G_i + sum_{h>=2} (sum_{t>=h} disc^{t-1} span_{i,t}) delta_h                                              (D)

each replacement changing either value by at most half the span of what is still to come times delta_h.

The optimum of a team is a value too, that of another policy of M.  Where every stage of M is within short_h of its
optimum at step h, the policy's values fall short of M's optimum by at most sum_{t>=h} disc^{t-h} short_t at every
node, reached or not; so disc^h times the optimum's span is at most disc^h sp V^pi_{h+1} + S, with
S = sum_t disc^{t-1} short_t, and the optimum of the game is at most V^pi + S + `value_error` + S `half_spread`.
(D) holds for the optimum as for any policy.  docs/compression.md has the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.compression.contract import Certificate
from posgc.compression.measured import Measured
from posgc.judge.in_model import InModel
from posgc.model.arrays import Model
from posgc.model.rewards import reward_spans, spans_to_come

__all__ = ["Bound", "bound", "theory_window"]

Floats = npt.NDArray[np.float64]
Kind = Literal["lossless", "replaced", "expected", "measured"]


@dataclass(frozen=True)
class Bound:
    """What every agent can gain in the true game at most."""

    kind: Kind  # what it rests on: a certificate (`Certificate.kind`) or the measured errors
    gains: Floats  # [n], in the unit of the rewards
    own: Floats  # [n], the part that is M's own gap
    value_error: Floats  # [n], how far the policy's values in M can be from those in the game
    # sum_{h<H} epsilon_{z,h} / 2, by which `value_error` grows for another policy of M that earns more, by at most
    # disc^{1-h} at any node of step h
    half_spread: float

    @property
    def gap(self) -> float:
        return float(self.gains.max())


def bound(model: Model, in_model: InModel, error: Certificate | Measured) -> Bound:
    """The bound (E) or (D) that the error of the compression implies for a policy found in M."""
    discount: Floats = np.power(model.discount, np.arange(model.horizon))
    if isinstance(error, Measured):
        return _expected("measured", in_model, discount, error.epsilon_r, error.epsilon_z)
    if error.kind != "expected":
        # distances met in merging are charged with all that is still to come (D), not step by step (E)
        lost = spans_to_come(model) @ error.distance
        return Bound(error.kind, in_model.gains + lost, in_model.gains, lost / 2, 0.0)
    return _expected(error.kind, in_model, discount, reward_spans(model) * error.distance / 2, error.distance)


def _expected(kind: Kind, in_model: InModel, discount: Floats, epsilon_r: Floats, epsilon_z: Floats) -> Bound:
    rewards = epsilon_r @ discount
    # epsilon_z of step h meets the next value, discounted by disc^h; after the last step there is none
    ahead = discount[1:] * epsilon_z[:-1]
    follow, deviate = in_model.value_span[:, 1:] @ ahead / 2, in_model.best_span[:, 1:] @ ahead / 2
    gains = in_model.gains + 2 * rewards + follow + deviate
    return Bound(kind, gains, in_model.gains, rewards + follow, float(epsilon_z[:-1].sum()) / 2)


def theory_window(model: Model, gamma: float, epsilon: float) -> float:
    """gamma^-4 log(S H / epsilon): the paper's length of the window up to its constant C; infinite for gamma = 0."""
    return float("inf") if gamma <= 0 else float(np.log(model.n_states * model.horizon / epsilon) / gamma**4)
