"""Controllers as behaviour strategies of a game tree: each information set leads an agent's controller to a node."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from posgc.information.codes import Codec, decode
from posgc.information.extensive import Infosets
from posgc.information.items import Information, Item
from posgc.information.tree import Histories
from posgc.policy.controllers import Controllers

__all__ = ["controller_strategies"]


def controller_strategies(
    information: Information, controllers: Controllers, infosets: Infosets
) -> list[list[list[float]]]:
    """The profile on a `game_tree` that has been walked, which needs perfect recall.

    An agent of perfect recall still knows all the news it ever had: what became common is in z_1..z_h, the rest is in
    p_{i,h}.  Raises PolicyMismatch where a controller refuses news that an agent can have.
    """
    whole = Histories(information).information
    profile = []
    for agent, keys in enumerate(infosets.keys):
        walk = _Walk(whole, controllers, agent)
        profile.append([walk.law(*key) for key in keys])  # type: ignore[misc]
    return profile


class _Walk:
    """One agent's controller along what the agent knows."""

    def __init__(self, whole: Information, controllers: Controllers, agent: int) -> None:
        self.whole, self.controllers, self.agent = whole, controllers, agent
        horizon = whole.model.horizon
        self.news = [Codec.of(whole, whole.news(agent, h)) for h in range(1, horizon + 1)]
        self.common = [Codec.of(whole, whole.increment(h)) for h in range(1, horizon + 1)]
        self.private = [Codec.of(whole, whole.private_of(agent, h)) for h in range(1, horizon + 1)]
        self._nodes: dict[tuple[int, ...], int] = {}  # by the codes of all news

    def law(self, h: int, common: tuple[int, ...], private: int) -> list[float]:
        """What the agent plays at step h, knowing z_1..z_h and p_{i,h}."""
        known: dict[Item, int] = {}
        for codec, code in (*zip(self.common, common, strict=False), (self.private[h - 1], private)):
            known.update(zip(codec.items, decode(codec, code), strict=True))
        node = self._node(tuple(_code(codec, known) for codec in self.news[:h]))
        table, choices = self.controllers.agents[self.agent].steps[h - 1].table, self.whole.model.choices(self.agent, h)
        if node == len(table):
            return [1 / len(choices)] * len(choices)
        law = table[node] if table.ndim == 2 else np.arange(len(choices)) == table[node]
        return [float(p) for p in law]

    def _node(self, news: tuple[int, ...]) -> int:
        if news not in self._nodes:
            code = np.array([news[-1]])
            if len(news) == 1:
                found = self.controllers.first(self.agent, code)
            else:
                found = self.controllers.follow(self.agent, len(news) - 1, np.array([self._node(news[:-1])]), code)
            self._nodes[news] = int(found[0])
        return self._nodes[news]


def _code(codec: Codec, known: Mapping[Item, int]) -> int:
    return sum(known[item] * stride for item, stride in zip(codec.items, codec.strides, strict=True))
