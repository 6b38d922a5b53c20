"""A sharing protocol, evaluated: the table of lags after which each item reaches each agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from math import fsum, lcm
from typing import Literal

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.signature import Signature, Variable

__all__ = ["LONGEST_RANDOM", "NEVER", "Channel", "Exchange", "Kind", "LagTable", "require_lags"]

Kind = Literal["action", "observation"]

NEVER = 1 << 30
"""The lag of an item that never arrives."""

LONGEST_RANDOM = 20
"""The largest lag that may be drawn: what is on its way is a part of the state."""


@dataclass(frozen=True)
class Exchange:
    """A link that works at some steps only: the agent gets an item at the first of the steps `first`, `first + every`,
    ... at which its age is `lag` or more."""

    kind: Kind
    variable: int  # index into the signature's list of that kind
    agent: int  # who gets its values
    lag: int
    every: int
    first: int

    def age(self, time: int) -> int:
        """The age at which an item of step `time` is handed over."""
        ready = max(time + self.lag, self.first)
        return ready + (self.first - ready) % self.every - time

    @property
    def longest(self) -> int:
        """The largest `age` of any item."""
        return max(self.lag + self.every, self.first) - 1


@dataclass(frozen=True)
class Channel:
    """A link that may delay or lose what it carries, each item independently of all else but of what shares its
    `chance`.  The receiver sees what arrives, and from which step it is."""

    kind: Kind
    variable: int  # index into the signature's list of that kind
    agent: int  # the receiver
    law: tuple[tuple[int, float], ...]  # (lag, probability) by ascending lag, last NEVER where an item may get lost
    acknowledged: int | None = None  # how many steps after an arrival the owner knows of it; None: never
    # one delay is drawn for all items of a step on the channels with this name, which have one law; None: for each item
    chance: str | None = None


@dataclass(frozen=True)
class LagTable:
    """Lags in steps, of each variable of the game's `Signature` to each agent.

    An observation of step h has age 0 at h, an action of step h has age 1 at h + 1; the owner knows its own observation
    at age 0 and its own action at age 1.  An item is common from the largest of its lags on.
    """

    name: str  # what the user asked for, with arguments: `delayed(2)`
    action_lags: tuple[
        tuple[int, ...], ...
    ]  # [v][i], the age at which agent i knows action variable v; NEVER where it does not
    observation_lags: tuple[tuple[int, ...], ...]  # [v][i], the same of observation variable v
    forget: int | None = None  # the greatest age at which private items are remembered; None for perfect recall
    exchanges: tuple[Exchange, ...] = ()  # further ways in which items reach agents, each by the earliest
    # ways with random delays, which `posgc.model.channels` makes a part of the game
    channels: tuple[Channel, ...] = ()
    lowered: tuple[Channel, ...] = ()  # those that were made a part of it; nothing but descriptions reads them

    def lags(self, kind: Kind, variable: int, time: int) -> tuple[int, ...]:
        """The age at which each agent knows the variable's value of step `time`; NEVER where it does not."""
        row = (self.action_lags if kind == "action" else self.observation_lags)[variable]
        if not self.exchanges:
            return row
        met = self._exchanges.get((kind, variable), {})
        return tuple(min([lag, *(x.age(time) for x in met.get(i, ()))]) for i, lag in enumerate(row))

    @cached_property
    def _exchanges(self) -> Mapping[tuple[Kind, int], Mapping[int, list[Exchange]]]:
        """By item and agent."""
        found: dict[tuple[Kind, int], dict[int, list[Exchange]]] = defaultdict(lambda: defaultdict(list))
        for x in self.exchanges:
            found[x.kind, x.variable][x.agent].append(x)
        return found

    def slowest(self, kind: Kind) -> tuple[tuple[int, ...], ...]:
        """[v][i], for each link a lag that none of its items exceeds, and that some item has where at most one exchange
        serves it."""
        rows = [list(row) for row in (self.action_lags if kind == "action" else self.observation_lags)]
        for x in self.exchanges:
            if x.kind == kind:
                rows[x.variable][x.agent] = min(rows[x.variable][x.agent], x.longest)
        return tuple(map(tuple, rows))

    @property
    def cycle(self) -> int:
        """Lags of steps that are so far apart are equal, from the first exchanges on; 1 where all steps are alike."""
        return lcm(*(x.every for x in self.exchanges))

    @property
    def content(self) -> tuple[object, ...]:
        """Everything but the name, in tuples of numbers: equal where two protocols are one."""
        links = self.exchanges, self.channels
        more = tuple(tuple(map(astuple, some)) for some in links) if any(links) else ()
        return self.action_lags, self.observation_lags, self.forget, *more


def require_lags(signature: Signature, protocol: LagTable) -> None:
    """Raises InputError (E635) where the table is not one of this game: its shape, or an impossible lag."""
    wrong = [
        *_faults("action", signature.actions, protocol.action_lags, 1, len(signature.agents)),
        *_faults("observation", signature.observations, protocol.observation_lags, 0, len(signature.agents)),
    ]
    wrong += [f"{x} is not possible" for x in protocol.exchanges if not _possible(signature, x)]
    wrong += [f"{x} is not possible" for x in protocol.channels if not _drawn(signature, x)]
    ends = [(x.kind, x.variable, x.agent) for x in protocol.channels]
    wrong += [f"two channels have the link {end}" for end in dict.fromkeys(ends) if ends.count(end) > 1]
    laws = {x.chance: x.law for x in protocol.channels}
    wrong += [f"{x} has another law than {x.chance}" for x in protocol.channels if x.chance and laws[x.chance] != x.law]
    if not (protocol.forget is None or (_whole(protocol.forget) and protocol.forget >= 0)):
        wrong.append(f"forget is {protocol.forget!r}, not a whole number from 0 or None")
    if wrong:
        cure = "one row for each variable, one lag for each agent; posgc.NEVER where an item never arrives"
        raise InputError([Diagnostic("E635", f"protocol {protocol.name}: {why}", help=cure) for why in wrong])


def _faults(
    kind: str, variables: Sequence[Variable], table: Sequence[Sequence[int]], least: int, agents: int
) -> list[str]:
    """What is wrong with the rows of one kind, `least` being the age at which an owner has such an item."""
    if len(table) != len(variables) or any(len(row) != agents for row in table):
        return [f"{kind}_lags is not a table of {len(variables)} × {agents} lags"]
    return [
        f"{kind} {v.name} of agent {v.agent + 1} cannot have the lags {tuple(row)}: its owner has it at age {least}, "
        f"nobody earlier"
        for v, row in zip(variables, table, strict=True)
        if not (all(_whole(lag) and lag >= least for lag in row) and row[v.agent] == least)
    ]


def _joins(signature: Signature, link: Exchange | Channel) -> bool:
    """Whether a link is one between two agents of the game."""
    variables = {"action": signature.actions, "observation": signature.observations}.get(link.kind, ())
    return (
        _whole(link.variable)
        and _whole(link.agent)
        and 0 <= link.variable < len(variables)
        and 0 <= link.agent < len(signature.agents)
        and link.agent != variables[link.variable].agent
    )


def _possible(signature: Signature, exchange: Exchange) -> bool:
    """Whether an exchange is one of the game and counts steps."""
    steps = exchange.every, exchange.first
    return (
        _joins(signature, exchange)
        and all(map(_whole, (exchange.lag, *steps)))
        and int(exchange.kind == "action") <= exchange.lag < NEVER
        and all(1 <= k < NEVER for k in steps)
    )


def _drawn(signature: Signature, channel: Channel) -> bool:
    """Whether a channel is one of the game, and its law one of lags that it can have."""
    if not (_joins(signature, channel) and isinstance(channel.law, tuple) and channel.law):
        return False
    if not all(isinstance(row, tuple) and len(row) == 2 for row in channel.law):
        return False
    lags, weights = [lag for lag, _ in channel.law], [p for _, p in channel.law]
    told, least = channel.acknowledged, int(channel.kind == "action")
    return (
        all(_whole(lag) and (least <= lag <= LONGEST_RANDOM or lag == NEVER) for lag in lags)
        and lags == sorted(set(lags))
        and all(isinstance(p, int | float) and 0 < p <= 1 for p in weights)
        and abs(fsum(weights) - 1) <= 1e-9
        and (told is None or (_whole(told) and 0 <= told < NEVER))
    )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
