"""What the lowered game needs for each channel: variables for what is on its way and for what arrives, and lags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from posgc.language.sharing.lag_table import NEVER, Channel, LagTable
from posgc.language.signature import Signature, Variable

__all__ = ["Link", "arrival_variables", "by_agent", "links_of", "lowered_table", "values_of"]

_ODD = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True)
class Link:
    """A channel, and where the lowered game keeps what is on its way and what arrives."""

    channel: Channel
    source: Variable
    chance: dict[int, float]  # for each age at which an item may arrive, the probability that it does if it has not yet
    ages: range  # at which an item may still be on its way, after the arrivals of that age
    slot: int  # the first of its state variables, one for each of `ages`
    arrival: int  # the first of its observation variables, one for each entry of `chance`


def links_of(signature: Signature, protocol: LagTable) -> tuple[list[Link], LagTable]:
    """The channels that may bring something sooner than the table of lags does, and the table without channels, with
    what they bring in the end for certain."""
    rows = {
        "action": [list(row) for row in protocol.action_lags],
        "observation": [list(row) for row in protocol.observation_lags],
    }
    links: list[Link] = []
    slot = arrival = 0
    for channel in protocol.channels:
        row = rows[channel.kind][channel.variable]
        # the last lag of a law is NEVER where something may get lost
        row[channel.agent] = sure = min(row[channel.agent], channel.law[-1][0])
        chance, left = dict[int, float](), 1.0
        for lag, p in channel.law:
            if lag < sure:
                chance[lag] = min(1.0, p / left)
                left -= p
        if chance:
            source = (signature.actions if channel.kind == "action" else signature.observations)[channel.variable]
            ages = range(int(channel.kind == "action"), max(chance))
            links.append(Link(channel, source, chance, ages, slot, arrival))
            slot, arrival = slot + len(ages), arrival + len(chance)
    tables = tuple(map(tuple, rows["action"])), tuple(map(tuple, rows["observation"]))
    return links, replace(protocol, action_lags=tables[0], observation_lags=tables[1], channels=())


def values_of(source: Variable) -> tuple[str, ...]:
    """The values of the variables of a link: nothing, then those of the item."""
    nothing = "nothing"
    while nothing in source.values:
        nothing += "_"
    return nothing, *source.values


def arrival_variables(signature: Signature, links: Sequence[Link]) -> list[Variable]:
    """The observation variables of all arrivals, in the order of `Link.arrival`."""
    found: list[Variable] = []
    for link in links:
        receiver = link.channel.agent
        taken = {v.name for v in (*signature.observations, *found) if v.agent == receiver}
        words = link.source.name, "from", signature.agents[link.source.agent], "after"
        for lag in link.chance:
            name = "_".join(_ODD.sub("_", word).strip("_") for word in (*words, str(lag)))
            while name in taken:
                name += "_"
            found.append(Variable(name, receiver, values_of(link.source)))
    return found


def by_agent(variables: Sequence[Variable]) -> list[int]:
    """Positions of the variables in the order of a signature."""
    return sorted(range(len(variables)), key=lambda k: variables[k].agent)


def lowered_table(signature: Signature, links: Sequence[Link], protocol: LagTable) -> LagTable:
    """The lags of the lowered game: an arrival is known at once to its receiver, later or never to the item's owner,
    and to nobody else."""
    agents, rows = range(len(signature.agents)), list(protocol.observation_lags)
    for link in links:
        told = link.channel.acknowledged
        known = {link.channel.agent: 0} | ({} if told is None else {link.source.agent: told})
        rows += [tuple(known.get(i, NEVER) for i in agents)] * len(link.chance)
    order = by_agent([*signature.observations, *arrival_variables(signature, links)])
    place = {old: new for new, old in enumerate(order)}

    def moved(kind: str, variable: int) -> int:
        return place[variable] if kind == "observation" else variable

    return replace(
        protocol,
        observation_lags=tuple(rows[k] for k in order),
        exchanges=tuple(replace(x, variable=moved(x.kind, x.variable)) for x in protocol.exchanges),
        lowered=tuple(replace(x, variable=moved(x.kind, x.variable)) for x in (link.channel for link in links)),
    )
