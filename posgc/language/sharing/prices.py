"""What telling costs: prices of links, the lags on offer, the network, and the lattice of protocols that they make.

    hear = 1, act = 0.5, hear[ann] to bob after 1 = 0.25

A clause names an item, perhaps its owner, a receiver, and a lag; it is the price of every link that it fits, at that
lag and longer ones.  Of several the last one counts.  What is passed on by k agents, its owner included, costs k times
the price and takes k times the lag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from posgc.language.diagnostics import Diagnostic, InputError, Source, Span
from posgc.language.diagnostics.likeness import suggestion
from posgc.language.numerals import real, whole
from posgc.language.sharing.edges import hops
from posgc.language.sharing.lag_table import NEVER
from posgc.language.sharing.lattice import Choice, Lattice, Link, Option
from posgc.language.sharing.rules import MAX_DELAY
from posgc.language.sharing.written import agent_text, item_text
from posgc.language.signature import Signature, Variable

__all__ = ["DEAREST", "Grain", "lattice_of"]

DEAREST = 1e12
"""The highest price of a link."""

Grain = Literal["link", "owner", "item"]
"""What has a lag of its own: each link, each agent's item, or each item of all agents."""

_CLAUSE = re.compile(
    r"(?P<item>\w+)\s*(?:\[(?P<indices>.*?)\])?(?:\s+to\s+(?P<to>\S+))?(?:\s+after\s+(?P<after>\S+))?\s*=\s*(?P<price>\S+)"
)
_EDGE = re.compile(r"(\S+?)\s*(->|-)\s*(\S+)")


@dataclass(frozen=True)
class _Price:
    """A clause; None stands for all."""

    item: str  # `hear`, or `hear[2]` with further indices
    owner: int | None
    agent: int | None
    after: int
    price: Fraction

    def fits(self, variable: Variable, agent: int) -> bool:
        """Whether it speaks of a link, at some lag."""
        named = self.item in (variable.name, variable.family)
        return named and self.owner in (None, variable.agent) and self.agent in (None, agent)


def lattice_of(
    signature: Signature, horizon: int, cost: str, lags: str, along: str | None = None, by: Grain = "link"
) -> Lattice:
    """The protocols that can be bought.

    `cost`, `lags` and `along` are as `posgc design` is given them.  What cannot arrive by the horizon is not sent and
    costs nothing.  An item without a price is not told.  Raises InputError (E671) for mistakes in any of the three.
    """
    prices, offered = _prices(signature, cost), _lags(lags, horizon)
    reach = None if along is None else hops(_edges(signature, along), len(signature.agents))
    groups: dict[tuple[object, ...], list[Link]] = {}
    labels: dict[tuple[object, ...], str] = {}
    for link in _links(signature, reach):
        variable = _variable(signature, link)
        if any(price.fits(variable, link.agent) for price in prices):
            key, label = _group(signature, link, by)
            groups.setdefault(key, []).append(link)
            labels[key] = label
    choices = []
    for key, links in groups.items():
        options = _options(signature, prices, links, offered, horizon)
        if options:
            choices.append(Choice(labels[key], tuple(links), options))
    return Lattice(signature, tuple(choices))


def _links(signature: Signature, reach: Mapping[int, Mapping[int, int]] | None) -> Iterator[Link]:
    """All links, those of observations first; with a network those within reach."""
    for kind, variables in (("observation", signature.observations), ("action", signature.actions)):
        for number, variable in enumerate(variables):
            for agent in range(len(signature.agents)):
                far = 1 if reach is None else reach[variable.agent + 1].get(agent + 1)
                if agent != variable.agent and far is not None:
                    yield Link(kind, number, agent, far)  # type: ignore[arg-type]


def _variable(signature: Signature, link: Link) -> Variable:
    return (signature.actions if link.kind == "action" else signature.observations)[link.variable]


def _group(signature: Signature, link: Link, by: Grain) -> tuple[tuple[object, ...], str]:
    """The choice that a link belongs to, and how it is called."""
    variable = _variable(signature, link)
    if by == "item":
        return (variable.family,), variable.family
    if by == "owner":
        return (variable.family, variable.agent), f"{variable.family}[{agent_text(signature, variable.agent)}]"
    label = f"{item_text(signature, variable)} to {agent_text(signature, link.agent)}"
    return (link,), label


def _options(
    signature: Signature, prices: Sequence[_Price], links: Sequence[Link], offered: Sequence[int], horizon: int
) -> tuple[Option, ...]:
    """From rich to poor; of two that hand over the same, the cheaper one."""
    found: dict[tuple[int, ...], Fraction] = {}
    for lag in offered:
        lags, total = [], Fraction(0)
        for link in links:
            step = max(lag, int(link.kind == "action"))
            arrives = max(lag * link.hops, int(link.kind == "action"))
            price = Fraction(0) if arrives >= horizon else _price(prices, _variable(signature, link), link.agent, step)
            if price is None:
                break
            lags.append(NEVER if arrives >= horizon else arrives)
            total += price * link.hops
        else:
            key = tuple(lags)
            found[key] = min(total, found.get(key, total))
    return tuple(Option(lags, price) for lags, price in found.items())


def _price(prices: Sequence[_Price], variable: Variable, agent: int, lag: int) -> Fraction | None:
    fitting = [p.price for p in prices if p.after <= lag and p.fits(variable, agent)]
    return fitting[-1] if fitting else None


# ---- what is written


def _prices(signature: Signature, text: str) -> list[_Price]:
    found = []
    for start, piece in _pieces(text):
        clause = _CLAUSE.fullmatch(piece)
        if clause is None:
            raise _wrong("--cost", text, start, piece, "this is not a price", "hear = 1, hear[ann] to bob after 1 = 0.5")

        def complain(group: str, what: str, cure: str, clause: re.Match[str] = clause, start: int = start) -> InputError:
            return _wrong("--cost", text, start + clause.start(group), clause[group], what, cure)

        owner, rest = None, ""
        if clause["indices"] is not None:
            first, *others = [word.strip() for _, word in _pieces(clause["indices"])] or [""]
            owner = _agent(signature, first)
            rest = f"[{', '.join(others)}]" if others else ""
            if owner is None:
                raise complain("indices", f"there is no agent {first or 'without a name'}", _known(signature))
        agent = None if clause["to"] in (None, "all") else _agent(signature, clause["to"])
        if agent is None and clause["to"] not in (None, "all"):
            raise complain("to", f"there is no agent {clause['to']}", _known(signature))
        try:
            after = 0 if clause["after"] is None else _lag(clause["after"])
        except ValueError as error:
            raise complain("after", str(error), "after 1") from None
        try:
            price = real(clause["price"])
        except ValueError as error:
            raise complain("price", str(error), "a number from 0, such as 0.5") from None
        if not 0 <= price <= DEAREST:
            raise complain("price", f"a price of {price:g} is not possible", f"a number from 0 to {DEAREST:g}")
        made = _Price(clause["item"] + rest, owner, agent, after, Fraction(clause["price"]))
        if not any(made.fits(_variable(signature, link), link.agent) for link in _links(signature, None)):
            items = list(dict.fromkeys(v.family for v in (*signature.observations, *signature.actions)))
            cure = suggestion(clause["item"], items) if clause["item"] not in items else ""
            raise complain("item", "no item on its way to another agent has this price", cure or _items(items))
        found.append(made)
    if not found:
        raise _wrong("--cost", text, 0, text or " ", "no item has a price", "hear = 1, act = 0.5")
    return found


def _lags(text: str, horizon: int) -> list[int]:
    """The lags on offer, ascending, as far as they differ up to the horizon."""
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
        raise _wrong("--lags", text, 0, text or " ", "no lag is named", "numbers of steps and never: 0..2,never")
    return sorted(found)


def _lag(word: str) -> int:
    lag = whole(word)
    if not 0 <= lag <= MAX_DELAY:
        raise ValueError(f"a lag of {word} steps is not possible")
    return lag


def _edges(signature: Signature, text: str) -> list[tuple[int, int]]:
    """Pairs (source, target) of agents from 1."""
    found = []
    for start, word in _pieces(text):
        edge = _EDGE.fullmatch(word)
        if edge is None:
            raise _wrong("--along", text, start, word, "this is not an edge", "1-2, 2-3, or one way only: ann->bob")
        ends = []
        for group in (1, 3):
            end = _agent(signature, edge[group])
            if end is None:
                what = f"there is no agent {edge[group]}"
                raise _wrong("--along", text, start + edge.start(group), edge[group], what, _known(signature))
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


def _known(signature: Signature) -> str:
    return f"the agents are {', '.join(signature.agents)}"


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
