"""Numbers, laws, lists and spans of steps as the words of a `.posg` text, and its layout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from posgc.model.arrays import Ints
from posgc.model.writing.factors import TIDY

__all__ = ["WIDTH", "distribution", "indented", "is_random", "number", "quoted", "spans", "wrapped"]

WIDTH = 100


def indented(text: str) -> str:
    """The lines as `posgc fmt` lays them out: two spaces for each open block and for what goes on on a further line,
    blank lines one at a time and none before the end."""
    lines: list[str] = []
    depth, goes_on, blank = 0, False, False
    for line in text.split("\n"):
        if not line:
            blank = True
            continue
        closes = line.startswith("}")
        depth -= closes
        lines += [""] * (blank and not closes)
        lines.append("  " * (depth + (goes_on and not closes)) + line)
        depth += line.endswith("{")
        goes_on, blank = not line.startswith("#") and line[-1] not in "{;", False
    return "\n".join(lines) + "\n"


def distribution(words: list[str], chances: list[float], size: int) -> str:
    """A law on words of a type of `size` values."""
    if len(words) == 1:
        return words[0]
    if all(abs(p * len(words) - 1) <= TIDY for p in chances):
        return "uniform" if len(words) == size else "uniform {" + wrapped(words) + "}"
    return "{" + wrapped([f"{word}: {number(p)}" for word, p in zip(words, chances, strict=True)]) + "}"


def is_random(leaves: dict[str, int]) -> bool:
    return any("{" in text or text == "uniform" for text in leaves)


def number(x: float) -> str:
    """A literal that reads back as the same number."""
    return str(int(x)) if x == int(x) and abs(x) < 1e15 else repr(x)


def quoted(text: str) -> str:
    return '"' + " ".join(text.split()) + '"'


def wrapped(items: Sequence[str]) -> str:
    """The items with commas, broken into lines of some WIDTH characters."""
    rows = [""]
    for item in items:
        if rows[-1] and len(rows[-1]) + len(item) > WIDTH:
            rows.append("")
        rows[-1] += f"{', ' if rows[-1] else ''}{item}"
    return ",\n".join(rows)


def spans(steps: Ints) -> list[str]:
    """Ascending steps, one `first..last` for each run, or the step where it is alone."""
    found = []
    for _, run in groupby(enumerate(steps.tolist()), key=lambda pair: pair[1] - pair[0]):
        each = [step for _, step in run]
        found.append(f"{each[0]}..{each[-1]}" if len(each) > 1 else str(each[0]))
    return found
