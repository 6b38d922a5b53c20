"""Text -> `Game`."""

from __future__ import annotations

from collections.abc import Mapping

from posgc.language import ir
from posgc.language.analysis.analyse import analyse
from posgc.language.blocks.contract import Block
from posgc.language.diagnostics import Source

__all__ = ["compile_game"]

_NOTHING: Mapping[str, str] = {}
_NO_BLOCKS: Mapping[str, Block] = {}


def compile_game(
    source: Source,
    settings: Mapping[str, str] = _NOTHING,
    horizon: int | None = None,
    discount: float | None = None,
    endless: bool = False,
    blocks: Mapping[str, Block] = _NO_BLOCKS,
) -> ir.Game:
    """The game that a text describes.

    `settings` are the parameters of `--set`, as text; `horizon` and `discount` override the file's.  An `endless` game
    may not read the time (E619): it stands for the game without end, whatever its horizon.  `blocks` are the language
    blocks that are installed, by name; the file uses those that it asks for.
    Reads no file and runs no code of the text.  Raises `InputError` with every mistake found.
    """
    return analyse(source, settings, horizon, discount, endless, blocks).required()
