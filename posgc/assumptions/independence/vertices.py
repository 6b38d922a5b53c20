"""The exact test of Assumption 3 on one layer of the common-information graph.

At a node with common belief beta and an increment z let F_z(x'; gamma) = P(x', z | beta, gamma), x' = (u', s').
F_z is affine in each agent's block gamma_j, so with Phi(gamma) = kron_j (1, gamma_j(a | p_j) for a not the
reference) it is F_z = M_z Phi(gamma), and Assumption 3 of Liu & Zhang (2023) holds for all joint policies iff
rank M_z <= 1 at every reachable (node, z).  The D = prod_j (1 + |supp P_j| (A_j - 1)) prescriptions "reference
action everywhere, except at most one deviation (p_j, a_j) for each agent" are unisolvent for Phi: if F_z is
at each of them zero or a multiple of one vector, it is so everywhere.  Hence the test: the posterior
F_z / |F_z|_1 of each vertex against that of uniformly random actions, which the graph is made of.

F_z is a sum of nonnegative terms, so its entries keep their relative precision however improbable z is, and
one tolerance on posteriors, `POSTERIOR_TOLERANCE`, serves for all.

Before the vertices come two filters.  *For yes:* if all (u, a) that can produce z from a node lead to one
posterior, so does every prescription; this is one sparse product for a whole chunk of nodes.  *For no:* a
random interior product prescription, whose posterior differs from the uniform one for almost all numbers if
any does.  Nodes are worked on in whole chunks; memory is bounded by `CHUNK_ENTRIES` products at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.independence.moves import Moves, Prescriptions
from posgc.assumptions.independence.posteriors import (
    Posteriors,
    distances,
    posteriors_of,
    sum_blocks,
    uniform_posteriors,
)
from posgc.information.items import Information
from posgc.information.step import Beliefs

__all__ = ["POSTERIOR_TOLERANCE", "Failure", "LayerTest", "check_layer"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

POSTERIOR_TOLERANCE = 1e-9
"""L1 distance (of distributions that sum to 1) above which two posteriors are different."""

FAILURE_TRIES = 20_000
"""Deterministic prescriptions that are tried for a counterexample at a node that is known to fail."""

CHUNK_ENTRIES = 4_000_000
"""Entries of one sparse product that are held at a time."""


@dataclass(frozen=True)
class Failure:
    """Two deterministic prescriptions after which `z` means different things at `node`."""

    node: int
    z: int  # index into `Moves.z`
    codes: tuple[Ints, ...]  # codes[j]: those private informations of agent j that occur at the node
    # actions[k][j][p]: agent j's action (an index into its own choices of the step) at codes[j][p], under prescription
    # k
    actions: tuple[tuple[Ints, ...], tuple[Ints, ...]]
    posteriors: tuple[Floats, Floats]  # over `Moves.following`
    distance: float  # L1, between the two posteriors


@dataclass(frozen=True)
class LayerTest:
    """What the test found on one layer."""

    holds: bool | None  # None where the vertices would have taken more work than allowed
    failure: Failure | None
    vertices: int  # how many it takes for the nodes that the filters left over
    work: int  # multiplications that these take
    # where it holds: at every node and for every prescription, randomised or not, the L1 distance between the posterior
    # and that of uniform actions is at most this, in expectation over the increment
    apart: float = 0.0


def check_layer(information: Information, layer: Beliefs, move: Moves, max_work: int) -> LayerTest:
    """Assumption 3 at every node of a layer and every increment that can follow."""
    rules = Prescriptions.of_step(information, layer.h, layer.cells.u)
    # chunk by chunk, because the filter for yes is the one test that looks at every node
    filtered = [(chunk, *_unsettled(layer, move, chunk)) for chunk in _chunks(layer, move)]
    nodes = np.concatenate([chunk[unsettled] for chunk, unsettled, _ in filtered])
    apart = max(off for _, _, off in filtered)
    if len(nodes) == 0:
        return LayerTest(True, None, 0, 0, apart)
    # where the assumption fails at all, a random interior prescription shows it with probability 1, so that the long
    # test of the vertices is mostly spent where it holds
    suspect = _random_filter(layer, move, rules, nodes)
    if suspect is not None:
        failure = _failure(layer, move, rules, suspect, max_work)
        if failure is not None:
            return LayerTest(False, failure, 0, 0)
    # private informations that occur at none of these nodes cannot move their posteriors
    used = _used(layer, rules, nodes)
    count, each = rules.count(used), _work(layer, move, nodes) // int(np.prod(rules.choices))
    if count * each > max_work:
        return LayerTest(None, None, count, count * each)
    farthest = 0.0
    for chunk in np.array_split(nodes, min(len(nodes), 1 + each // CHUNK_ENTRIES)):
        failing, off = _first_failure(layer, move, rules, chunk, used)
        if failing is not None:
            failure = _failure(layer, move, rules, failing, max_work)
            return LayerTest(False, failure, count, count * each)
        farthest = max(farthest, off)
    # `apart` counts numbers below the tolerance too, so that later bounds can pay for them
    return LayerTest(True, None, count, count * each, max(apart, rules.stretch(used) * farthest))


def _node_work(layer: Beliefs, move: Moves) -> Ints:
    """Multiplications that the law of (z, x') under all actions takes at each node."""
    per_cell = np.diff(move.joint.indptr).reshape(len(layer.cells), -1).sum(axis=1)
    work: Ints = np.add.reduceat(per_cell[layer.belief.indices].astype(np.int64), layer.belief.indptr[:-1])
    return work


def _work(layer: Beliefs, move: Moves, nodes: Ints) -> int:
    return int(_node_work(layer, move)[nodes].sum())


def _chunks(layer: Beliefs, move: Moves) -> Iterator[Ints]:
    # nodes are cut where the running total of work passes a multiple of the limit
    chunk = (np.cumsum(_node_work(layer, move)) - 1) // CHUNK_ENTRIES
    bounds = [*np.flatnonzero(np.diff(chunk, prepend=-1)).tolist(), layer.belief.shape[0]]
    for begin, end in pairwise(bounds):
        yield np.arange(begin, end)


def _unsettled(layer: Beliefs, move: Moves, nodes: Ints) -> tuple[npt.NDArray[np.bool_], float]:
    """Nodes where some (u, a) leads to another posterior than uniform actions do; how far any (u, a) leads elsewhere.

    The posterior of a prescription is a mixture of those of the (u, a) that it plays, so it is no farther away.
    """
    cells, n_actions = layer.cells, len(layer.actions)
    belief = layer.belief[nodes]
    node = np.repeat(np.arange(len(nodes)), np.diff(belief.indptr))
    # one row for each (node, u): an action is chosen knowing u, so that (u, a) is the finest thing a prescription
    # mixes
    key, row = np.unique(node * len(cells.u) + cells.u_of[belief.indices], return_inverse=True)
    split = sparse.csr_array((belief.data, (row, belief.indices)), shape=(len(key), len(cells)))
    width = move.joint.shape[1]
    coordinate = move.joint.tocoo()
    wide = sparse.csr_array(
        (coordinate.data, (coordinate.row // n_actions, coordinate.row % n_actions * width + coordinate.col)),
        shape=(len(cells), n_actions * width),
    )
    # columns (a, z, x'), grouped by (a, z): each group is what one action at one u leads to
    column = np.tile(np.arange(width), n_actions)
    group = np.repeat(np.arange(n_actions), width) * len(move.z) + np.tile(move.joint_z, n_actions)
    found = posteriors_of(split @ wide, group, column)
    distance = distances(found, (key // len(cells.u))[found.row], uniform_posteriors(layer, move, nodes), width)
    unsettled = np.zeros(len(nodes), dtype=bool)
    far = distance > POSTERIOR_TOLERANCE
    unsettled[(key // len(cells.u))[found.group_row[far]]] = True
    return unsettled, float(distance[~far].max(initial=0.0))


def _random_filter(layer: Beliefs, move: Moves, rules: Prescriptions, nodes: Ints) -> int | None:
    """The node where a random interior prescription moves a posterior most, None if it moves none."""
    rng = np.random.default_rng(3)
    weight = np.ones((rules.of.shape[1], 1))
    for j, count in enumerate(rules.choices):
        draw = rng.dirichlet(np.ones(count), size=len(rules.codes[j]))
        weight = (weight[:, :, None] * draw[rules.of[j]][:, None, :]).reshape(len(weight), -1)
    # row (x, a) of `joint` times the probability of a at the u of x: summed over a, the law under the prescription
    scale = weight[layer.cells.u_of].ravel()
    scaled = sparse.csr_array(
        (move.joint.data * np.repeat(scale, np.diff(move.joint.indptr)), move.joint.indices, move.joint.indptr),
        shape=move.joint.shape,
    )
    mixed = sum_blocks(scaled, len(layer.actions))
    worst, where = POSTERIOR_TOLERANCE, None
    for chunk in np.array_split(nodes, min(len(nodes), 1 + _work(layer, move, nodes) // CHUNK_ENTRIES)):
        found = posteriors_of(layer.belief[chunk] @ mixed, move.joint_z, np.arange(mixed.shape[1]))
        distance = distances(found, found.row, uniform_posteriors(layer, move, chunk), mixed.shape[1])
        if len(distance) and distance.max() > worst:
            worst = float(distance.max())
            where = int(chunk[found.group_row[distance.argmax()]])
    return where


def _used(layer: Beliefs, rules: Prescriptions, nodes: Ints) -> tuple[Ints, ...]:
    """The private informations of each agent that have positive probability at some of the nodes."""
    u = np.unique(layer.cells.u_of[layer.belief[nodes].indices])
    return tuple(np.unique(rules.of[j, u]) for j in range(len(rules.codes)))


def _at_vertex(
    belief: sparse.csr_array, layer: Beliefs, move: Moves, rules: Prescriptions, actions: tuple[Ints, ...]
) -> Posteriors:
    n_actions, cells = len(layer.actions), layer.cells
    # under a deterministic prescription each cell uses one row (x, a) of `joint`
    rows = np.arange(len(cells)) * n_actions + rules.position(actions)[cells.u_of]
    return posteriors_of(belief @ move.joint[rows], move.joint_z, np.arange(len(move.joint_z)))


def _first_failure(
    layer: Beliefs, move: Moves, rules: Prescriptions, nodes: Ints, used: tuple[Ints, ...]
) -> tuple[int | None, float]:
    """A node where a vertex leads to another posterior than uniform actions do; else how far any vertex leads."""
    uniform, farthest = uniform_posteriors(layer, move, nodes), 0.0
    belief = layer.belief[nodes]
    for actions in rules.vertices(used):
        found = _at_vertex(belief, layer, move, rules, actions)
        distance = distances(found, found.row, uniform, len(move.joint_z))
        if len(distance) and distance.max() > POSTERIOR_TOLERANCE:
            return int(nodes[found.group_row[distance.argmax()]]), 0.0
        farthest = max(farthest, float(distance.max(initial=0.0)))
    return None, farthest


def _failure(layer: Beliefs, move: Moves, rules: Prescriptions, node: int, max_work: int) -> Failure | None:
    """Two deterministic prescriptions whose posteriors differ at a node that fails, None if none was found.

    The first has the posterior farthest from the uniform one, the second the one farthest from the
    first's.  All vertices are tried; where they are too many, as many random deterministic prescriptions.
    """
    here = np.array([node])
    used, belief, uniform = _used(layer, rules, here), layer.belief[here], uniform_posteriors(layer, move, here)
    each = max(1, _work(layer, move, here) // int(np.prod(rules.choices)))
    allowed = min(max_work // each, FAILURE_TRIES)

    def tried() -> Iterator[tuple[Ints, ...]]:
        return rules.vertices(used) if rules.count(used) <= allowed else rules.sample(max(2, allowed))

    farthest, first, z = POSTERIOR_TOLERANCE, None, -1
    for actions in tried():
        found = _at_vertex(belief, layer, move, rules, actions)
        distance = distances(found, found.row, uniform, len(move.joint_z))
        if distance.max() > farthest:
            farthest, first = float(distance.max()), actions
            z = int(move.joint_z[found.column[found.start[distance.argmax()]]])
    if first is None:
        return None
    # uniform play mixes deterministic prescriptions, so that one of these is at least as far from the first as it is
    reference = _dense(_at_vertex(belief, layer, move, rules, first), move, z)
    widest, second, other = POSTERIOR_TOLERANCE, None, reference
    for actions in tried():
        posterior = _dense(_at_vertex(belief, layer, move, rules, actions), move, z)
        apart = float(np.abs(posterior - reference).sum())
        if posterior.any() and apart > widest:
            widest, second, other = apart, actions, posterior
    if second is None:
        return None
    codes = tuple(rules.codes[j][used[j]] for j in range(len(used)))
    one, two = (tuple(a[used[j]] for j, a in enumerate(x)) for x in (first, second))
    return Failure(node, z, codes, (one, two), (reference, other), widest)


def _dense(posteriors: Posteriors, move: Moves, z: int) -> Floats:
    """The posterior of one node after increment z over the cells of the next step, zero if z is impossible."""
    dense = np.zeros(len(move.following))
    mine = move.joint_z[posteriors.column] == z
    dense[move.joint_cell[posteriors.column[mine]]] = posteriors.probability[mine]
    return dense
