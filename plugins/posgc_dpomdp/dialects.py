"""The three formats that the reader tells apart, and what a message must say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DPOMDP", "MDP", "POMDP", "Dialect"]


@dataclass(frozen=True)
class Dialect:
    """What a message must say of a format: the whole form of each letter, and where numbers stand."""

    forms: Mapping[str, str]
    numbers: str
    entry: str


DPOMDP = Dialect(
    {"T": "T: ja : s : s' : p", "O": "O: ja : s' : jo : p", "R": "R: ja : s : s' : jo : r"},
    "the numbers stand on the lines after the statement",
    "a colon parts the fields and comes before the number",
)
POMDP = Dialect(
    {"T": "T: a : s : s' p", "O": "O: a : s' : o p", "R": "R: a : s : s' : o r"},
    "the numbers follow the last field, without a colon",
    "a colon parts the fields, and none comes before the number",
)
MDP = Dialect(
    {"T": "T: a : s : s' p", "R": "R: a : s : s' r"},
    POMDP.numbers,
    POMDP.entry,
)
