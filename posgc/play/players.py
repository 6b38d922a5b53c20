"""Players: who chooses the actions of a batch of episodes.

`PolicyPlayer` executes what `Machine` documents; `posgc.play.kinds` has players of the other kinds.  At each step
every episode draws its own mixture component (the shared seed omega_h) afresh, independently of earlier steps; each
agent then looks up its own p_{i,h} in its own table and draws its action from what it finds, independently of the
others given the component; the machine moves along the increment that becomes common.  So a recommendation never tells
more about later steps than the node does, which is the correlation that Definitions 9 and 10 of the paper speak of.

`UniformPlayer` draws every agent's action uniformly from its choices.  `RandomPlayer` is a pure policy drawn at
random once and for all: what agent i does is a fixed random function of h, c_h and p_{i,h}, computed by hashing them
with the mixing function of SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from posgc.information.codes import evolve, initial_codes, project
from posgc.information.items import Information, InformationStructure
from posgc.model.ragged import positions
from posgc.play.chance import Chance, Rows, require_seed
from posgc.play.simulator import Step
from posgc.policy.completed import completed
from posgc.policy.machine import Machine, PolicyStep
from posgc.policy.mismatch import PolicyMismatch

__all__ = [
    "OWN_COINS",
    "SHARED_SEED",
    "Choices",
    "Memory",
    "Player",
    "PolicyPlayer",
    "RandomPlayer",
    "UniformPlayer",
    "drawn",
]

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

SHARED_SEED, OWN_COINS = 1, 2
"""Purposes of random numbers: omega_h, and from OWN_COINS on those of each agent."""

ROOMY = 4
"""A table from codes to positions may have this many cells for each code that it holds."""


class Player(Protocol):
    """Chooses actions for a batch of episodes; what it remembers of one batch is forgotten at h = 1."""

    def act(self, step: Step, chance: Chance) -> Ints:
        """Own actions of the agents, [n, B], at each step in turn from h = 1.  `chance.uniforms(k, h)` with
        k >= 1 is where random numbers come from."""

    def inner(self) -> dict[str, Ints]:
        """What else a trace can show of the last decision, [B] each, by name."""


class Memory:
    """What the protocol makes of a batch of episodes: the increment z_h, and every agent's p_{i,h}, as codes
    (`posgc.information.codes.Codec`)."""

    def __init__(self, information: InformationStructure) -> None:
        self.information = information
        self._u = np.zeros(0, dtype=np.int64)

    def observe(self, step: Step) -> tuple[Ints, Ints]:
        """z_h [B] and p_{i,h} [n, B], at each step in turn.  Raises LimitError where they cannot be numbered."""
        if step.action is None:
            z, self._u = initial_codes(self.information, step.observation)
        else:
            z, self._u = evolve(self.information, step.h - 1, self._u, step.action, step.observation)
        return z, project(self.information, step.h, self._u)


class Choices(Protocol):
    """Who may choose what when; a `Model` and an `InformationStructure` both tell."""

    @property
    def n_agents(self) -> int: ...
    def choices(self, agent: int, h: int) -> Ints: ...


class UniformPlayer:
    """Every agent draws uniformly from its choices."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def act(self, step: Step, chance: Chance) -> Ints:
        agents = range(self._choices.n_agents)
        drawn = [chance.uniforms(OWN_COINS + i, step.h) for i in agents]
        return np.stack([_picked(step, i, self._choices.choices(i, step.h), drawn[i]) for i in agents])

    def inner(self) -> dict[str, Ints]:
        return {}


class RandomPlayer:
    """The pure policy with this number: the same histories always meet the same actions."""

    def __init__(self, information: Information, number: int) -> None:
        """Raises ValueError for a negative number."""
        require_seed(number)
        self._model, self._number = information.model, number
        self._memory = Memory(information)
        self._common = np.zeros(0, dtype=np.uint64)

    def act(self, step: Step, chance: Chance) -> Ints:
        z, private = self._memory.observe(step)
        if step.h == 1:
            self._common = np.zeros(len(z), dtype=np.uint64)
        self._common = _mixed(self._common ^ _mixed(z.astype(np.uint64) + self._key(0, step.h)))
        hashes = (
            _mixed(self._common ^ _mixed(own.astype(np.uint64) + self._key(1 + i, step.h)))
            for i, own in enumerate(private)
        )
        return np.stack(
            [_picked(step, i, self._model.choices(i, step.h), _unit(word)) for i, word in enumerate(hashes)]
        )

    def inner(self) -> dict[str, Ints]:
        return {}

    def _key(self, *purpose: int) -> Words:
        """A word of its own for each purpose, none of them a stream of `Chance` (which have two numbers)."""
        sequence = np.random.SeedSequence(self._number, spawn_key=(0, *purpose))
        return sequence.generate_state(1, np.uint64).astype(np.uint64)


class PolicyPlayer:
    """Executes a machine, which must fit the game (`posgc.policy.compatibility.require_compatible`)."""

    def __init__(self, information: InformationStructure, policy: Machine) -> None:
        policy = completed(policy, information)
        self._structure, self._policy = information, policy
        self._memory = Memory(information)
        self._root = _Positions.of(policy.root_z)
        self._plans: dict[int, _Plan] = {}
        self._node = self._component = np.zeros(0, dtype=np.int64)

    def act(self, step: Step, chance: Chance) -> Ints:
        """Raises PolicyMismatch where the policy has no instruction for what has happened."""
        z, private = self._memory.observe(step)
        if step.h == 1:
            self._node = self._root.to(self._policy.root_to, z, 1, self._policy.first_otherwise)
        else:
            self._node = self._plan(step.h - 1).follow(self._node, z, step.h)
        plan = self._plan(step.h)
        # drawn afresh at every step: a recommendation must not tell of later ones
        seed = chance.uniforms(SHARED_SEED, step.h) if plan.mixes else None
        self._component = self._node if seed is None else plan.components.draw(self._node, seed)
        return np.stack([self._own(plan, i, step.h, private[i], chance) for i in range(len(private))])

    def inner(self) -> dict[str, Ints]:
        return {"node": self._node, "component": self._component}

    def _plan(self, h: int) -> _Plan:
        if h not in self._plans:
            self._plans[h] = _Plan.of(self._policy.steps[h - 1])
        return self._plans[h]

    def _own(self, plan: _Plan, agent: int, h: int, codes: Ints, chance: Chance) -> Ints:
        """Agent's own actions: by its table, its private information, and its own coin where the table mixes."""
        table = plan.step.tables[agent]
        unlisted = None if plan.step.otherwise is None else table.shape[1] - 1
        cell = self._component * table.shape[1] + plan.private[agent].find(codes, h, unlisted)
        if table.ndim == 2:
            chosen = table.ravel()[cell].astype(np.int64)
        else:
            chosen = drawn(table, cell, chance.uniforms(OWN_COINS + agent, h))
        own: Ints = self._structure.choices(agent, h)[chosen]
        return own


@dataclass(frozen=True, eq=False)
class _Plan:
    """One step of a policy, made ready for look-ups."""

    step: PolicyStep
    private: tuple[_Positions, ...]  # of each agent's codes
    components: Rows  # the mixture of every node
    mixes: bool  # whether any node mixes
    increments: _Positions
    edges: _Positions  # node * increments + increment, as one code

    @staticmethod
    def of(step: PolicyStep) -> _Plan:
        edges = np.repeat(np.arange(len(step)), np.diff(step.edge_indptr)) * max(len(step.z), 1) + step.edge_z
        return _Plan(
            step,
            tuple(map(_Positions.of, step.private)),
            Rows.of(step.indptr, step.weight),
            len(step.weight) > len(step),
            _Positions.of(step.z),
            _Positions.of(edges),
        )

    def follow(self, node: Ints, z: Ints, h: int) -> Ints:
        """The nodes after the increment z_h."""
        step, width = self.step, max(len(self.step.z), 1)
        if step.otherwise is None:
            return step.edge_to[self.edges.find(node * width + self.increments.find(z, h), h)].astype(np.int64)
        at = self.increments.find(z, h, -1)
        edge = np.where(at < 0, -1, node * width + at)
        return self.edges.to(step.edge_to, edge, h, step.otherwise)


@dataclass(frozen=True, eq=False)
class _Positions:
    """Where codes stand in an ascending list: by a table where the codes are close together, else by bisection."""

    codes: Ints  # ascending
    table: Ints | None  # [largest code + 1], position of each code, -1 for none; None: bisect

    @staticmethod
    def of(codes: Ints) -> _Positions:
        if not len(codes) or codes[0] < 0 or codes[-1] >= ROOMY * len(codes):
            return _Positions(codes, None)
        # a look-up in a table is several times as fast as bisection, where the codes are close enough together
        table = np.full(int(codes[-1]) + 1, -1, dtype=np.int64)
        table[codes] = np.arange(len(codes))
        return _Positions(codes, table)

    def find(self, wanted: Ints, h: int, otherwise: int | None = None) -> Ints:
        """Positions, and `otherwise` for what is not there.  Raises PolicyMismatch, with the step, where it is None."""
        if self.table is not None:
            inside = int(wanted.min()) >= 0 and int(wanted.max()) < len(self.table)
            listed = wanted if inside else np.clip(wanted, 0, len(self.table) - 1)
            at = self.table[listed]
            absent = at < 0 if inside else (at < 0) | (listed != wanted)
        else:
            at, absent = positions(self.codes, wanted)
        if not absent.any():
            return at
        if otherwise is None:
            raise PolicyMismatch(f"at step {h} the policy has no instruction for something that can occur")
        return np.where(absent, otherwise, at)

    def to(self, targets: npt.NDArray[Any], wanted: Ints, h: int, otherwise: int | None) -> Ints:
        """The targets of what is wanted, and `otherwise` as in `find`."""
        at = self.find(wanted, h, None if otherwise is None else -1)
        if otherwise is None:
            return targets[at].astype(np.int64)
        return np.where(at < 0, otherwise, targets[at] if len(targets) else otherwise).astype(np.int64)


def _picked(step: Step, agent: int, choices: Ints, uniforms: npt.NDArray[np.float64]) -> Ints:
    """Each choice that exists with equal probability."""
    if step.played is None:
        return choices[(uniforms * len(choices)).astype(np.int64)]
    found = np.cumsum(step.played[agent][:, choices] == choices, axis=1)
    wanted = (uniforms * found[:, -1]).astype(np.int64)
    return np.asarray(choices[(found > wanted[:, None]).argmax(axis=1)], dtype=np.int64)


def drawn(table: npt.NDArray[np.float64], cell: Ints, uniforms: npt.NDArray[np.float64]) -> Ints:
    """One of the last axis' entries in each cell, by its law; action by action, so that memory stays that of the
    batch.  An entry of probability 0 is never drawn, also where the row falls short of 1 by rounding."""
    flat, count = table.ravel(), table.shape[-1]
    chosen, last, passed = np.zeros(len(cell), np.int64), np.zeros(len(cell), np.int64), np.zeros(len(cell))
    for a in range(count):
        law = flat[cell * count + a]
        passed += law
        chosen += passed <= uniforms
        last[law > 0] = a
    return np.minimum(chosen, last)


def _mixed(words: Words) -> Words:
    """The finaliser of SplitMix64: a bijection of 64-bit words without visible order."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _unit(words: Words) -> npt.NDArray[np.float64]:
    """Words as numbers in [0, 1)."""
    return np.asarray((words >> np.uint64(11)) * 2.0**-53, dtype=np.float64)
