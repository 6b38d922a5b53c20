"""Lattices of sharing protocols: each of some choices gives some links one of several lags, at a price.

A protocol of the lattice is an option of each choice.  The options of a choice are a chain from the richest to the
poorest, so the order of the lattice, choice by choice, is that of `posgc.language.sharing.order`: a protocol tells at
least as much as another where it tells nothing later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.language.sharing.edges import Hop
from posgc.language.sharing.lag_table import Kind, LagTable
from posgc.language.sharing.structures import Lags
from posgc.language.sharing.written import rules_of, share_block
from posgc.language.signature import Signature

__all__ = ["Choice", "Lattice", "Link", "Option", "cost"]


@dataclass(frozen=True)
class Link:
    """An item on its way to an agent."""

    kind: Kind
    variable: int  # index into the signature's list of that kind
    agent: int  # who is told, from 0
    path: tuple[Hop, ...] = ()  # how it is passed on along a network; without one, from its owner at once

    @property
    def hops(self) -> int:
        """By how many agents it is passed on, its owner included."""
        return max(1, len(self.path))


@dataclass(frozen=True)
class Option:
    """What may be chosen for the links of a choice."""

    lags: tuple[int, ...]  # of each link; NEVER where it is not told
    prices: tuple[Fraction, ...]  # of each link, a hop and a step


@dataclass(frozen=True)
class Choice:
    """Links that are told after one lag."""

    label: str  # `hear[ann] to bob`
    links: tuple[Link, ...]
    options: tuple[Option, ...]  # from rich to poor: lags ascend, link by link


def cost(links: Iterable[Link], prices: Iterable[Fraction], once: bool) -> Fraction:
    """What it costs a step to tell links at prices a hop: the sum over their hops; `once`: of an item over the hops of
    all its links, each at the dearest price of those that share it."""
    if not once:
        return sum((link.hops * price for link, price in zip(links, prices, strict=True)), Fraction(0))
    dearest: dict[tuple[Kind, int, Hop], Fraction] = {}
    for link, price in zip(links, prices, strict=True):
        for hop in link.path:
            key = link.kind, link.variable, hop
            dearest[key] = max(price, dearest.get(key, price))
    return sum(dearest.values(), Fraction(0))


@dataclass(frozen=True)
class Lattice:
    """All combinations of options, numbered with those of the last choice running fastest."""

    signature: Signature
    choices: tuple[Choice, ...]
    once: bool = False  # whether a hop that links of an item share is paid for once

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of options of each choice that has several."""
        return tuple(n for n in (len(choice.options) for choice in self.choices) if n > 1)

    @property
    def size(self) -> int:
        """The number of protocols."""
        return prod(self.shape)

    @cached_property
    def taken(self) -> npt.NDArray[np.int64]:
        """[protocol, choice with several options], the number of the option."""
        return np.array(list(np.ndindex(self.shape)), dtype=np.int64).reshape(self.size, len(self.shape))

    @cached_property
    def costs(self) -> npt.NDArray[np.float64]:
        """[protocol], in the unit of the prices, a step; rounded once, so that equal sums are equal."""
        if self.once:
            links = [link for choice in self.choices for link in choice.links]
            taken = (self.options(number) for number in range(self.size))
            return np.array([float(cost(links, [p for o in options for p in o.prices], True)) for options in taken])
        sums = [Fraction(0)]
        for choice in self.choices:
            prices = [self.price(choice, option) for option in choice.options]
            sums = [known + price for known in sums for price in prices]
        return np.array([float(one) for one in sums])

    def price(self, choice: Choice, option: Option) -> Fraction:
        """What an option costs a step where nothing else is told."""
        return cost(choice.links, option.prices, self.once)

    def options(self, number: int) -> list[Option]:
        """What a protocol takes of each choice."""
        digits = iter(self.taken[number])
        return [c.options[next(digits)] if len(c.options) > 1 else c.options[0] for c in self.choices]

    def table(self, number: int) -> LagTable:
        """The protocol, named by its rules in braces, which say all of it."""
        lags = Lags(self.signature)
        for choice, option in zip(self.choices, self.options(number), strict=True):
            for link, lag in zip(choice.links, option.lags, strict=True):
                rows = lags.actions if link.kind == "action" else lags.observations
                lags.lower(rows[link.variable], link.agent, lag)
        table = lags.protocol("")
        return lags.protocol(share_block("", rules_of(self.signature, table)).removeprefix("share").strip())

    def richer(self, number: int) -> npt.NDArray[np.bool_]:
        """[protocol], those that tell at least as much as the one given, itself included."""
        told: npt.NDArray[np.bool_] = np.all(self.taken <= self.taken[number], axis=1)
        return told

    def poorer(self, number: int) -> npt.NDArray[np.bool_]:
        """[protocol], those that tell no more than the one given, itself included."""
        told: npt.NDArray[np.bool_] = np.all(self.taken >= self.taken[number], axis=1)
        return told

    def below(self, marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """[protocol], how many of the marked ones tell no more than it, itself included."""
        counts = marked.reshape(self.shape).astype(np.int64)
        for axis in range(len(self.shape)):
            counts = np.flip(np.cumsum(np.flip(counts, axis), axis), axis)
        return counts.reshape(-1)
