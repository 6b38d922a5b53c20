"""The game as PettingZoo environments: `ParallelGame`, and `aec_env` for one agent after the other.

J. K. Terry et al., "PettingZoo: Gym for Multi-Agent Reinforcement Learning", NeurIPS 2021.  An observation is a
dictionary: `observation` is the step and then the agent's own observations of this step, or (with
`view="information"`) all that the agent knows by the sharing protocol, item by item, 0 for what it does not know
and 1 + value for what it does; `action_mask` marks the actions that can be played.  Rewards are not discounted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import wrappers
from pettingzoo.utils.conversions import parallel_to_aec

from posgc_environments.simulator import Episode, Game

__all__ = ["ParallelGame", "aec_env"]


class ParallelGame(ParallelEnv):
    """All agents act at once; every episode has H steps and ends by itself."""

    def __init__(self, game: Game, view: str = "observation", render_mode: str | None = None) -> None:
        if view not in ("observation", "information"):
            raise ValueError("view is 'observation' or 'information'")
        self.game, self.view, self.render_mode = game, view, render_mode
        self.metadata = {"render_modes": ["ansi", "human"], "is_parallelizable": True, "name": game.name}
        self.possible_agents: list[str] = list(game.agents)
        self.agents: list[str] = []
        self.episode, self.rng = Episode(game), np.random.default_rng()
        self.state_space = spaces.MultiDiscrete([*game.state_sizes, game.horizon + 2])
        self._number = {agent: i for i, agent in enumerate(game.agents)}
        self._actions = {a: spaces.Discrete(game.action_count(i)) for a, i in self._number.items()}
        self._observations = {a: self._space(i) for a, i in self._number.items()}

    def _space(self, agent: int) -> Any:
        game = self.game
        own = [k for k, v in zip(game.observation_radix, game.observations, strict=True) if v["agent"] == agent]
        sizes = own if self.view == "observation" else [len(values) for values in game.slot_values]
        return spaces.Dict(
            {
                "observation": spaces.MultiDiscrete([game.horizon + 2, *(k + 1 for k in sizes)]),
                "action_mask": spaces.MultiBinary(game.action_count(agent)),
            }
        )

    def observation_space(self, agent: str) -> Any:
        """A dictionary of `observation` and `action_mask`."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Any:
        """The agent's own actions, numbered."""
        return self._actions[agent]

    def _views(self) -> dict[str, Any]:
        episode, views = self.episode, {}
        for agent, i in self._number.items():
            items = episode.seen(i) if self.view == "observation" else episode.information(i)
            views[agent] = {"observation": np.concatenate(([episode.h], items)), "action_mask": episode.mask(i)}
        return views

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Observations and infos; with a seed, the episodes that follow are determined."""
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.episode.reset(self.rng)
        return self._views(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        """Observations, rewards, terminations, truncations, infos."""
        rewards = self.episode.step([int(actions[agent]) for agent in self.possible_agents], self.rng)
        over, agents = self.episode.done, self.possible_agents
        if over:
            self.agents = []
        if self.render_mode == "human":
            self.render()
        return (
            self._views(),
            dict(zip(agents, rewards, strict=True)),
            dict.fromkeys(agents, over),
            dict.fromkeys(agents, False),
            {agent: {} for agent in agents},
        )

    def state(self) -> Any:
        """The values of the state variables, and the step."""
        return np.append(self.game.state_values[self.episode.state], self.episode.h)

    def render(self) -> str | None:
        """The state and everybody's knowledge in words."""
        if self.render_mode is None:
            return None
        if self.render_mode == "human":
            print(self.episode)
        return str(self.episode)

    def close(self) -> None:
        """Nothing is held open."""


def aec_env(game: Game, view: str = "observation", render_mode: str | None = None) -> AECEnv:
    """The same game with one agent acting after the other, none seeing what the others choose now."""
    return wrappers.OrderEnforcingWrapper(parallel_to_aec(ParallelGame(game, view, render_mode)))
