"""Expressions evaluated over whole columns.

An expression denotes one value per row.  `if`, `match` and `and`/`or` evaluate an operand only on the rows
that reach it, with one exception: an expression to which several places refer is evaluated once, on all
rows of the current table.  So every node is evaluated at most once per table, however the definitions
share their parts.  The exception is harmless because an error of value is not raised but carried with
the row (`Column.faults`), and counts only when a taken branch hands it on.

Words are interned: a column of words holds int32 numbers, equal exactly when the words are spelled alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np

from posgc.language import ir
from posgc.model.tabulation.arithmetic import apply
from posgc.model.tabulation.faults import Faults, label
from posgc.model.tabulation.reads import STEP, Flow
from posgc.model.tabulation.table import Array, Column, ColumnBuilder, Table, filled

__all__ = ["Domain", "Evaluator"]

_UNDEFINED = "make sure that no reachable state and action leads here, or guard the expression with `if`"


FEW_ROWS = 1 << 14
"""Rows up to which tests that cannot go wrong are all evaluated: calls cost more than rows there."""


class Domain:
    """The values of a type as a column would hold them, and the way back to their indices."""

    def __init__(self, type_: ir.Type, values: Array) -> None:
        self.type = type_
        self.values = values
        self.size = len(values)
        self._order = np.argsort(values, kind="stable")
        self._sorted = values[self._order]
        self._consecutive = values.dtype != np.bool_ and bool((np.diff(values) == 1).all())

    def find(self, values: Array) -> tuple[Array, Array]:
        """(index of each value, int32; mask of values that are not in the type)."""
        # a range of integers needs no search: its index is a difference
        if self._consecutive and values.dtype == self.values.dtype:
            place = values - self.values[0]
            return place.astype(np.int32), np.asarray((place < 0) | (place >= self.size))
        place = np.minimum(np.searchsorted(self._sorted, values), self.size - 1)
        return self._order[place].astype(np.int32), np.asarray(self._sorted[place] != values)


class Evaluator:
    """Evaluates the expressions of one game on tables whose columns are value indices by slot."""

    def __init__(self, game: ir.Game, flow: Flow, faults: Faults) -> None:
        self.flow = flow
        self.faults = faults
        self._words: dict[str, int] = {}
        self._spelled: list[str] = []
        self._constants: dict[int, Column] = {}
        self._domains: dict[tuple[str, int], Domain] = {}
        for kind, variables in _variables(game):
            for k, type_ in enumerate(variables):
                self._domains[kind, k] = Domain(type_, self.encode(type_.values))

    def domain(self, kind: str, index: int) -> Domain:
        return self._domains[kind, index]

    def encode(self, values: tuple[ir.Value, ...]) -> Array:
        """The values as a column holds them, [len(values)]."""
        if all(isinstance(v, str) for v in values):
            return np.array([self._word(str(v)) for v in values], dtype=np.int32)
        return np.array(values)

    def decode(self, values: Array) -> str:
        """The first value of an array, as it is written."""
        value = values.flat[0]
        if values.dtype == np.int32:
            return self._spelled[int(value)]
        return label(value.item())

    def _word(self, word: str) -> int:
        if word not in self._words:
            self._words[word] = len(self._spelled)
            self._spelled.append(word)
        return self._words[word]

    def column(self, node: ir.Expr, table: Table) -> Column:
        """The value of the node on every row of the table."""
        match node:
            case ir.Const():
                return self._constant(node)
            case ir.Step():
                return table[STEP]
            case ir.Read():
                return self._read(node, table)
        # a node with one reader is evaluated on the rows that reach it; keeping its column would only take memory
        if not self.flow.shared(node):
            return self._compute(node, table)
        held = table.get(id(node))
        if held is None:
            # on the base table, not on the branch's rows: the next branch that refers to it finds it there
            table.base.cells[id(node)] = self._compute(node, table.base)
            held = table[id(node)]
        return held

    def truth(self, node: ir.Expr, table: Table) -> Column:
        """The value of a node that stands for a truth value; a row ends here where it is none, which is reported."""
        column = self.column(node, table)
        if column.values.dtype == np.bool_:
            return column
        every = self.faults.mark(None, np.ones((), dtype=bool), ir.REPORTED, node.span, str, "")
        return Column(np.zeros((), dtype=bool), every)

    def _compute(self, node: ir.Expr, table: Table) -> Column:
        match node:
            case ir.Op(name="and" | "or"):
                return self._junction(node, table)
            case ir.Op():
                return self._strict(node, table)
            case ir.If():
                return self._if(node, table)
            case ir.Select():
                return self._select(node, table)
            case ir.Fail():
                return Column(np.zeros((), dtype=bool), self.fail(node, np.ones((), dtype=bool)))
        raise TypeError(f"not an expression: {node!r}")

    def fail(self, node: ir.Fail, bad: Array) -> Array:
        return self.faults.mark(None, bad, node.code, node.span, lambda: node.message, node.help)

    def _constant(self, node: ir.Const) -> Column:
        held = self._constants.get(id(node))
        if held is None:
            value = node.value
            if isinstance(value, str):
                held = Column(np.array(self._word(value), dtype=np.int32))
            elif isinstance(value, int) and not -(2**63) <= value < 2**63:
                held = Column(np.zeros((), np.int64), self._undefined(node, None, np.array(True)))
            else:
                held = Column(np.array(value))
            self._constants[id(node)] = held
        return held

    def _read(self, node: ir.Read, table: Table) -> Column:
        slot = (node.kind, node.index, node.primed)
        key = ("value", slot)
        held = table.get(key)
        if held is None:
            digits = table.base[slot]
            domain = self.domain(node.kind, node.index)
            table.base.cells[key] = Column(np.asarray(domain.values[digits.values]))
            held = table[key]
        return held

    def _undefined(self, node: ir.Op | ir.Const, faults: Array | None, bad: Array) -> Array:
        what = {"/": "a division by zero or a quotient that is not finite", "mod": "a division by zero"}
        name = node.name if isinstance(node, ir.Op) else ""
        text = what.get(name, "a result that is not a finite number, or an integer beyond 64 bits")
        return self.faults.mark(faults, bad, "E404", node.span, lambda: text, _UNDEFINED)

    def _strict(self, node: ir.Op, table: Table) -> Column:
        read = self.truth if node.name in ("not", "count") else self.column
        operands = [read(o, table) for o in node.operands]
        values, bad = apply(node.name, [c.values for c in operands])
        faults = first_fault(c.faults for c in operands)
        if bad is not None:
            faults = self._undefined(node, faults, bad)
        return Column(values, faults)

    def _junction(self, node: ir.Op, table: Table) -> Column:
        """`and`/`or`: an operand is evaluated on the rows that those before it leave open."""
        closing = node.name == "or"
        # comparing a variable with a constant cannot go wrong, so that no test needs the guard of those before it
        if table.size <= FEW_ROWS and all(map(_is_test, node.operands)):
            columns = [self.column(operand, table) for operand in node.operands]
            if all(column.faults is None for column in columns):
                combine = np.logical_or if closing else np.logical_and
                return Column(reduce(combine, [column.values for column in columns]))
        patch = ColumnBuilder(table.size)
        rows: Array | None = None
        here = table
        for k, operand in enumerate(node.operands):
            column = self.truth(operand, here)
            patch.put(rows, column)
            if k + 1 == len(node.operands):
                break
            open_ = np.asarray(column.values != closing)
            if column.faults is not None:
                open_ = open_ & (column.faults == 0)
            # the same on all rows, and open: the next operand is evaluated on the same table
            if open_.ndim == 0 and open_:
                continue
            if not open_.any():
                break
            rows = _within(rows, np.flatnonzero(open_))
            here = table.choose(rows)
        return patch.column()

    def _if(self, node: ir.If, table: Table) -> Column:
        """A chain of `else if` is walked here, not by recursion: a `match` may have hundreds of arms."""
        patch = ColumnBuilder(table.size)
        rows: Array | None = None
        here = table
        rest: ir.Expr = node
        while isinstance(rest, ir.If) and (rest is node or not self.flow.shared(rest)):
            test = self.truth(rest.condition, here)
            if test.faults is not None and test.faults.any():
                patch.put(rows, test)
            yes, no = divide(test, here.size)
            if len(yes):
                mine = rows if len(yes) == here.size else _within(rows, yes)
                inside = here if len(yes) == here.size or mine is None else table.choose(mine)
                patch.put(mine, self.column(rest.then, inside))
            if not len(no):
                return patch.column()
            if len(no) < here.size:
                rows = _within(rows, no)
                here = table.choose(rows)
            rest = rest.otherwise
        patch.put(rows, self.column(rest, here))
        return patch.column()

    def _select(self, node: ir.Select, table: Table) -> Column:
        index = self.column(node.index, table)
        keys = self.encode(node.keys)
        order = np.argsort(keys, kind="stable")
        place = np.minimum(np.searchsorted(keys[order], index.values), len(keys) - 1)
        outside = np.asarray(keys[order][place] != index.values)
        choice = filled(np.asarray(order[place]), table.size)
        faults = index.faults
        if outside.any():
            text = "the index {} picks nothing: it must be one of {}"
            faults = self.faults.mark(
                faults,
                outside,
                "E401",
                node.span,
                lambda: text.format(self.decode(index.values), ", ".join(label(k) for k in node.keys)),
                "keep the index within the declared values",
            )
        patch = ColumnBuilder(table.size)
        sound = np.ones(table.size, dtype=bool) if faults is None else filled(faults == 0, table.size)
        if faults is not None and not sound.all():
            patch.put(None, Column(np.zeros((), dtype=bool), faults))
        for k, case in enumerate(node.cases):
            # only on the rows that pick it: elsewhere the case may have no value, and need none
            rows = np.flatnonzero((choice == k) & sound)
            if len(rows) == table.size:
                return self.column(case, table)
            if len(rows):
                patch.put(rows, self.column(case, table.choose(rows)))
        return patch.column()


def _is_test(node: ir.Expr) -> bool:
    """Whether this compares a variable with a constant, as the patterns of a `match` do."""
    if not isinstance(node, ir.Op) or node.name != "==":
        return False
    return all(isinstance(operand, ir.Read | ir.Const) for operand in node.operands)


def divide(test: Column, size: int) -> tuple[Array, Array]:
    """The rows where a condition holds and those where it does not; neither where it has a fault."""
    values = filled(test.values, size)
    if test.faults is None:
        return np.flatnonzero(values), np.flatnonzero(~values)
    sound = filled(test.faults, size) == 0
    return np.flatnonzero(values & sound), np.flatnonzero(~values & sound)


def first_fault(faults: Iterable[Array | None]) -> Array | None:
    total: Array | None = None
    for own in faults:
        if own is not None:
            total = own if total is None else np.where(total != 0, total, own)
    return total


def _within(rows: Array | None, chosen: Array) -> Array:
    return chosen if rows is None else np.asarray(rows[chosen])


def _variables(game: ir.Game) -> list[tuple[str, list[ir.Type]]]:
    return [
        ("state", [v.type for v in game.states]),
        ("action", [v.type for v in game.actions]),
        ("observation", [v.type for v in game.observations]),
        ("chance", [v.type for v in game.chances]),
    ]
