"""A sharing protocol, evaluated: the table of lags after which each item reaches each agent."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NEVER", "Protocol"]

NEVER = 1 << 30
"""The lag of an item that never arrives."""


@dataclass(frozen=True)
class Protocol:
    """Lags in steps: `action_lags[v][i]` is the age at which agent i knows action variable v.

    Variables are indexed as in the game's `Signature`.  An observation of step h has age 0 at h, an
    action of step h has age 1 at h + 1; the owner knows its own observation at age 0 and its own action
    at age 1.  An item is common from the largest of its lags on.  `forget` is the greatest age at which
    private items are remembered, None for perfect recall.  `name` is what the user asked for, with
    arguments (`delayed(2)`).
    """

    name: str
    action_lags: tuple[tuple[int, ...], ...]
    observation_lags: tuple[tuple[int, ...], ...]
    forget: int | None = None
