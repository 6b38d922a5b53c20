"""Which plug-ins are asked about games in which some actions exist in some states only."""

from __future__ import annotations

from posgc.model.arrays import Model

__all__ = ["NEEDS_EVERY_MOVE", "unserved_moves"]

NEEDS_EVERY_MOVE = "it needs every action in every state, and here some exist in some states only"


def unserved_moves(plugin: object, model: Model) -> str | None:
    """Why a back-end or an exporter does not serve the moves of a game, as a sentence; None where it does.

    One that was not written for such games would take an action that does not exist for another name of the one that
    is played in its place (`Kernel.played`), and tell others of the name.  So it must say `conditional_moves = True`.
    """
    return None if model.always_legal or getattr(plugin, "conditional_moves", False) else NEEDS_EVERY_MOVE
