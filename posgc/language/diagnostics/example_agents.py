"""Cures that show agents show those of the game at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["agents_in", "with_agents"]

_LINE = re.compile(r"^[^\n#\"]*\bagents\s+([^;\n]*)", re.M)
_GROUP = re.compile(r"\s*([A-Za-z_]\w*)\s*(\[[^\]]*\])?")
_EXAMPLES = re.compile(r"\b(?:ann|bob)\b")


def agents_in(text: str) -> tuple[str, ...]:
    """The first agents that the `agents` line of a text names, at most two of each array; the text need not parse."""
    line = _LINE.search(text)
    if line is None:
        return ()
    names: list[str] = []
    for group in map(_GROUP.match, line[1].split(",")):
        if group is not None:
            names += [f"{group[1]}[1]", f"{group[1]}[2]"] if group[2] else [group[1]]
    return tuple(names)


def with_agents(cure: str, agents: Sequence[str]) -> str:
    """A cure that speaks of `ann` and `bob`, with the first two agents of the game in their place."""
    shown = dict(zip(("ann", "bob"), agents, strict=False))
    return _EXAMPLES.sub(lambda found: shown.get(found[0], found[0]), cure)
