"""What an exporter is: a writer of somebody else's file format."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, TextIO

from posgc.information.items import Information

__all__ = ["Exporter"]


class Exporter(Protocol):
    """A writer of one text format.  `options` is a frozen dataclass whose fields become `--option name=value`."""

    name: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[type]

    def applies(self, information: Information) -> str | None:
        """None when the game can be written in this format, else the reason why not, as a sentence."""
        ...

    def export(self, information: Information, options: Any, target: TextIO) -> None:
        """Write the game and its protocol.  Raises LimitError, before anything is written, where it is too large."""
        ...
