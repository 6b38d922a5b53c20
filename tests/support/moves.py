"""Random games in which some actions exist in some states only, and what they mean in plain words.

A random game gets a purse beside its state, which the last agent, or everybody, sees when it changes; which values of
an action exist is a random function of the purse.  `PlayedTree` plays such a game history by history: who chooses a
value that does not exist plays the first one that does, and that is what is told to others.  `penalised` is the game
without this rule in which such a choice costs more than all that can be earned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from support.games import Shape, random_game
from support.tree import Digits, History, Tree

from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.signature import Signature, Variable
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.build import kernel_from_entries, with_played

__all__ = ["Legal", "PlayedTree", "Pursed", "pursed"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Legal = tuple[Bools, ...]
"""For each action variable [S, values]: whether the value exists in the state."""


class PlayedTree(Tree):
    """See the module."""

    def __init__(self, model: Model, protocol: LagTable, dropped: frozenset[tuple[int, int]], legal: Legal) -> None:
        super().__init__(model, protocol, dropped)
        self.legal = legal

    def played(self, state: int, action: Digits) -> Digits:
        """What is played where this is chosen."""
        masks = [mask[state].tolist() for mask in self.legal]
        return tuple(d if mask[d] else mask.index(True) for d, mask in zip(action, masks, strict=True))

    def after(self, history: History, action: Digits) -> list[tuple[float, History]]:
        return super().after(history, self.played(history.state, action))

    def reward(self, agent: int, history: History, action: Digits) -> float:
        return super().reward(agent, history, self.played(history.state, action))


@dataclass(frozen=True)
class Pursed:
    """A game with a purse; `legal` are its moves."""

    model: Model
    protocol: LagTable
    legal: Legal

    @property
    def information(self) -> Information:
        return Information(self.model, self.protocol)

    @property
    def tree(self) -> PlayedTree:
        return PlayedTree(self.model, self.protocol, frozenset(), self.legal)

    def penalised(self, kind: str) -> Model:
        """The game in which every action exists, and those that should not cost more than can be earned."""
        most = sum(float(np.abs(k.reward).max(initial=0.0)) for k in map(self.model.kernel, range(1, 1 + self.horizon)))
        return replace(self.model, kernels=tuple(self._penalised(k, kind, 2 * most + 1) for k in self.model.kernels))

    @property
    def horizon(self) -> int:
        return self.model.horizon

    def _penalised(self, kernel: Kernel, kind: str, fine: float) -> Kernel:
        signature, reward = self.model.signature, kernel.reward.copy()
        sizes = [len(v.values) for v in signature.actions]
        for a, digits in enumerate(np.ndindex(*sizes)):
            for s in range(self.model.n_states):
                guilty = {v.agent for v, m, d in zip(signature.actions, self.legal, digits, strict=True) if not m[s, d]}
                if kind == "zero_sum":
                    paid = fine * ((1 in guilty) - (0 in guilty))
                    reward[:, a, s] += paid, -paid
                elif kind == "common":
                    reward[:, a, s] -= fine * bool(guilty)
                else:
                    reward[sorted(guilty), a, s] -= fine
        return replace(kernel, reward=reward, played=None)


def pursed(shape: Shape, public: bool, spent: bool, purses: int = 2) -> Pursed:
    """The random game of a shape with a purse, which moves by itself or, if `spent`, with what is played."""
    base, lags = random_game(shape)
    rng, n = np.random.default_rng((shape.seed, 7)), shape.n
    signature = Signature(
        base.signature.agents,
        base.signature.actions,
        (*base.signature.observations, Variable("purse", n - 1, tuple(map(str, range(purses))))),
    )
    others = [0 if public else int(rng.choice((1, 2, NEVER, NEVER))) for _ in range(n - 1)]
    sees = (*lags.observation_lags, (*others, 0))
    law = rng.dirichlet(np.ones(purses), (base.n_actions if spent else 1, purses))
    first = base.initial
    k = np.tile(np.arange(purses), len(first.state))
    initial = Initial(
        np.repeat(first.state, purses) * purses + k,
        np.repeat(first.observation, purses) * purses + k,
        np.repeat(first.probability, purses) / purses,
    )
    masks = [_mask(rng, base, v, public or x.agent == n - 1, purses) for v, x in enumerate(signature.actions)]
    legal = tuple(np.tile(mask, (base.n_states, 1)) for mask in masks)
    played = _played(legal, [len(v.values) for v in signature.actions])
    kernels = tuple(with_played(_with_purse(kernel, law, shape, rng), played) for kernel in base.kernels)
    model = replace(
        base,
        signature=signature,
        state_names=("state", "purse"),
        state_labels=(*base.state_labels, tuple(map(str, range(purses)))),
        state_values=np.column_stack(
            [np.repeat(np.arange(base.n_states), purses), np.tile(np.arange(purses), base.n_states)]
        ),
        initial=initial,
        kernels=kernels,
        observed=np.column_stack([base.observed, np.ones(len(base.observed), dtype=bool)]),
    )
    return Pursed(model, replace(lags, observation_lags=sees), legal)


def _mask(rng: np.random.Generator, base: Model, v: int, known: bool, purses: int) -> Bools:
    """[purses, values]; everything exists where the owner does not know the purse or cannot always choose."""
    size = len(base.signature.actions[v].values)
    mask = np.ones((purses, size), dtype=bool)
    if known and base.active[:, v].all():
        mask = rng.random((purses, size)) < 0.5
        mask[~mask.any(axis=1), int(rng.integers(size))] = True
    return mask


def _played(legal: Legal, sizes: list[int]) -> npt.NDArray[np.int64]:
    """`Kernel.played`, state by state and action by action."""
    n_states = len(legal[0]) if legal else 1
    played = np.zeros((int(np.prod(sizes)), n_states), dtype=np.int64)
    for a, digits in enumerate(np.ndindex(*sizes)):
        for s in range(n_states):
            for digit, size, mask in zip(digits, sizes, legal, strict=True):
                played[a, s] = played[a, s] * size + (digit if mask[s, digit] else mask[s].tolist().index(True))
    return played


def _with_purse(kernel: Kernel, law: Floats, shape: Shape, rng: np.random.Generator) -> Kernel:
    """`law` [A or 1, purses, purses]: of the next purse."""
    purses, (n, n_actions, n_states) = law.shape[1], kernel.reward.shape
    lengths = np.diff(kernel.indptr)
    action, state = np.divmod(np.repeat(np.arange(len(lengths)), lengths), n_states)
    entries = []
    for old, new in np.ndindex(purses, purses):
        weight = np.broadcast_to(law[:, old, new], n_actions)[action]
        row = action * n_states * purses + state * purses + old
        entries.append(
            (row, kernel.observation * purses + new, kernel.state * purses + new, kernel.probability * weight)
        )
    row, observation, after, probability = (np.concatenate(column) for column in zip(*entries, strict=True))
    reward = np.repeat(kernel.reward, purses, axis=2)
    extra = rng.integers(-2, 3, (n, n_actions, n_states * purses)).astype(np.float64)
    if shape.rewards == "common":
        extra[:] = extra[:1]
    elif shape.rewards == "zero_sum":
        extra[1] = -extra[0]
    there = np.repeat((lengths > 0).reshape(n_actions, n_states), purses, axis=1)
    return kernel_from_entries(row, observation, after, probability, reward + extra * there)
