"""The words of Gambit's file formats: strings in quotes, numbers, braces, brackets, commas and bare words.

White space and newlines mean nothing.  Numbers are decimal or rational (`1/3`) and are read as the nearest
double.  (R. D. McKelvey, A. M. McLennan and T. L. Turocy, "Gambit: Software tools for game theory".)
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn

from posgc.plugin import Diagnostic, InputError, LimitError, Source, Span, vanishes

__all__ = ["MAX_PLAYERS", "Tokens", "Word", "distinct"]

MAX_PLAYERS = 30  # joint actions have an axis for each, and NumPy 1 arrays have at most 32

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\]",]+|"', re.DOTALL)
_COMMENT = re.compile(r"#[^\n]*")
_RATIONAL = re.compile(r"[+-]?\d{1,1000}/\d{1,1000}")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?")
_COUNT = re.compile(r"\d{1,9}")


class Word(NamedTuple):
    """One word; `text` without quotes where `quoted`."""

    text: str
    quoted: bool
    start: int
    end: int


class Tokens:
    """The words of a text in order, with one word of lookahead; a mistake is raised at once (I101, I105)."""

    def __init__(self, source: Source, comments: bool = False) -> None:
        """With `comments`, what stands between `#` and the end of a line is passed by."""
        self.source = source
        text = _COMMENT.sub(lambda found: " " * len(found.group()), source.text) if comments else source.text
        self.found = _WORD.finditer(text, 1 if text.startswith("\ufeff") else 0)
        self.next: Word | None = None
        self.step()

    def step(self) -> Word | None:
        """The next word, which is passed by; None at the end."""
        word, match = self.next, next(self.found, None)
        if match is None:
            self.next = None
        else:
            text = match.group()
            quoted = len(text) > 1 and text[0] == '"'
            if text == '"':
                self.fail("this string has no end", Word(text, False, *match.span()), "close the quotes")
            plain = text[1:-1] if quoted else text
            if quoted and "\\" in plain:
                plain = re.sub(r"\\(.)", r"\1", plain, flags=re.DOTALL)
            self.next = Word(plain, quoted, *match.span())
        return word

    def span(self, word: Word | None) -> Span:
        text = self.source.text
        start, end = (len(text), len(text)) if word is None else (word.start, word.end)
        before = text.rfind("\n", 0, start) + 1
        return Span(start, end, text.count("\n", 0, start) + 1, start - before + 1)

    def fail(self, message: str, word: Word | None, cure: str, code: str = "I101") -> NoReturn:
        raise InputError([Diagnostic(code, message, self.span(word), cure)], self.source)

    def wants(self, what: str) -> NoReturn:
        got = "the text ends" if self.next is None else f"`{self.next.text[:20]}` stands"
        self.fail(f"{got} where {what} is wanted", self.next, f"give {what}")

    def at(self, text: str) -> bool:
        return self.next is not None and not self.next.quoted and self.next.text == text

    def at_string(self) -> bool:
        return self.next is not None and self.next.quoted

    def take(self, text: str) -> Word:
        """A given bare word or brace."""
        if not self.at(text):
            self.wants(f"`{text}`")
        word = self.step()
        assert word is not None
        return word

    def string(self, what: str) -> str:
        if not self.at_string():
            self.wants(f"{what} in quotes")
        word = self.step()
        assert word is not None
        return word.text

    def count(self, what: str) -> int:
        """A whole number from 0."""
        if self.next is None or self.next.quoted or not _COUNT.fullmatch(self.next.text):
            self.wants(what)
        word = self.step()
        assert word is not None
        return int(word.text)

    def size(self, what: str, limit: int) -> int:
        """A whole number from 1.  Raises LimitError above the limit."""
        word = self.next
        found = self.count(what)
        if found < 1:
            self.fail(f"{found} cannot be {what}", word, "a whole number from 1", "I105")
        if found > limit:
            raise LimitError(f"{what} is {found}; this reader takes at most {limit}")
        return found

    def end(self, after: str) -> None:
        """The end of the text."""
        if self.next is not None:
            self.wants(f"the end after {after}")

    def number(self, what: str) -> Fraction:
        """A finite number, exactly."""
        word = self.next
        value = None if word is None or word.quoted else _exactly(word.text)
        if word is None or value is None:
            self.wants(what)
        self.step()
        if value == "out of range":
            cure = "write a finite number that a double can hold"
            self.fail(f"the number {word.text[:20]} is out of range", word, cure, "I105")
        return value

    def real(self, what: str) -> float:
        """A finite number as a double."""
        word = self.next
        if word is not None and not word.quoted and _DECIMAL.fullmatch(word.text):
            value = float(word.text)
            if math.isfinite(value) and not vanishes(word.text, value):
                self.step()
                return value
        return float(self.number(what))

    def players(self) -> tuple[str, ...]:
        """The players' names.  Raises LimitError above MAX_PLAYERS."""
        found = self.strings("a player")
        if len(found) > MAX_PLAYERS:
            raise LimitError(f"{len(found)} players; this reader takes at most {MAX_PLAYERS}")
        return distinct(found)

    def strings(self, what: str) -> list[str]:
        """`{ "a" "b" }`, at least one."""
        self.take("{")
        found = [self.string(what)]
        while not self.at("}"):
            found.append(self.string(what))
        self.take("}")
        return found

    def numbers(self, count: int, what: str) -> list[Fraction]:
        """`{ 1, 2 }`, exactly so many."""
        self.take("{")
        found = [self.number(what) for _ in range(count)]
        self.take("}")
        return found


@lru_cache(maxsize=1 << 12)  # the same few numbers are written over and over
def _exactly(text: str) -> Fraction | Literal["out of range"] | None:
    """The number that a word is; None for other words."""
    if not (_RATIONAL.fullmatch(text) or _DECIMAL.fullmatch(text)):
        return None
    try:
        # Beyond the exponents of doubles a Fraction would be a number of thousands of digits.
        value = Fraction(text) if "/" in text or float(text) else Fraction(0)
        if math.isfinite(float(value)) and not vanishes(text, float(value)):
            return value
    except (ValueError, ZeroDivisionError, OverflowError):
        pass
    return "out of range"


def distinct(names: list[str]) -> tuple[str, ...]:
    """The names, or their numbers from 1 where one is empty or occurs twice."""
    good = all(names) and len(set(names)) == len(names)
    return tuple(names) if good else tuple(str(i + 1) for i in range(len(names)))
