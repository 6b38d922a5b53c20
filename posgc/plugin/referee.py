"""What a referee is: another program that recomputes, on an exported game tree, what a profile earns."""

from __future__ import annotations

from typing import ClassVar, Protocol

from posgc.judge.referee import Judgement, Profile

__all__ = ["Judgement", "Profile", "Referee"]


class Referee(Protocol):
    """An adapter to one program, selectable with `--referee NAME`."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def missing(self) -> str | None:
        """None when the program is there in a version that fits, else what to install, as a sentence."""
        ...

    def judge(self, efg: str, profile: Profile) -> Judgement:
        """Judge a profile of the game in an `.efg` text of perfect recall, whose information sets are numbered in
        the order in which they first occur."""
        ...
