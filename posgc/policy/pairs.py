"""The true game seen along a policy: pairs of (policy node, true common belief), layer by layer.

The verifier trusts nothing that the solver wrote down of beliefs or values.  It starts from the game's
initial law, lets every constant joint action be played at every pair (each combination of private
information and actions, hence every increment that can occur, occurs under one of them), applies Bayes'
rule, and follows the policy's own edges.  Two histories share a pair only if they lead to the same policy
node *and* to the same belief (L1 distance at most `MERGE_TOLERANCE`), so a policy that forgets what
matters simply has several pairs a node; nothing is assumed about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import evolve, initial_codes
from posgc.information.graph import MERGE_TOLERANCE
from posgc.information.items import Information
from posgc.information.merge import merge_rows
from posgc.information.step import Cells, same_step, step_entries
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather
from posgc.policy.artefact import Policy, PolicyStep

__all__ = ["PairLayer", "PolicyMismatch", "TrueStep", "pair_layers"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
CHUNK_ENTRIES = 12_000_000


class PolicyMismatch(Exception):
    """The policy has no prescription or no edge for something that can happen in the game."""


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


def pair_layers(
    information: Information, policy: Policy, max_pairs: int, progress: Callable[[str, int, int], None] | None = None
) -> tuple[list[PairLayer], Ints, Floats]:
    """All layers of pairs, and the first pairs with their probabilities.

    Raises PolicyMismatch where the policy lacks an edge, LimitError past `max_pairs` pairs in all.
    """
    horizon = information.model.horizon
    first, probability, node, belief, cells = _first(information, policy)
    known: dict[tuple[object, ...], TrueStep] = {}
    layers: list[PairLayer] = []
    total, error = len(node), 0.0
    for h in range(1, horizon + 1):
        key = same_step(information, h, cells)
        if key not in known:
            known[key] = _true_step(information, h, cells)
        step = known[key]
        if h == horizon:
            nothing = np.zeros(0, np.int64)
            layers.append(PairLayer(h, node, belief, step, nothing, nothing, error))
            break
        grown = _grow(node, belief, step, policy.steps[h - 1], h)
        layers.append(PairLayer(h, node, belief, step, grown.succession, grown.successor, error))
        node, error = grown.node, grown.error
        belief, cells = _used_cells(grown.belief, step.following)
        total += len(node)
        if total > max_pairs:
            raise LimitError(f"verifying needs more than {max_pairs} pairs of policy node and belief at step {h + 1}; "
                             "raise --max-nodes")  # fmt: skip
        if progress is not None:
            progress("verify", h, 2 * horizon)
    return layers, first, probability


def _first(information: Information, policy: Policy) -> tuple[Ints, Floats, Ints, sparse.csr_array, Cells]:
    initial = information.model.initial
    z, u = initial_codes(information, initial.observation)
    cells, cell = Cells.of(u, initial.state)
    codes, z_of = np.unique(z, return_inverse=True)
    at = np.searchsorted(policy.root_z, codes)
    if (at >= len(policy.root_z)).any() or (policy.root_z[at] != codes).any():
        raise PolicyMismatch("the policy lacks a first node for something that can be common at step 1")
    joint = sparse.csr_array((initial.probability, (z_of, cell)), shape=(len(codes), len(cells)))
    probability: Floats = np.asarray(joint.sum(axis=1)).ravel()
    belief = sparse.csr_array(joint / probability[:, None])
    return np.arange(len(codes)), probability, policy.root_to[at], belief, cells


def _true_step(information: Information, h: int, cells: Cells) -> TrueStep:
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
    z_code, u_next = evolve(information, h, cells.u[cells.u_of[entry.cell]], actions[entry.action], entry.observation)
    following, x_next = Cells.of(u_next, entry.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    az = entry.action * len(z) + z_of
    after_key, after_of = np.unique(az * len(following) + x_next, return_inverse=True)
    width = n_actions * len(z)
    ahead_key, ahead_of = np.unique(cells.u_of[entry.cell] * width + az, return_inverse=True)
    after = sparse.csr_array((entry.probability, (entry.cell, after_of)), (len(cells), len(after_key)))
    ahead = sparse.csr_array((entry.probability, (entry.cell, ahead_of)), (len(cells), len(ahead_key)))
    return TrueStep(
        cells, actions, reward, following, z,
        after, after_key // len(following), after_key % len(following),
        ahead, ahead_key // len(z), ahead_key % width,
    )  # fmt: skip


@dataclass(frozen=True)
class _Grown:
    node: Ints
    belief: sparse.csr_array
    succession: Ints
    successor: Ints
    error: float


@dataclass(frozen=True)
class _Part:
    label: Ints
    counts: Ints
    index: Ints
    data: Floats
    key: Ints
    member: Ints
    error: float


def _grow(node: Ints, belief: sparse.csr_array, step: TrueStep, policy: PolicyStep, h: int) -> _Grown:
    assert step.after is not None and step.following is not None
    work = np.add.reduceat(np.diff(step.after.indptr)[belief.indices], belief.indptr[:-1])
    cut = (np.cumsum(work) - 1) // CHUNK_ENTRIES
    bounds = [*np.flatnonzero(np.diff(cut, prepend=-1)).tolist(), len(node)]
    parts = [_posteriors(node, belief, step, policy, h, b, e) for b, e in pairwise(bounds)]
    label = np.concatenate([p.label for p in parts])
    indptr = np.concatenate(([0], np.cumsum(np.concatenate([p.counts for p in parts]))))
    index, data = np.concatenate([p.index for p in parts]), np.concatenate([p.data for p in parts])
    merge = merge_rows(indptr, index, data, MERGE_TOLERANCE, label)
    at, counts = gather(indptr, merge.representative)
    kept = sparse.csr_array(
        (data[at], index[at], np.concatenate(([0], np.cumsum(counts)))), shape=(len(counts), len(step.following))
    )
    offset = np.cumsum([0, *(len(p.counts) for p in parts)])
    successor = np.concatenate([merge.member[p.member + o] for p, o in zip(parts, offset[:-1], strict=True)])
    error = max([merge.error, *(p.error for p in parts)])
    return _Grown(label[merge.representative], kept, np.concatenate([p.key for p in parts]), successor, error)


def _posteriors(
    node: Ints, belief: sparse.csr_array, step: TrueStep, policy: PolicyStep, h: int, begin: int, end: int
) -> _Part:
    """Bayes' rule for pairs begin:end under every constant joint action."""
    assert step.after is not None and step.after_az is not None and step.after_cell is not None
    assert step.z is not None
    width = len(step.actions) * len(step.z)
    joint = belief[begin:end] @ step.after
    joint.eliminate_zeros()
    joint.sort_indices()
    pair = np.repeat(np.arange(begin, end), np.diff(joint.indptr))
    row_key = pair * width + step.after_az[joint.indices]
    starts = np.flatnonzero(np.diff(row_key, prepend=-1))
    indptr = np.append(starts, len(row_key))
    data = joint.data / np.repeat(np.add.reduceat(joint.data, starts), np.diff(indptr))
    index = step.after_cell[joint.indices]
    keys = row_key[starts]
    label = _follow(policy, node[keys // width], step.z[keys % len(step.z)], h)
    merge = merge_rows(indptr, index, data, MERGE_TOLERANCE, label)
    at, counts = gather(indptr, merge.representative)
    return _Part(label[merge.representative], counts, index[at], data[at], keys, merge.member, merge.error)


def _follow(policy: PolicyStep, node: Ints, code: Ints, h: int) -> Ints:
    """The policy's next node for each (node, increment code)."""
    z = np.searchsorted(policy.z, code)
    known = np.repeat(np.arange(len(policy)), np.diff(policy.edge_indptr)) * max(len(policy.z), 1) + policy.edge_z
    wanted = node * max(len(policy.z), 1) + z
    at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    good = (z < len(policy.z)) & (len(known) > 0)
    if not good.all() or (policy.z[z] != code).any() or (known[at] != wanted).any():
        raise PolicyMismatch(f"at step {h} the policy has no edge for an increment that can occur")
    return policy.edge_to[at].astype(np.int64)


def _used_cells(belief: sparse.csr_array, cells: Cells | None) -> tuple[sparse.csr_array, Cells]:
    assert cells is not None
    used = np.unique(belief.indices)
    kept, _ = Cells.of(cells.u[cells.u_of[used]], cells.s[used])
    column = np.searchsorted(used, belief.indices)
    return sparse.csr_array((belief.data, column, belief.indptr), shape=(belief.shape[0], len(used))), kept
