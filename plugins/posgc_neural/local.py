"""FM-E and RNN-E (Mao, Zhang, Miehling & Basar 2020): one Q-network that all agents share, on local information alone.

At each step an agent's token is (one-hot of who it is, of its own last action, of its own observation); nothing that
others did or saw is read, whatever the protocol shares.  The loss at step h is that of one agent's transition,

    (Q(tokens 1..h, a_h) - r_h - bootstrap * max_a Q_target(tokens 1..h+1, a))^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from posgc.information.items import Structure
from posgc.learning.sampling import collect
from posgc.play.chance import Chance
from posgc.play.environment import Environment
from posgc.play.simulator import Step
from posgc_neural.networks import Memory

__all__ = ["Local", "Tokens", "Values", "streams_of"]

Tensor = Any
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
WANDER = 1000
"""From here on, purposes of each agent's random numbers: whether it wanders, and where to."""


@dataclass(frozen=True)
class Tokens:
    """What an agent reads at a step: n + A + O numbers, A and O being those of the agent that has most."""

    structure: Structure

    @property
    def actions(self) -> int:
        """A."""
        return max(self.structure.signature.action_sizes)

    @property
    def size(self) -> int:
        """n + A + O."""
        return self.structure.n_agents + self.actions + max(self.structure.signature.observation_sizes)

    def of(self, agent: int, h: int, action: Ints | None, observation: Ints) -> npt.NDArray[np.float32]:
        """[rows, n + A + O], from own actions of step h - 1 and own observations of step h; nothing of what is not
        made, as at the first step."""
        structure, rows = self.structure, np.arange(len(observation))
        signature, n = structure.signature, structure.n_agents
        token = np.zeros((len(observation), self.size), np.float32)
        token[:, agent] = 1
        if action is not None:
            token[rows, n + action] = 1
        owners = [v.agent for v in signature.observations]
        if any(owner == agent and seen for owner, seen in zip(owners, structure.observed[h - 1], strict=True)):
            token[rows, n + self.actions + observation] = 1
        return token

    @cached_property
    def closed(self) -> npt.NDArray[np.float32]:
        """[n, H, A]: minus infinity for what is no choice, else 0."""
        structure = self.structure
        closed = np.full((structure.n_agents, structure.horizon, self.actions), -np.inf, np.float32)
        for i in range(structure.n_agents):
            for h in range(1, structure.horizon + 1):
                closed[i, h - 1, structure.choices(i, h)] = 0
        return closed


@dataclass(frozen=True)
class Values:
    """A memory network on tokens, with what may be chosen."""

    tokens: Tokens
    memory: Memory

    @cached_property
    def _closed(self) -> Tensor:
        return torch.tensor(self.tokens.closed)

    def start(self, copies: int, rows: int) -> Tensor:
        """States [K, rows * n, S] before step 1."""
        return self.memory.start(copies, rows * self.tokens.structure.n_agents, self.tokens.size)

    def step(self, parameters: list[Tensor], state: Tensor, token: Tensor, h: int) -> tuple[Tensor, Tensor]:
        """From tokens [K, rows, n, T] of step h: states, and values [K, rows, n, A] of what may be chosen."""
        state, values = self.memory.step(parameters, state, token.flatten(1, 2))
        return state, values.unflatten(1, token.shape[1:3]) + self._closed[:, h - 1]

    def kept(self, state: Tensor, token: Tensor) -> Tensor:
        """[K, rows, n, ..], what the memory keeps of a step with tokens [K, rows, n, T]."""
        return self.memory.kept(state, token.flatten(1, 2)).unflatten(1, token.shape[1:3])

    def along(self, parameters: list[Tensor], kept: Tensor) -> Tensor:
        """Values at every step, [K, A, H, rows, n], from what was kept, [K, H, rows, n, ..]."""
        return self.memory.along(parameters, kept.flatten(2, 3)).unflatten(3, kept.shape[2:4])

    def best(self, parameters: list[Tensor], kept: Tensor) -> Tensor:
        """The most that a choice is worth at every step, [K, H, rows, n]."""
        return (self.along(parameters, kept) + self._closed.permute(2, 1, 0)[:, :, None]).amax(dim=1)


class _Wanderer:
    """Plays what the networks find best, and a random choice with probability epsilon; episode e is of network
    e mod K.  It remembers the actions of the batch and what the memory keeps."""

    def __init__(self, values: Values, parameters: list[Tensor], epsilon: float) -> None:
        self._values, self._parameters, self._epsilon = values, parameters, epsilon
        self._copies = parameters[0].shape[0]
        self._state: Tensor = None
        self.kept: list[Tensor] = []  # [K, E, n, ..] of each step
        self.actions: list[Tensor] = []  # [K, E, n] of each step

    def act(self, step: Step, chance: Chance) -> Ints:
        """As `Player.act`."""
        tokens, structure = self._values.tokens, self._values.tokens.structure
        played = None if step.action is None else np.unravel_index(step.action, structure.signature.action_sizes)
        own = [
            tokens.of(i, step.h, None if played is None else played[i], seen)
            for i, seen in enumerate(step.observations)
        ]
        token = torch.tensor(np.stack(own, axis=1)).unflatten(0, (-1, self._copies)).transpose(0, 1)
        if step.h == 1:
            self._state = self._values.start(*token.shape[:2])
            self.kept, self.actions = [], []
        self._state, values = self._values.step(self._parameters, self._state, token, step.h)
        best = values.argmax(dim=-1).transpose(0, 1).flatten(0, 1).cpu().numpy()  # [E * K, n]
        chosen = best.T.copy()
        for i, one in enumerate(chosen):
            drawn, choices = chance.uniforms(WANDER + i, step.h), structure.choices(i, step.h)
            wanders = drawn < self._epsilon
            one[wanders] = choices[(drawn[wanders] / self._epsilon * len(choices)).astype(np.int64)]
        self.kept.append(self._values.kept(self._state, token))
        self.actions.append(torch.tensor(chosen.T).unflatten(0, (-1, self._copies)).transpose(0, 1))
        actions: Ints = chosen
        return actions

    def inner(self) -> dict[str, Ints]:
        """As `Player.inner`."""
        return {}


@dataclass(frozen=True)
class Local:
    """The learner of the training loop."""

    values: Values
    environment: Environment
    copies: int  # K
    bootstrap: float
    seed: int

    def play(self, parameters: list[Tensor], epsilon: float, size: int, first: int) -> tuple[dict[str, Tensor], Floats]:
        """As `Learner.play`, in the environment; returns are discounted."""
        structure = self.values.tokens.structure
        player = _Wanderer(self.values, parameters, epsilon)
        rows: dict[str, list[Tensor]] = {"kept": [], "actions": [], "reward": []}
        for batch in collect(self.environment, structure, player, size * self.copies, self.seed, first * self.copies):
            rows["kept"].append(torch.stack(player.kept, dim=1))
            rows["actions"].append(torch.stack(player.actions, dim=1))
            paid = np.stack([one[0] for one in batch.reward])  # common: the first agent's is everybody's
            rows["reward"].append(torch.tensor(paid).unflatten(1, (-1, self.copies)).permute(2, 0, 1))
        played = {name: torch.cat(parts, dim=2) for name, parts in rows.items()}
        worth = self.environment.discount ** np.arange(structure.horizon)
        return {**played, "reward": played["reward"].float()}, worth @ played["reward"].cpu().numpy()

    def loss(self, parameters: list[Tensor], target: list[Tensor], batch: dict[str, Tensor]) -> Tensor:
        """As `Learner.loss`: mean squared errors over episodes, steps and agents."""
        chosen = self.values.along(parameters, batch["kept"]).gather(1, batch["actions"][:, None])[:, 0]
        with torch.no_grad():
            wanted = batch["reward"][..., None].expand(chosen.shape).clone()
            wanted[:, :-1] += self.bootstrap * self.values.best(target, batch["kept"])[:, 1:]
        return (chosen - wanted).square().sum() / wanted[0].numel()


def streams_of(seed: int, copies: int) -> Sequence[np.random.Generator]:
    """Random numbers of each network: its weights and its batches."""
    return [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,))) for k in range(copies)]
