"""What a kernel says of states and of observations apart: transitions, emissions, and reachable states.

The joint law P(s', o' | s, a) of a step has the marginals T(s' | s, a) and W(o' | s, a).  The observation
*factors* for an action a if P(s', o' | s, a) = T(s' | s, a) E(o' | a, s'): then E is the emission matrix of
the step.  A kernel without a declared emission may factor all the same; it is tried on the numbers, for all s
or for those that can be there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model.arrays import Kernel, Model

__all__ = ["Marginals", "Stage", "marginals", "stages"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Absolute, on P(o' | s, a, s'): more than this apart for two s, and the observation reads s.
FACTOR = 1e-12


@dataclass(frozen=True)
class Marginals:
    """The marginals of one kernel; row a·S + s of each is a law, or 0 if (a, s) cannot occur."""

    transition: sparse.csr_array  # [A*S, S]
    observation: sparse.csr_array  # [A*S, O], W
    emission: sparse.csr_array  # [A*S, O], row a·S + s'; 0 where s' never follows a and nothing is declared
    factors: Bools  # [A], whether the rows of `emission` under a are laws given (a, s') alone
    declared: bool  # the kernel carries its emission; else it was found in the numbers


@dataclass(frozen=True)
class Stage:
    """Steps that share kernel, choices and the states that can be there (all of Model's order)."""

    steps: tuple[int, ...]
    kernel: int
    actions: Ints  # joint actions that can be played, ascending
    reachable: Bools  # [S]


def marginals(
    kernel: Kernel, n_actions: int, n_states: int, n_observations: int, states: Bools | None = None
) -> Marginals:
    """Transition, observation and, where there is one, emission of every (a, s) in which each value of a exists.

    Only s with `states`[S] are looked at (None: all); the rows of the others are 0, and whether the observation reads
    s is asked among those that are left.
    """
    row = np.repeat(np.arange(n_actions * n_states), np.diff(kernel.indptr))
    kept = slice(None) if states is None else np.flatnonzero(states[row % n_states])
    if kernel.played is not None:  # a row that another action stands in for is that action's own
        own = kernel.played[row // n_states, row % n_states] == row // n_states
        kept = np.flatnonzero(own if states is None else own & states[row % n_states])
    row, state, observed = row[kept], kernel.state[kept], kernel.observation[kept]
    probability = kernel.probability[kept]

    def table(rows: Ints, columns: Ints, shape: tuple[int, int]) -> sparse.csr_array:
        return sparse.csr_array(sparse.coo_array((probability, (rows, columns)), shape=shape))

    transition = table(row, state, (n_actions * n_states, n_states))
    observation = table(row, observed, (n_actions * n_states, n_observations))
    if kernel.emission is not None:
        return Marginals(transition, observation, kernel.emission, np.ones(n_actions, dtype=bool), True)
    # P(o' | a, s') averaged over s, and P(o' | s, a, s') for every (a, s, s') that occurs
    arrival = row // n_states * n_states + state
    pooled = _normalised(table(arrival, observed, (n_actions * n_states, n_observations)))
    pair, where = np.unique(row * n_states + state, return_inverse=True)
    given = _normalised(table(where.astype(np.int64), observed, (len(pair), n_observations)))
    action = pair // n_states // n_states
    apart = abs(given - pooled[action * n_states + pair % n_states]).max(axis=1).toarray().ravel()
    factors = np.ones(n_actions, dtype=bool)
    factors[action[apart > FACTOR]] = False
    return Marginals(transition, observation, pooled, factors, False)


def _normalised(table: sparse.csr_array) -> sparse.csr_array:
    """`table` with every row that is not empty divided by its sum."""
    total = np.asarray(table.sum(axis=1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ table)


def stages(model: Model) -> tuple[Stage, ...]:
    """The steps 1..H − 1, whose observations a later decision can read, grouped; in order of first step."""
    groups: dict[tuple[int, bytes, bytes], list[int]] = {}
    following: dict[tuple[int, bytes, bytes], Bools] = {}
    reachable = np.zeros(model.n_states, dtype=bool)
    reachable[model.initial.state] = True
    found: dict[tuple[int, bytes, bytes], Stage] = {}
    for h in range(1, model.horizon):
        number, actions = model.kernel_of_step[h - 1], model.allowed(h)
        key = (number, actions.tobytes(), reachable.tobytes())
        if key not in following:
            found[key] = Stage((), number, actions, reachable)
            following[key] = _successors(model.kernels[number], model.n_states, actions, reachable)
        groups.setdefault(key, []).append(h)
        reachable = following[key]
    return tuple(Stage(tuple(groups[k]), s.kernel, s.actions, s.reachable) for k, s in found.items())


def _successors(kernel: Kernel, n_states: int, actions: Ints, reachable: Bools) -> Bools:
    """The states[S] that can follow the `reachable`[S] ones under any of `actions`."""
    rows = np.zeros(len(kernel.indptr) - 1, dtype=bool)
    rows[(actions[:, None] * n_states + np.flatnonzero(reachable)).ravel()] = True
    entries = np.repeat(rows, np.diff(kernel.indptr))
    return np.bincount(kernel.state[entries], minlength=n_states) > 0
