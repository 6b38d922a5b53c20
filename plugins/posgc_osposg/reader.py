"""The sections of an `.osposg` file, checked: a header of eight numbers, then lines whose counts it gives.

Sections, in order: states with their partitions; names of player 1's actions, of player 2's, of observations;
what player 2 can play in each state, player 1 in each partition; transitions `s a1 a2 o s' p`; rewards
`s a1 a2 r`; the first partition and the belief over its states.  Indices begin at 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from posgc.plugin import LimitError, Source, Span, vanishes
from posgc.plugin.complaints import Complaints

__all__ = ["MAX_LINES", "Line", "OneSided", "header_of", "read_sections"]

MAX_LINES = 1_000_000  # some hundred bytes each

_COUNTS = (
    "states",
    "partitions",
    "actions of player 1",
    "actions of player 2",
    "observations",
    "transitions",
    "rewards",
)
_INDEX = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Line:
    """A line that is not blank: its number from 1, where it starts in the text, and its text."""

    number: int
    start: int
    text: str

    @property
    def span(self) -> Span:
        lead = len(self.text) - len(self.text.lstrip())
        return Span(self.start + lead, self.start + len(self.text.rstrip()), self.number, lead + 1)

    def word(self, k: int) -> Span:
        """The span of word k."""
        found = list(re.finditer(r"\S+", self.text))[k]
        return Span(self.start + found.start(), self.start + found.end(), self.number, found.start() + 1)


@dataclass(frozen=True)
class OneSided:
    """The file as it stands; transitions and rewards keep their lines for complaints about the whole."""

    discount: float
    states: tuple[str, ...]
    partition: tuple[int, ...]
    actions: tuple[tuple[str, ...], tuple[str, ...]]
    observations: tuple[str, ...]
    playable: tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]
    """[0][partition] of player 1, [1][state] of player 2."""
    transitions: tuple[tuple[Line, tuple[int, int, int, int, int], float], ...]
    rewards: tuple[tuple[Line, tuple[int, int, int], float], ...]
    first: int
    belief: tuple[float, ...]
    place: Line
    """Where the belief stands."""


def header_of(source: Source) -> tuple[list[int], float] | None:
    """The seven counts and the discount; None where the first line is something else."""
    words = source.text.lstrip("\ufeff \t\r\n").split("\n", 1)[0].split()
    if len(words) != 8 or not all(_INDEX.fullmatch(word) for word in words[:7]):
        return None
    try:
        discount = float(words[7].replace("_", "?"))
    except ValueError:
        return None
    return ([int(word) for word in words[:7]], discount) if math.isfinite(discount) else None


class _Sections:
    """Hands out the lines in order, and complains of what is wrong in them."""

    def __init__(self, lines: Sequence[Line], complaints: Complaints) -> None:
        self.lines, self.at, self.complaints = lines, 0, complaints

    def take(self, count: int) -> Sequence[Line]:
        self.at += count
        return self.lines[self.at - count : self.at]

    def indices(self, line: Line, words: Sequence[str], sizes: Sequence[int], kinds: Sequence[str]) -> list[int] | None:
        """The words as indices below the sizes; None, with I102, where one is not."""
        found = []
        for k, (word, size, kind) in enumerate(zip(words, sizes, kinds, strict=True)):
            if not _INDEX.fullmatch(word) or int(word) >= size:
                self.complaints.error(
                    "I102", f"there is no {kind} {word[:20]}", line.word(k), f"indices start at 0: 0 to {size - 1}"
                )
                return None
            found.append(int(word))
        return found

    def number(self, line: Line, word: str, k: int, low: float, high: float) -> float | None:
        """A word as a number in [low, high]; None, with I101 or I105, where it is not."""
        try:
            value = float(word.replace("_", "?"))
        except ValueError:
            self.complaints.error("I101", f"`{word[:20]}` is not a number", line.word(k), "write a number")
            return None
        if not low <= value <= high or not math.isfinite(value) or vanishes(word, value):
            what = "a probability lies in [0, 1]" if high < math.inf else "a reward is finite"
            what = "a double holds 0, or 5e-324 and more" if value == 0 else what
            self.complaints.error("I105", f"the number {word[:20]} is out of range", line.word(k), what)
            return None
        return value

    def entries(
        self, count: int, sizes: Sequence[int], kinds: Sequence[str], low: float, high: float, form: str
    ) -> list[tuple[Line, list[int], float]]:
        """Lines of indices and one number."""
        found = []
        for line in self.take(count):
            words = line.text.split()
            if len(words) != len(sizes) + 1:
                self.complaints.error("I101", f"{len(words)} words, where `{form}` is wanted", line.span, f"`{form}`")
                continue
            at = self.indices(line, words[:-1], sizes, kinds)
            value = self.number(line, words[-1], len(sizes), low, high)
            if at is not None and value is not None:
                found.append((line, at, value))
        return found


def read_sections(source: Source, complaints: Complaints) -> OneSided:
    """The file, section by section.  Raises InputError with every mistake found: I101 for the form and the number
    of lines, I102 for indices, I105 for numbers out of range."""
    header = header_of(source)
    assert header is not None  # `claims` saw one
    (n, m, a1, a2, o, t, r), discount = header
    need = 1 + n + a1 + a2 + o + n + m + t + r + 1
    if need > MAX_LINES:
        raise LimitError(f"the header asks for {need:.3g} lines; the limit is {MAX_LINES:.3g}: write a smaller game")
    lines, number, at = list[Line](), 1, 0
    for found in re.finditer(r"[^\n]+", source.text):
        number, at = number + source.text.count("\n", at, found.start()), found.start()
        if found.group().strip("\ufeff \t\r"):
            lines.append(Line(number, at, found.group()))
        if len(lines) > need:
            break
    for k, count in enumerate((n, m, a1, a2, o)):
        if count == 0:
            complaints.error("I105", f"0 is not a number of {_COUNTS[k]}", lines[0].word(k), "at least 1")
    if not 0 <= discount <= 1:
        complaints.error("I105", f"the discount {discount:g} is not in [0, 1]", lines[0].word(7), "as in 0.95")
    if len(lines) != need:
        told = ", ".join(f"{count} {what}" for count, what in zip((n, m, a1, a2, o, t, r), _COUNTS, strict=True))
        there = "more" if len(lines) > need else len(lines)
        complaints.error(
            "I101",
            f"the header ({told}) asks for {need} lines that are not blank, and there are {there}",
            lines[0].span,
            "correct the counts, or add what is missing",
        )
    complaints.settle()
    sections = _Sections(lines, complaints)
    sections.take(1)
    states, partition = _states(sections, n, m)
    names = [tuple(line.text.strip() for line in sections.take(count)) for count in (a1, a2, o)]
    second = _playable(sections, n, a2, "action of player 2")
    first = _playable(sections, m, a1, "action of player 1")
    kinds = ("state", "action of player 1", "action of player 2", "observation", "state")
    moves = sections.entries(t, (n, a1, a2, o, n), kinds, 0.0, 1.0 + 1e-5, "s a1 a2 o s' p")
    pays = sections.entries(r, (n, a1, a2), kinds[:3], -math.inf, math.inf, "s a1 a2 r")
    place, begin, belief = _belief(sections, partition, m)
    complaints.settle()
    return OneSided(
        discount,
        states,
        partition,
        (names[0], names[1]),
        names[2],
        (first, second),
        tuple((line, (i[0], i[1], i[2], i[3], i[4]), p) for line, i, p in moves),
        tuple((line, (i[0], i[1], i[2]), p) for line, i, p in pays),
        begin,
        belief,
        place,
    )


def _states(sections: _Sections, n: int, m: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    names, partition = [], []
    for line in sections.take(n):
        words = line.text.split()
        if len(words) < 2:
            sections.complaints.error("I101", "a state has a name and a partition", line.span, "`NAME PARTITION`")
            continue
        word = words[-1]
        if not _INDEX.fullmatch(word) or int(word) >= m:
            sections.complaints.error(
                "I102",
                f"there is no partition {word[:20]}",
                line.word(len(words) - 1),
                f"indices start at 0: 0 to {m - 1}",
            )
            continue
        names.append(" ".join(words[:-1]))
        partition.append(int(word))
    return tuple(names), tuple(partition)


def _playable(sections: _Sections, count: int, size: int, kind: str) -> tuple[tuple[int, ...], ...]:
    found = []
    for line in sections.take(count):
        words = line.text.split()
        at = sections.indices(line, words, [size] * len(words), [kind] * len(words))
        if at is not None and len(set(at)) < len(at):
            sections.complaints.error("I101", f"an {kind} is listed twice", line.span, "list it once")
        found.append(tuple(at or (0,)))
    return tuple(found)


def _belief(sections: _Sections, partition: Sequence[int], m: int) -> tuple[Line, int, tuple[float, ...]]:
    (line,) = sections.take(1)
    words = line.text.split()
    at = sections.indices(line, words[:1], [m], ["partition"])
    chances = [sections.number(line, word, k, 0.0, 1.0 + 1e-5) for k, word in enumerate(words) if k]
    if at is None or None in chances:
        return line, 0, ()
    size = sum(p == at[0] for p in partition)
    if len(chances) != size:
        sections.complaints.error(
            "I101",
            f"{len(chances)} probabilities for the {size} states of partition {at[0]}",
            line.span,
            "the partition, then one number for each of its states",
        )
    return line, at[0], tuple(p for p in chances if p is not None)
