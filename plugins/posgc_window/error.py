"""How far a window's belief can be from the true one, without the true graph.

Let tau be the window's first step and b the true belief there.  For every policy,

    g(b) = E | P(s, p | c_h) - P^M(s, p | c^_h) |_1     with (s, p) at tau drawn from b

is convex and homogeneous in b: the true posteriors B_w(b) are linear in b before they are normalised, and M's do not
read b.  So g(b) <= max_x g(e_x) over the cells x = (s, p) that can occur at tau, and

    epsilon_h = max_x max_policy sum_w P(w | e_x) | B_w(e_x) - B_w(nu) |_1

bounds the expected distance at step h under every policy of the game.  The maximum over policies is a dynamic
programme on pairs (posterior of e_x, belief of the suffix); here they are those of an executor who sees all private
information (the paper's Pi^gen), and posteriors are given the joint action as well, both of which can only raise
the number.

A posterior is that of a constant joint action, which is anybody's only if Assumption 3 holds from each e_x as it does
from the true beginning.  It does in every structure for which the assumption holds whatever the numbers (all of the
paper's); where it holds because certain numbers cancel, or only for this horizon, the certificate is not used
(`Certificate.any_start`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.compression import Certificate
from posgc.information.graph import first_beliefs, reachable_tables
from posgc.information.growth import Capacity
from posgc.information.items import Information
from posgc.information.step import Cells, StepTable
from posgc.judge.pairs import NextPairs, TrueStep, next_pairs, true_step
from posgc.plugin import LimitError
from posgc.policy.machine import Edges
from posgc_window.priors import Prior, priors
from posgc_window.suffixes import Suffix, Walk, window_start

__all__ = ["window_certificate"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def window_certificate(
    information: Information, length: int, prior: Prior, max_pairs: int, merged: Floats
) -> Certificate | None:
    """epsilon_1..epsilon_H; None where more than `max_pairs` pairs are needed.

    `merged` [H]: the largest distance of a belief to the one that it was merged with at each step, which is all that is
    lost while the window is everything.  A belief that is off by delta makes later ones off by at most 2 delta in
    expectation: what is not normalised is linear in it.
    """
    horizon, walk = information.model.horizon, Walk(information)
    tables = list(reachable_tables(information))
    starts = list(priors(first_beliefs(information), tables, prior))
    distance = np.zeros(horizon)
    known: dict[tuple[int, ...], float] = {}
    for h in range(1, horizon + 1):
        tau = window_start(information, length, h)
        if tau > 1:
            key = (id(starts[tau - 1]), *(id(table) for table in tables[tau - 1 : h - 1]), id(tables[h - 1].cells))
            if key not in known:
                try:
                    known[key] = _distance(walk, tau, tables[tau - 1 : h], starts[tau - 1], max_pairs)
                except LimitError:
                    return None
            distance[h - 1] = known[key]
        distance[h - 1] += 4 * merged[tau - 1 : h].sum()
    return Certificate("expected", distance, any_start=True)


def _distance(walk: Walk, tau: int, tables: list[StepTable], start: sparse.csr_array, max_pairs: int) -> float:
    """epsilon of a window from tau over the given tables, the last one being that of the step itself."""
    cells = tables[0].cells
    # the window's own belief, from the prior; beside it the true posterior from every cell that can occur
    suffix = Suffix(0, False, start)
    node, belief = np.zeros(len(cells), np.int64), sparse.csr_array(sparse.eye_array(len(cells), format="csr"))
    steps: list[tuple[TrueStep, NextPairs]] = []
    left = max_pairs
    for h, table in enumerate(tables[:-1], start=tau):
        grown, signal = walk.grow(h, table, suffix)
        step = true_step(walk.information, h, cells)
        known = grown.row * grown.n_signals + grown.signal
        machine = _machine(table, suffix, known, grown.to, grown.n_signals, signal)
        following = next_pairs(node, belief, step, machine, h, Capacity(left, _too_many))
        steps.append((step, following))
        suffix = Suffix(suffix.age + 1, False, grown.belief)
        node, belief, cells = following.node, following.belief, following.cells
        left -= len(node)
    value = _distances(belief, cells, suffix.belief[node], tables[-1].cells)
    # backwards over the same pairs: the largest expectation of the final distance from each
    befores = [sparse.csr_array(sparse.eye_array(len(tables[0].cells), format="csr")), *(f.belief for _, f in steps)]
    for (step, following), before in zip(reversed(steps), reversed(befores[:-1]), strict=True):
        value = _backward(step, following, before, value)
    # The distance lies in [0, 2] and moves by at most that of the beliefs where pairs that are near enough are one.
    return min(float(value.max()) + 2 * sum(following.error for _, following in steps), 2.0)


def _too_many(found: int, share: float) -> str:
    return f"the window's error needs more than {found} pairs"


def _machine(table: StepTable, suffix: Suffix, known: Ints, to: Ints, n_signals: int, signal: Ints) -> Edges:
    assert table.z is not None
    rows = suffix.belief.shape[0]
    wanted = (np.arange(rows)[:, None] * n_signals + signal[None, :]).ravel()
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    good = known[at] == wanted
    row, z = np.divmod(np.flatnonzero(good), len(table.z))
    indptr = np.searchsorted(row, np.arange(rows + 1)).astype(np.int64)
    return Edges(table.z, indptr, z, to[at[good]])


def _distances(one: sparse.csr_array, cells: Cells, other: sparse.csr_array, all_cells: Cells) -> Floats:
    """Row-wise L1 distance; `cells` are some of `all_cells`."""
    wide = sparse.csr_array((one.data, all_cells.find(cells)[one.indices], one.indptr), shape=other.shape)
    return np.asarray(abs(wide - other).sum(axis=1)).ravel()


def _backward(step: TrueStep, following: NextPairs, belief: sparse.csr_array, value: Floats) -> Floats:
    """The largest expectation of `value` over what each joint private information may play."""
    assert step.ahead is not None and step.ahead_az is not None and step.ahead_choice is not None
    assert step.z is not None
    flow = sparse.csr_array(belief @ step.ahead)
    row = np.repeat(np.arange(belief.shape[0]), np.diff(flow.indptr))
    width = len(step.actions) * len(step.z)
    to = following.successor[np.searchsorted(following.succession, row * width + step.ahead_az[flow.indices])]
    n_choices = len(step.cells.u) * len(step.actions)
    worth = np.bincount(
        row * n_choices + step.ahead_choice[flow.indices],
        weights=flow.data * value[to],
        minlength=belief.shape[0] * n_choices,
    )
    best: Floats = worth.reshape(belief.shape[0], len(step.cells.u), -1).max(axis=2).sum(axis=1)
    return best
