"""Tables of rows, column by column: what expressions are evaluated on.

A row is one combination (state, joint action, outcomes drawn so far).  Columns are kept by key: a slot
for a variable's value index, `id(node)` for a shared expression, and a few names (`ROW`, `WEIGHT`).  A
table made by choosing rows of another one gathers a column from it the first time it is asked for.

Values in a column have one of four dtypes: bool, int64 (integers), float64 (reals), int32 (words,
interned, and value indices).  A column that is the same on all rows may have shape ().
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ROW", "WEIGHT", "Array", "Column", "ColumnBuilder", "Table", "filled", "groups", "pack"]

Array = npt.NDArray[Any]

ROW = "row"
"""Key of the number of the row of the first table from which a row descends."""
WEIGHT = "weight"
"""Key of the probability of the draws that led to a row."""

_WORD = 62  # bits of a packed key


@dataclass(frozen=True, slots=True)
class Column:
    """Values on the rows of a table.

    A fault is a mistake of the user only if the row is in a taken branch, so faults travel with the values and are
    reported where a draw or reward uses them.
    """

    values: Array  # [rows] or []; where there is a fault the value means nothing
    faults: Array | None = None  # int32 [rows] or [], the site of the error of value, 0 for none

    def take(self, rows: Array) -> Column:
        values = self.values if self.values.ndim == 0 else self.values[rows]
        faults = self.faults if self.faults is None or self.faults.ndim == 0 else self.faults[rows]
        return Column(values, faults)


class Table:
    """Rows with lazily gathered columns.  `base` is the table on which shared expressions are evaluated:
    itself, unless it is a choice of rows made by a branch of an expression."""

    def __init__(
        self,
        size: int,
        cells: dict[Hashable, Column] | None = None,
        parent: Table | None = None,
        source: Array | None = None,
        base: Table | None = None,
    ) -> None:
        self.size = size
        self.cells = {} if cells is None else cells
        self.parent = parent
        self.source = source
        self.base = self if base is None else base

    def get(self, key: Hashable) -> Column | None:
        cell = self.cells.get(key)
        if cell is None and self.parent is not None and self.source is not None:
            above = self.parent.get(key)
            if above is not None:
                cell = self.cells[key] = above.take(self.source)
        return cell

    def __getitem__(self, key: Hashable) -> Column:
        cell = self.get(key)
        if cell is None:
            raise KeyError(key)
        return cell

    def choose(self, rows: Array) -> Table:
        """The table of some rows, for a branch of an expression."""
        return Table(len(rows), parent=self, source=rows, base=self.base)

    def descend(self, rows: Array) -> Table:
        """The table of some rows (repeated or left out), on which draws go on."""
        return Table(len(rows), parent=self, source=rows)


class ColumnBuilder:
    """A column put together from columns on disjoint sets of rows."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pieces: list[tuple[Array | None, Column]] = []

    def put(self, rows: Array | None, column: Column) -> None:
        """`rows` None: all rows."""
        self.pieces.append((rows, column))

    def column(self) -> Column:
        if len(self.pieces) == 1 and self.pieces[0][0] is None:
            return self.pieces[0][1]
        dtype = np.result_type(*(c.values.dtype for _, c in self.pieces)) if self.pieces else np.dtype(bool)
        values = np.zeros(self.size, dtype=dtype)
        faults = None
        for rows, column in self.pieces:
            where = slice(None) if rows is None else rows
            values[where] = column.values
            if column.faults is not None:
                faults = np.zeros(self.size, dtype=np.int32) if faults is None else faults
                faults[where] = column.faults
        return Column(values, faults)


def filled(values: Array, size: int) -> Array:
    """The values as an array [size]."""
    return np.full(size, values) if values.ndim == 0 else values


def pack(columns: Sequence[Array], sizes: Sequence[int], size: int) -> Array:
    """One int64 key per row, ordered as the tuples of the columns (each column within 0..sizes[k]-1).

    Where the mixed-radix number would not fit, what has been packed so far is replaced by its rank.
    """
    key = np.zeros(size, dtype=np.int64)
    top = 1
    for column, width in zip(columns, sizes, strict=True):
        if top * width >= 1 << _WORD:
            distinct, key = np.unique(key, return_inverse=True)
            top = len(distinct)
        key = key * width + column
        top *= width
    return key


def groups(key: Array) -> tuple[Array | None, Array | None]:
    """(order, starts): the rows sorted by key, and where each distinct key begins among them.

    `order` None: already sorted; `starts` None: no key occurs twice.
    """
    order = None
    step = np.diff(key)
    if (step < 0).any():
        order = np.argsort(key, kind="stable")
        step = np.diff(key[order])
    if (step > 0).all():
        return order, None
    return order, np.concatenate(([0], np.flatnonzero(step) + 1))
