"""Weights of a mixture of profiles by one linear programme, for every form of correlated equilibrium.

With the rows P_i [rows, K] that K profiles make for a deviator of agent i (`posgc.extensive.deviations`), T_i its
tree, and u_i [K] what the agent itself earns, weights w >= 0 that sum to 1 let nobody gain more than e where there are
v_i with

    T_i v_i >= P_i w,       sum of v_i at the nodes that it begins with - u_i' w <= e         for every agent i,

since the least such v_i is what the best deviator can still get from each node on.  Either e is made as small as
possible, or for a given e the least of some criteria, linear in what the agents earn, as large as possible.  A vertex
of the programme has few positive weights, however many profiles there are to choose from.  The multipliers of the rows
are a deviator's flow: how often it should take each; `Master.solve` hands them on to whoever looks for another profile.

Payoffs are divided by the span of what an agent can earn, so that tolerances are relative to the game.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.deviations import Deviations
from posgc.extensive.highs import solve
from posgc.extensive.layers import ExtensiveGame
from posgc.language.concepts import DeviationKind

__all__ = ["Master", "Profile", "Weights"]

Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-10
"""Of the programme, relative to the spans; HiGHS takes none below."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A plan of each agent, and what it means to those who deviate."""

    plans: tuple[Floats, ...]
    rows: tuple[Floats, ...]  # of each agent, `Deviations.earned`
    values: Floats  # [n]


@dataclass(frozen=True, eq=False)
class Weights:
    """What the programme finds."""

    weight: Floats  # [K]
    optimum: float  # e, in spans; or what is selected, in `Master.scale`
    flows: tuple[Floats, ...]  # of each agent, [rows], the multipliers of what a deviator can get
    obedience: Floats  # [n], those of the gains
    picked: Floats  # [m], those of the criteria, which sum to 1


@dataclass(frozen=True, eq=False)
class Master:
    """The programme of a game and a form, without its profiles."""

    game: ExtensiveGame
    deviations: tuple[Deviations, ...]
    spans: Floats  # [n], 1 in place of 0

    @staticmethod
    def of(game: ExtensiveGame, kind: DeviationKind, spans: Floats) -> Master:
        """Raises LimitError where there are too many ways to deviate."""
        deviations = tuple(Deviations.of(game, agent, kind) for agent in range(game.n_agents))
        return Master(game, deviations, np.where(spans > 0, spans, 1.0))

    def profile(self, plans: Sequence[Floats]) -> Profile:
        """What plans of all agents, [sequences] each, mean."""
        met = [self.game.terms.gradient(agent, plans) for agent in range(len(plans))]
        pairs = list(zip(self.deviations, plans, met, strict=True))
        rows = tuple(one.earned(x, g) for one, x, g in pairs)
        return Profile(tuple(plans), rows, np.array([x @ g for _, x, g in pairs]))

    def gains(self, profiles: Sequence[Profile], weight: Floats) -> Floats:
        """[n]: what each agent gains by the best deviation from the mixture; exact up to rounding."""
        found = []
        for i, one in enumerate(self.deviations):
            earned = sum(w * profile.rows[i] for w, profile in zip(weight.tolist(), profiles, strict=True))
            obedient = sum(w * profile.values[i] for w, profile in zip(weight.tolist(), profiles, strict=True))
            found.append(one.best(np.asarray(earned)) - float(obedient))
        return np.array(found)

    def solve(
        self,
        profiles: Sequence[Profile],
        criteria: Floats | None = None,
        epsilon: Floats | float = 0.0,
        time_limit: float | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Weights | None:
        """Weights with the least largest gain, or with none above `epsilon` ([n], in spans) and the largest minimum of
        `criteria` [m, n] times the values; None where none were found in `time_limit` seconds, or before `stop()`."""
        k, sizes = len(profiles), [one.tree[0].shape[1] for one in self.deviations]
        cost = np.zeros(k + sum(sizes) + 2)
        cost[-2 if criteria is None else -1] = 1.0 if criteria is None else -1.0
        bounds: Any = [(0, None)] * k + [(None, None)] * sum(sizes)
        bounds += [(0, None), (0, 0)] if criteria is None else [(0, 0), (None, None)]
        once = sparse.csr_array((np.ones(k), (np.zeros(k, int), np.arange(k))), shape=(1, len(cost)))
        options: Any = {"primal_feasibility_tolerance": TOLERANCE, "dual_feasibility_tolerance": TOLERANCE}
        if time_limit is not None:
            options |= {"time_limit": max(time_limit, 0.0)}
        table = self._conditions(profiles, sizes, np.zeros((0, len(self.spans))) if criteria is None else criteria)
        most = np.zeros(table.shape[0])
        if criteria is not None:
            most[np.cumsum([one.rows + 1 for one in self.deviations]) - 1] = epsilon
        rows = {"A_ub": table, "b_ub": most, "A_eq": once, "b_eq": [1.0]}
        found = solve(cost, {**rows, "bounds": bounds, "options": options}, stop)
        return None if found is None or found.x is None or found.status != 0 else self._read(found, k)

    def _conditions(self, profiles: Sequence[Profile], sizes: list[int], criteria: Floats) -> sparse.csr_array:
        """The inequalities, in the variables (w, v_1, ..., v_n, e, z): agent by agent the rows, then the gain; and z at
        most each of the criteria."""
        blocks: list[list[Any]] = []
        values = np.stack([profile.values for profile in profiles], axis=1)
        for i, one in enumerate(self.deviations):
            tree, first = one.tree
            begins = sparse.csr_array((np.ones(len(first)), (0 * first, first)), shape=(1, sizes[i]))
            empty = [[sparse.csr_array((rows, size)) for size in sizes] for rows in (one.rows, 1)]
            empty[0][i], empty[1][i] = -tree, begins
            earned = sparse.csr_array(np.stack([profile.rows[i] for profile in profiles], axis=1) / self.spans[i])
            blocks.append([earned, *empty[0], sparse.csr_array((one.rows, 2))])
            obedient = sparse.csr_array(-values[i : i + 1] / self.spans[i])
            blocks.append([obedient, *empty[1], sparse.csr_array([[-1.0, 0.0]])])
        if len(criteria):
            none = [sparse.csr_array((len(criteria), size)) for size in sizes]
            last = sparse.csr_array(np.repeat([[0.0, 1.0]], len(criteria), axis=0))
            blocks.append([sparse.csr_array(-criteria @ values / self.scale), *none, last])
        return sparse.csr_array(sparse.block_array(blocks, format="csr"))

    @property
    def scale(self) -> float:
        """Of what is selected, in the unit of the rewards."""
        return float(self.spans.max())

    def _read(self, found: Any, k: int) -> Weights:
        weight = np.maximum(found.x[:k], 0.0)
        multipliers = np.maximum(-found.ineqlin.marginals, 0.0)
        flows, obedience, at = [], [], 0
        for one in self.deviations:
            obeys = float(multipliers[at + one.rows])
            flows.append(one.conserved(multipliers[at : at + one.rows], obeys))
            obedience.append(obeys)
            at += one.rows + 1
        picked = multipliers[at:]
        picked = picked / picked.sum() if len(picked) else picked
        optimum = float(found.x[-1 if len(picked) else -2])
        return Weights(weight / weight.sum(), optimum, tuple(flows), np.array(obedience), picked)
