"""Expressions and distributions of a game, as a graph of nodes without names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from posgc.language.diagnostics import Span

__all__ = [
    "REPORTED",
    "Bernoulli",
    "Choose",
    "Const",
    "Constant",
    "Dist",
    "Expr",
    "Fail",
    "If",
    "Mixture",
    "Noisy",
    "Op",
    "Point",
    "Read",
    "Rows",
    "Select",
    "Step",
    "Truncated",
    "Type",
    "UniformOver",
    "Value",
]

Value = str | int | float | bool
Rows = tuple[tuple[tuple[Value, ...], Value], ...]
"""A table of constants: values by index."""
Constant = Value | Rows

REPORTED = ""
"""The code of a `Fail` whose mistake has been reported."""


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
    """Reached only by mistake (a `match` without an arm that fits): an error on any row that gets here.

    The code `REPORTED` stands for an expression whose mistake has been reported: nothing more is said of it.
    """

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
class Truncated:
    """A law over the integers that is conditioned on the values of the variable's type.

    `poisson` with parameters (mean), `binomial` (number of trials, probability), or `normal` (mean, standard
    deviation), of which an integer gets what lies within 1/2 of it.
    """

    family: Literal["poisson", "binomial", "normal"]
    parameters: tuple[Expr, ...]
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


Dist = Point | UniformOver | Bernoulli | Noisy | Truncated | Mixture | Choose
