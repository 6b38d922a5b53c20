"""The variables of a game in their final order, and their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posgc.language.elaborate.families import label, owner
from posgc.language.elaborate.names import Entity, Family, Key
from posgc.language.elaborate.values import written_value
from posgc.language.signature import Signature, Variable

__all__ = ["Row", "VariableTable"]

Row = tuple[int, Family, Key]
"""A variable: its number among those of its kind, its family and its index."""


class VariableTable:
    """`rows[kind]` lists the variables of a kind by number, `names[kind]` how they are called, with their agents."""

    def __init__(self, entities: Iterable[Entity], agents: Sequence[str]) -> None:
        families = [e for e in entities if isinstance(e, Family)]
        self.agents = tuple(agents)
        self.rows: dict[str, list[Row]] = {
            kind: sorted(
                ((f.numbers[key], f, key) for f in families if f.kind == kind for key in f.numbers),
                key=lambda row: row[0],
            )
            for kind in ("state", "action", "observation", "chance")
        }
        self.names = {kind: [label(self.agents, f, k) for _, f, k in rows] for kind, rows in self.rows.items()}

    def signature(self) -> Signature:
        """The agents and their action and observation variables."""

        def variables(kind: str) -> tuple[Variable, ...]:
            return tuple(
                Variable(
                    label(self.agents, f, key, with_agent=False),
                    owner(f, key),
                    tuple(written_value(v) for v in f.types[key].values),
                )
                for _, f, key in self.rows[kind]
            )

        return Signature(self.agents, variables("action"), variables("observation"))
