"""A system of modules: typed expressions over columns of variables, nothing left to look up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.plugin import Span
from posgc_prism.expressions import Expr

__all__ = ["Command", "Label", "Reward", "System", "Update", "Variable"]


@dataclass(frozen=True)
class Variable:
    """`low` and `high` are those of its range, 0 and 1 for a truth value."""

    name: str
    kind: str
    low: int
    high: int

    def label(self, value: int) -> str:
        return str(bool(value)).lower() if self.kind == "bool" else str(value)


@dataclass(frozen=True)
class Update:
    """One branch of a command; no probability means 1.  `writes` are columns and their new values."""

    probability: Expr | None
    writes: tuple[tuple[int, Expr], ...]


@dataclass(frozen=True)
class Command:
    guard: Expr
    updates: tuple[Update, ...]
    span: Span


@dataclass(frozen=True)
class Label:
    """What choices are called: an action, or a module (`source`) for its commands without one.  `commands[k]` are those
    of the k-th module that takes part; all of these move together.  `name` tells an action from a module."""

    name: str
    source: str
    action: str | None
    commands: tuple[tuple[Command, ...], ...]
    span: Span


@dataclass(frozen=True)
class Reward:
    """`action` is None for what a state pays, and empty for choices without a label."""

    action: str | None
    guard: Expr
    value: Expr


@dataclass(frozen=True)
class System:
    """`owner[k]` is the player of label k, -1 where none has it; `seen` names what is observed."""

    kind: str
    variables: tuple[Variable, ...]
    initial: npt.NDArray[np.int64]  # [variables]
    labels: tuple[Label, ...]
    rewards: tuple[Reward, ...]
    seen: tuple[tuple[str, Expr], ...]
    players: tuple[str, ...]
    owner: tuple[int, ...]
    parts: int  # of all expressions
