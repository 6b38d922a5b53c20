"""What an importer is: a reader of somebody else's file format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from posgc.language.diagnostics import Diagnostic, Source
from posgc.model.arrays import Model

__all__ = ["Imported", "Importer", "RewardReading"]

RewardReading = Literal["team", "zero_sum"]


@dataclass(frozen=True)
class Imported:
    """A model read from a foreign file, with the notes and warnings met on the way."""

    model: Model
    diagnostics: tuple[Diagnostic, ...] = ()


class Importer(Protocol):
    """A reader of one format; it is told apart by content, never by a file's name."""

    name: ClassVar[str]
    summary: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    def claims(self, source: Source) -> bool:
        """Whether the text looks like this format; cheap, and false for anything doubtful."""
        ...

    def read(self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading) -> Imported:
        """The model.  Raises InputError with every mistake found, LimitError where it is too large."""
        ...
