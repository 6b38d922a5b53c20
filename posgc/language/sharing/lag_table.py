"""A sharing protocol, evaluated: the table of lags after which each item reaches each agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.signature import Signature, Variable

__all__ = ["NEVER", "LagTable", "require_lags"]

NEVER = 1 << 30
"""The lag of an item that never arrives."""


@dataclass(frozen=True)
class LagTable:
    """Lags in steps, of each variable of the game's `Signature` to each agent.

    An observation of step h has age 0 at h, an action of step h has age 1 at h + 1; the owner knows its own observation
    at age 0 and its own action at age 1.  An item is common from the largest of its lags on.
    """

    name: str  # what the user asked for, with arguments: `delayed(2)`
    action_lags: tuple[
        tuple[int, ...], ...
    ]  # [v][i], the age at which agent i knows action variable v; NEVER where it does not
    observation_lags: tuple[tuple[int, ...], ...]  # [v][i], the same of observation variable v
    forget: int | None = None  # the greatest age at which private items are remembered; None for perfect recall


def require_lags(signature: Signature, protocol: LagTable) -> None:
    """Raises InputError (E635) where the table is not one of this game: its shape, or an impossible lag."""
    wrong = [
        *_faults("action", signature.actions, protocol.action_lags, 1, len(signature.agents)),
        *_faults("observation", signature.observations, protocol.observation_lags, 0, len(signature.agents)),
    ]
    if not (protocol.forget is None or (_whole(protocol.forget) and protocol.forget >= 0)):
        wrong.append(f"forget is {protocol.forget!r}, not a whole number from 0 or None")
    if wrong:
        cure = "one row for each variable, one lag for each agent; posgc.NEVER where an item never arrives"
        raise InputError([Diagnostic("E635", f"protocol {protocol.name}: {why}", help=cure) for why in wrong])


def _faults(
    kind: str, variables: Sequence[Variable], table: Sequence[Sequence[int]], least: int, agents: int
) -> list[str]:
    """What is wrong with the rows of one kind, `least` being the age at which an owner has such an item."""
    if len(table) != len(variables) or any(len(row) != agents for row in table):
        return [f"{kind}_lags is not a table of {len(variables)} × {agents} lags"]
    return [
        f"{kind} {v.name} of agent {v.agent + 1} cannot have the lags {tuple(row)}: its owner has it at age {least}, "
        f"nobody earlier"
        for v, row in zip(variables, table, strict=True)
        if not (all(_whole(lag) and lag >= least for lag in row) and row[v.agent] == least)
    ]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
