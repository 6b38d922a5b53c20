"""What a check of an assumption answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from posgc.language.display import Display

__all__ = ["ANSWER", "Verdict"]

ANSWER = {True: "holds", False: "fails", None: "not decided"}
"""What `holds` means in words."""


@dataclass(frozen=True, repr=False)
class Verdict(Display):
    """What a check found."""

    assumption: int
    holds: bool | None  # None where the check did not decide; `evidence` then says which limit it met
    evidence: str
    method: str | None = None  # what decided ("structural, every horizon", "exact", ...)
    witness: Mapping[str, Any] | None = None  # a counterexample in plain JSON types
    notes: tuple[str, ...] = field(default=())  # remarks that change nothing about `holds`
    # Assumption 3 was shown slice by slice, hence from every state and private information at every step
    any_start: bool = False
    # bounds the L1 distance between beliefs after one step that the numbers overlooked in those slices allow
    slack: float = 0.0

    @property
    def answer(self) -> str:
        """`holds` in words."""
        return ANSWER[self.holds]

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        first = self.evidence.partition("\n")[0].rstrip(":")
        return f"Assumption {self.assumption}: {self.answer}", [
            *([("method", self.method)] if self.method else []),
            *([("evidence", first)] if first else []),
        ]
