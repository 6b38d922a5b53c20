"""What agents hold that others will learn later, and what an agent newly learns at a step.

Types may be merged where their futures are equal; what somebody will learn later is a part of the future, so a type
carries the values of its own items that others will still learn (its *queue*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.items import InformationStructure, Item

__all__ = ["Transfer", "queue_items", "transfers"]

Ints = npt.NDArray[np.int64]
Place = tuple[int, int, int]
"""(source, stride, size): the digit of that weight and size of a code; source -2 is the joint action, -1 the joint
observation, j >= 0 the queue of agent j."""


def queue_items(information: InformationStructure, agent: int, h: int) -> tuple[Item, ...]:
    """The agent's own items that somebody else does not know at step h and will know by step H."""
    return tuple(item for item in information.pending(h) if information.variable(item).agent == agent) if h else ()


@dataclass(frozen=True)
class Transfer:
    """What an agent learns between steps h and h + 1, and what its queue becomes: where each value is read."""

    news: tuple[Place, ...]  # everything new, in the order of `InformationStructure.news`
    learned: tuple[Place, ...]  # the same without the agent's own actions, which follow from its type
    queue: tuple[Place, ...]

    @staticmethod
    def read(places: tuple[Place, ...], sources: dict[int, Ints], rows: int) -> Ints:
        """One code for each row of all the places' values, first place most significant."""
        code = np.zeros(rows, dtype=np.int64)
        for source, stride, size in places:
            code = code * size + sources[source] // stride % size
        return code


def transfers(information: InformationStructure, h: int) -> tuple[Transfer, ...]:
    """For every agent; h from 0 (what is seen at step 1) to H - 1.  Raises LimitError where queues have no codes."""
    signature = information.signature
    codecs = [Codec.of(information, queue_items(information, i, h)) for i in range(information.n_agents)]
    variables = {"action": signature.actions, "observation": signature.observations}

    def place(item: Item) -> Place:
        if item.time == h + (item.kind == "observation"):
            after = [len(v.values) for v in variables[item.kind][item.variable + 1 :]]
            stride = int(np.prod(after, dtype=np.int64))
            return (-2 if item.kind == "action" else -1), stride, information.size(item)
        owner = information.variable(item).agent
        codec = codecs[owner]
        return owner, codec.strides[codec.items.index(item)], information.size(item)

    found = []
    for i in range(information.n_agents):
        news = information.news(i, h + 1)
        own = {x for x in news if x.kind == "action" and information.variable(x).agent == i}
        queue = tuple(place(item) for item in queue_items(information, i, h + 1))
        found.append(Transfer(tuple(map(place, news)), tuple(place(x) for x in news if x not in own), queue))
    return tuple(found)
