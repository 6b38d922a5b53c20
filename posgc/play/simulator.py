"""The simulator: a batch of episodes of a game, a joint action at a time.

It shows what can be experienced (each agent's own observations and rewards, the actions it may choose from) and
never the tables of the game, so a learner that is given a simulator learns from samples alone.  What becomes
common and what stays private under a protocol is a function of the observations and actions
(`posgc.play.players.Memory`).  One draw a step gives the new state and the joint observation together; which
random number an episode uses depends on the seed, its number and the step only (`posgc.play.chance`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.model.arrays import Model
from posgc.play.chance import Chance, Rows, require_seed

__all__ = ["Simulator", "Step"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DYNAMICS = 0
"""Purpose of the random numbers of the simulator; those of players begin at 1."""


@dataclass(frozen=True, eq=False)
class Step:
    """Where B episodes stand after `reset` or `step`."""

    h: int  # the decision that is due, 1..H; H + 1 when all is over
    done: bool  # whether all is over; the episodes of a game end together
    observation: Ints  # [B], joint index of o_h
    action: Ints | None  # [B], joint index of a_{h-1}; None at h = 1
    reward: Floats  # [n, B], of step h - 1 in the unit of the game, undiscounted; 0 at h = 1
    # masks[i] [A_i]: which of agent i's own actions it may choose at h, the same in all episodes; all false at the end
    masks: tuple[Bools, ...]
    observation_sizes: tuple[int, ...]
    # played[i] [B, A_i]: the own action that exists and is played in an episode in place of one that does not, where
    # moves depend on the state; None where they do not
    played: tuple[Ints, ...] | None = None

    @property
    def observations(self) -> Ints:
        """Each agent's own observation, [n, B]: a joint index over the agent's own variables."""
        return np.stack(np.unravel_index(self.observation, self.observation_sizes))


class Simulator:
    """Plays a game.  The same seed gives the same episodes, whatever the batches."""

    def __init__(self, model: Model, seed: int = 0) -> None:
        """Raises ValueError for a negative seed."""
        require_seed(seed)
        self._model, self._seed = model, seed
        self._initial = Rows.of(np.array([0, len(model.initial.probability)]), model.initial.probability)
        self._rows: dict[int, Rows] = {}
        self._masks: dict[bytes, tuple[Bools, ...]] = {}
        self._chance = Chance(seed, 0, 0)
        self._state = np.zeros(0, dtype=np.int64)
        self._h = 0

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the n agents, in the order of every axis [n]."""
        return self._model.signature.agents

    @property
    def horizon(self) -> int:
        """H, the decisions of an episode."""
        return self._model.horizon

    @property
    def discount(self) -> float:
        """What a reward is worth a step later."""
        return self._model.discount

    @property
    def action_sizes(self) -> tuple[int, ...]:
        """How many own actions each agent has."""
        return self._model.signature.action_sizes

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """How many own observations each agent can make."""
        return self._model.signature.observation_sizes

    @property
    def chance(self) -> Chance:
        """The random numbers of the batch, for players; its purposes from 1 on are free."""
        return self._chance

    @property
    def state(self) -> Ints:
        """The states s_h, [B]: for traces and for a critic that may see them; no agent does."""
        return self._state

    def reset(self, batch: int, first: int = 0) -> Step:
        """Begin episodes `first` to `first + batch - 1`.  Raises ValueError for fewer than one."""
        if batch < 1 or first < 0:
            raise ValueError("a batch holds at least one episode, and episodes are numbered from 0")
        self._chance, self._h = Chance(self._seed, first, batch), 1
        initial = self._model.initial
        entry = self._initial.draw(np.zeros(batch, dtype=np.int64), self._chance.uniforms(DYNAMICS, 0))
        self._state = initial.state[entry].astype(np.int64)
        return self._step(initial.observation[entry].astype(np.int64), None, np.zeros((len(self.agents), batch)))

    def step(self, actions: Ints) -> Step:
        """Play each agent's own actions, [n, B].  Raises ValueError where one is not among the choices."""
        model, h = self._model, self._h
        if not 1 <= h <= model.horizon:
            raise ValueError("the episodes are over: reset" if h else "the episodes have not begun: reset")
        action = self._joint(actions)
        kernel, which = model.kernel(h), model.kernel_of_step[h - 1]
        if which not in self._rows:
            self._rows[which] = Rows.of(kernel.indptr, kernel.probability)
        row = action * model.n_states + self._state
        entry = self._rows[which].draw(row, self._chance.uniforms(DYNAMICS, h))
        if kernel.sample_reward is None:
            reward = kernel.reward.reshape(len(kernel.reward), -1).take(row, axis=1)  # far quicker than [:, row]
        else:
            reward = kernel.sample_reward.take(entry, axis=1)
        self._state = kernel.state[entry].astype(np.int64)
        self._h = h + 1
        return self._step(kernel.observation[entry].astype(np.int64), action, reward)

    def _joint(self, actions: Ints) -> Ints:
        """Joint indices of own actions, first agent most significant."""
        if np.shape(actions) != (len(self.agents), self._chance.size):
            raise ValueError(f"actions have shape {np.shape(actions)}, not {(len(self.agents), self._chance.size)}")
        joint = np.zeros(self._chance.size, dtype=np.int64)
        for i, (own, mask) in enumerate(zip(actions, self._choices(self._h), strict=True)):
            if int(own.min()) < 0 or int(own.max()) >= len(mask) or not (mask.all() or mask[own].all()):
                raise ValueError(f"{self.agents[i]} plays what it may not choose at step {self._h}")
            joint = joint * len(mask) + own
        kernel = self._model.kernel(self._h)
        if kernel.played is not None and (kernel.made(joint, self._state) != joint).any():
            raise ValueError(f"a joint action is played that does not exist in its state at step {self._h}")
        return joint

    def _choices(self, h: int) -> tuple[Bools, ...]:
        """The masks of step h, made once for steps of equal choices."""
        if h > self._model.horizon:
            return tuple(np.zeros(size, dtype=bool) for size in self.action_sizes)
        key = self._model.active[h - 1].tobytes()
        if key not in self._masks:
            self._masks[key] = tuple(
                np.isin(np.arange(size), self._model.choices(i, h)) for i, size in enumerate(self.action_sizes)
            )
        return self._masks[key]

    def _step(self, observation: Ints, action: Ints | None, reward: Floats) -> Step:
        over = self._h > self._model.horizon
        masks, played = self._choices(self._h), None if over else self._played()
        return Step(self._h, over, observation, action, reward, masks, self.observation_sizes, played)

    def _played(self) -> tuple[Ints, ...] | None:
        """`Step.played`."""
        model, h, found = self._model, self._h, []
        for i, size in enumerate(self.action_sizes):
            made, choices = model.played_choices(i, h), model.choices(i, h)
            if made is None:
                return None
            own = np.tile(np.arange(size), (len(self._state), 1))
            own[:, choices] = choices[made[self._state]]
            found.append(own)
        return tuple(found)
