"""What an exporter is: a writer of somebody else's file format."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, TextIO, runtime_checkable

from posgc.information.items import Information

__all__ = ["Exporter", "LiveExporter"]


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


@runtime_checkable
class LiveExporter(Exporter, Protocol):
    """An exporter that can also make the object that its files make, here and now (`posgc.Game.env`)."""

    def ready(self) -> str | None:
        """None when the library is installed, else what to install, as a sentence."""
        ...

    def make(self, information: Information, options: Any, **settings: Any) -> Any:
        """The object; `settings` are what a caller of the file's own function may say.  Raises LimitError as `export`
        does."""
        ...
