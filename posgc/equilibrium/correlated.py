"""CCE and agent-form CE of general stages: exact by linear programming, else by certified regret dynamics.

The exact set is that of mixtures of deterministic joint prescriptions (Liu and Zhang 2023, Def. 9, 10): with
prod_i A_i^{|present p_i|} <= `max_columns` the welfare-maximising one is found by a linear programme over all
of them (`programme.py`), many nodes in one HiGHS call.  Beyond that, regret dynamics (`regret.py`) run until
the violation is below `tolerance` or the rounds are spent; the gap reported is exact either way.  Common
payoff: the team optimum is both; zero-sum: the minimax solution is both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from posgc.equilibrium.blocks import SolverFailed, solve_blocks
from posgc.equilibrium.gaps import behaviour, certify, sum_by_type
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.mixture import Mixture
from posgc.equilibrium.programme import Programme, mixture_programme
from posgc.equilibrium.regret import play, weigh
from posgc.equilibrium.stage import Floats, Ints, Stages, StageSolution
from posgc.equilibrium.team import TeamOptions, team
from posgc.equilibrium.zero_sum import zero_sum

__all__ = ["CorrelatedOptions", "correlated"]

PROGRAMME_BUDGET = 1 << 21  # coefficients of the programmes prepared at once (16 MiB)
FEASIBLE = 1e-9  # excess, relative to the agents' payoff unit, above which a node is solved again alone
NOISE = 1e-12  # weights at most this are dropped


@dataclass(frozen=True)
class CorrelatedOptions:
    """`max_columns`: deterministic joint prescriptions up to which a node is solved exactly; `rounds`: of
    the first run of regret dynamics, times four as long as a node's excess is above `tolerance` (relative
    to its payoff unit) and `max_rounds` allows; `team`: options for common-payoff stages."""

    max_columns: int = 20_000
    rounds: int = 64
    max_rounds: int = 1024
    tolerance: float = 1e-4
    team: TeamOptions = field(default_factory=TeamOptions)


def correlated(
    stages: Stages, kind: Literal["cce", "ce"], options: CorrelatedOptions | None = None
) -> StageSolution:
    """A CCE or CE of every node with its certified gap.

    Raises ValueError for another kind, SolverFailed where an exact programme has no answer from HiGHS.
    """
    if kind not in ("cce", "ce"):
        raise ValueError(f"kind must be cce or ce, not {kind!r}")
    options = options or CorrelatedOptions()
    if stages.kind == "common":
        found = team(stages, options.team)
        return certify(
            stages, found.tables, kind, found.method, optimal=found.optimal, upper=found.upper
        )
    if stages.kind == "zero_sum":
        return zero_sum(stages, kind=kind)
    mixture = Mixture(stages)
    tally = {"LP": 0, "regret": 0}
    for group in support_groups(stages):
        sizes = [a ** len(p) for a, p in zip(stages.actions, group.present, strict=True)]
        exact = float(np.prod(np.array(sizes, dtype=float))) <= options.max_columns
        tally["LP" if exact else "regret"] += len(group.nodes)
        (_exact if exact else _dynamics)(stages, group, kind, options, mixture)
    indptr, weight, tables = mixture.finish()
    method = f"{kind}: " + ", ".join(f"{name} {count}" for name, count in tally.items() if count)
    return certify(stages, tables, kind, method, indptr=indptr, weight=weight)


def _scaled(stages: Stages, group: Group, start: int, stop: int) -> tuple[list[Floats], Floats]:
    """Every agent's payoff, least 0 in each u and of unit range, and the units [n, c]."""
    parts, units = [], []
    rest = tuple(range(2, 2 + stages.n_agents))
    for i in range(stages.n_agents):
        payoff = group.payoff(stages, i, start, stop)
        low = payoff.min(axis=rest, keepdims=True)
        unit = (payoff.max(axis=rest, keepdims=True) - low).max(axis=1, keepdims=True)
        unit = np.where(unit > 0, unit, 1.0)
        parts.append((payoff - low) / unit)
        units.append(unit.ravel())
    return parts, np.stack(units)


def _exact(stages: Stages, group: Group, kind: Literal["cce", "ce"], options: CorrelatedOptions, out: Mixture) -> None:
    counts = [len(p) for p in group.present]
    chosen = _all_prescriptions(counts, stages.actions)
    per_column = sum(p * a * (a if kind == "ce" else 2) for p, a in zip(counts, stages.actions, strict=True))
    for start, stop in chunks(len(group.nodes), per_column * len(chosen[0]), PROGRAMME_BUDGET):
        payoff, unit = _scaled(stages, group, start, stop)
        response = [_responses(part, chosen, group.types, i) for i, part in enumerate(payoff)]
        played = [behaviour(table, a)[None] for table, a in zip(chosen, stages.actions, strict=True)]
        programme = mixture_programme(played, response, kind)
        share = unit / unit.max(axis=0)
        welfare = sum(s[:, None] * v for s, v in zip(share, programme.value, strict=True))
        w = _best_weights(programme, np.asarray(welfare))
        node, column = np.nonzero(w)
        out.add(group, group.nodes[start:stop][node], w[node, column], [table[column] for table in chosen])


def _all_prescriptions(counts: list[int], actions: tuple[int, ...]) -> list[Ints]:
    """Per agent [C, P_i]: all deterministic joint prescriptions in lexicographic order."""
    sizes = [a for a, p in zip(actions, counts, strict=True) for _ in range(p)]
    digits = np.stack(np.unravel_index(np.arange(int(np.prod(sizes))), sizes), axis=1)
    return np.split(digits, np.cumsum(counts)[:-1], axis=1)


def _responses(payoff: Floats, chosen: list[Ints], types: Ints, i: int) -> Floats:
    """g_i [c, C, P_i, A_i] against every column's others."""
    n, u = len(chosen), np.arange(types.shape[1])
    actions = payoff.shape[2:]
    index: list[Any] = [slice(None), np.broadcast_to(u[:, None], (len(chosen[0]), len(u), actions[i]))]
    for j in range(n):
        index.append(np.arange(actions[i]) if j == i else chosen[j][:, types[j]][..., None])
    gathered = payoff[tuple(index)]  # [c, C, U, A_i]
    c, columns = gathered.shape[:2]
    flat: Floats = gathered.reshape(c * columns, *gathered.shape[2:])
    count = int(types[i].max()) + 1
    return sum_by_type(flat, types[i], count).reshape(c, columns, count, actions[i])


def _best_weights(programme: Programme, welfare: Floats) -> Floats:
    """[c, C] distributions maximising welfare, in blocks, and alone where a block's answer is not feasible."""
    c, columns = welfare.shape
    objective = np.concatenate([welfare, np.zeros((c, programme.free))], axis=1)
    equal = np.r_[np.ones(columns), np.zeros(programme.free)][None]
    right = np.zeros(programme.a.shape[1])

    def weights(part: Ints, alone: bool) -> Floats:
        answer = solve_blocks(programme.a[part], right, objective[part], equal, programme.free, alone)
        if alone and not answer.solved.all():
            raise SolverFailed(answer.message)
        w = np.where(answer.primal[:, :columns] > NOISE, answer.primal[:, :columns], 0.0)
        w[~answer.solved] = 1.0
        shares: Floats = w / w.sum(axis=1, keepdims=True)
        return np.where(answer.solved[:, None], shares, np.nan)

    w = weights(np.arange(c), alone=False)
    again = np.flatnonzero(~(programme.excess(w) <= FEASIBLE))  # unsolved ones are NaN
    if len(again):
        w[again] = weights(again, alone=True)
    return w


def _dynamics(
    stages: Stages, group: Group, kind: Literal["cce", "ce"], options: CorrelatedOptions, out: Mixture
) -> None:
    counts = [len(p) for p in group.present]
    per_round = 2 * sum(p * a * (a if kind == "ce" else 2) for p, a in zip(counts, stages.actions, strict=True))
    for start, stop in chunks(len(group.nodes), per_round * options.max_rounds, 16 * PROGRAMME_BUDGET):
        payoff, _ = _scaled(stages, group, start, stop)
        todo, rounds = np.arange(stop - start), options.rounds
        while len(todo):
            run = play([part[todo] for part in payoff], group.types, kind, rounds)
            w, excess = weigh(run, kind)
            done = (excess <= options.tolerance) | (rounds * 4 > options.max_rounds)
            w = np.where(w > NOISE, w, 0.0) / np.where(w > NOISE, w, 0.0).sum(axis=1, keepdims=True)
            node, t = np.nonzero(w * done[:, None])
            nodes = group.nodes[start:stop][todo[node]]
            out.add(group, nodes, w[node, t], [x[node, t] for x in run.played])
            todo, rounds = todo[~done], rounds * 4
