"""A layer of stage games of prescriptions, and what an oracle says about it.

At a node c of the common-information graph the coordinator picks prescriptions gamma_i : p_i -> Delta(A_i)
(Nayyar, Mahajan and Teneketzis 2013).  With the prior folded into the payoff the stage game is

    Q_i(gamma) = sum_u sum_a payoff_i[u, a] prod_j gamma_j(a_j | p_j(u)),

multilinear in the prescriptions (Liu and Zhang 2023, Proposition 9).  u runs over a *list* of joint
private informations, since with items held by several agents not every combination of p_i's exists.
All nodes of one step form a layer and are solved together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Deviation", "Floats", "Ints", "StageSolution", "Stages", "Table"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Table = npt.NDArray[Any]
Deviation = Literal["nash", "cce", "ce", "ce_strategic"]

WEIGHT_TOLERANCE = 1e-6  # absolute, on the sum of a node's weights
PAYOFF_LIMIT = 1e150  # of |payoff|, up to the weights' tolerance: sums, spans and squares stay finite


@dataclass(frozen=True, eq=False)
class Stages:
    """N stage games of n agents that share their list of U joint private informations.

    Raises ValueError for shapes that disagree, types that are not integers, values that are not finite, payoffs
    above `PAYOFF_LIMIT`, and broken normalisation.
    """

    # [m, N, U, A_1, ..., A_n], expected payoff with the prior folded in, exactly 0 where the weight is 0. m = n, or 1
    # where one array serves all agents: common (the payoff of each) and zero-sum (the first agent's; the second gets
    # the negative)
    payoff: Floats
    types: Ints  # [n, U], agent i's private information in u
    type_counts: tuple[int, ...]  # (P_1, ..., P_n)
    weight: Floats  # [N, U], P(u | node); rows sum to 1
    kind: Literal["common", "zero_sum", "general"]

    def __post_init__(self) -> None:
        for defect, found in self._defects():
            if found:
                raise ValueError(defect)
        if not np.isfinite(self.payoff).all() or not np.isfinite(self.weight).all():
            raise ValueError("payoff and weight must be finite (no NaN, no infinity)")
        if abs(self.payoff).max(initial=0.0) > PAYOFF_LIMIT * (1 + WEIGHT_TOLERANCE):
            raise ValueError(f"payoffs are at most {PAYOFF_LIMIT:g}: give them in a larger unit")
        if (self.weight < 0).any() or (abs(self.weight.sum(axis=1) - 1.0) > WEIGHT_TOLERANCE).any():
            raise ValueError("every row of weight must be nonnegative and sum to 1")
        empty = self.weight == 0
        if empty.any() and self.payoff[:, empty].any():
            raise ValueError("payoff must be 0 where weight is 0")

    def _defects(self) -> list[tuple[str, bool]]:
        n = len(self.type_counts)
        if n == 0 or self.payoff.ndim != 3 + n or self.types.ndim != 2 or self.weight.ndim != 2:
            return [("payoff is [m, N, U, A_1..A_n], types [n, U], weight [N, U]; n = len(type_counts) >= 1", True)]
        m, nodes, n_types = self.payoff.shape[:3]
        counts = np.asarray(self.type_counts)[:, None]
        return [
            (
                "every agent needs at least one action, and the stage a joint private information",
                min(self.payoff.shape[2:]) < 1,
            ),
            ("types must be integers", not np.issubdtype(self.types.dtype, np.integer)),
            ("types must be [n, U]", self.types.shape != (n, n_types)),
            ("weight must be [N, U]", self.weight.shape != (nodes, n_types)),
            (
                "types must lie in 0..P_i - 1",
                self.types.shape == (n, n_types) and bool(((self.types < 0) | (self.types >= counts)).any()),
            ),
            (
                f"kind must be common, zero_sum or general, not {self.kind!r}",
                self.kind not in ("common", "zero_sum", "general"),
            ),
            ("payoff needs one array per agent, or one for all", m not in (1, n)),
            ("common and zero_sum stages carry a single payoff array", self.kind != "general" and m != 1),
            ("a zero_sum stage has two agents", self.kind == "zero_sum" and n != 2),
            ("payoff and weight must be float64", self.payoff.dtype != np.float64 or self.weight.dtype != np.float64),
        ]

    @property
    def n_agents(self) -> int:
        return len(self.type_counts)

    @property
    def n_nodes(self) -> int:
        return int(self.payoff.shape[1])

    @property
    def n_types(self) -> int:
        """U, the number of joint private informations listed."""
        return int(self.payoff.shape[2])

    @property
    def actions(self) -> tuple[int, ...]:
        return tuple(int(a) for a in self.payoff.shape[3:])

    def of_agent(self, i: int) -> tuple[Floats, float]:
        """Agent i's payoff as (array [N, U, A_1..A_n], sign to multiply it with)."""
        sign = -1.0 if self.kind == "zero_sum" and i == 1 else 1.0
        return self.payoff[i if len(self.payoff) > 1 else 0], sign

    def span(self) -> Floats:
        """[n, N], in payoff units: sum over u of (max - min over a), a bound on any gain of the agent."""
        rest = tuple(range(3, self.payoff.ndim))
        span: Floats = (self.payoff.max(axis=rest) - self.payoff.min(axis=rest)).sum(axis=2)
        return np.broadcast_to(span, (self.n_agents, self.n_nodes))


@dataclass(frozen=True, eq=False)
class StageSolution:
    """A mixture of product prescriptions at every node, with its certificate."""

    indptr: Ints  # [N + 1]; node k mixes components indptr[k]:indptr[k + 1], a product solution one each
    weight: Floats  # [K], probabilities of the components, summing to 1 within a node
    # for each agent i integers [K, P_i] (deterministic prescriptions) or floats [K, P_i, A_i] (behaviour, rows sum to
    # 1); a p_i that cannot occur at the node has action 0
    tables: tuple[Table, ...]
    value: Floats  # [n, N], payoff units
    # [n, N], payoff units: agent i's largest gain by a deviation of the kind asked for, which `deviation_gains`
    # recomputes from the definition, whatever the method claims
    gap: Floats
    method: str
    optimal: Bools | None = None  # [N], whether proved optimal (a team: up to rounding)
    # [N], a bound on the optimum: a team's value; for a CCE or CE that of what was selected (welfare, least value, an
    # agent's value, or entropy in nats)
    upper: Floats | None = None
    objective: Floats | None = None  # [N], how much of what was selected this solution attains

    @property
    def is_product(self) -> bool:
        return len(self.weight) == len(self.indptr) - 1
