"""Which variables the dynamics of a step read: a directed graph that the kernel's numbers obey.

By the chain rule P(s', o' | s, a) = P(s' | s, a) P(o' | s, a, s').  A variable is left out of the parents of a
factor when the factor is, over all rows that can occur, a function of the parents that remain; this is
tested for the remaining parents jointly, because on a restricted domain being unmoved by each of two
variables alone does not mean being unmoved by both.  Observation variables are split off one by one while
each is independent of all the others given (s, a, s'); those that are not stay together as one group.  The
graph is therefore an independence map of the kernel whatever its numbers are.  It is not always the
smallest: variables are tried for removal in a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model.arrays import Model

__all__ = ["RELATIVE_TOLERANCE", "KernelEdges", "Parent", "kernel_edges"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Parent = Literal["state", "next"] | int
"""The old state, the new state, or an action variable's index."""

RELATIVE_TOLERANCE = 1e-10
"""Relative difference below which two probabilities are the same number computed in two ways."""


@dataclass(frozen=True)
class KernelEdges:
    """Parents of s' and of each group of observation variables that are drawn together."""

    state: frozenset[Parent]  # the parents of s'
    # (observation variables of the group, its parents)
    observations: tuple[tuple[tuple[int, ...], frozenset[Parent]], ...]
    # the kernel agrees with one that obeys these edges exactly within this factor, entry by entry, less 1
    slack: float = field(default=0.0, compare=False)


def kernel_edges(model: Model, h: int) -> KernelEdges:
    """The edges of step h on its allowed actions and its rows that are not empty."""
    kernel, signature = model.kernel(h), model.signature
    rows = (model.allowed(h)[:, None] * model.n_states + np.arange(model.n_states)).ravel()
    lengths = np.diff(kernel.indptr)
    kept = np.zeros(len(lengths), dtype=bool)
    kept[rows] = True
    entry_row = np.repeat(np.arange(len(lengths)), lengths)
    mine = kept[entry_row]
    row, probability = entry_row[mine], kernel.probability[mine]
    state, observation = kernel.state[mine], kernel.observation[mine]

    pair, pair_of = np.unique(row * model.n_states + state, return_inverse=True)
    pair_row, pair_state = pair // model.n_states, pair % model.n_states
    mass = np.bincount(pair_of, weights=probability, minlength=len(pair))
    domain, row_of = np.unique(pair_row, return_inverse=True)
    action, old = domain // model.n_states, domain % model.n_states
    coordinates: dict[Parent, Ints] = {
        v: _digit(action, [len(x.values) for x in signature.actions], v)
        for v in range(len(signature.actions))
        if model.active[h - 1, v]
    }
    coordinates["state"] = old
    # P(s' | s, a), with the observations summed out
    law = sparse.csr_array((mass, (row_of, pair_state)), shape=(len(domain), model.n_states))
    state_parents, slack = _parents(law, coordinates)

    given: dict[Parent, Ints] = {"state": old[row_of]}
    given |= {v: digit[row_of] for v, digit in coordinates.items() if v != "state"}
    given["next"] = pair_state
    sizes = [len(x.values) for x in signature.observations]
    conditional = probability / mass[pair_of]
    groups = []
    found, split = _groups(model, h, pair_of, observation, conditional, sizes)
    slack += split
    for group in found:
        code = _code(observation, sizes, group)
        law = sparse.csr_array((conditional, (pair_of, code)), shape=(len(pair), int(code.max(initial=0)) + 1))
        law.sum_duplicates()
        parents, off = _parents(law, given)
        slack += off
        groups.append((group, parents))
    return KernelEdges(state_parents, tuple(groups), slack)


def _parents(law: sparse.csr_array, coordinates: dict[Parent, Ints]) -> tuple[frozenset[Parent], float]:
    """Coordinates of which the rows of `law` are a function, found by leaving out one after another; and the largest
    relative difference that was overlooked."""
    kept, slack = list(coordinates), 0.0
    # one after another, and each tested together with what is already left out: two variables may each be superfluous
    # beside the other, and not both
    for name in list(coordinates):
        rest = [other for other in kept if other != name]
        apart = _apart(law, [coordinates[other] for other in rest])
        if apart <= RELATIVE_TOLERANCE:
            kept, slack = rest, apart
    return frozenset(kept), slack


def _apart(law: sparse.csr_array, coordinates: list[Ints]) -> float:
    """The largest relative difference of an entry between rows with equal coordinates."""
    label = np.zeros(law.shape[0], dtype=np.int64)
    for coordinate in coordinates:
        # renumbered after each coordinate, so that the codes stay small
        label = np.unique(label * (int(coordinate.max(initial=0)) + 1) + coordinate, return_inverse=True)[1]
    _, first = np.unique(label, return_index=True)
    other = law[first[label]]
    # relative to the larger of the two, so that an entry missing from one row counts as a difference of 1
    larger = law.maximum(other)
    larger.data = 1.0 / larger.data
    return float((abs(law - other) * larger).max()) if larger.nnz else 0.0


def _groups(
    model: Model, h: int, given: Ints, observation: Ints, conditional: Floats, sizes: list[int]
) -> tuple[list[tuple[int, ...]], float]:
    """Observation variables, split where each is independent of all others given the row and s'; and by how much the
    product of their laws is off, relative to each entry."""
    made = [w for w, size in enumerate(sizes) if model.observed[h, w] and size > 1]
    apart = {
        w: _dependence(
            given,
            _code(observation, sizes, (w,)),
            _code(observation, sizes, tuple(v for v in made if v != w)),
            conditional,
        )
        for w in made
    }
    alone = [w for w in made if apart[w] <= RELATIVE_TOLERANCE]
    rest = tuple(w for w in made if w not in alone)
    return [(w,) for w in alone] + ([rest] if rest else []), sum(apart[w] for w in alone)


def _dependence(given: Ints, one: Ints, rest: Ints, probability: Floats) -> float:
    """The largest relative difference between the joint law of `one` and `rest` and the product of theirs within each
    value of `given`; infinite where their supports are not products."""

    def marginal(code: Ints) -> tuple[Ints, Floats, Ints]:
        width = int(code.max(initial=0)) + 1
        key, of = np.unique(given * width + code, return_inverse=True)
        weight: Floats = np.bincount(of, weights=probability).astype(np.float64)
        return of.astype(np.int64), weight, np.bincount(key // width).astype(np.int64)

    both, joint, pairs = marginal(one * (int(rest.max(initial=0)) + 1) + rest)
    left, p_left, n_left = marginal(one)
    right, p_right, n_right = marginal(rest)
    # a product has as many entries as its factors' supports multiplied; otherwise some pair that the product allows
    # cannot occur
    if not np.array_equal(pairs, n_left * n_right):
        return float("inf")
    alone = p_left[left] * p_right[right]
    return float((np.abs(joint[both] - alone) / alone).max(initial=0.0))


def _digit(joint: Ints, sizes: list[int], variable: int) -> Ints:
    stride = int(np.prod(sizes[variable + 1 :], dtype=np.int64))
    return (joint // stride) % sizes[variable]


def _code(joint: Ints, sizes: list[int], variables: tuple[int, ...]) -> Ints:
    """The joint value of some variables as one integer."""
    code = np.zeros(len(joint), dtype=np.int64)
    for v in variables:
        code = code * sizes[v] + _digit(joint, sizes, v)
    return code
