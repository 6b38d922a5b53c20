"""What can follow a state at a step, and from which states anything can still be earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model.arrays import Model
from posgc.model.ragged import gather

__all__ = ["StateMoves", "live_states"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def live_states(model: Model) -> Bools:
    """[H, S]: where anything can still be earned; what follows from other states does not matter."""
    live = np.zeros((model.horizon + 1, model.n_states), dtype=bool)
    for h in range(model.horizon, 0, -1):
        kernel, actions = model.kernel(h), model.allowed(h)
        rows = (actions[:, None] * model.n_states + np.arange(model.n_states)).ravel()
        at, counts = gather(kernel.indptr, rows)
        ahead = live[h][kernel.state[at]]
        goes_on = np.zeros(len(rows), dtype=bool)
        goes_on[np.repeat(np.arange(len(rows)), counts)[ahead]] = True
        earns = (kernel.reward[:, actions] != 0).any(axis=0).ravel()
        live[h - 1] = (goes_on | earns).reshape(len(actions), -1).any(axis=0)
    return live[:-1]


@dataclass(frozen=True)
class StateMoves:
    """What can follow each state at a step, as columns (way, state), sorted; a way is a (joint action, observation)."""

    table: sparse.csr_array  # [S, columns], probabilities
    way: Ints  # [columns]
    state: Ints  # [columns]
    action: Ints  # [ways], position among the allowed joint actions
    observation: Ints  # [ways], joint index

    @staticmethod
    def of(model: Model, h: int, live: Bools) -> StateMoves:
        """Of step h, without what leads to states where nothing can be earned, and without joint actions that stand
        for others (`Kernel.played`)."""
        kernel, actions = model.kernel(h), model.allowed(h)
        rows = (actions[:, None] * model.n_states + np.arange(model.n_states)).ravel()
        at, counts = gather(kernel.indptr, rows)
        if kernel.played is not None:
            exists = np.repeat((kernel.played[actions] == actions[:, None]).ravel(), counts)
            at, counts = at[exists], counts * (kernel.played[actions] == actions[:, None]).ravel()
        origin = np.repeat(np.arange(len(rows)), counts)
        some = live[kernel.state[at]]
        at, origin = at[some], origin[some]
        action, state = np.divmod(origin, model.n_states)
        ways, way_of = np.unique(action * model.n_observations + kernel.observation[at], return_inverse=True)
        columns, column = np.unique(way_of * model.n_states + kernel.state[at], return_inverse=True)
        shape = model.n_states, len(columns)
        table = sparse.csr_array((kernel.probability[at], (state, column)), shape=shape)
        way, after = np.divmod(columns, model.n_states)
        return StateMoves(table, way, after, *np.divmod(ways, model.n_observations))

    def ahead(self, weight: sparse.csr_array) -> tuple[Ints, Ints, sparse.csr_array]:
        """The histories that rows with weights [P, S] of states lead to: row and way of each, sorted, and its law of
        the state, [histories, S]."""
        ahead = weight @ self.table
        ahead.eliminate_zeros()  # products that underflow
        ahead.sort_indices()
        row = np.repeat(np.arange(ahead.shape[0]), np.diff(ahead.indptr))
        # columns are sorted by (action, observation, state), so that the entries of one history are adjacent
        key = row * len(self.action) + self.way[ahead.indices]
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        before, way = np.divmod(key[starts], len(self.action))
        shape = len(starts), weight.shape[1]
        law = sparse.csr_array((ahead.data, self.state[ahead.indices], np.append(starts, len(key))), shape=shape)
        return before, way, law
