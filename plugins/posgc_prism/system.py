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
    """A variable and its range."""

    name: str
    kind: str
    low: int  # 0 for a truth value
    high: int  # 1 for a truth value

    def label(self, value: int) -> str:
        return str(bool(value)).lower() if self.kind == "bool" else str(value)


@dataclass(frozen=True)
class Update:
    """One branch of a command."""

    probability: Expr | None  # None means 1
    writes: tuple[tuple[int, Expr], ...]  # columns and their new values


@dataclass(frozen=True)
class Command:
    guard: Expr
    updates: tuple[Update, ...]
    span: Span


@dataclass(frozen=True)
class Label:
    """What choices are called: an action, or a module for its commands without one."""

    name: str
    source: str  # the module
    action: str | None  # None for a module
    # commands[k]: those of the k-th module that takes part; all modules move together
    commands: tuple[tuple[Command, ...], ...]
    span: Span


@dataclass(frozen=True)
class Reward:
    """A reward of the file."""

    action: str | None  # None for what a state pays, empty for choices without a label
    guard: Expr
    value: Expr


@dataclass(frozen=True)
class System:
    """The system of modules."""

    kind: str
    variables: tuple[Variable, ...]
    initial: npt.NDArray[np.int64]  # [variables]
    labels: tuple[Label, ...]
    rewards: tuple[Reward, ...]
    seen: tuple[tuple[str, Expr], ...]  # names and expressions of what is observed
    players: tuple[str, ...]
    owner: tuple[int, ...]  # the player of each label, -1 where none has it
    parts: int  # of all expressions
