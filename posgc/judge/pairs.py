"""The true game seen along a policy: pairs of (policy node, true common belief), layer by layer.

The verifier trusts nothing that the solver wrote down of beliefs or values.  It starts from the game's
initial law, lets every constant joint action be played at every pair (each combination of private
information and actions, hence every increment that can occur, occurs under one of them), applies Bayes'
rule, and follows the policy's own edges.  Two histories share a pair only if they lead to the same policy
node *and* to the same belief (L1 distance at most `MERGE_TOLERANCE`), so a policy that forgets what
matters simply has several pairs a node; nothing is assumed about it.  Where neither the dynamics nor the
policy's edges nor the pairs change from one step to the next, the layers share their arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import evolve, initial_codes
from posgc.information.graph import MERGE_TOLERANCE
from posgc.information.growth import Capacity, Columns, Growth, grow
from posgc.information.items import Information
from posgc.information.merge import merge_rows
from posgc.information.step import Cells, same_step, step_entries
from posgc.model.ragged import positions
from posgc.policy.machine import Transitions, TransitionStep
from posgc.policy.mismatch import PolicyMismatch

__all__ = [
    "NextPairs",
    "PairLayer",
    "TrueStep",
    "first_nodes",
    "first_pairs",
    "follow_edges",
    "next_pairs",
    "pair_layers",
    "true_step",
    "used_cells",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TrueStep:
    """One step of the game on cells: `reward[i]` [X, U * A_h]; `after` [X, columns (a, z, x')] and
    `ahead` [X, columns (u, a, z)] are probabilities given the joint action a."""

    cells: Cells
    actions: Ints
    reward: tuple[sparse.csr_array, ...]
    following: Cells | None = None
    z: Ints | None = None
    after: sparse.csr_array | None = None
    after_az: Ints | None = None  # position of a * Z + index of z
    after_cell: Ints | None = None
    ahead: sparse.csr_array | None = None
    ahead_choice: Ints | None = None  # u * A_h + position of a
    ahead_az: Ints | None = None


@dataclass(frozen=True)
class PairLayer:
    """The pairs of step h: policy node `node[k]` with true belief `belief[k]` over `step.cells`.

    `succession` sorts keys k * (A_h * Z) + position of a * Z + z, `successor` gives the pair of step h + 1.
    """

    h: int
    node: Ints
    belief: sparse.csr_array
    step: TrueStep
    succession: Ints
    successor: Ints
    merge_error: float

    @property
    def cells(self) -> Cells:
        """The columns of `belief`."""
        return self.step.cells

    @property
    def actions(self) -> Ints:
        """The allowed joint actions."""
        return self.step.actions

    @property
    def edges(self) -> Ints:
        """Layers that share this array lead to the same pairs."""
        return self.successor

    def follow(self, pair: Ints, az: Ints) -> Ints:
        """The pair of the next step for each (pair, position of a * Z + z)."""
        assert self.step.z is not None
        width = len(self.step.actions) * len(self.step.z)
        return self.successor[np.searchsorted(self.succession, pair * width + az)]


def pair_layers(
    information: Information,
    machine: Transitions,
    max_pairs: int,
    progress: Callable[[str, int, int], None] | None = None,
    cure: str = "; raise --max-nodes",
    tolerance: float = MERGE_TOLERANCE,
) -> tuple[list[PairLayer], Ints, Floats]:
    """All layers of pairs, and the first pairs with their probabilities; beliefs within `tolerance` (L1) are merged.

    Raises PolicyMismatch where the policy lacks an edge, LimitError past `max_pairs` pairs in all (`cure`: what its
    message says to do).
    """
    horizon = information.model.horizon
    first, probability, node, belief, cells = first_pairs(information, machine)
    known: dict[tuple[object, ...], TrueStep] = {}
    layers: list[PairLayer] = []
    held, error = len(node), 0.0
    done: tuple[tuple[object, ...], NextPairs] | None = None
    for h in range(1, horizon + 1):
        key = same_step(information, h, cells)
        if key not in known:
            known[key] = true_step(information, h, cells)
        step = known[key]
        if h == horizon:
            nothing = np.zeros(0, np.int64)
            layers.append(PairLayer(h, node, belief, step, nothing, nothing, error))
            break
        edges = machine.steps[h - 1]
        state = (
            id(node),
            id(belief),
            id(step),
            id(edges.edge_indptr),
            id(edges.edge_z),
            id(edges.edge_to),
            id(edges.z),
        )
        if done is None or done[0] != state:
            capacity = Capacity(max_pairs - held, partial(_too_many, h, max_pairs, cure))
            done = state, next_pairs(node, belief, step, edges, h, capacity, tolerance)
        following = done[1]
        layers.append(PairLayer(h, node, belief, step, following.succession, following.successor, error))
        held += 0 if following.belief is belief else len(following.node)
        node, belief, cells, error = following.node, following.belief, following.cells, following.error
        if progress is not None:
            progress("verify", h, 2 * horizon)
    return layers, first, probability


def first_pairs(information: Information, policy: Transitions) -> tuple[Ints, Floats, Ints, sparse.csr_array, Cells]:
    initial = information.model.initial
    z, u = initial_codes(information, initial.observation)
    cells, cell = Cells.of(u, initial.state)
    codes, z_of = np.unique(z, return_inverse=True)
    joint = sparse.csr_array((initial.probability, (z_of, cell)), shape=(len(codes), len(cells)))
    probability: Floats = np.asarray(joint.sum(axis=1)).ravel()
    belief = sparse.csr_array(joint / probability[:, None])
    return np.arange(len(codes)), probability, first_nodes(policy, codes), belief, cells


def first_nodes(policy: Transitions, codes: Ints) -> Ints:
    """The node in which the policy starts for each code of z_1.  Raises PolicyMismatch where there is none."""
    at, absent = positions(policy.root_z, codes)
    if not absent.any():
        return policy.root_to[at]
    if policy.first_otherwise is None:
        raise PolicyMismatch("the policy lacks a first node for something that can be common at step 1")
    to = policy.root_to[at] if len(policy.root_to) else at
    return np.where(absent, policy.first_otherwise, to)


def true_step(information: Information, h: int, cells: Cells) -> TrueStep:
    """The step on these cells; raises LimitError when its table is too large."""
    model = information.model
    actions, kernel = model.allowed(h), model.kernel(h)
    n_actions = len(actions)
    cell, position = np.divmod(np.arange(len(cells) * n_actions), n_actions)
    shape = (len(cells), len(cells.u) * n_actions)
    reward = tuple(
        sparse.csr_array((r[actions[position], cells.s[cell]], (cell, cells.u_of[cell] * n_actions + position)), shape)
        for r in kernel.reward
    )
    if h == model.horizon:
        return TrueStep(cells, actions, reward)
    entry = step_entries(information, h, cells)
    z_code, u_next = evolve(information, h, cells.u[cells.u_of[entry.cell]], entry.played, entry.observation)
    following, x_next = Cells.of(u_next, entry.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    az = entry.action * len(z) + z_of
    after_key, after_of = np.unique(az * len(following) + x_next, return_inverse=True)
    width = n_actions * len(z)
    ahead_key, ahead_of = np.unique(cells.u_of[entry.cell] * width + az, return_inverse=True)
    after = sparse.csr_array((entry.probability, (entry.cell, after_of)), (len(cells), len(after_key)))
    ahead = sparse.csr_array((entry.probability, (entry.cell, ahead_of)), (len(cells), len(ahead_key)))
    return TrueStep(
        cells,
        actions,
        reward,
        following,
        z,
        after,
        after_key // len(following),
        after_key % len(following),
        ahead,
        ahead_key // len(z),
        ahead_key % width,
    )


@dataclass(frozen=True)
class NextPairs:
    """The layer of pairs that follows one, and how each pair gets there."""

    node: Ints
    belief: sparse.csr_array
    cells: Cells
    succession: Ints
    successor: Ints
    error: float


def next_pairs(
    node: Ints,
    belief: sparse.csr_array,
    step: TrueStep,
    edges: TransitionStep,
    h: int,
    capacity: Capacity,
    tolerance: float = MERGE_TOLERANCE,
) -> NextPairs:
    """The pairs of step h + 1: Bayes' rule under every constant joint action, and the policy's own edges.

    Raises PolicyMismatch where an edge is missing, LimitError past `capacity` pairs.
    """
    assert step.after is not None and step.after_az is not None and step.after_cell is not None
    assert step.z is not None and step.following is not None
    z = step.z
    signals = Columns(step.after, step.after_az, step.after_cell, len(step.actions) * len(z), len(step.following))
    grown = grow(
        belief,
        signals,
        tolerance,
        lambda pair, az: follow_edges(edges, node[pair], z[az % len(z)], h),
        capacity,
    )
    return _settled(node, belief, step, grown, tolerance)


def _too_many(h: int, limit: int, cure: str, found: int, share: float) -> str:
    return f"more than {limit} pairs of policy node and true belief are needed up to step {h + 1}{cure}"


def _settled(node: Ints, belief: sparse.csr_array, step: TrueStep, grown: Growth, tolerance: float) -> NextPairs:
    """The grown pairs; the very pairs of this step, in their order, where they are the same."""
    assert step.following is not None and grown.label is not None
    rows, cells = used_cells(grown.belief, step.following)
    succession, n = grown.row * grown.n_signals + grown.signal, len(node)
    same_size = len(grown.label) == n and cells.key == step.cells.key
    if same_size and np.array_equal(np.sort(grown.label), np.sort(node)):
        both = sparse.vstack([belief, rows], format="csr")
        label = np.concatenate((node, grown.label))
        merge = merge_rows(both.indptr.astype(np.int64), both.indices, both.data, tolerance, label)
        if np.array_equal(merge.representative, np.arange(n)):
            successor = merge.member[n:][grown.to]
            return NextPairs(node, belief, step.cells, succession, successor, grown.error + merge.error)
    return NextPairs(grown.label, rows, cells, succession, grown.to, grown.error)


def follow_edges(policy: TransitionStep, node: Ints, code: Ints, h: int) -> Ints:
    """The policy's next node for each (node, increment code)."""
    z, absent = positions(policy.z, code)
    width = max(len(policy.z), 1)
    known = np.repeat(np.arange(len(policy.edge_indptr) - 1), np.diff(policy.edge_indptr)) * width + policy.edge_z
    at, missing = positions(known, node * width + z)
    absent |= missing
    if not absent.any():
        return policy.edge_to[at].astype(np.int64)
    if policy.otherwise is None:
        raise PolicyMismatch(f"at step {h} the policy has no edge for an increment that can occur")
    to = policy.edge_to[at] if len(policy.edge_to) else at
    return np.where(absent, policy.otherwise, to).astype(np.int64)


def used_cells(belief: sparse.csr_array, cells: Cells | None) -> tuple[sparse.csr_array, Cells]:
    assert cells is not None
    used = np.unique(belief.indices)
    kept, _ = Cells.of(cells.u[cells.u_of[used]], cells.s[used])
    column = np.searchsorted(used, belief.indices)
    return sparse.csr_array((belief.data, column, belief.indptr), shape=(belief.shape[0], len(used))), kept
