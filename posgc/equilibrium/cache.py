"""Solving each stage game of a layer once: duplicates up to a positive affine scaling of the payoffs.

Nodes k and l are duplicates when their supports agree and, for one s > 0 and some c_i(u),

    payoff_i^k(u, a) = s payoff_i^l(u, a) + c_i(u)        for all i, u, a.

A constant added to a u moves a value but no difference between prescriptions, and s is common to the agents,
so equilibria of every kind, gains relative to the span, and the order of mixtures by welfare, by one agent's
payoff or by entropy are the same at both; comparing one agent's payoff with another's (egalitarian selection)
needs the same c(u) for all of them: `comparable`.  (A scale of its own for every agent would keep the
equilibria only; on the layers below it finds not one duplicate more.)

A node's key is every agent's payoff, least 0 in every u and largest 1, in whole multiples of `GRAIN`, and the
agents' units relative to each other.  Hashes of keys propose duplicates, the keys themselves decide, and the
caller certifies the copied solution anew.

Measured on every layer of a backward induction (share of nodes that are duplicates; looking costs 0.5 to
3 us a node):

    zero-sum, adversarial tiger, one-step, H = 9    last layer 25 %, last but one 7 %, else 0
                                  full, H = 9       last layer 100 % (two games for 279,123 nodes), else 0
              competitive tiger, one-step and full, H = 9           0
    team      DecTiger, one-step and full, H = 9                    0
              box pushing one-step, H = 4           last layer 42 %, else 1 %;  full, H = 5: 99, 38, 10, 0 %
    CCE, CE   fishery, H = 4                        last layer 54 %, last but one 12 %, else 0
              routing, power control, reservoir     0

The graph has merged equal beliefs already.  Team and zero-sum oracles take 0.5 to 50 us for a node of a large
layer, certificate included, so that looking costs what copying saves: the 240,421 nodes with 25 % duplicates
took 1.2 s as they are and 1.7 s this way, box pushing likewise longer (only the 279,123 nodes were faster,
0.4 against 0.2 s); those oracles do not use this.  The programmes of CCE and CE take 50 to 4,000 us a node:
the 38,046 nodes of the fishery took 2.6 s (CCE) and 1.2 s (CE), this way 1.4 and 0.5 s, and elsewhere the
difference is within noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from posgc.equilibrium.gaps import certify
from posgc.equilibrium.layer import chunks
from posgc.equilibrium.stage import Bools, Deviation, Floats, Ints, Stages, StageSolution

__all__ = ["Deduplicated", "deduplicate", "solve_unique"]

GRAIN = 1e-11  # of the agent's unit: payoffs closer than this may count as equal
NOISE_ULPS = 64  # payoffs that vary by no more than this, and less than GRAIN of the node's unit, are constant
WORTH = 0.02  # share of duplicates below which a layer is solved as it stands


@dataclass(frozen=True, eq=False)
class Deduplicated:
    """Stages without those that equal another up to scale and shift, and the way back to all N nodes:

    Q_i(node) = scale[node] Q_i(its class) + shift[i, node]     (up to `GRAIN` of the node's span).
    """

    unique: Stages  # one stage of each class, as it was given
    member: Ints  # [N], the class of every node
    scale: Floats  # [N], in (0, 1]: the node of largest scale stands for its class
    shift: Floats  # [m, N], in payoff units


def deduplicate(stages: Stages, comparable: bool = False) -> Deduplicated:
    """The classes of duplicates, each with its node of largest scale (the first of these) to stand for it, in the
    order of those; `comparable`: one shift for all agents."""
    hashes, unit, low = _survey(stages, comparable)
    # a copy is then never of a larger scale than its original, and an absolute tolerance met there holds here
    order = np.argsort(-unit, kind="stable")
    _, first, label = np.unique(hashes[order], return_index=True, return_inverse=True)
    leader: Ints = np.empty(len(order), dtype=np.int64)
    leader[order] = order[first[label]]
    copies = np.flatnonzero(leader != np.arange(len(leader)))
    for start, stop in chunks(len(copies), stages.payoff[:, 0].size):
        part = copies[start:stop]
        # a hash only proposes: the keys decide, so that a collision costs time and nothing else
        differ = ~_same(stages, part, leader[part], comparable)
        leader[part[differ]] = part[differ]  # one hash for different games: each stands for itself
    kept, member = np.unique(leader, return_inverse=True)
    unique = stages if len(kept) == stages.n_nodes else _taken(stages, kept)
    scale = unit / unit[leader]
    return Deduplicated(unique, member, scale, low - scale * low[:, leader])


def solve_unique(
    stages: Stages,
    oracle: Callable[[Stages], StageSolution],
    kind: Deviation,
    comparable: bool = False,
    restate: Callable[[Floats, Deduplicated], Floats] | None = None,
) -> StageSolution:
    """The oracle's solution of one node of each class, copied to the others and certified on all.

    The oracle's tolerances may be relative to the span or absolute: no copy is of a larger scale.  `restate` turns
    what is attained or bounded at the classes, already spread over the nodes, into the nodes' own units; without
    it, the first agent's payoff.
    `method` says how many nodes were copied.
    """
    found = deduplicate(stages, comparable)
    copied = stages.n_nodes - found.unique.n_nodes
    if copied <= WORTH * stages.n_nodes:
        return oracle(stages)
    solved, member = oracle(found.unique), found.member
    lengths = np.diff(solved.indptr)[member]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    source = np.arange(indptr[-1]) + np.repeat(solved.indptr[member] - indptr[:-1], lengths)
    solution = certify(
        stages,
        [table[source] for table in solved.tables],
        kind,
        f"{solved.method}, copied {copied}",
        indptr=indptr,
        weight=solved.weight[source],
        optimal=None if solved.optimal is None else solved.optimal[member],
    )
    stated = {"upper": solved.upper, "objective": solved.objective}
    in_units = restate or (lambda amount, classes: classes.scale * amount + classes.shift[0])
    changes: dict[str, Any] = {k: in_units(v[member], found) for k, v in stated.items() if v is not None}
    return replace(solution, **changes)


def _survey(stages: Stages, comparable: bool) -> tuple[Ints, Floats, Floats]:
    """Per node: hash of the key, unit, and what was subtracted, summed over u [m, N]."""
    m, n = len(stages.payoff), stages.n_nodes
    hashes, unit, low = np.empty(n, dtype=np.uint64), np.empty(n), np.empty((m, n))
    width = stages.payoff[:, 0].size + m + m * stages.n_types + stages.n_types
    # odd multipliers modulo 2^64 are invertible, so two keys that differ in one entry never share a hash
    odd = np.random.default_rng(0).integers(0, 1 << 63, size=width, dtype=np.uint64) * 2 + 1
    for start, stop in chunks(n, width):
        key, unit[start:stop], low[:, start:stop] = _keys(stages, np.arange(start, stop), comparable)
        hashes[start:stop] = key.view(np.uint64) @ odd
    return hashes.view(np.int64), unit, low


def _keys(stages: Stages, nodes: Ints, comparable: bool) -> tuple[Ints, Floats, Floats]:
    """(keys [c, entries], units [c], subtracted [m, c]).

    Every agent's differences are keyed in its own unit, and the ratio of that to the node's beside them: in the
    node's unit those of an agent with tiny payoffs would all be 0.
    """
    payoff = np.moveaxis(stages.payoff[:, nodes], 0, 2)  # [c, U, m, A_1..A_n]
    c, n_types, m = payoff.shape[:3]
    flat = payoff.reshape(c, n_types, m, -1)
    lowest = flat.min(axis=3)
    low = np.broadcast_to(lowest.min(axis=2, keepdims=True), lowest.shape) if comparable else lowest
    apart = lowest - low
    own = flat - lowest[..., None]
    unit = (own + apart[..., None]).max(axis=(1, 2, 3))
    unit = np.where(unit > 0, unit, 1.0)
    each = own.max(axis=(1, 3))
    # differences of this size are what rounding leaves of a constant; divided by their own unit they would look like
    # a game
    noise = NOISE_ULPS * np.finfo(np.float64).eps * abs(flat).max(axis=(1, 3))
    moved = each > np.minimum(noise, GRAIN * unit[:, None])
    each = np.where(moved, each, 1.0)
    keys = [
        (own * moved[:, None, :, None] / (each * GRAIN)[:, None, :, None]).reshape(c, -1),
        np.where(moved, np.log(each / unit[:, None]) / GRAIN, 0.0),
        (apart / (unit * GRAIN)[:, None, None]).reshape(c, -1),
        stages.weight[nodes] > 0,
    ]
    whole = np.rint(np.concatenate(keys, axis=1)).astype(np.int64)
    return whole, unit, low.sum(axis=1).T


def _same(stages: Stages, nodes: Ints, others: Ints, comparable: bool) -> Bools:
    equal: Bools = (_keys(stages, nodes, comparable)[0] == _keys(stages, others, comparable)[0]).all(axis=1)
    return equal


def _taken(stages: Stages, nodes: Ints) -> Stages:
    return Stages(stages.payoff[:, nodes], stages.types, stages.type_counts, stages.weight[nodes], stages.kind)
