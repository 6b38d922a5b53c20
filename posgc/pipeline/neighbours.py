"""What the order of protocols says of values: for a team, a richer protocol bounds from above, a poorer one from below.

A team can do under a richer protocol all that it can do under a poorer one (`posgc.language.sharing.order`), so its
optimum is no lower there.  Nothing of the kind holds where agents have rewards of their own: in a zero-sum game an
agent loses nothing where only its own information grows, and in other games more information can hurt everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from posgc.language.rounding import at_least, at_most
from posgc.language.sharing.order import Order
from posgc.pipeline.points import Row

__all__ = ["Bracket", "Richer", "brackets", "defects"]

TOLERANCE = 1e-9
"""By how much a bound may violate the order, relative to the larger of the two or 1, before it counts."""


class Richer(Protocol):
    """An order of protocols."""

    def richer(self, one: str, other: str) -> bool:
        """Whether the first tells at least as much as the second."""


@dataclass(frozen=True)
class Bracket:
    """Bounds on the optimum at a point, and the protocols that they are taken from; "" for a bound of its own."""

    lower: float | None = None
    upper: float | None = None
    below: str = ""
    above: str = ""

    @property
    def in_words(self) -> str:
        """`from one_step above, none below`; "" where both bounds are of its own, or missing."""
        named = ((self.upper, self.above, "above"), (self.lower, self.below, "below"))
        said = [f"{name} {side}" for bound, name, side in named if bound is not None and name]
        return f"from {', '.join(said)}" if said else ""


def brackets(rows: Sequence[Row], order: Order) -> tuple[Bracket, ...]:
    """The bounds of a team's rows of one horizon and setting, each with the best of its own and its neighbours'."""
    return tuple(_bracket(row, rows, order) for row in rows)


def _bracket(row: Row, rows: Sequence[Row], order: Order) -> Bracket:
    name = row.point.protocol
    found = Bracket(row.lower, row.upper)
    if row.solved:
        return found
    lower, below, upper, above = row.lower, "", row.upper, ""
    for other in rows:
        theirs = other.point.protocol
        if theirs == name:
            continue
        if other.lower is not None and order.richer(name, theirs) and (lower is None or other.lower > lower):
            lower, below = other.lower, theirs
        if other.upper is not None and order.richer(theirs, name) and (upper is None or other.upper < upper):
            upper, above = other.upper, theirs
    return Bracket(lower, upper, below, above)


def defects(rows: Sequence[Row], order: Richer) -> tuple[str, ...]:
    """Pairs of a team's rows of one horizon and setting that contradict the order: one of the numbers is wrong, which
    is a defect of posgc or of a plug-in."""
    found = []
    for poorer in rows:
        for richer in rows:
            one, other = richer.point.protocol, poorer.point.protocol
            if poorer.lower is None or richer.upper is None or one == other or not order.richer(one, other):
                continue
            if poorer.lower > richer.upper + TOLERANCE * max(1.0, abs(poorer.lower), abs(richer.upper)):
                found.append(
                    f"{other} is worth at least {at_least(poorer.lower, 12)} and {one}, which tells as much, at most "
                    f"{at_most(richer.upper, 12)}{_where(richer)}"
                )
    return tuple(found)


def _where(row: Row) -> str:
    settings = "".join(f", {name}={value}" for name, value in row.point.settings)
    return f" (horizon {row.point.horizon}{settings})"
