"""Variables, and the axes of one table over them; how words are read along these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.plugin import LimitError
from posgc.plugin.complaints import Complaints
from posgc_pomdpx.markup import Word

__all__ = ["EXACT", "FREE", "MAX_AXES", "MAX_CELLS", "ROUNDED", "Factor", "Place", "Scope", "Variable", "number_of"]

Floats = npt.NDArray[np.float64]
EXACT, ROUNDED = 1e-9, 1e-5  # absolute: sums this close to 1 are exact, or rounded; the rest is refused
Place = int | slice
MAX_CELLS = 10_000_000  # of one table
MAX_AXES = 30
FREE = slice(None)


@dataclass(frozen=True)
class Variable:
    """A variable of one time slice."""

    name: str
    values: tuple[str, ...]
    before: str | None = None  # the name of the same state variable one step earlier


@dataclass(frozen=True)
class Factor:
    """A law, or rewards."""

    parents: tuple[str, ...]
    variables: tuple[str, ...]  # those that the law sums to 1 over; none for rewards
    table: Floats  # [parents…, variables…]


class Scope:
    """The axes of one table, and how its words are read along them."""

    def __init__(self, parents: Sequence[Variable], variables: Sequence[Variable], complaints: Complaints) -> None:
        self.parents, self.variables, self.complaints = parents, variables, complaints
        self.axes = (*parents, *variables)
        self.shape = tuple(len(axis.values) for axis in self.axes)
        if prod(self.shape) > MAX_CELLS or len(self.axes) > MAX_AXES:
            raise LimitError(
                f"a table over {len(self.axes)} variables has {prod(self.shape):.3g} cells; the limits "
                f"are {MAX_AXES} and {MAX_CELLS:.3g}: give the variables fewer parents"
            )
        self.axis_of = {axis.name: k for k, axis in enumerate(self.axes)}
        self.index_of = [{value: k for k, value in enumerate(axis.values)} for axis in self.axes]

    def place(self, word: Word, axis: int) -> int | None:
        """The index of a value; None, with I102, where the variable does not have it."""
        found = self.index_of[axis].get(word.text)
        if found is None:
            values = self.axes[axis].values
            self.complaints.error(
                "I102",
                f"`{self.axes[axis].name}` has no value `{word.text}`",
                word.span,
                f"one of: {' '.join(values[:8])}{' …' if len(values) > 8 else ''}",
            )
        return found


def number_of(word: Word, paid: bool, complaints: Complaints) -> float | None:
    """A reward, or a probability; None with I101 or I105."""
    try:
        if "_" in word.text:
            raise ValueError
        value = float(word.text)
    except ValueError:
        complaints.error("I101", f"`{word.text[:20]}` is not a number", word.span, "write a number such as 0.5")
        return None
    if not (math.isfinite(value) if paid else 0.0 <= value <= 1.0 + ROUNDED):
        cure = "a reward is finite" if paid else "a probability lies in [0, 1]"
        complaints.error("I105", f"the number {word.text[:20]} is out of range", word.span, cure)
        return None
    return value
