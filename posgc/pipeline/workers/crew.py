"""Whoever works on tasks, and what stands for the answer where one died on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Alone", "Crew", "Died"]


@dataclass(frozen=True)
class Died:
    """What stands for the answer to a task whose process ended before its time."""

    in_words: str  # what happened, and what it may have been


class Crew(Protocol):
    """Works on so many tasks at a time."""

    @property
    def size(self) -> int:
        """How many tasks are worked on at a time, at least 1."""
        ...

    def submit(self, number: int, task: Any) -> None:
        """Have a task worked on; it is called while fewer than `size` are."""
        ...

    def next(self) -> tuple[int, Any]:
        """Wait for an answer, `Died` perhaps: the number of its task, and itself.  Raises what the work raised."""
        ...

    def close(self) -> None:
        """End what is being worked on."""
        ...


class Alone:
    """This process itself."""

    size = 1

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work
        self._asked: list[tuple[int, Any]] = []

    def submit(self, number: int, task: Any) -> None:
        """As `Crew.submit`."""
        self._asked.append((number, task))

    def next(self) -> tuple[int, Any]:
        """As `Crew.next`."""
        number, task = self._asked.pop()
        return number, self._work(task)

    def close(self) -> None:
        """As `Crew.close`."""
