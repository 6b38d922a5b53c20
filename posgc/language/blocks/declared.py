"""What a language block hands to back-ends and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Declared"]


@dataclass(frozen=True)
class Declared:
    """What the constructs of one block in one file come to; it must be picklable."""

    value: Any  # what back-ends read as `model.blocks[NAME].value`
    lines: tuple[str, ...] = ()  # what `posgc info` prints of it
    document: Mapping[str, Any] = field(default_factory=dict)  # what `posgc info --json` says of it: JSON values
    in_digest: bool = False  # whether policies depend on it: then `document` goes into the digest of the model
