"""What is written of prices, lags and networks, read.

    hear = 1, act = 0.5, hear[ann] to bob after 1 = 0.25

A clause names an item, perhaps its owner, a receiver, and a lag; it is the price of every link that it fits, at that
lag and longer ones.  Of several the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from posgc.language.diagnostics import Diagnostic, InputError, Source, Span
from posgc.language.diagnostics.likeness import suggestion
from posgc.language.numerals import real, whole
from posgc.language.sharing.lag_table import NEVER
from posgc.language.sharing.rules import MAX_DELAY
from posgc.language.signature import Signature, Variable

__all__ = ["DEAREST", "Price", "edges_of", "lags_of", "misplaced", "prices_of"]

DEAREST = 1e12
"""The highest price of a link."""

_CLAUSE = re.compile(
    r"(?P<item>\w+)\s*(?:\[(?P<indices>.*?)\])?(?:\s+to\s+(?P<to>\S+))?(?:\s+after\s+(?P<after>\S+))?\s*=\s*(?P<price>\S+)"
)
_EDGE = re.compile(r"(\S+?)\s*(->|-)\s*(\S+)")


@dataclass(frozen=True)
class Price:
    """A clause; None stands for all."""

    item: str  # `hear`, or `hear[2]` with further indices
    owner: int | None
    agent: int | None
    after: int
    price: Fraction
    clause: str  # as it is written
    start: int  # where that begins in the text

    def fits(self, variable: Variable, agent: int) -> bool:
        """Whether it speaks of a link, at some lag."""
        named = self.item in (variable.name, variable.family)
        return named and self.owner in (None, variable.agent) and self.agent in (None, agent)


def prices_of(signature: Signature, text: str) -> tuple[Price, ...]:
    """The clauses, in order.  Raises InputError (E671)."""
    found = tuple(_price(signature, text, start, piece) for start, piece in _pieces(text))
    if not found:
        raise _wrong("--cost", text, 0, text, "no item has a price", "hear = 1, act = 0.5")
    return found


def _price(signature: Signature, text: str, start: int, piece: str) -> Price:
    clause = _CLAUSE.fullmatch(piece)
    if clause is None:
        raise _wrong("--cost", text, start, piece, "this is not a price", "hear = 1, hear to bob after 1 = 0.5")
    at = {group: start + clause.start(group) for group in clause.groupdict()}

    def wrong(group: str, what: str, cure: str) -> InputError:
        return _wrong("--cost", text, at[group], clause[group], what, cure)

    item, owner, receiver = clause["item"], None, None
    if clause["indices"] is not None:
        first, *others = [word for _, word in _pieces(clause["indices"])] or [""]
        item += f"[{', '.join(others)}]" if others else ""
        owner = _agent(signature, first)
        if owner is None:
            raise wrong("indices", f"there is no agent {first!r}", _known(signature, first))
    if clause["to"] not in (None, "all"):
        receiver = _agent(signature, clause["to"])
        if receiver is None:
            raise wrong("to", f"there is no agent {clause['to']!r}", _known(signature, clause["to"]))
    try:
        after = 0 if clause["after"] is None else _lag(clause["after"])
    except ValueError as error:
        raise wrong("after", str(error), "after 1") from None
    try:
        price = real(clause["price"])
    except ValueError as error:
        raise wrong("price", str(error), "a number from 0, such as 0.5") from None
    if not 0 <= price <= DEAREST:
        raise wrong("price", f"a price of {price:g} is not possible", f"a number from 0 to {DEAREST:g}")
    found = Price(item, owner, receiver, after, Fraction(clause["price"]), piece, start)
    variables, agents = (*signature.observations, *signature.actions), range(len(signature.agents))
    if not any(found.fits(variable, k) for variable in variables for k in agents if k != variable.agent):
        items = list(dict.fromkeys(variable.family for variable in variables))
        cure = "" if clause["item"] in items else suggestion(clause["item"], items)
        raise wrong("item", "no item on its way to another agent has this price", cure or _items(items))
    return found


def misplaced(text: str, price: Price, what: str, cure: str) -> InputError:
    """The mistake (E671) of a clause of the text."""
    return _wrong("--cost", text, price.start, price.clause, what, cure)


def lags_of(text: str, horizon: int) -> list[int]:
    """The lags on offer, ascending, as far as they differ up to the horizon.  Raises InputError (E671)."""
    found: set[int] = set()
    for start, word in _pieces(text):
        first, dots, last = word.partition("..")
        try:
            if word == "never":
                found.add(NEVER)
                continue
            low = _lag(first.strip())
            high = _lag(last.strip()) if dots else low
        except ValueError as error:
            raise _wrong("--lags", text, start, word, str(error), "numbers of steps and never: 0..2,never") from None
        if high < low:
            raise _wrong("--lags", text, start, word, "this range holds no lag", f"{high}..{low}")
        found |= set(range(min(low, horizon), min(high, horizon) + 1))
    if not found:
        raise _wrong("--lags", text, 0, text, "no lag is named", "numbers of steps and never: 0..2,never")
    return sorted(found)


def _lag(word: str) -> int:
    lag = whole(word)
    if not 0 <= lag <= MAX_DELAY:
        raise ValueError(f"a lag of {word} steps is not possible")
    return lag


def edges_of(signature: Signature, text: str) -> list[tuple[int, int]]:
    """Pairs (source, target) of agents from 1.  Raises InputError (E671)."""
    found = []
    for start, word in _pieces(text):
        edge = _EDGE.fullmatch(word)
        if edge is None:
            raise _wrong("--along", text, start, word, "this is not an edge", "1-2, 2-3, or one way only: ann->bob")
        ends = []
        for group in (1, 3):
            name = edge[group]
            end = _agent(signature, name)
            if end is None:
                what, at = f"there is no agent {name}", start + edge.start(group)
                raise _wrong("--along", text, at, name, what, _known(signature, name))
            ends.append(end + 1)
        found.append((ends[0], ends[1]))
        if edge[2] == "-":
            found.append((ends[1], ends[0]))
    return found


def _agent(signature: Signature, word: str) -> int | None:
    """The agent of that name or number, from 0."""
    if word in signature.agents:
        return signature.agents.index(word)
    numbers = [str(k) for k in range(1, len(signature.agents) + 1)]
    return numbers.index(word) if word in numbers else None


def _known(signature: Signature, word: str) -> str:
    """A cure for a word that names no agent."""
    return suggestion(word, signature.agents) or f"the agents are {', '.join(signature.agents)}"


def _items(items: Sequence[str]) -> str:
    return f"the items are {', '.join(items)}" if items else "the game has no items"


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The parts between commas that stand in no brackets, without blanks around, with where they begin; empty ones too,
    unless there is nothing else."""
    if not text.strip():
        return
    depth, begin = 0, 0
    for at, letter in enumerate([*text, ","]):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and (depth <= 0 or at == len(text)):
            piece = text[begin:at]
            yield begin + len(piece) - len(piece.lstrip()), piece.strip()
            begin = at + 1


def _wrong(flag: str, text: str, start: int, word: str, what: str, cure: str) -> InputError:
    span = Span(start, start + max(1, len(word)), text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    return InputError([Diagnostic("E671", what, span, cure)], Source(flag, text))
