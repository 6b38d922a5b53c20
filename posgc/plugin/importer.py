"""What an importer is: a reader of somebody else's file format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.model.arrays import Model

__all__ = ["Imported", "Importer", "RewardReading", "require_sense"]

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
    own_horizon: ClassVar[bool]  # whether the format itself says how many decisions there are

    def applies(self, source: Source) -> str | None:
        """None when the text looks like this format, else why not, as a sentence; cheap, and a reason when in doubt."""
        ...

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model; None stands for what was not asked for: then the file, or the format's custom, decides.

        Raises InputError with every mistake found, LimitError where it is too large.
        """
        ...


def require_sense(
    importer: Importer, source: Source, horizon: int | None, discount: float | None, reward: str | None
) -> None:
    """Raises InputError where the flags make no sense: E607 for the horizon, I105 for the discount, I106 for
    the reading of the rewards."""
    wrong = []
    if horizon is None and not importer.own_horizon:
        wrong.append(Diagnostic("E607", "the format has no horizon", None, "--horizon H"))
    elif horizon is not None and horizon < 1:
        wrong.append(Diagnostic("E607", f"the horizon {horizon} is not a number of decisions", None, "--horizon H"))
    if discount is not None and not 0 <= discount <= 1:
        wrong.append(Diagnostic("I105", f"the discount {discount} is not in [0, 1]", None, "--discount 1"))
    if reward not in (None, "team", "zero_sum"):
        wrong.append(Diagnostic("I106", f"unknown reward reading `{reward}`", None, "--reward team, or zero_sum"))
    if wrong:
        raise InputError(wrong, source)
