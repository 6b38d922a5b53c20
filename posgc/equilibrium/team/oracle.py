"""Exact team optimum of a whole layer: enumerate n - 1 agents' prescriptions, best-respond with the last.

    max_gamma sum_u U(u, gamma_1(p_1(u)), ..., gamma_n(p_n(u)))
      = max_{gamma_-l} sum_{p_l} max_{a_l} sum_{u : p_l(u) = p_l} U(u, gamma_-l(p_-l(u)), a_l)

Deterministic prescriptions suffice (multilinearity).  The responder l is the agent whose prescriptions are
most numerous, which makes the count G = prod_{i != l} A_i^{|present p_i|} smallest.  Nodes of equal support
go together.  Beyond `max_enumeration` a node is solved alone, by branch and bound or a mixed-integer programme
(see `large_team.py`), and is optimal or says within what; `epsilon` lets it stop earlier.  NP-hard in general
(Tsitsiklis and Athans 1985).

Ties: values within `TIE_ULPS` rounding units of the node's magnitude count as equal, and the lowest index in
the order of enumeration wins, so that noise from upstream does not decide.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from posgc.equilibrium.gaps import certify
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.stage import Floats, Ints, Stages, StageSolution, Table
from posgc.equilibrium.team.large import TeamOptions, solve_large_team
from posgc.equilibrium.team.variables import Variables

__all__ = ["TeamOptions", "enumerate_team", "smallest_int", "solve_team"]

TIE_ULPS = 64  # ties: 64 eps times sum_u max_a |payoff|, about 1.4e-14 of the node's magnitude


def solve_team(stages: Stages, options: TeamOptions | None = None) -> StageSolution:
    """Team optimum of every node; `gap` is the person-by-person (Nash) gap, zero up to rounding.

    Raises ValueError unless the stages are common-payoff.
    """
    if stages.kind != "common":
        raise ValueError(f"a team optimum needs a common payoff; these stages are {stages.kind}")
    options = options or TeamOptions()
    tables = [
        np.zeros((stages.n_nodes, p), dtype=smallest_int(a))
        for p, a in zip(stages.type_counts, stages.actions, strict=True)
    ]
    slack = np.zeros(stages.n_nodes)
    proven = np.ones(stages.n_nodes, dtype=bool)
    tally = {"argmax": 0, "enumeration": 0, "branch-and-bound": 0, "MILP": 0, "within epsilon": 0, "bounded": 0}
    for group in support_groups(stages):
        _solve_group(stages, group, options, tables, slack, proven, tally)
    method = "team: " + ", ".join(f"{name} {count}" for name, count in tally.items() if count)
    solution = certify(stages, tables, "nash", method, optimal=proven)
    return replace(solution, upper=solution.value.max(axis=0) + np.maximum(slack, 0.0))


def _solve_group(
    stages: Stages,
    group: Group,
    options: TeamOptions,
    tables: list[Table],
    slack: Floats,
    proven: Table,
    tally: dict[str, int],
) -> None:
    """Write the group's prescriptions into `tables`; for unproven nodes `slack` = upper bound - value."""
    present = [len(p) for p in group.present]
    variables = Variables.choose(present, stages.actions)
    joint = len(group.columns) * int(np.prod(stages.actions))
    single = len(group.columns) == 1
    enumerable = variables.count <= options.max_enumeration
    per_node = joint
    if enumerable and not single:
        per_node += int(variables.count) * (stages.actions[variables.responder] + 1) * 2
    elif not single:
        per_node = 1 << 60  # one node at a time
    for start, stop in chunks(len(group.nodes), per_node):
        payoff = group.payoff(stages, 0, start, stop)
        nodes = group.nodes[start:stop]
        if single:
            chosen = _best_joint_action(payoff)
        elif enumerable:
            chosen = enumerate_team(payoff, group.types, variables)
        else:
            found = solve_large_team(payoff[0], group.types, variables, options)
            chosen, slack[nodes], proven[nodes] = found.actions, found.upper - found.value, found.proven
            tally[found.how] += 1
        for table, columns, actions in zip(tables, group.present, chosen, strict=True):
            table[nodes[:, None], columns] = actions
    if single or enumerable:
        tally["argmax" if single else "enumeration"] += len(group.nodes)


def _best_joint_action(payoff: Floats) -> list[Ints]:
    flat = payoff.reshape(len(payoff), -1)
    best = _first_best(flat, abs(flat).max(axis=1))
    return [a[:, None] for a in np.unravel_index(best, payoff.shape[2:])]


def _first_best(score: Floats, magnitude: Floats) -> Ints:
    """Lowest index of each row within the tie tolerance of its maximum."""
    # upstream rounding would otherwise choose between prescriptions that are worth the same
    tolerance = TIE_ULPS * np.finfo(np.float64).eps * magnitude
    first: Ints = (score >= (score.max(axis=1) - tolerance)[:, None]).argmax(axis=1)
    return first


def enumerate_team(payoff: Floats, types: Ints, variables: Variables) -> list[Ints]:
    """Optimal deterministic prescriptions: per agent [c, |present p_i|], for payoff [c, U, A_1..A_n].

    Every p_i named by `types` must occur.  Memory c * G * A_l, the caller's to bound.
    """
    table = np.moveaxis(payoff, 2 + variables.responder, -1)
    others, n_last = table.shape[2:-1], table.shape[-1]
    table = table.reshape(*payoff.shape[:2], -1, n_last)
    digits = variables.digits()
    cells = variables.cells(digits, types, others)
    own = types[variables.responder]
    by_type = [np.flatnonzero(own == p) for p in range(own.max() + 1)]
    score = np.zeros((len(payoff), len(digits)))
    for columns in by_type:
        # given the others' prescriptions, the best reply at each p_l is a problem of its own
        reply = sum(table[:, u].take(cells[:, u], axis=1) for u in columns)
        score += np.asarray(reply).max(axis=2)
    magnitude = abs(payoff).reshape(*payoff.shape[:2], -1).max(axis=2).sum(axis=1)
    best = _first_best(score, magnitude)
    reply_to = np.stack([_first_best(_reply(table, cells[best], columns), magnitude) for columns in by_type], axis=1)
    assigned = digits[best]
    return variables.split(assigned, reply_to, types)


def _reply(table: Floats, cell: Ints, columns: Ints) -> Floats:
    """[c, A_l]: the responder's payoff by action, at one of its types, the others playing `cell[c, U]`."""
    total: Floats = table[np.arange(len(table))[:, None], columns, cell[:, columns]].sum(axis=1)
    return total


def smallest_int(n_actions: int) -> np.dtype[np.signedinteger]:
    """The smallest signed integer type that holds 0..n_actions - 1."""
    return np.dtype(next(t for t in (np.int8, np.int16, np.int32, np.int64) if n_actions - 1 <= np.iinfo(t).max))
