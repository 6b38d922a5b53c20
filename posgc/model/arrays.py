"""The tabulated game: sparse arrays over the reachable states and the joint kernel P_h(s', o' | s, a).

Sizes: n agents, S reachable states, A joint actions, O joint observations, H decisions.  Joint indices
are mixed-radix over the signature's variables, first most significant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.language.blocks.declared import Declared
from posgc.language.signature import Signature

__all__ = ["Initial", "Kernel", "Model", "digest_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Initial:
    """The joint law of (s_1, o_1), k entries, sorted by (state, observation), probabilities sum to 1."""

    state: Ints  # [k]
    observation: Ints  # [k], joint index; the digit of a variable not seen at step 1 is 0
    probability: Floats  # [k]


@dataclass(frozen=True)
class Kernel:
    """One step's dynamics: row a * S + s holds the law of (s', o') and the rewards.

    A row that cannot occur (an unreachable combination, or an action not allowed by `when` at the step) is empty.
    """

    # [A*S + 1], delimits the entries of each row, which are sorted by (observation, state), distinct, positive, and sum
    # to 1
    indptr: Ints
    observation: Ints  # [entries], joint observation index of o'
    state: Ints  # [entries], s'
    probability: Floats  # [entries]
    reward: Floats  # [n, A, S], expected reward of (s, a); 0 in rows that are empty
    sample_reward: Floats | None  # [n, entries] r(s, a, s', o'), None where it equals reward[:, a, s]
    emission: sparse.csr_array | None  # [A*S, O], row a*S + s': P(o' | a, s') where o' reads only (a, s')
    # [A, S], the joint action that is played where a is chosen at s: a itself where each of its values exists there; a
    # value that does not stands for the first one that does, and rows and rewards are those of what is played.  None
    # where all exist
    played: Ints | None = None

    def made(self, action: Ints, state: Ints) -> Ints:
        """The joint actions that are played where these are chosen."""
        return action if self.played is None else self.played[action, state]


@dataclass(frozen=True)
class Model:
    """A finite POSG in arrays; everything after this point reads nothing else of the game."""

    name: str
    title: str
    signature: Signature
    horizon: int
    discount: float
    state_names: tuple[str, ...]  # of the state variables
    state_labels: tuple[tuple[str, ...], ...]  # of the values of each state variable
    state_values: Ints  # [S, number of state variables], label index of each variable's value in each state
    initial: Initial
    # kernels[kernel_of_step[h - 1]] is that of step h, so that stationary dynamics are stored once
    kernels: tuple[Kernel, ...]
    kernel_of_step: tuple[int, ...]  # length H
    # [H, number of action variables], whether the variable is a choice at the step; else its value is its first
    active: Bools
    # [H + 1, number of observation variables], whether the variable is observed at step 1..H+1; else its digit in the
    # joint index is 0
    observed: Bools
    # which time the source of the game reads, whether or not it shows in the arrays: with "step" the steps after H may
    # differ from these, with "horizon" games of another horizon may differ at every step
    reads: frozenset[Literal["step", "horizon"]] = frozenset()
    # what the language blocks of the source declare, by name
    blocks: Mapping[str, Declared] = field(default_factory=dict)

    @property
    def n_agents(self) -> int:
        return len(self.signature.agents)

    @property
    def n_states(self) -> int:
        return len(self.state_values)

    @property
    def n_actions(self) -> int:
        return int(np.prod(self.signature.action_sizes))

    @property
    def n_observations(self) -> int:
        return int(np.prod(self.signature.observation_sizes))

    @cached_property
    def steady(self) -> bool:
        """Whether the game is the same at every step and for every horizon: the arrays are, and its source reads no
        time.  What is seen at step 1 may differ from what is seen later."""
        same = len(set(self.kernel_of_step)) == 1 and bool((self.active == self.active[:1]).all())
        return not self.reads and same and bool((self.observed[1:] == self.observed[1:2]).all())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that a policy depends on: agents, items, dynamics, rewards, horizon, discount."""
        return digest_of(self)

    def kernel(self, h: int) -> Kernel:
        """The kernel of step h, 1 <= h <= H."""
        return self.kernels[self.kernel_of_step[h - 1]]

    @cached_property
    def always_legal(self) -> bool:
        """Whether every value of every action exists at every state."""
        return all(kernel.played is None for kernel in self.kernels)

    def allowed(self, h: int) -> Ints:
        """The joint actions that can be played at step h, ascending: inactive variables at their first value."""
        index = np.zeros(1, dtype=np.int64)
        for v, on in zip(self.signature.actions, self.active[h - 1], strict=True):
            digits = np.arange(len(v.values) if on else 1)
            index = (index[:, None] * len(v.values) + digits).ravel()
        return index

    def choices(self, agent: int, h: int) -> Ints:
        """Agent's own action indices that can be played at step h, ascending.

        `allowed(h)` lists the products of these in row-major order, first agent most significant.
        """
        return self.signature.choices(agent, self.active[h - 1])

    def played_choices(self, agent: int, h: int) -> Ints | None:
        """[S, choices]: the position, among the agent's choices at step h, of what it plays where it chooses one at a
        state: its own where that exists there.  None where all exist everywhere."""
        played = self.kernel(h).played
        if played is None:
            return None
        sizes = [len(self.choices(j, h)) for j in range(self.n_agents)]
        # what others choose does not matter: their first choice stands for them
        joint = self.allowed(h)[np.arange(sizes[agent]) * int(np.prod(sizes[agent + 1 :], dtype=np.int64))]
        made: Ints = np.unravel_index(played[joint], self.signature.action_sizes)[agent]
        return np.searchsorted(self.choices(agent, h), made).T

    def choice_labels(self, agent: int, h: int) -> tuple[str, ...]:
        """The agent's choices at step h in words; values of several variables are joined by `+`.

        An agent that has no choice then has the one label "no choice".
        """
        own = [v for v, on in zip(self.signature.actions, self.active[h - 1], strict=True) if on and v.agent == agent]
        return tuple("+".join(parts) for parts in product(*(v.values for v in own))) if own else ("no choice",)

    def state_label(self, s: int) -> str:
        """State s in words: `tiger=left`, several variables joined by commas."""
        parts = (
            f"{name}={labels[value]}"
            for name, labels, value in zip(self.state_names, self.state_labels, self.state_values[s], strict=True)
        )
        return ", ".join(parts)


def digest_of(model: Model) -> str:
    """`Model.digest`, worked out anew."""
    digest = hashlib.sha256()
    signature = model.signature
    variables = [(v.name, v.agent, v.values) for v in (*signature.actions, *signature.observations)]
    digest.update(repr((signature.agents, variables, model.horizon, model.discount, model.kernel_of_step)).encode())
    tables: list[npt.NDArray[np.generic]] = [
        model.state_values,
        model.active,
        model.observed,
        model.initial.state,
        model.initial.observation,
        model.initial.probability,
    ]
    for k in model.kernels:
        tables += [k.indptr, k.observation, k.state, k.probability, k.reward]
        if k.played is not None:
            tables.append(k.played)
    for table in tables:
        digest.update(repr(table.shape).encode() + np.ascontiguousarray(table).tobytes())
    for name, declared in sorted(model.blocks.items()):
        if declared.in_digest:
            digest.update(json.dumps([name, dict(declared.document)], sort_keys=True).encode())
    return digest.hexdigest()
