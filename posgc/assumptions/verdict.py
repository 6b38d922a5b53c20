"""What a check of an assumption answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Verdict"]


@dataclass(frozen=True)
class Verdict:
    """`holds` is None where the check did not decide, and `evidence` then says which limit it met.

    `method` names what decided ("structural, every horizon", "exact", ...).  `witness` is a counterexample
    in plain JSON types, `notes` are remarks that change nothing about `holds`.  `any_start`: Assumption 3
    was shown slice by slice, hence from every state and private information at every step; `slack` then bounds the L1
    distance between beliefs after one step that the numbers overlooked there allow.
    """

    assumption: int
    holds: bool | None
    evidence: str
    method: str | None = None
    witness: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())
    any_start: bool = False
    slack: float = 0.0
