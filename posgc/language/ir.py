"""The typed, elaborated form of a game: what the tabulator reads.

Every declaration over agents or an index has been split into one variable per value (`cell[ann]`,
`cell[bob]`), definitions, quantifiers and indices have been expanded, names are resolved and types are
checked.  Expressions are a DAG of frozen nodes compared by identity (`eq=False`): a definition that is
used twice is one node, so an evaluator memoises on `id(node)`.

Values.  A *word* (enumerator) is a `str`, and two words are equal when they are spelled alike; numbers
are `int` or `float`; truth values are `bool`.  Each node carries its span for run-time diagnostics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from posgc.language.blocks.declared import Declared
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, Source, Span
from posgc.language.sharing.lag_table import LagTable
from posgc.language.signature import Signature
from posgc.language.text import syntax

__all__ = [
    "ActionVar",
    "Bernoulli",
    "ChanceVar",
    "Choose",
    "Clock",
    "Const",
    "Dist",
    "Expectation",
    "Expr",
    "Fail",
    "Game",
    "If",
    "Mixture",
    "Noisy",
    "ObservationVar",
    "Op",
    "Point",
    "Read",
    "Select",
    "StateVar",
    "Step",
    "Type",
    "UniformOver",
    "Value",
]

Value = str | int | float | bool


@dataclass(frozen=True)
class Type:
    """The values of a variable, in order: all words, all `int` (a range), or (False, True)."""

    kind: Literal["words", "integers", "bool"]
    values: tuple[Value, ...]


# ---- expressions: each denotes one value per row of the grid it is evaluated on


@dataclass(frozen=True, eq=False)
class Const:
    value: Value
    span: Span


@dataclass(frozen=True, eq=False)
class Step:
    """The integer h, from 1 (the step at which the transition starts; for `when`, the acting step)."""

    span: Span


@dataclass(frozen=True, eq=False)
class Read:
    """The value of variable number `index` of its kind.

    `primed` (states and observations): its value at step h + 1.  In `init` laws states and observations
    are read unprimed and mean their step-1 values.
    """

    kind: Literal["state", "action", "observation", "chance"]
    index: int
    primed: bool
    span: Span


@dataclass(frozen=True, eq=False)
class Op:
    """A strict operation: both operands are evaluated wherever the node is, except that `and`/`or`
    evaluate their later operands only where the earlier ones leave the result open.

    `+ - * / mod ^ neg abs min max clip and or not == != < <= > >=`; `+ * and or min max` take any
    positive number of operands, `count` counts true ones, `argmax` gives the first index (from 0) of
    the largest operand (the elaborator maps it to the binder's value with `Select`).
    `integer` tells that the result is an integer (so that arithmetic stays exact).
    """

    name: str
    operands: tuple[Expr, ...]
    integer: bool
    span: Span


@dataclass(frozen=True, eq=False)
class If:
    """`then` is evaluated only on rows where `condition` holds, `otherwise` only on the others."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class Select:
    """`cases[k]` on rows where `index` equals `keys[k]`; a value outside `keys` is an error (E-range)."""

    index: Expr
    keys: tuple[Value, ...]
    cases: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Fail:
    """Reached only by mistake (a `match` without an arm that fits): an error on any row that gets here."""

    code: str
    message: str
    help: str
    span: Span


Expr = Const | Step | Read | Op | If | Select | Fail

# ---- distributions over the values of the variable that is drawn


@dataclass(frozen=True, eq=False)
class Point:
    value: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class UniformOver:
    """Evenly over the `values` (constants) whose condition holds; `conditions` None means all."""

    values: tuple[Expr, ...]
    conditions: tuple[Expr, ...] | None
    span: Span


@dataclass(frozen=True, eq=False)
class Bernoulli:
    probability: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class Noisy:
    """`value` with probability `accuracy`, the rest evenly over the other values of the variable's type
    (a type of one value then needs accuracy 1)."""

    value: Expr
    accuracy: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class Mixture:
    """`parts[k]` with probability `weights[k]`; the weights sum to 1 within 1e-9 on every row."""

    parts: tuple[Dist, ...]
    weights: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Choose:
    """`then` where `condition` holds, else `otherwise`; `Fail` as a branch is a match without an arm."""

    condition: Expr
    then: Dist | Fail
    otherwise: Dist | Fail
    span: Span


Dist = Point | UniformOver | Bernoulli | Noisy | Mixture | Choose

# ---- declarations


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
    """`when` (over `Step` and constants) None: always a choice."""

    name: str
    agent: int
    type: Type
    when: Expr | None
    span: Span


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
    """A claim of the file, checked for sense, not yet for truth.

    `assumption`: Assumption `number` holds, or fails where `negated`.  Otherwise `quantity` compared by
    `comparison` with `target`, equalities within `within` (absolute).  `concept` is that of `value` and
    `gap`, `agent` that of `value`, from 0.  `protocol` (a request for `sharing.protocol`) and `horizon`
    None: the game's own.
    """

    quantity: Literal["assumption", "gamma", "value", "gap"]
    span: Span
    number: int = 0
    negated: bool = False
    concept: ConceptName | None = None
    agent: int = 0
    comparison: str = ">="
    target: float = 0.0
    within: float = 0.0
    protocol: str | None = None
    horizon: int | None = None


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
    constants: tuple[tuple[str, Value], ...] = ()  # the parameters and constant definitions that these may read
    expectations: tuple[Expectation, ...] = ()  # the claims that the file makes about itself
    warnings: tuple[Diagnostic, ...] = ()  # what is odd about it and no error
    # Where it reads the time: the games of other horizons have the same laws, rewards and protocols up to `step` and
    # `horizon` there.
    clock: Clock = Clock()
    blocks: Mapping[str, Declared] = field(default_factory=dict)  # what its language blocks declare, by name
