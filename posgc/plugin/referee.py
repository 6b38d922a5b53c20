"""What a referee is: another program that recomputes, on an exported game tree, what a profile earns."""

from __future__ import annotations

from typing import ClassVar, Protocol

from posgc.judge.referee import Profile, SecondOpinion

__all__ = ["Profile", "Referee", "SecondOpinion"]


class Referee(Protocol):
    """An adapter to one program, selectable with `--referee NAME`."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def applies(self) -> str | None:
        """None when the program is installed in a version that it works with, else what to install, as a sentence."""
        ...

    def judge(self, efg: str, profile: Profile) -> SecondOpinion:
        """Judge a profile of the game in an `.efg` text of perfect recall, whose information sets are numbered in
        the order in which they first occur."""
        ...
