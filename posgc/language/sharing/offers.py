"""The lattice of protocols that prices, the lags on offer and a network make.

What is passed on by k agents, its owner included, takes k times the lag, and costs k times the price where each link
pays for its own hops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.sharing.edges import Hop, paths
from posgc.language.sharing.lag_table import NEVER
from posgc.language.sharing.lattice import Choice, Lattice, Link, Option
from posgc.language.sharing.lattice import cost as cost_of
from posgc.language.sharing.prices import Price, edges_of, lags_of, misplaced, prices_of
from posgc.language.sharing.written import agent_text, item_text
from posgc.language.signature import Signature, Variable

__all__ = ["Grain", "Offers", "lattice_of"]

Grain = Literal["link", "owner", "item"]
"""What has a lag of its own: each link, each agent's item, or each item of all agents."""

GRAINS: tuple[Grain, ...] = ("item", "owner", "link")
"""From large to small."""


@dataclass(frozen=True)
class Offers:
    """The protocols that can be bought, and what is left out of them."""

    lattice: Lattice
    untold: tuple[str, ...]  # what is within reach and has no price: `act`, `hear[bob]`, `hear[bob] to ann`
    idle: tuple[tuple[str, str], ...]  # clauses that no price on offer rests on, and why


def lattice_of(
    signature: Signature,
    horizon: int,
    cost: str,
    lags: str,
    along: str | None = None,
    by: Grain = "link",
    once: bool = False,
) -> Offers:
    """The protocols that can be bought; `once`: a hop that links of an item share is paid for once.

    `cost`, `lags` and `along` are as `posgc design` is given them.  What cannot arrive by the horizon is not sent and
    costs nothing.  A link without a price is not told.  Raises InputError (E671) for mistakes in any of the three, and
    for the price of links out of reach or of lags that are not on offer.
    """
    prices, offered = prices_of(signature, cost), lags_of(lags, horizon)
    reach = None if along is None else _reach(signature, along, once)
    links = list(_links(signature, reach))
    _require_offered(signature, cost, prices, links, offered, horizon)
    groups: dict[str, list[Link]] = {}
    choices, told, used = [], set[Link](), set[Price]()
    for link in links:
        if any(price.fits(_variable(signature, link), link.agent) for price in prices):
            groups.setdefault(_names(signature, link)[by], []).append(link)
    for group in groups.values():
        options, counted = _options(signature, prices, group, offered, horizon, once)
        if options:
            choices.append(Choice(" and ".join(_called(signature, group, links, by)), tuple(group), options))
            told.update(group)
            used.update(counted)
    untold = [link for link in links if link not in told]
    idle = tuple((p.clause, _why_idle(signature, p, prices, links, offered, horizon)) for p in prices if p not in used)
    return Offers(Lattice(signature, tuple(choices), once), _called(signature, untold, links, "item"), idle)


def _require_offered(
    signature: Signature,
    cost: str,
    prices: Sequence[Price],
    links: Sequence[Link],
    offered: Sequence[int],
    horizon: int,
) -> None:
    """Raises InputError (E671) for a clause that fits no link within reach, or no lag on offer."""
    for price in prices:
        kinds = {link.kind for link in links if price.fits(_variable(signature, link), link.agent)}
        if not kinds:
            cure = "name links that --along connects, or leave the clause out"
            raise misplaced(cost, price, "the network has no path for what has this price", cure)
        longest = max((_age(kind, lag) for kind in kinds for lag in offered if lag < NEVER), default=-1)
        if longest < price.after < horizon:
            what = f"no lag on offer is {price.after} steps or longer" if price.after else "no lag is on offer"
            cure = f"a longer one among --lags, such as {price.after},never, or leave the clause out"
            raise misplaced(cost, price, what, cure)


def _why_idle(
    signature: Signature,
    price: Price,
    prices: Sequence[Price],
    links: Sequence[Link],
    offered: Sequence[int],
    horizon: int,
) -> str:
    """Why no price on offer rests on a clause."""
    timely = [
        _price(prices, _variable(signature, link), link.agent, _age(link.kind, lag))
        for link in links
        for lag in offered
        if price.fits(_variable(signature, link), link.agent)
        and price.after <= _age(link.kind, lag)
        and _arrival(link, lag) < horizon
    ]
    if not timely:
        return "what it is the price of comes too late to be told"
    if price not in timely:
        return "later clauses fit all that it fits"
    return "links that have a lag in common with it have no price there"


def _age(kind: str, lag: int) -> int:
    """The lag of one hop: an action can be told from the next step on."""
    return max(lag, int(kind == "action"))


def _arrival(link: Link, lag: int) -> int:
    """The lag of all hops."""
    return _age(link.kind, lag * link.hops)


def _reach(signature: Signature, along: str, once: bool) -> Mapping[int, Mapping[int, tuple[Hop, ...]]]:
    """The paths of the network.  Raises InputError (E671) where hops are paid for `once` and there are several ways."""
    edges = set(edges_of(signature, along))
    found = paths(edges, len(signature.agents))
    for source, reached in found.items() if once else ():
        for target, path in reached.items():
            before = [a for a, b in edges if b == target and a in reached and len(reached[a]) == len(path) - 1]
            if len(before) > 1:
                ends = [agent_text(signature, agent - 1) for agent in (source, target)]
                what = f"the network has several shortest paths from {ends[0]} to {ends[1]}"
                cure = "hops can be paid for once where there is one: leave edges of --along out, or --hops each"
                raise InputError([Diagnostic("E671", what, help=cure)])
    return found


def _links(signature: Signature, reach: Mapping[int, Mapping[int, tuple[Hop, ...]]] | None) -> Iterator[Link]:
    """All links, those of observations first; with a network those within reach."""
    for kind, variables in (("observation", signature.observations), ("action", signature.actions)):
        for number, variable in enumerate(variables):
            for agent in range(len(signature.agents)):
                path = () if reach is None else reach[variable.agent + 1].get(agent + 1)
                if agent != variable.agent and path is not None:
                    yield Link(kind, number, agent, path)  # type: ignore[arg-type]


def _variable(signature: Signature, link: Link) -> Variable:
    return (signature.actions if link.kind == "action" else signature.observations)[link.variable]


def _names(signature: Signature, link: Link) -> dict[Grain, str]:
    """How the link is called, and the larger parts that it belongs to."""
    variable = _variable(signature, link)
    return {
        "item": variable.family,
        "owner": f"{variable.family}[{agent_text(signature, variable.agent)}]",
        "link": f"{item_text(signature, variable)} to {agent_text(signature, link.agent)}",
    }


def _called(signature: Signature, some: Sequence[Link], links: Sequence[Link], largest: Grain) -> tuple[str, ...]:
    """How some of the links are called: by the largest parts, `largest` or smaller, that have no other links."""
    others = {name for link in links if link not in some for name in _names(signature, link).values()}
    grains = GRAINS[GRAINS.index(largest) :]
    names = [_names(signature, link) for link in some]
    return tuple(dict.fromkeys(next(own[grain] for grain in grains if own[grain] not in others) for own in names))


def _options(
    signature: Signature,
    prices: Sequence[Price],
    links: Sequence[Link],
    offered: Sequence[int],
    horizon: int,
    once: bool,
) -> tuple[tuple[Option, ...], set[Price]]:
    """From rich to poor, of two that hand over the same the cheaper one; and the prices that they rest on."""
    found: dict[tuple[int, ...], Option] = {}
    used = set[Price]()
    for lag in offered:
        arrivals = tuple(_arrival(link, lag) for link in links)
        own = [
            _price(prices, _variable(signature, link), link.agent, _age(link.kind, lag)) if arrival < horizon else None
            for link, arrival in zip(links, arrivals, strict=True)
        ]
        if any(price is None and arrival < horizon for price, arrival in zip(own, arrivals, strict=True)):
            continue  # not on offer
        lags = tuple(arrival if arrival < horizon else NEVER for arrival in arrivals)
        option = Option(lags, tuple(Fraction(0) if price is None else price.price for price in own))
        if lags not in found or cost_of(links, option.prices, once) < cost_of(links, found[lags].prices, once):
            found[lags] = option
        used.update(price for price in own if price is not None)
    return tuple(found.values()), used


def _price(prices: Sequence[Price], variable: Variable, agent: int, lag: int) -> Price | None:
    """The last clause that fits a link at a lag."""
    return next((p for p in reversed(prices) if p.after <= lag and p.fits(variable, agent)), None)
