"""The game in OpenSpiel (Lanctot et al., arXiv:1908.09453): turns instead of simultaneous moves, chance explicit.

At each step the agents that have a choice choose one after the other, none seeing what the others choose now, then
chance draws the new state and observations.  A player's information state is all that it knows by the sharing
protocol.  Returns are the discounted sums of the rewards, paid at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel

from posgc_environments.simulator import Episode, Game

__all__ = ["register"]


def register(data: Game, short_name: str) -> Any:
    """Make the game known to `pyspiel.load_game(short_name)`, and return it."""
    kind, info = _kind(data, short_name), _info(data)

    class PosgGame(pyspiel.Game):
        """The game; its states keep the tables."""

        def __init__(self, params: dict[str, Any] | None = None) -> None:
            super().__init__(kind, info, params or {})

        def new_initial_state(self) -> Any:
            return PosgState(self, data)

        def make_py_observer(self, iig_obs_type: Any = None, params: Any = None) -> Any:
            return _Observer(data)

    pyspiel.register_game(kind, PosgGame)
    return PosgGame()


class PosgState(pyspiel.State):
    """An episode, and the choices of the step that is being played; chance when there is nothing left to choose."""

    def __init__(self, game: Any, data: Game) -> None:
        super().__init__(game)
        self.data, self.episode, self.chosen = data, Episode(data), [0] * len(data.agents)
        self.turns: list[int] = []

    def _start_step(self) -> None:
        choices = [self.episode.choices(i) for i in range(len(self.data.agents))]
        self.chosen = [own[0] for own in choices]
        self.turns = [i for i, own in enumerate(choices) if len(own) > 1]

    def current_player(self) -> Any:
        if self.episode.done:
            return pyspiel.PlayerId.TERMINAL
        return self.turns[0] if self.turns else pyspiel.PlayerId.CHANCE

    def _legal_actions(self, player: int) -> list[int]:
        return self.episode.choices(player) if self.turns and player == self.turns[0] else []

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Entries of the initial law, or of the row that the joint action leads to."""
        if self.episode.h == 0:
            law = self.data.initial["probability"]
        else:
            law, _ = self.data.draws(self.episode.h, self.data.joint(self.chosen), self.episode.state)
        return list(enumerate(law.tolist()))

    def _apply_action(self, action: int) -> None:
        if self.turns:
            self.chosen[self.turns.pop(0)] = action
            return
        if self.episode.h == 0:
            self.episode.begin(action)
        else:
            joint = self.data.joint(self.chosen)
            _, begin = self.data.draws(self.episode.h, joint, self.episode.state)
            self.episode.advance(joint, begin + action)
        self._start_step()

    def _action_to_string(self, player: int, action: int) -> str:
        return f"chance {action}" if player == pyspiel.PlayerId.CHANCE else self.data.action_label(player, action)

    def is_terminal(self) -> bool:
        return self.episode.done

    def returns(self) -> list[float]:
        """Everybody's return at the end, 0 before."""
        return self.episode.returns if self.episode.done else [0.0] * len(self.data.agents)

    def information_state_string(self, player: int | None = None) -> str:
        """All that the player knows, after its name: tables of policies are kept by these strings alone."""
        return self.known_to(self.current_player() if player is None else player)

    def known_to(self, player: int) -> str:
        """The information state of one player."""
        return f"{self.data.agents[player]}: {self.episode.knowledge(player)}"

    def __str__(self) -> str:
        return f"{self.episode}\n  chosen: {self.chosen}, to choose: {self.turns}"


class _Observer:
    """A player's information as a tensor: the step, then every item, 0 for unknown and 1 + value for known."""

    def __init__(self, data: Game) -> None:
        self.tensor = np.zeros(1 + len(data.slot_time), np.float32)
        self.dict = {"information": self.tensor}

    def set_from(self, state: Any, player: int) -> None:
        self.tensor[0] = state.episode.h
        self.tensor[1:] = state.episode.information(player)

    def string_from(self, state: Any, player: int) -> str:
        return str(state.known_to(player))


def _kind(data: Game, short_name: str) -> Any:
    n, kinds = len(data.agents), pyspiel.GameType
    return kinds(
        short_name=short_name,
        long_name=data.name,
        dynamics=kinds.Dynamics.SEQUENTIAL,
        chance_mode=kinds.ChanceMode.EXPLICIT_STOCHASTIC,
        information=kinds.Information.IMPERFECT_INFORMATION,
        utility=getattr(kinds.Utility, _utility(data)),
        reward_model=kinds.RewardModel.TERMINAL,
        max_num_players=n,
        min_num_players=n,
        provides_information_state_string=True,
        provides_information_state_tensor=True,
        provides_observation_string=False,
        provides_observation_tensor=False,
        provides_factored_observation_string=False,
    )


def _pay(kernel: Any) -> Any:
    return kernel["sample_reward"] if "sample_reward" in kernel else kernel["reward"]


def _utility(data: Game) -> str:
    pays = [_pay(kernel) for kernel in data.kernels]
    if len(data.agents) > 1 and all(np.abs(p.sum(axis=0)).max(initial=0.0) == 0 for p in pays):
        return "ZERO_SUM"
    if all(np.ptp(p, axis=0).max(initial=0.0) == 0 for p in pays):
        return "IDENTICAL"
    return "GENERAL_SUM"


def _info(data: Game) -> Any:
    steps = [_pay(data.kernels[k]) for k in data.kernel_of_step]
    worth = [data.discount**h for h in range(data.horizon)]
    low = float(sum(w * p.min(initial=0.0) for w, p in zip(worth, steps, strict=True)))
    high = float(sum(w * p.max(initial=0.0) for w, p in zip(worth, steps, strict=True)))
    most = max(int(np.diff(kernel["indptr"]).max()) for kernel in data.kernels)
    return pyspiel.GameInfo(
        num_distinct_actions=max(data.action_count(i) for i in range(len(data.agents))),
        max_chance_outcomes=max(most, len(data.initial["probability"])),
        num_players=len(data.agents),
        min_utility=low,
        max_utility=high,
        utility_sum=0.0 if _utility(data) == "ZERO_SUM" else None,
        max_game_length=data.horizon * len(data.agents),
    )
