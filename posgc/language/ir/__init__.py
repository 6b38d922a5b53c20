"""The typed, elaborated form of a game: what the tabulator reads.

Every declaration over agents or an index has been split into one variable per value (`cell[ann]`,
`cell[bob]`), definitions, quantifiers and indices have been expanded, names are resolved and types are
checked.  Expressions are a DAG of frozen nodes compared by identity (`eq=False`): a definition that is
used twice is one node, so an evaluator memoises on `id(node)`.

Values.  A *word* (enumerator) is a `str`, and two words are equal when they are spelled alike; numbers
are `int` or `float`; truth values are `bool`.  Each node carries its span for run-time diagnostics.
"""

from posgc.language.ir.expressions import (
    REPORTED,
    Bernoulli,
    Choose,
    Const,
    Constant,
    Dist,
    Expr,
    Fail,
    If,
    Mixture,
    Noisy,
    Op,
    Point,
    Read,
    Rows,
    Select,
    Step,
    Truncated,
    Type,
    UniformOver,
    Value,
)
from posgc.language.ir.game import ActionVar, ChanceVar, Clock, Expectation, Game, ObservationVar, StateVar

__all__ = [
    "REPORTED",
    "ActionVar",
    "Bernoulli",
    "ChanceVar",
    "Choose",
    "Clock",
    "Const",
    "Constant",
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
    "Rows",
    "Select",
    "StateVar",
    "Step",
    "Truncated",
    "Type",
    "UniformOver",
    "Value",
]
