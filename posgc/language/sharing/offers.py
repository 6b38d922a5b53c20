"""The lattice of protocols that prices, the lags on offer and a network make.

What is passed on by k agents, its owner included, costs k times the price and takes k times the lag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from posgc.language.sharing.edges import hops
from posgc.language.sharing.lag_table import NEVER
from posgc.language.sharing.lattice import Choice, Lattice, Link, Option
from posgc.language.sharing.prices import Price, edges_of, lags_of, prices_of
from posgc.language.sharing.written import agent_text, item_text
from posgc.language.signature import Signature, Variable

__all__ = ["Grain", "lattice_of"]

Grain = Literal["link", "owner", "item"]
"""What has a lag of its own: each link, each agent's item, or each item of all agents."""


def lattice_of(
    signature: Signature, horizon: int, cost: str, lags: str, along: str | None = None, by: Grain = "link"
) -> Lattice:
    """The protocols that can be bought.

    `cost`, `lags` and `along` are as `posgc design` is given them.  What cannot arrive by the horizon is not sent and
    costs nothing.  An item without a price is not told.  Raises InputError (E671) for mistakes in any of the three.
    """
    prices, offered = prices_of(signature, cost), lags_of(lags, horizon)
    reach = None if along is None else hops(edges_of(signature, along), len(signature.agents))
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
    signature: Signature, prices: Sequence[Price], links: Sequence[Link], offered: Sequence[int], horizon: int
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


def _price(prices: Sequence[Price], variable: Variable, agent: int, lag: int) -> Fraction | None:
    fitting = [p.price for p in prices if p.after <= lag and p.fits(variable, agent)]
    return fitting[-1] if fitting else None
