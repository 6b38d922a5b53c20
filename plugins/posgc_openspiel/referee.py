"""The one place that knows OpenSpiel: values and best responses of a profile on an `.efg` text.

Its `efg_game` reads the tree, `expected_returns` the values, `TabularBestResponse` the best responses
(Lanctot et al., "OpenSpiel: A Framework for Reinforcement Learning in Games", arXiv:1908.09453).
"""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any, ClassVar

from posgc.plugin import Profile, SecondOpinion

__all__ = ["OpenSpiel"]

INSTALL = "install it with `pip install 'posgc[openspiel]'`"


@dataclass(frozen=True)
class OpenSpiel:
    """See the module."""

    name: ClassVar[str] = "openspiel"
    summary: ClassVar[str] = "OpenSpiel's values and best responses on the exported game tree"

    def applies(self) -> str | None:
        """None when OpenSpiel is installed, else what to do."""
        try:
            importlib.metadata.version("open_spiel")
        except importlib.metadata.PackageNotFoundError:
            return f"OpenSpiel is not installed; {INSTALL}"
        return None

    def judge(self, efg: str, profile: Profile) -> SecondOpinion:
        """Its information sets are strings that end in `player-number-name`, players from 0, numbers from 1."""
        spiel: Any = importlib.import_module("pyspiel")
        game = spiel.load_efg_game(efg)
        root, table = game.new_initial_state(), _table(spiel, game, profile)
        policy = spiel.TabularPolicy(table)
        values = tuple(spiel.expected_returns(root, policy, -1, True))
        best = [spiel.TabularBestResponse(game, i, policy).value_from_state(root) for i in range(game.num_players())]
        return SecondOpinion(values, max(b - v for b, v in zip(best, values, strict=True)))


def _table(spiel: Any, game: Any, profile: Profile) -> dict[str, list[tuple[int, float]]]:
    """The profile by OpenSpiel's names of the information sets, met by walking its tree."""
    table: dict[str, list[tuple[int, float]]] = {}
    waiting = [game.new_initial_state()]
    while waiting:
        state = waiting.pop()
        if state.is_terminal():
            continue
        actions = state.legal_actions()
        if state.is_player_node():
            name = state.information_state_string()
            if name not in table:
                _, player, number, _ = name.split("-", 3)
                law = profile[int(player)][int(number) - 1]
                table[name] = list(zip(actions, law, strict=True))
        waiting.extend(state.child(action) for action in actions)
    return table
