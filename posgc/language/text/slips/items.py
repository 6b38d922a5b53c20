"""What begins an item of the game."""

from __future__ import annotations

import re

from posgc.language.text.stop import Stop

__all__ = ["item_follows"]

_ITEMS = {
    *("PARAM", "HORIZON", "DISCOUNT", "AGENTS", "GRAPH", "TYPE", "KIND", "CHANCE", "LET", "DRAW", "REWARD"),
    *("TERMINAL", "SHARE", "EXPECT", "INCLUDE"),
}


def item_follows(stop: Stop) -> bool:
    """Whether what stands here begins an item of the game, and can be nothing else."""
    if stop.token.type not in _ITEMS:
        return False
    if stop.on_new_line and stop.token != "horizon":
        return True
    return re.match(r"[\w\[]", stop.rest()) is not None and (stop.on_new_line or stop.token != "horizon")
