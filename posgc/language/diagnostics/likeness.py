"""Names that are like others: which one is probably meant, and which is surely a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["closest", "misspelt", "suggestion"]

_LONG = 8
"""Letters from which on two slips are taken for one word."""


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is most like the name, None where none is like it; a slip of the pen goes first."""
    candidates = set(candidates)
    slip = misspelt(name, candidates)
    if slip is not None or len(name) < 2:
        return slip
    found = get_close_matches(name, sorted(candidates), n=1, cutoff=0.6)
    return found[0] if found else None


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """A cure that names the candidate which is most like the name; "" where none is."""
    found = closest(name, candidates)
    return "" if found is None else f"did you mean {found}?"


def misspelt(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate from which the name differs by one slip, two in a long name; None where there is none.

    A slip is a letter left out, put in or replaced, or two neighbours swapped (optimal string alignment).  Single
    letters are no slips of anything, nor are two letters but for a swap or another digit.
    """
    if len(name) < 2:
        return None
    likely = [(d, c) for c in set(candidates) if (d := _slips(name, c)) is not None]
    return min(likely)[1] if likely else None


def _slips(name: str, other: str) -> int | None:
    """How many slips make one name the other, None where they are no slips."""
    short, long = sorted((len(name), len(other)))
    if short < 2 or name == other:
        return None
    if long == 2:
        digits = name[0] == other[0] and name[1:].isdigit() and other[1:].isdigit()
        return 1 if digits or name == other[::-1] else None
    most = 2 if short >= _LONG else 1
    found = _alignment(name, other) if long - short <= most else most + 1
    return found if found <= most else None


def _alignment(a: str, b: str) -> int:
    """The distance of optimal string alignment of two words (L. Boytsov, ACM JEA 16, 2011, Section 2.2)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]
