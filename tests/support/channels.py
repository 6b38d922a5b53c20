"""Channels from their definition: every delay is drawn when an item is sent, and kept in the history.

Nothing of `posgc.model.channels` is used.  An agent knows what it knows by the lags and exchanges; of a channel's item
it knows from the step on in which it arrives, and when it arrived; the owner of an acknowledged item knows of an
arrival so many steps later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import numpy as np
from support.games import links
from support.optimum import Coordinator
from support.tree import Digits, History, Item, Known, Tree, has_reached

from posgc.language.sharing.lag_table import NEVER, Channel
from posgc.language.signature import Signature

__all__ = ["ChannelTree", "Drawn", "PlainOptimum", "some_channels"]


@dataclass(frozen=True)
class Drawn(History):
    """A history with the delay of every item on every channel."""

    delays: tuple[tuple[Item, int, int], ...] = ()  # (item, number of the channel, delay)

    def messages(self) -> Iterator[tuple[int, int, Item]]:
        """(step of arrival, channel, item) of everything that arrives by now."""
        for item, number, delay in self.delays:
            if delay < NEVER and item[0] + delay <= self.h:
                yield item[0] + delay, number, item


class ChannelTree(Tree):
    """All histories of a game under a protocol with channels, delays included."""

    def start(self) -> list[tuple[float, History]]:
        firsts = [(p, Drawn(x.states, x.observations, x.actions)) for p, x in super().start()]
        return [(p * q, nxt) for p, x in firsts for q, nxt in self._sent(x, [("observation", 1, x.observations[0])])]

    def after(self, history: History, action: Digits) -> list[tuple[float, History]]:
        assert isinstance(history, Drawn)
        found: list[tuple[float, History]] = []
        for p, x in super().after(history, action):
            new = Drawn(x.states, x.observations, x.actions, history.delays)
            made = [("action", history.h, action), ("observation", new.h, new.observations[-1])]
            found += [(p * q, nxt) for q, nxt in self._sent(new, made)]
        return found

    def _sent(self, history: Drawn, made: Sequence[tuple[str, int, Digits]]) -> list[tuple[float, Drawn]]:
        items = [item for kind, t, values in made for item, _ in self.made(kind, t, values)]
        sent = [
            (item, number, channel.law)
            for item in items
            for number, channel in enumerate(self.protocol.channels)
            if (channel.kind, channel.variable) == item[1:]
        ]
        chances = {number: channel.chance or number for number, channel in enumerate(self.protocol.channels)}
        # an action of step h is made when the next observations are: what shares a chance is of one step
        draws = {
            (item[0], chances[number], item if chances[number] == number else None): law for item, number, law in sent
        }
        found = []
        before = {(x[0], chances[n]): delay for x, n, delay in history.delays if chances[n] != n}
        for drawn in product(*([(before[key[:2]], 1.0)] if key[:2] in before else law for key, law in draws.items())):
            of = dict(zip(draws, (delay for delay, _ in drawn), strict=True))
            delays = tuple(
                (item, number, of[item[0], chances[number], item if chances[number] == number else None])
                for item, number, _ in sent
            )
            p = prod(q for _, q in drawn)
            found.append((p, Drawn(history.states, history.observations, history.actions, history.delays + delays)))
        return found

    def knowledge(self, history: History) -> tuple[Known, tuple[Known, ...]]:
        """What everybody knows, and what each agent knows that somebody does not."""
        assert isinstance(history, Drawn) and self.protocol.forget is None and not self.dropped
        values, facts = dict(self.items(history)), [set[tuple[Item, int]]() for _ in range(self.n)]
        for i in range(self.n):
            facts[i] |= {(x, value) for x, value in values.items() if has_reached(self.protocol, x, i, history.h)}
        for step, number, item in history.messages():
            channel = self.protocol.channels[number]
            fact = (step, f"arrived by {number}", item[0]), values[item]
            facts[channel.agent].add(fact)
            if channel.acknowledged is not None and step + channel.acknowledged <= history.h:
                facts[self._owner(item)].add(fact)
        common = set[tuple[Item, int]].intersection(*facts)
        return tuple(sorted(common)), tuple(tuple(sorted(own - common)) for own in facts)

    def _owner(self, item: Item) -> int:
        signature = self.model.signature
        return (signature.actions if item[1] == "action" else signature.observations)[item[2]].agent


class PlainOptimum(Coordinator):
    """The team optimum of a tree in which what is common differs from history to history."""

    def affordable(self, limit: float) -> bool:
        """Whether the number of joint plans for everything that can be known is surely below the limit."""
        tried = 1.0
        for h, level in enumerate(self.tree.histories(), start=1):
            if len(level) > limit:
                return False
            known = {
                (i, common, own)
                for _, x in level
                for common, private in [self.tree.knowledge(x)]
                for i, own in enumerate(private)
            }
            groups: dict[object, float] = {}
            for i, common, _ in known:
                groups[common] = groups.get(common, 1.0) * len(self.tree.own_actions(i, h))
            tried *= max(groups.values())
            if tried > limit:
                return False
        return True


def some_channels(
    signature: Signature, rng: np.random.Generator, most: int = 2, longest: int = 2
) -> tuple[Channel, ...]:
    """One to `most` channels between different agents, with laws of one to three delays; in a third of the draws all
    share a chance."""
    every, shared = links(signature), rng.integers(3) == 0
    least_of_all = max(least for *_, least in every)
    chosen = rng.permutation(len(every))[: int(rng.integers(1, most + 1))]
    found = []
    for kind, v, i, least in (every[k] for k in chosen):
        if shared and found:
            found.append(replace(found[0], kind=kind, variable=v, agent=i))
            continue
        lags = [*range(least_of_all if shared else least, longest + 1), NEVER]
        support = sorted(rng.choice(lags, size=int(rng.integers(1, min(3, len(lags)) + 1)), replace=False).tolist())
        weights = rng.integers(1, 4, size=len(support))
        law = tuple((int(lag), float(w) / float(weights.sum())) for lag, w in zip(support, weights, strict=True))
        found.append(Channel(kind, v, i, law, [None, None, 0, 1][int(rng.integers(4))], "air" if shared else None))
    return tuple(found)
