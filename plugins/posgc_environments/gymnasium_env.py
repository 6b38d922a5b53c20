"""The game of one agent as a Gymnasium environment (Towers et al., "Gymnasium", arXiv:2407.17032).

An observation is the step and then the agent's observations of this step, 0 for what was not made and 1 + value for
what was; or, with `view="information"`, all that it knows, item by item.  The actions that can be played are in
`info["action_mask"]`.  Rewards are not discounted.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from posgc_environments.simulator import Episode, Game

__all__ = ["SingleGame"]


class SingleGame(gymnasium.Env[Any, Any]):
    """Every episode has H steps and ends by itself; an action that cannot be played is an error."""

    def __init__(self, game: Game, view: str = "observation", render_mode: str | None = None) -> None:
        if view not in ("observation", "information"):
            raise ValueError("view is 'observation' or 'information'")
        if len(game.agents) != 1:
            raise ValueError("Gymnasium is for one agent; there is PettingZoo for more")
        self.metadata = {"render_modes": ["ansi", "human"], "name": game.name}
        self.game, self.view, self.render_mode = game, view, render_mode
        self.episode = Episode(game)
        sizes = game.observation_radix if view == "observation" else [len(values) for values in game.slot_values]
        self.observation_space = spaces.MultiDiscrete([game.horizon + 2, *(k + 1 for k in sizes)])
        self.action_space = spaces.Discrete(game.action_count(0))

    def _view(self) -> Any:
        items = self.episode.seen(0) if self.view == "observation" else self.episode.information(0)
        return np.concatenate(([self.episode.h], items))

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.episode.mask(0)}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Observation and info; with a seed, the episodes that follow are determined."""
        super().reset(seed=seed)
        self.episode.reset(self.np_random)
        return self._view(), self._info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Observation, reward, terminated, truncated, info."""
        (reward,) = self.episode.step([int(action)], self.np_random)
        if self.render_mode == "human":
            self.render()
        return self._view(), reward, self.episode.done, False, self._info()

    def render(self) -> Any:
        """The state and what is known, in words."""
        if self.render_mode == "human":
            print(self.episode)
        return str(self.episode) if self.render_mode == "ansi" else None
