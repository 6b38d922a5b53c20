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
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import evolve, project
from posgc.information.items import Information
from posgc.information.step import Beliefs, Cells, step_entries

__all__ = [
    "POSTERIOR_TOLERANCE",
    "Failure",
    "LayerTest",
    "Moves",
    "Prescriptions",
    "check_layer",
    "moves",
]

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


@dataclass(frozen=True)
class Moves:
    """All that can follow the X cells of a layer, action by action."""

    # [X * A_h, J]; row x * A_h + k is the law of (z, x') from cell x under the k-th allowed joint action
    joint: sparse.csr_array
    joint_z: Ints  # [J], index into `z`; columns are sorted by (z, x')
    joint_cell: Ints  # [J], index into `following`
    z: Ints  # [Z], codes of the increments, ascending
    following: Cells  # cells of the next step


@dataclass(frozen=True)
class Prescriptions:
    """How joint actions are put together from what each agent holds; a joint action is its position among the
    allowed ones.
    """

    codes: tuple[Ints, ...]  # codes[j]: the private informations of agent j, ascending
    of: Ints  # [n, U], which of codes[j] agent j holds in the u-th joint private information
    choices: tuple[int, ...]  # the number of actions of each agent

    @staticmethod
    def of_step(information: Information, h: int, u: Ints) -> Prescriptions:
        model = information.model
        choices = [1] * information.n_agents
        for v, variable in enumerate(model.signature.actions):
            if model.active[h - 1, v]:
                choices[variable.agent] *= len(variable.values)
        parts = [np.unique(row, return_inverse=True) for row in project(information, h, u)]
        return Prescriptions(
            tuple(code for code, _ in parts), np.stack([of for _, of in parts]).astype(np.int64), tuple(choices)
        )

    def position(self, actions: tuple[Ints, ...]) -> Ints:
        """The joint action of each joint private information under one deterministic prescription."""
        position = np.zeros(self.of.shape[1], dtype=np.int64)
        for j, count in enumerate(self.choices):
            position = position * count + actions[j][self.of[j]]
        return position

    def vertices(self, used: tuple[Ints, ...]) -> Iterator[tuple[Ints, ...]]:
        """Reference action everywhere, but for at most one deviation at a private information in `used`."""
        deviations = [[None, *product(used[j].tolist(), range(1, count))] for j, count in enumerate(self.choices)]
        for chosen in product(*deviations):
            actions = tuple(np.zeros(len(code), dtype=np.int64) for code in self.codes)
            for j, deviation in enumerate(chosen):
                if deviation is not None:
                    actions[j][deviation[0]] = deviation[1]
            yield actions

    def sample(self, number: int) -> Iterator[tuple[Ints, ...]]:
        """Random deterministic prescriptions, the same ones on every call."""
        rng = np.random.default_rng(17)
        for _ in range(number):
            yield tuple(rng.integers(k, size=len(codes)) for k, codes in zip(self.choices, self.codes, strict=True))

    def stretch(self, used: tuple[Ints, ...]) -> float:
        """How far, at most, a prescription can be from uniform actions where no vertex is farther than 1.

        A deterministic prescription is a combination of vertices with coefficients c_v: for each agent 1 - k of the
        reference and 1 of each of its k deviations.  F_z - |F_z| beta_z is linear in it, so that its size, summed over
        z, is at most sum |c_v|.
        """
        return float(np.prod([max(1, 2 * len(p) - 1) for p in used], dtype=float))

    def count(self, used: tuple[Ints, ...]) -> int:
        """Number of vertices."""
        return int(np.prod([1 + len(p) * (k - 1) for p, k in zip(used, self.choices, strict=True)], dtype=object))


def moves(information: Information, layer: Beliefs) -> Moves:
    """The table of `layer`, which must not be the last; raises LimitError as `step_entries` does."""
    cells, actions = layer.cells, layer.actions
    entry = step_entries(information, layer.h, cells)
    u = cells.u[cells.u_of[entry.cell]]
    z_code, u_next = evolve(information, layer.h, u, actions[entry.action], entry.observation)
    following, cell_next = Cells.of(u_next, entry.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    key, column = np.unique(z_of * len(following) + cell_next, return_inverse=True)
    joint = sparse.csr_array(
        (entry.probability, (entry.cell * len(actions) + entry.action, column)),
        shape=(len(cells) * len(actions), len(key)),
    )
    joint.sum_duplicates()
    return Moves(joint, key // len(following), key % len(following), z, following)


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


@dataclass(frozen=True)
class _Posteriors:
    """Entries of laws of (z, x') normalised within groups that share row and z, in order of (row, z, x')."""

    row: Ints  # [entries]
    column: Ints  # [entries]
    probability: Floats  # [entries], sums to 1 in each group
    start: Ints  # [groups], first entry

    @property
    def group_row(self) -> Ints:
        return self.row[self.start]


def _posteriors(law: sparse.csr_array, column_group: Ints, column: Ints) -> _Posteriors:
    """Normalise `law` [rows, C] within each (row, column_group); `column_group` ascends with the column."""
    law.eliminate_zeros()
    law.sort_indices()
    row = np.repeat(np.arange(law.shape[0], dtype=np.int64), np.diff(law.indptr))
    key = row * (int(column_group.max(initial=0)) + 1) + column_group[law.indices]
    # sorted by (row, column), and columns by z: the entries of a group are adjacent
    start = np.flatnonzero(np.diff(key, prepend=-1))
    sizes = np.diff(np.append(start, len(key)))
    total = np.add.reduceat(law.data, start) if len(start) else np.zeros(0)
    return _Posteriors(row, column[law.indices], law.data / np.repeat(total, sizes), start)


def _uniform(layer: Beliefs, move: Moves, nodes: Ints) -> _Posteriors:
    """Posteriors under uniformly random actions."""
    n_actions = len(layer.actions)
    mixed = _sum_blocks(move.joint, n_actions)
    return _posteriors(layer.belief[nodes] @ mixed, move.joint_z, np.arange(len(move.joint_z)))


def _sum_blocks(joint: sparse.csr_array, n_actions: int) -> sparse.csr_array:
    """Rows (x, a) added up over a."""
    indptr = joint.indptr[::n_actions]
    shape = (len(indptr) - 1, joint.shape[1])
    mixed = sparse.csr_array((joint.data, joint.indices, indptr), shape=shape, copy=True)
    mixed.sum_duplicates()  # in place, hence the copy
    return mixed


def _distances(found: _Posteriors, node: Ints, reference: _Posteriors, width: int) -> Floats:
    """L1 distance of each group to the reference's of the same (node, z); supports must be contained.

    |p - q|_1 = 1 + sum over the entries of p of |p - q| - q, because q sums to 1.
    """
    known = reference.row * width + reference.column
    wanted = node * width + found.column
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    q = np.where(known[at] == wanted, reference.probability[at], 0.0)  # a product that underflowed is missing
    terms = np.abs(found.probability - q) - q
    return 1.0 + np.add.reduceat(terms, found.start) if len(found.start) else np.zeros(0)


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
    found = _posteriors(split @ wide, group, column)
    distance = _distances(found, (key // len(cells.u))[found.row], _uniform(layer, move, nodes), width)
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
    mixed = _sum_blocks(scaled, len(layer.actions))
    worst, where = POSTERIOR_TOLERANCE, None
    for chunk in np.array_split(nodes, min(len(nodes), 1 + _work(layer, move, nodes) // CHUNK_ENTRIES)):
        found = _posteriors(layer.belief[chunk] @ mixed, move.joint_z, np.arange(mixed.shape[1]))
        distance = _distances(found, found.row, _uniform(layer, move, chunk), mixed.shape[1])
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
) -> _Posteriors:
    n_actions, cells = len(layer.actions), layer.cells
    # under a deterministic prescription one row (x, a) of `joint` speaks for each cell
    rows = np.arange(len(cells)) * n_actions + rules.position(actions)[cells.u_of]
    return _posteriors(belief @ move.joint[rows], move.joint_z, np.arange(len(move.joint_z)))


def _first_failure(
    layer: Beliefs, move: Moves, rules: Prescriptions, nodes: Ints, used: tuple[Ints, ...]
) -> tuple[int | None, float]:
    """A node where a vertex leads to another posterior than uniform actions do; else how far any vertex leads."""
    uniform, farthest = _uniform(layer, move, nodes), 0.0
    belief = layer.belief[nodes]
    for actions in rules.vertices(used):
        found = _at_vertex(belief, layer, move, rules, actions)
        distance = _distances(found, found.row, uniform, len(move.joint_z))
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
    used, belief, uniform = _used(layer, rules, here), layer.belief[here], _uniform(layer, move, here)
    each = max(1, _work(layer, move, here) // int(np.prod(rules.choices)))
    allowed = min(max_work // each, FAILURE_TRIES)

    def tried() -> Iterator[tuple[Ints, ...]]:
        return rules.vertices(used) if rules.count(used) <= allowed else rules.sample(max(2, allowed))

    farthest, first, z = POSTERIOR_TOLERANCE, None, -1
    for actions in tried():
        found = _at_vertex(belief, layer, move, rules, actions)
        distance = _distances(found, found.row, uniform, len(move.joint_z))
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


def _dense(posteriors: _Posteriors, move: Moves, z: int) -> Floats:
    """The posterior of one node after increment z over the cells of the next step, zero if z is impossible."""
    dense = np.zeros(len(move.following))
    mine = move.joint_z[posteriors.column] == z
    dense[move.joint_cell[posteriors.column[mine]]] = posteriors.probability[mine]
    return dense
