"""From a dynamic Bayesian network to the array model: what is reachable of the product of its laws.

P(s', o' | s, a) is the product of the laws of the new state variables and of the observation variables.  States are
found a layer at a time: all rows of a layer are columns of value indices, which every law makes longer, entry by
entry with positive probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model import Initial, Model, Signature
from posgc.model import Variable as Item
from posgc.model.arrays import Kernel
from posgc.model.build import kernel_from_entries
from posgc.plugin import LimitError
from posgc_pomdpx.reader import Network
from posgc_pomdpx.scope import Factor, Variable

__all__ = ["MAX_ENTRIES", "build"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MAX_ENTRIES = 5_000_000  # of the joint kernel, and on the way to it; some 200 bytes each


class _Sparse:
    """A factor with its positive entries listed: those of a row of parents' values lie between two pointers."""

    def __init__(self, factor: Factor) -> None:
        self.parents, self.variables = factor.parents, factor.variables
        self.shape = factor.table.shape[: len(factor.parents)]
        self.sizes = factor.table.shape[len(factor.parents) :]
        table = sparse.csr_array(factor.table.reshape(prod(self.shape), -1))
        self.first, self.value, self.chance = table.indptr.astype(np.int64), table.indices, table.data


@dataclass(frozen=True)
class _Rows:
    """Combinations of values of variables."""

    of: Mapping[str, Ints]  # of[variable][k]: value index in the k-th combination
    chance: Floats  # [combinations], probability
    row: Ints  # [combinations], place in the combinations that these were made of

    def extended(self, factors: Sequence[_Sparse]) -> _Rows:
        """With the factors' variables, for each combination and each value of positive probability."""
        return reduce(_Rows._by_one, factors, self)

    def _by_one(self, factor: _Sparse) -> _Rows:
        given = np.zeros(len(self.row), dtype=np.int64)
        for parent, size in zip(factor.parents, factor.shape, strict=True):
            given = given * size + self.of[parent]
        lower = factor.first[given]
        count = factor.first[given + 1] - lower
        _within(int(count.sum()))
        at = np.repeat(np.arange(len(given)), count)
        entry = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + lower[at]
        digits = np.unravel_index(factor.value[entry], factor.sizes)
        of = {name: column[at] for name, column in self.of.items()}
        of |= {name: each.astype(np.int64) for name, each in zip(factor.variables, digits, strict=True)}
        return _Rows(of, self.chance[at] * factor.chance[entry], self.row[at])

    def code(self, variables: Sequence[Variable]) -> Ints:
        """The mixed-radix index of some variables, the first most significant."""
        start = np.zeros(len(self.row), dtype=np.int64)
        return reduce(lambda code, v: code * len(v.values) + self.of[v.name], variables, start)

    def paid(self, rewards: Sequence[Factor]) -> Floats:
        """The sum of some reward functions, combination by combination."""
        start = np.zeros(len(self.row))
        return sum((f.table[tuple(self.of[p] for p in f.parents)] for f in rewards), start)


def _within(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise LimitError(
            f"the joint kernel P(s', o' | s, a) would have {entries:.3g} entries or more; the limit is "
            f"{MAX_ENTRIES:.3g}: write a smaller model"
        )


def _size(variables: Sequence[Variable]) -> int:
    return prod(len(v.values) for v in variables)


def _columns(variables: Sequence[Variable], codes: Ints) -> dict[str, Ints]:
    """The value index of each variable in mixed-radix codes."""
    digits = np.unravel_index(codes, [len(v.values) for v in variables]) if variables else ()
    return {v.name: each.astype(np.int64) for v, each in zip(variables, digits, strict=True)}


class _Builder:
    def __init__(self, network: Network) -> None:
        self.network = network
        watched = [k for k, seen in enumerate(network.seen) if seen]
        self.first_seen = [network.previous[k] for k in watched]
        self.signals = [*network.observations, *(network.current[k] for k in watched)]
        self.transition = [_Sparse(factor) for factor in network.transition]
        self.observation = [_Sparse(factor) for factor in network.observation]
        self.n_actions = _size(network.actions)
        for variables, what in (
            (network.previous, "states"),
            (self.signals, "observations"),
            (network.actions, "actions"),
        ):
            if _size(variables) >= 1 << 62:
                raise LimitError(f"{_size(variables):.3g} combinations of {what}; the limit is {1 << 62:.3g}")

    def model(self, name: str, horizon: int, discount: float | None) -> Model:
        network = self.network
        start = _Rows({}, np.ones(1), np.zeros(1, dtype=np.int64)).extended([_Sparse(f) for f in network.initial])
        code = start.code(network.previous)
        states = self._reachable(np.sort(code))
        order = np.argsort(code)
        initial = Initial(np.searchsorted(states, code[order]), start.code(self.first_seen)[order], start.chance[order])
        observed = np.ones((horizon + 1, len(self.signals)), dtype=np.bool_)
        observed[0, : len(network.observations)] = False
        signature = Signature(
            ("1",),
            tuple(Item(v.name, 0, v.values) for v in network.actions),
            tuple(Item(v.name, 0, v.values) for v in self.signals),
        )
        return Model(
            name,
            network.title,
            signature,
            horizon,
            network.discount if discount is None else discount,
            tuple(v.name for v in network.previous),
            tuple(v.values for v in network.previous),
            np.stack(list(_columns(network.previous, states).values()), axis=1),
            initial,
            (self._kernel(states),),
            (0,) * horizon,
            np.ones((horizon, len(network.actions)), dtype=np.bool_),
            observed,
        )

    def _rows(self, states: Ints, variables: Sequence[Variable]) -> _Rows:
        """Every joint action with every given state of a time slice; row a * len(states) + k is action a, state k."""
        _within(self.n_actions * len(states))
        actions, codes = np.repeat(np.arange(self.n_actions), len(states)), np.tile(states, self.n_actions)
        of = _columns(self.network.actions, actions) | _columns(variables, codes)
        return _Rows(of, np.ones(len(actions)), np.arange(len(actions)))

    def _reachable(self, first: Ints) -> Ints:
        """The codes of the reachable states, ascending."""
        seen = fresh = first
        while len(fresh):
            after = self._rows(fresh, self.network.previous).extended(self.transition)
            fresh = np.setdiff1d(np.unique(after.code(self.network.current)), seen, assume_unique=True)
            seen = np.union1d(seen, fresh)
        return seen

    def _kernel(self, states: Ints) -> Kernel:
        network = self.network
        rows = self._rows(states, network.previous)
        entries = rows.extended(self.transition).extended(self.observation)
        now = [f for f in network.rewards if all(parent in rows.of for parent in f.parents)]
        later = [f for f in network.rewards if f not in now]
        reward = rows.paid(now)
        sample = None
        if later:
            extra = entries.paid(later)
            sample = (reward[entries.row] + extra)[None]
            reward = reward + np.bincount(entries.row, entries.chance * extra, minlength=len(reward))
        kernel = kernel_from_entries(
            entries.row,
            entries.code(self.signals),
            np.searchsorted(states, entries.code(network.current)),
            entries.chance,
            reward.reshape(1, self.n_actions, len(states)),
            sample,
        )
        return replace(kernel, emission=self._emission(states))

    def _emission(self, states: Ints) -> sparse.csr_array | None:
        """P(o' | a, s') where the observation laws read nothing else; None where one reads the old state."""
        rows = self._rows(states, self.network.current)
        if not {p for f in self.observation for p in f.parents} <= set(rows.of) | {v.name for v in self.signals}:
            return None
        entries = rows.extended(self.observation)
        shape = (len(rows.row), _size(self.signals))
        return sparse.csr_array((entries.chance, (entries.row, entries.code(self.signals))), shape=shape)


def build(network: Network, name: str, horizon: int, discount: float | None) -> Model:
    """The model over the reachable states, one agent.  Raises LimitError above MAX_ENTRIES entries."""
    return _Builder(network).model(name, horizon, discount)
