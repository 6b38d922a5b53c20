"""Distributions over the values of one variable, on all rows of a table at once.

A law is kept sparse, as triples (row, value index, probability) of the positive outcomes, so that a draw
multiplies a row by the number of its possible outcomes and a point mass by one.  A part of a mixture with
probability 0 is not evaluated.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from posgc.language import ir
from posgc.model.tabulation.evaluate import Evaluator, divide, first_fault
from posgc.model.tabulation.faults import label
from posgc.model.tabulation.law import TOLERANCE, Law, RowLimitReached, Target, dense, gathered, scaled
from posgc.model.tabulation.table import Array, Table, filled
from posgc.model.tabulation.truncated import PROBLEMS, log_weights

__all__ = ["LawEvaluator"]


class LawEvaluator:
    """Evaluates laws; `row_limit` bounds the number of entries that one law may have."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.row_limit = 1 << 62
        self._literals: dict[tuple[int, str], tuple[Array, Array] | None] = {}

    def law(self, node: ir.Dist, target: Target, table: Table) -> Law:
        """The law of the target on every row; raises RowLimitReached before it would outgrow the limit."""
        match node:
            case ir.Point():
                digit, faults = self._value(node.value, target, table)
                return Law(digit, None, None, faults)
            case ir.UniformOver():
                return self._uniform(node, target, table)
            case ir.Bernoulli():
                return self._bernoulli(node, table)
            case ir.Noisy():
                return self._noisy(node, target, table)
            case ir.Truncated():
                return self._truncated(node, target, table)
            case ir.Mixture():
                return self._mixture(node, target, table)
            case ir.Choose():
                return self._choose(node, target, table)

    def _admit(self, count: int) -> None:
        if count > self.row_limit:
            raise RowLimitReached(count)

    def _value(self, node: ir.Expr, target: Target, table: Table) -> tuple[Array, Array | None]:
        column = self.evaluator.column(node, table)
        digit, outside = target.domain.find(column.values)
        faults = column.faults
        if outside.any():
            faults = self.evaluator.faults.mark(
                faults,
                outside,
                "E401",
                node.span,
                lambda: (
                    f"{target.name} cannot be {self.evaluator.decode(column.values)}: "
                    f"its values are {_span_of(target.domain.type)}"
                ),
                "clip the value, or widen the type of the variable",
            )
            # An index beyond the type would run into the keys of the next row.
            digit = np.where(outside, np.int32(0), digit)
        return digit, None if faults is None else filled(faults, table.size)

    def _probability(self, node: ir.Expr, table: Table) -> tuple[Array, Array | None]:
        """The probability on each row, clipped to [0, 1], shape [rows] or []."""
        column = self.evaluator.column(node, table)
        p = column.values.astype(np.float64)
        outside = np.asarray(~((p >= -TOLERANCE) & (p <= 1 + TOLERANCE)))
        faults = column.faults
        if outside.any():
            faults = self.evaluator.faults.mark(
                faults,
                outside,
                "E402",
                node.span,
                lambda: f"the probability is {float(p.flat[0])!r}, outside [0, 1]",
                "a probability must be at least 0 and at most 1",
            )
        return np.clip(p, 0.0, 1.0), None if faults is None else filled(faults, table.size)

    def _uniform(self, node: ir.UniformOver, target: Target, table: Table) -> Law:
        n = table.size
        found = [self._value(v, target, table) for v in node.values]
        faults = first_fault(f for _, f in found)
        if node.conditions is None:
            inside: list[Array] = [np.ones((), dtype=bool)] * len(found)
        else:
            tests = [self.evaluator.truth(c, table) for c in node.conditions]
            inside = [t.values for t in tests]
            faults = first_fault([*(t.faults for t in tests), *_where(found, inside)])
        count = np.asarray(sum((t.astype(np.int64) for t in inside), np.zeros((), np.int64)))
        if (count == 0).any():
            faults = self.evaluator.faults.mark(
                faults,
                np.asarray(count == 0),
                "E406",
                node.span,
                lambda: f"no value of {target.name} is left to choose from",
                "at least one value must satisfy the condition of `uniform`",
            )
        faults = None if faults is None else filled(faults, n)
        # before the entries are made: the limit is there for the memory
        self._admit(int(np.sum(count)) if count.ndim else n * int(count))
        share = np.broadcast_to(1.0 / np.maximum(count, 1), (n,))
        rows = [np.flatnonzero(filled(t, n)) for t in inside]
        digits = [np.broadcast_to(d, (n,))[r] for (d, _), r in zip(found, rows, strict=True)]
        return gathered(rows, digits, [share[r] for r in rows], target.domain.size, faults)

    def _bernoulli(self, node: ir.Bernoulli, table: Table) -> Law:
        p, faults = self._probability(node.probability, table)
        # both outcomes, also where p is 0 or 1 on some rows: `dense` leaves out what has no weight
        full = filled(p, table.size)
        return dense(np.stack([1.0 - full, full], axis=1), faults)

    def _noisy(self, node: ir.Noisy, target: Target, table: Table) -> Law:
        n, k = table.size, target.domain.size
        digit, wrong = self._value(node.value, target, table)
        p, off = self._probability(node.accuracy, table)
        faults = first_fault([wrong, off])
        if k == 1 and (p < 1 - TOLERANCE).any():
            faults = self.evaluator.faults.mark(
                faults,
                np.asarray(p < 1 - TOLERANCE),
                "E406",
                node.span,
                lambda: f"{target.name} has one value, so there is no other to be mistaken for",
                "use accuracy 1, or give the variable a second value",
            )
        faults = None if faults is None else filled(faults, n)
        # a certain value stays one outcome a row, so that the table does not grow
        if k == 1 or (p == 1.0).all():
            return Law(digit, None, None, faults)
        self._admit(n * k)
        full = filled(p, n)
        block = np.repeat(((1.0 - full) / (k - 1))[:, None], k, axis=1)
        block[np.arange(n), filled(digit, n)] = full
        return dense(block, faults)

    def _truncated(self, node: ir.Truncated, target: Target, table: Table) -> Law:
        n, k = table.size, target.domain.size
        columns = [self.evaluator.column(p, table) for p in node.parameters]
        faults = first_fault(c.faults for c in columns)
        parameters = [c.values.astype(np.float64) for c in columns]
        mark, shown = self.evaluator.faults.mark, _span_of(target.domain.type)
        for where, what in PROBLEMS[node.family](*parameters):
            if where.any():
                cure = "keep it in the range, with `clip`, `min` or `max`"
                faults = mark(faults, np.asarray(where), "E402", node.span, partial(str, what), cure)
        self._admit(n * k)
        values = np.array(target.domain.type.values, np.float64)
        logs = log_weights(node.family, np.broadcast_arrays(*parameters), values)
        largest = np.max(logs, axis=-1, initial=-np.inf, where=~np.isnan(logs))
        lost = np.isneginf(largest)
        if lost.any():
            what, cure = (
                f"`{node.family}` gives no value of {target.name} a probability",
                f"it is {shown}: widen the range",
            )
            faults = mark(faults, lost, "E406", node.span, partial(str, what), cure)
        block = np.exp(logs - np.where(lost, 0.0, largest)[..., None])
        total = block.sum(axis=-1, keepdims=True)
        block = np.where(total > 0, block / np.where(total > 0, total, 1.0), 0.0)  # 0 where a fault is marked
        return dense(np.broadcast_to(block, (n, k)), None if faults is None else filled(faults, n))

    def _mixture(self, node: ir.Mixture, target: Target, table: Table) -> Law:
        # a table of numbers is the usual mixture, and it is alike on every row: it is sorted and checked once
        key = id(node), target.name
        if key not in self._literals:  # the game keeps the node alive
            self._literals[key] = self._literal(node, target)
        literal = self._literals[key]
        if literal is None:
            return self._mixed(node, target, table)
        (digit, weight), n = literal, table.size
        self._admit(n * len(digit))
        return Law(np.tile(digit, n), np.repeat(np.arange(n), len(digit)), np.tile(weight, n), None)

    def _literal(self, node: ir.Mixture, target: Target) -> tuple[Array, Array] | None:
        """Ascending digits and weights of a mixture that is alike on every row: sound constants, each value once."""
        values = [
            part.value.value for part in node.parts if isinstance(part, ir.Point) and isinstance(part.value, ir.Const)
        ]
        weights = [w.value for w in node.weights if isinstance(w, ir.Const) and not isinstance(w.value, str)]
        if len(values) < len(node.parts) or len(weights) < len(node.weights):
            return None
        total = float(sum(weights))
        digit, outside = target.domain.find(self.evaluator.encode(tuple(values)))
        sound = all(0 <= w <= 1 for w in weights) and abs(total - 1.0) <= TOLERANCE and not outside.any()
        if not sound or len(np.unique(digit)) < len(digit):
            return None
        order = np.argsort(digit)
        order = order[np.array(weights)[order] > 0]
        return digit[order], np.array(weights, np.float64)[order] / total

    def _mixed(self, node: ir.Mixture, target: Target, table: Table) -> Law:
        n = table.size
        found = [self._probability(w, table) for w in node.weights]
        faults = first_fault(f for _, f in found)
        total = np.asarray(sum((w for w, _ in found), np.zeros(())))
        off = np.asarray(np.abs(total - 1.0) > TOLERANCE)
        if off.any():
            faults = self.evaluator.faults.mark(
                faults,
                off,
                "E403",
                node.span,
                lambda: f"the probabilities sum to {float(total.flat[0])!r}, not to 1",
                "make the probabilities sum to 1",
            )
        faults = np.zeros(n, np.int32) if faults is None else np.array(filled(faults, n))
        pieces: list[tuple[Array, Law]] = []
        for part, (weight, _) in zip(node.parts, found, strict=True):
            rows = np.flatnonzero((filled(weight, n) > 0) & (faults == 0))
            if not len(rows):
                continue
            law = self.law(part, target, table if len(rows) == n else table.choose(rows))
            # within TOLERANCE the weights are taken to be meant to sum to 1
            share = np.broadcast_to(weight / np.where(off, 1.0, total), (n,))
            pieces.append((rows, scaled(law, share[rows])))
        return self._united(pieces, target, faults)

    def _choose(self, node: ir.Choose, target: Target, table: Table) -> Law:
        n = table.size
        faults = np.zeros(n, np.int32)
        pieces: list[tuple[Array, Law]] = []
        rows = np.arange(n)
        here = table
        rest: ir.Dist | ir.Fail = node
        while isinstance(rest, ir.Choose):
            test = self.evaluator.truth(rest.condition, here)
            if test.faults is not None:
                faults[rows] = test.faults
            yes, no = divide(test, here.size)
            if len(yes):
                inside = here if len(yes) == here.size else table.choose(rows[yes])
                pieces.append((rows[yes], self._branch(rest.then, target, inside)))
            if len(no) < here.size:
                rows = rows[no]
                here = table.choose(rows)
            rest = rest.otherwise
            if not len(rows):
                break
        else:
            pieces.append((rows, self._branch(rest, target, here)))
        # all rows take one branch: its law as it is, often a point mass that branches nothing
        if len(pieces) == 1 and len(pieces[0][0]) == n and not faults.any():
            return pieces[0][1]
        return self._united(pieces, target, faults)

    def _branch(self, node: ir.Dist | ir.Fail, target: Target, table: Table) -> Law:
        if isinstance(node, ir.Fail):
            every = self.evaluator.fail(node, np.ones(table.size, dtype=bool))
            return Law(np.zeros((), np.int32), None, None, every)
        return self.law(node, target, table)

    def _united(self, pieces: list[tuple[Array, Law]], target: Target, faults: Array) -> Law:
        """One law from laws on sets of rows; entries of one row and digit add up.  Changes `faults`."""
        n = len(faults)
        for at, law in pieces:
            if law.faults is not None:
                own = faults[at]
                faults[at] = np.where(own != 0, own, law.faults)
        found = faults if faults.any() else None
        if all(law.weight is None for _, law in pieces):
            digit = np.zeros(n, np.int32)
            for at, law in pieces:
                digit[at] = law.digit
            return Law(digit, None, None, found)
        self._admit(sum(len(at) if law.row is None else len(law.row) for at, law in pieces))
        rows, digits, weights = [], [], []
        for at, law in pieces:
            rows.append(at if law.row is None else at[law.row])
            digits.append(np.broadcast_to(law.digit, rows[-1].shape))
            weights.append(np.ones(len(at)) if law.weight is None else law.weight)
        return gathered(rows, digits, weights, target.domain.size, found)


def _where(found: list[tuple[Array, Array | None]], inside: list[Array]) -> list[Array | None]:
    """The faults of the values that are chosen from; a value that is ruled out may be anything."""
    pairs = zip(found, inside, strict=True)
    return [None if f is None else np.asarray(np.where(t, f, 0)) for (_, f), t in pairs]


def _span_of(type_: ir.Type) -> str:
    values = [label(v) for v in type_.values]
    if type_.kind == "integers":
        return f"{values[0]}..{values[-1]}"
    return "{" + ", ".join(values) + "}"
