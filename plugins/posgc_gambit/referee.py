"""Gambit as referee: payoffs and regret of a behaviour profile on an `.efg` text."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from typing import Any, ClassVar

from posgc.plugin import Profile, SecondOpinion
from posgc_gambit.adapter import missing_pygambit

__all__ = ["GambitReferee"]


@dataclass(frozen=True)
class GambitReferee:
    """Values are its `payoffs`, the regret its `max_regret`: the largest gain of a best response of one player."""

    name: ClassVar[str] = "gambit"
    summary: ClassVar[str] = "Gambit's payoffs and regrets on the exported game tree"

    def applies(self) -> str | None:
        """None when a pygambit that fits is installed, else what to do."""
        return missing_pygambit()

    def judge(self, efg: str, profile: Profile) -> SecondOpinion:
        """Its order of information sets is that of the text, as is ours."""
        gambit: Any = importlib.import_module("pygambit")
        game = gambit.read_efg(io.BytesIO(efg.encode()))
        if not any(profile):
            return SecondOpinion(_payoffs(game.mixed_behavior_profile(rational=False)), 0.0)
        played = game.mixed_behavior_profile(data=[[list(law) for law in own] for own in profile], rational=False)
        return SecondOpinion(_payoffs(played), float(played.max_regret()))


def _payoffs(profile: Any) -> tuple[float, ...]:
    return tuple(float(x) for _, x in profile.payoffs)
