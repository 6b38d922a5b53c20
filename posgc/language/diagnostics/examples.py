"""Examples of the codes that a game's text alone cannot show: flags, files, warnings, imported files.

They stand in a file of their own, as they name plug-ins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pkgutil import get_data

__all__ = ["CALLS", "COMMANDS", "DPOMDP", "IMPORTED", "LINES", "imported"]

_content = get_data("posgc.language.diagnostics", "examples.json")
assert _content is not None  # it is a part of the package
_read = json.loads(_content)

Pairs = Mapping[str, tuple[str, str]]

COMMANDS: Pairs = {code: (wrong, right) for code, (wrong, right) in _read["commands"].items()}
"""A wrong command and the right one.  They run in a folder that has `games`, a policy `tiger.npz` of dectiger.posg, a
checkpoint `run.npz`, and a text `notes.txt`."""

CALLS: Pairs = {code: (wrong, right) for code, (wrong, right) in _read["calls"].items()}
"""Calls of one agent's game of two states, `T` and `O` [2, 2, 2], `R` [2, 2]."""

LINES: Pairs = {code: (wrong, right) for code, (wrong, right) in _read["lines"].items()}
"""Lines of the game of `posgc.language.diagnostics.code_table` that give a warning, and the same put right."""

DPOMDP: str = _read["file"]
"""A right file of another format."""

IMPORTED: Pairs = {code: (old, wrong) for code, (old, wrong) in _read["imported"].items()}
"""A line of `DPOMDP` and what stands in its place; the right way is the line as it stands."""


def imported(code: str) -> str:
    """The file of the format with the line of the code in it."""
    old, wrong = IMPORTED[code]
    assert old in DPOMDP
    return DPOMDP.replace(old, wrong)
