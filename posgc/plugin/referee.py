"""What a referee is: another program that recomputes, on an exported game tree, what a profile earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

__all__ = ["Judgement", "Profile", "Referee"]

Profile = Sequence[Sequence[Sequence[float]]]
"""profile[player][infoset - 1] is the law over the actions of the player's information set of that number."""


@dataclass(frozen=True)
class Judgement:
    """Every player's expected payoff, and the largest gain that a single player can get by a best response."""

    values: tuple[float, ...]
    regret: float


class Referee(Protocol):
    """An adapter to one program, selectable with `--referee NAME`."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def missing(self) -> str | None:
        """None when the program is there in a version that fits, else what to install, as a sentence."""
        ...

    def judge(self, efg: str, profile: Profile) -> Judgement:
        """Judge a profile of the game in an `.efg` text of perfect recall, numbered as `profile` is."""
        ...
