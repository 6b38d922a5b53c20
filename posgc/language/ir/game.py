"""A game: its variables with their laws, rewards, protocols and claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from posgc.language.blocks.declared import Declared
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, Source, Span
from posgc.language.ir.expressions import Constant, Dist, Expr, Type
from posgc.language.sharing.lag_table import LagTable
from posgc.language.signature import Signature
from posgc.language.text import syntax

__all__ = ["ActionVar", "ChanceVar", "Clock", "Expectation", "Game", "ObservationVar", "StateVar"]


@dataclass(frozen=True)
class StateVar:
    """`next` None: the variable keeps its value."""

    name: str
    type: Type
    init: Dist
    next: Dist | None
    span: Span


@dataclass(frozen=True)
class ActionVar:
    """`when` (over `Step` and constants) None: always a choice.

    `legal` (over states and `Step`): for each value of the type whether it exists; None: each does.
    """

    name: str
    agent: int
    type: Type
    when: Expr | None
    span: Span
    legal: tuple[Expr, ...] | None = None


@dataclass(frozen=True)
class ObservationVar:
    """`init` None: nothing is seen at step 1; `observe` None: nothing is seen later."""

    name: str
    agent: int
    type: Type
    init: Dist | None
    observe: Dist | None
    span: Span


@dataclass(frozen=True)
class ChanceVar:
    name: str
    type: Type
    law: Dist
    span: Span


@dataclass(frozen=True)
class Expectation:
    """A claim of the file, checked for sense, not yet for truth."""

    quantity: Literal["assumption", "gamma", "value", "gap"]
    span: Span
    number: int = 0  # the assumption's
    negated: bool = False  # whether the assumption is said to fail
    concept: ConceptName | None = None  # of `value` and `gap`
    agent: int = 0  # of `value`, from 0
    comparison: str = ">="  # between the quantity and `target`
    target: float = 0.0
    within: float = 0.0  # the tolerance of `==`, absolute
    protocol: str | None = None  # a request for `sharing.requests.protocol`; None: the game's own
    horizon: int | None = None  # None: the game's own


@dataclass(frozen=True)
class Clock:
    """Where the text of a game reads `step` and `horizon` first; None where it does not."""

    step: Span | None = None
    horizon: Span | None = None


@dataclass(frozen=True)
class Game:
    """A checked game.  Action and observation variables are in the order of `signature`."""

    name: str
    title: str
    source: Source
    signature: Signature
    horizon: int
    discount: float
    states: tuple[StateVar, ...]
    actions: tuple[ActionVar, ...]
    observations: tuple[ObservationVar, ...]
    chances: tuple[ChanceVar, ...]
    # The draws that have a law, as pairs (kind, index), in an order in which each reads only earlier ones: kind is
    # "state", "observation" or, in `step_order`, "chance".
    init_order: tuple[tuple[str, int], ...]
    step_order: tuple[tuple[str, int], ...]
    rewards: tuple[Expr, ...]  # each agent's reward of a step
    terminal: Expr | None
    # The file's own protocols with their default arguments, in file order; others are made by
    # `posgc.language.sharing.requests.protocol`, from `shares` and `constants`.
    protocols: tuple[LagTable, ...]
    parameters: tuple[tuple[str, float | int], ...]
    shares: tuple[syntax.Share, ...] = ()  # the declarations of protocols as written
    constants: tuple[tuple[str, Constant], ...] = ()  # the parameters, tables and constants that these may read
    expectations: tuple[Expectation, ...] = ()  # the claims that the file makes about itself
    warnings: tuple[Diagnostic, ...] = ()  # what is odd about it and no error
    # Where it reads the time: the games of other horizons have the same laws, rewards and protocols up to `step` and
    # `horizon` there.
    clock: Clock = Clock()
    blocks: Mapping[str, Declared] = field(default_factory=dict)  # what its language blocks declare, by name
