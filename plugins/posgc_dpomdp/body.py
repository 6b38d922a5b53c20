"""The statements of one letter as writes into a table, in file order: what is written where.

With |JA| = A joint actions and |JO| = O joint observations, T is a table over (ja, s, s'), O over
(ja, s', jo) and R over (ja, s, s', jo).  A statement fixes leading fields and gives what is left: one
number, a row over the last field, or a matrix over the last two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from lark import Token

from posgc.plugin import vanishes
from posgc.plugin.complaints import Complaints, span_in, span_of
from posgc_dpomdp.header import Header, reward_axes
from posgc_dpomdp.labels import ANY, Axis, Cells
from posgc_dpomdp.start import ROUNDED
from posgc_dpomdp.syntax import Statement

__all__ = ["Write", "read_writes"]

Floats = npt.NDArray[np.float64]

_LONG = 300  # characters of a number that may be below the least double without an exponent
_DOUBLE = "a double holds 0, or 5e-324 and more"


class Write(NamedTuple):
    """`table[cells] = value`; `value` is a number, or an array over the axes that `cells` leaves open.

    For the rewards of each agent (SDMS) it is an array [n] and `cells` leaves nothing open.
    """

    head: Token
    cells: Cells
    value: float | Floats


class _Reader:
    """Reads the statements of one letter; mistakes go to `complaints`."""

    def __init__(self, letter: str, header: Header, complaints: Complaints, reset: Floats | None) -> None:
        states, actions, observations = header.states, header.actions, header.observations
        axes = {
            "T": (actions, states, states),
            "O": (actions, states, observations),
            "R": reward_axes(header),
        }
        self.letter, self.header, self.complaints, self.reset = letter, header, complaints, reset
        self.axes: tuple[Axis, ...] = axes[letter]
        self.suspect: list[Cells] = []
        self.in_range: Callable[[float], bool] = math.isfinite if letter == "R" else lambda p: 0.0 <= p <= 1.0 + ROUNDED

    def read(self, statements: Sequence[Statement]) -> list[Write]:
        """All writes; the loop is the reader's hot path, one pass of dictionary look-ups a line."""
        writes: list[Write] = []
        arity, axes, in_range = len(self.axes), self.axes, self.in_range
        for statement in statements:
            head, fields, tail, _, _ = statement
            if len(fields) == arity and head.type == "ENTRY":
                cells: Cells = ()
                for axis, part in zip(axes, fields, strict=True):
                    found = axis[part]
                    if found is None:
                        break
                    cells += found
                else:
                    if (
                        len(number := tail.split()) == 1
                        and in_range(value := float(number[0]))
                        and (value or not vanishes(number[0], value))
                    ):
                        writes.append(Write(head, cells, value))
                        continue
            write = self._other(statement)
            if write:
                writes.append(write)
            else:
                self.suspect += self._meant(fields)
        return writes

    def _meant(self, fields: Sequence[str]) -> list[Cells]:
        """The rows that a wrong statement may have been meant for: their sums would only repeat its mistake."""
        cells: Cells = ()
        for axis, text in zip(self.axes[:2], [*fields, "*", "*"], strict=False):
            guess = axis.guess(text)
            if guess is None:
                return []
            cells += guess
        return [cells]

    def _other(self, statement: Statement) -> Write | None:
        """Every other form: rows, matrices, keywords, short rewards, rewards by agent, and what is wrong."""
        head, fields, tail = statement.head, statement.fields, statement.tail.strip().strip('"')
        left = len(self.axes) - len(fields)
        short = self.letter == "R" and head.type == "ENTRY" and len(fields) == 2
        allowed = (0,) if head.type == "ENTRY" else (0, 1, 2)
        if left not in allowed and not short:
            rows = {1: "a row", 2: "a matrix"}.get(left) if head.type == "ENTRY" else None
            message = f"{self.letter} with {len(fields)} field(s) before the last colon"
            form = self.header.dialect.forms[self.letter]
            cure = f"{rows} starts on the next line" if rows else f"the whole form is `{form}`"
            self.complaints.error("I101", message, span_of(head), cure)
            return None
        cells = self._cells(statement)
        if cells is None:
            return None
        if head.type == "ENTRY":
            return self._paid(statement, cells, short)
        if head.type == "INLINE":
            self.complaints.note("N110", f"`{tail}` on the line of its statement", span_of(head), "MADP wants it below")
            return self._keyword(statement, cells, left, tail, head)
        if statement.block and statement.block[0].type == "WORD":
            word = statement.block[0]
            return self._keyword(statement, cells, left, word.strip().strip('"'), word)
        return self._numbers(statement, cells, left)

    def _cells(self, statement: Statement) -> Cells | None:
        """The cells that the fields select; None, with I102 for every word that is wrong."""
        cells: Cells = ()
        good = True
        for axis, text, (token, offset) in zip(self.axes, statement.fields, statement.places(), strict=False):
            found = axis[text]
            if found is None:
                good = False
                for code, at, length, message, cure in axis.explain(text):
                    self.complaints.error(code, message, span_in(token, offset + at, length), cure)
            else:
                cells += found
        return cells if good else None

    def _paid(self, statement: Statement, cells: Cells, short: bool) -> Write | None:
        """Rewards that SDMS writes short, `R: ja : s : r`, and those of each agent, in our dialect or SDMS's."""
        values, agents = [float(x) for x in statement.tail.split()], len(self.header.agents)
        own = self.letter == "R" and len(values) == agents > 1 and (self.header.quoted or not short)
        if (
            not (own or (short and len(values) == 1))
            or not all(map(math.isfinite, values))
            or (any(map(vanishes, statement.tail.split(), values)))
        ):
            self._bad_number(statement)
            return None
        if short and not self.header.quoted:
            self.complaints.note(
                "N108",
                "a reward `R: ja : s : r`, the dialect of SDMS",
                span_of(statement.head),
                "MADP wants `R: ja : s : * : * : r`",
            )
        if own and not self.header.quoted:
            self.complaints.note("N111", "a reward for each agent, which MADP does not read", span_of(statement.head))
        cells += (ANY,) * (1 + len(self.header.observations.parts)) if short else ()
        return Write(statement.head, cells, np.array(values) if own else values[0])

    def _keyword(self, statement: Statement, cells: Cells, left: int, word: str, at: Token) -> Write | None:
        if word == "uniform" and self.letter != "R" and left in (1, 2):
            return Write(statement.head, cells, 1.0 / self.axes[-1].size)
        if word == "identity" and self.letter == "T" and left == 2:
            return Write(statement.head, cells, np.eye(self.header.states.size))
        if word == "reset" and self.letter == "T" and left in (1, 2) and self.reset is not None:
            return Write(statement.head, cells, self.reset)
        takes = {"T": "uniform or, for a whole matrix, identity", "O": "uniform", "R": "numbers only"}[self.letter]
        self.complaints.error("I101", f"`{word}` cannot stand here", span_of(at), f"{self.letter} takes {takes}")
        return None

    def _numbers(self, statement: Statement, cells: Cells, left: int) -> Write | None:
        """A row or matrix on the lines below, of any layout; other layouts than MADP's are noted."""
        lines = [line.split() for token in statement.block for line in token.split("\n") if line.strip()]
        values = np.array([float(x) for line in lines for x in line], dtype=np.float64)
        axes = self.axes[len(self.axes) - left :]
        need = prod(axis.size for axis in axes)
        place = span_of(statement.block[0]) if statement.block else span_of(statement.head)
        if len(values) != need:
            if not statement.cut:
                shape = " rows of ".join(str(axis.size) for axis in axes) or "1"
                message = f"{len(values)} number(s) below this statement, which takes {shape}"
                self.complaints.error("I101", message, place, self.header.dialect.numbers)
            return None
        good = np.isfinite(values) if self.letter == "R" else (values >= 0) & (values <= 1.0 + ROUNDED)
        if not good.all():
            worst = values[~good][0]
            self.complaints.error("I105", f"the number {worst:g} is out of range", place, self._range())
            return None
        if lost := _lost(lines, values):
            self.complaints.error("I105", f"the number {lost} is out of range", place, _DOUBLE)
            return None
        if left == 0 or len(lines) != need // axes[-1].size or any(len(line) != axes[-1].size for line in lines):
            self.complaints.note("N109", "values on other lines than MADP expects", place, "one row a line")
        if left == 0:
            return Write(statement.head, cells, float(values[0]))
        return Write(statement.head, cells, values.reshape([n for axis in axes for n in axis.shape]))

    def _bad_number(self, statement: Statement) -> None:
        """Several numbers after the last colon, or one out of range."""
        *_, (token, offset) = statement.places()
        tail = statement.tail
        number = tail.strip()
        span = span_in(token, offset + len(tail) - len(tail.lstrip()), len(number))
        if len(number.split()) > 1:
            self.complaints.error("I101", "one number is wanted here", span, self.header.dialect.entry)
        else:
            cure = _DOUBLE if vanishes(number, float(number)) else self._range()
            self.complaints.error("I105", f"the number {number} is out of range", span, cure)

    def _range(self) -> str:
        return "a reward is finite" if self.letter == "R" else "a probability lies in [0, 1]"


def _lost(lines: Sequence[Sequence[str]], values: Floats) -> str | None:
    """The first number of a block that is not 0 and was read as 0; plain short zeros cost nothing."""
    if not any("e" in word or "E" in word or len(word) > _LONG for line in lines for word in line):
        return None
    words = [word for line in lines for word in line]
    return next((word for word, value in zip(words, values, strict=True) if vanishes(word, float(value))), None)


def read_writes(
    letter: str, statements: Sequence[Statement], header: Header, complaints: Complaints, reset: Floats | None = None
) -> tuple[list[Write], list[Cells]]:
    """The writes of all statements of `letter`, in file order; wrong ones are complained of and left out.

    `reset` is the law of the first state, where the dialect lets a row of T be it.

    Second come the rows (cells of ja and state) that a wrong statement may have been meant for.
    Codes: I101 for a wrong number of fields or numbers, I102 for names and indices, I105 for values.
    """
    reader = _Reader(letter, header, complaints, reset)
    return reader.read([s for s in statements if s.head[0] == letter]), reader.suspect
