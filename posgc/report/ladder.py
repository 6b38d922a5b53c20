"""What each step from a poorer to a richer protocol adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posgc.language.rounding import bracket
from posgc.language.sharing.order import changes
from posgc.pipeline import Bracket, Comparison, Row

__all__ = ["Rung", "rungs"]

ROUNDING = 1e-9
"""Differences below it, relative to the values or 1, are rounding."""


@dataclass(frozen=True)
class Rung:
    """A pair of protocols with none between, at one horizon and setting."""

    settings: tuple[tuple[str, str], ...]
    horizon: int
    richer: str
    poorer: str
    added: tuple[tuple[float, float], ...]  # for each agent (a team: once) the least and the most; () not known
    changes: tuple[str, ...]  # what is told sooner

    @property
    def where(self) -> str:
        """` (k=0.7)`, where there are parameters."""
        said = ", ".join(f"{name}={value}" for name, value in self.settings)
        return f" ({said})" if said else ""

    def words(self, agents: Sequence[str]) -> list[str]:
        """`+3.6`, or for several agents `ann +1`, `bob -2`."""
        if not self.added:
            return ["not known"]
        said = [f"{low:+.6g}" if low == high else bracket(low, high) for low, high in self.added]
        return said if len(said) == 1 else [f"{agent} {one}" for agent, one in zip(agents, said, strict=True)]

    def document(self) -> dict[str, Any]:
        """One of JSON's `steps`."""
        return {
            "settings": dict(self.settings),
            "horizon": self.horizon,
            "richer": self.richer,
            "poorer": self.poorer,
            "added": [list(pair) for pair in self.added] or None,
            "changes": list(self.changes),
        }


def rungs(found: Comparison) -> list[Rung]:
    """The steps of every horizon and setting, from poor to rich."""
    at = {(row.point.settings, row.point.horizon, row.point.protocol): k for k, row in enumerate(found.rows)}
    steps: list[Rung] = []
    for (settings, horizon), order in found.orders.items():
        tables, ranked = found.tables[settings], order.ranked
        covers = sorted(order.covers, key=lambda pair: [-ranked.index(order.classes[k][0]) for k in pair])
        for a, b in covers:
            richer, poorer = order.classes[a][0], order.classes[b][0]
            high, low = at[settings, horizon, richer], at[settings, horizon, poorer]
            steps.append(
                Rung(
                    settings,
                    horizon,
                    richer,
                    poorer,
                    _added(
                        (found.rows[high], found.brackets[high]), (found.rows[low], found.brackets[low]), found.monotone
                    ),
                    changes(found.signature, tables[richer], tables[poorer]),
                )
            )
    return steps


def _added(one: tuple[Row, Bracket], other: tuple[Row, Bracket], monotone: bool) -> tuple[tuple[float, float], ...]:
    """By how much the first is worth more than the second."""
    (high, above), (low, below) = one, other
    if high.solved and low.solved:
        columns = 1 if monotone else None
        pairs = list(zip(high.values[:columns], low.values[:columns], strict=True))
        added = [x - y if abs(x - y) > ROUNDING * max(1.0, abs(x), abs(y)) else 0.0 for x, y in pairs]
        return tuple((x, x) for x in added)
    if not monotone or None in (above.lower, above.upper, below.lower, below.upper):
        return ()
    assert above.lower is not None and above.upper is not None and below.lower is not None and below.upper is not None
    return ((max(0.0, above.lower - below.upper), above.upper - below.lower),)
