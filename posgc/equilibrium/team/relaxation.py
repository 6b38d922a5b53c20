"""The no-signalling relaxation of a stage: an upper bound on what shared seeds can do, never a solution.

Instead of mixtures of joint prescriptions take any behaviour mu(a | u) in which the actions of every group S
of agents tell nothing of the others' private information,

    sum_{a_-S} mu(a | u) = sum_{a_-S} mu(a | u')     for all S and u, u' with p_S(u) = p_S(u').

Polynomial in the stage's table (one agent or more aside: 2^n groups), and strictly larger: the CHSH game has
team optimum 3/4, and 1 here (Clauser et al. 1969; Popescu and Rohrlich 1994).  The conditions of a CCE or of
an agent-form CE are linear in mu, so the same bounds what is selected among these.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal

import numpy as np

from posgc.equilibrium.correlated.selection import Aim, Selection, parse_select
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.solvers.blocks import SolverFailed, solve_blocks
from posgc.equilibrium.solvers.scaling import scaled
from posgc.equilibrium.stage import Floats, Ints, Stages

__all__ = ["relaxation_bound"]

BUDGET = 1 << 20  # coefficients of the programmes prepared at once (8 MiB)


def relaxation_bound(stages: Stages, select: str = "welfare", kind: Literal["team", "cce", "ce"] = "team") -> Floats:
    """[N] an upper bound, payoff units, up to HiGHS's tolerance (1e-9 of the node's largest unit), on what
    `select` attains over mixtures of prescriptions: all of them ("team"), or the CCE or agent-form CE.

    Common payoff: every selection is the common value.  Raises ValueError for a selection that is not linear
    or a kind unknown, SolverFailed where HiGHS has no answer.
    """
    selection = parse_select(select, stages.n_agents)
    if not selection.linear:
        raise ValueError(f"the relaxation bounds welfare, egalitarian and max:AGENT, not {select}")
    if kind not in ("team", "cce", "ce"):
        raise ValueError(f"kind must be team, cce or ce, not {kind!r}")
    if stages.kind == "common":
        selection = Selection("max", 0)
    upper = np.empty(stages.n_nodes)
    for group in support_groups(stages):
        equal = _no_signalling(group.types, stages.actions)
        per_node = equal.size + equal.shape[1] * _rows(group, stages.actions, kind)
        for start, stop in chunks(len(group.nodes), per_node, BUDGET):
            upper[group.nodes[start:stop]] = _solve(stages, group, start, stop, selection, kind, equal)
    return upper


def _rows(group: Group, actions: tuple[int, ...], kind: str) -> int:
    per_type = [0 if kind == "team" else a * a if kind == "ce" else a + 1 for a in actions]
    return sum(len(p) * r for p, r in zip(group.present, per_type, strict=True)) + len(actions)


def _no_signalling(types: Ints, actions: tuple[int, ...]) -> Floats:
    """Rows [E, U * A] with E mu = 1: normalisation in every u, and equal marginals (to which it is added)."""
    n, n_types = types.shape
    size = int(np.prod(actions))
    total = np.kron(np.eye(n_types), np.ones(size))
    blocks = [total]
    joint = np.stack(np.unravel_index(np.arange(size), actions))
    for members in (s for r in range(1, n) for s in combinations(range(n), r)):
        shape = [actions[i] for i in members]
        cell = np.ravel_multi_index(tuple(joint[list(members)]), shape)
        marginal = (cell == np.arange(int(np.prod(shape)))[:, None]).astype(np.float64)
        _, first, like = np.unique(types[list(members)], axis=1, return_index=True, return_inverse=True)
        for u in np.flatnonzero(first[like.ravel()] != np.arange(n_types)):
            row = np.zeros((len(marginal), n_types, size))
            row[:, u] = marginal
            row[:, first[like.ravel()[u]]] -= marginal
            # `solve_blocks` has right sides of 1 only: each equality 0 is added to the normalisation of its u
            blocks.append(row.reshape(len(marginal), -1) + total[u])
    return np.concatenate(blocks)


def _solve(
    stages: Stages, group: Group, start: int, stop: int, selection: Selection, kind: str, equal: Floats
) -> Floats:
    payoff, scale = scaled(stages, group, start, stop)
    c = stop - start
    worth = np.stack([part.reshape(c, -1) for part in payoff])  # [n, c, U * A]
    rows, free = _obedience(payoff, group.types, kind)
    least = selection.kind == "egalitarian"
    aim = Aim.least_value(scale, group.types.shape[1]) if least else Aim.linear(selection, scale)
    objective = np.einsum("ic,ick->ck", aim.weight, worth)
    wide = np.concatenate([rows, np.broadcast_to(free, (c, *free.shape))], axis=2)
    if least:
        # every mu sums to 1 in each u: the shift is spread over all of them
        lacking = -(aim.share[:, :, None] * worth + aim.shift[:, :, None] / group.types.shape[1]).swapaxes(0, 1)
        floors = np.concatenate([lacking, np.zeros((*lacking.shape[:2], free.shape[1]))], axis=2)
        column = np.r_[np.zeros(rows.shape[1]), np.ones(len(worth))]
        wide = np.concatenate([wide, floors], axis=1)
        wide = np.concatenate([wide, np.broadcast_to(column[None, :, None], (*wide.shape[:2], 1))], axis=2)
    extra = wide.shape[2] - worth.shape[2]
    objective = np.concatenate([objective, np.zeros((c, extra))], axis=1)
    if least:
        objective[:, -1] = 1.0
    shared = np.concatenate([equal, np.zeros((len(equal), extra))], axis=1)
    best = np.full(c, np.nan)
    for alone in (False, True):
        todo = np.flatnonzero(np.isnan(best))
        answer = solve_blocks(wide[todo], np.zeros(wide.shape[1]), objective[todo], shared, extra, alone)
        value = (objective[todo] * answer.primal).sum(axis=1)
        best[todo] = np.where(answer.solved, value, np.nan)
        if not np.isnan(best).any():
            return scale.linear(selection, best)
    raise SolverFailed(answer.message)


def _obedience(payoff: list[Floats], types: Ints, kind: str) -> tuple[Floats, Floats]:
    """Rows [c, R, U * A] over mu and their free part [R, F] of the conditions of `kind`, <= 0.

    R_i[p, a, b] of `gaps.py` is linear in mu: at (u, a) it has coefficient payoff_i[u, (b, a_-i)].
    """
    c, n_types = payoff[0].shape[:2]
    actions = payoff[0].shape[2:]
    size = int(np.prod(actions))
    joint = np.stack(np.unravel_index(np.arange(size), actions))
    counts = [int(row.max()) + 1 for row in types]
    if kind == "team":
        return np.zeros((c, 0, n_types * size)), np.zeros((0, 0))
    rows: list[Floats] = []
    own: list[Floats] = []
    links: list[Any] = []
    for i, part in enumerate(payoff):
        flat = part.reshape(c, n_types, size)
        stride = int(np.prod(actions[i + 1 :]))
        base = np.arange(size) - joint[i] * stride
        done = np.stack([flat[:, :, base + b * stride] for b in range(actions[i])], axis=1)  # [c, b, U, A]
        at_type = (types[i] == np.arange(counts[i])[:, None]).astype(np.float64)  # [P, U]
        if kind == "ce":
            told = (joint[i] == np.arange(actions[i])[:, None]).astype(np.float64)  # [a, A]
            gain = np.einsum("pu,ax,cbux->cpabux", at_type, told, done - flat[:, None])
            rows.append(gain.reshape(c, -1, n_types * size))
        else:
            rows.append(np.einsum("pu,cbux->cpbux", at_type, done).reshape(c, -1, n_types * size))
            own.append(-flat.reshape(c, 1, -1))
            links.append((i, counts[i], actions[i]))
    if kind == "ce":
        every = np.concatenate(rows, axis=1)
        return every, np.zeros((every.shape[1], 0))
    total, at = sum(counts), 0
    free, last = [], []
    for _, p, a in links:
        free.append(-np.repeat(np.eye(total)[at : at + p], a, axis=0))
        last.append(np.eye(total)[at : at + p].sum(axis=0))
        at += p
    return np.concatenate([*rows, *own], axis=1), np.concatenate([*free, np.stack(last)])
