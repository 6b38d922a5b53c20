"""What agents hold that others will learn later, and what an agent newly learns at a step.

Types may be merged where their futures are equal; what somebody will learn later is a part of the future, so a type
carries the values of its own items that others will still learn (its *queue*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.items import Information, Item

__all__ = ["Transfer", "queue_items", "transfers"]

Ints = npt.NDArray[np.int64]


def queue_items(information: Information, agent: int, h: int) -> tuple[Item, ...]:
    """The agent's own items of steps up to h that somebody else will learn at a step from h + 1 to H."""
    found = []
    for t in range(max(1, h - information.memory), h + 1):
        for kind, variables in (("action", information.signature.actions), ("observation", information.signature.observations)):
            for v, variable in enumerate(variables):
                item = Item(t, kind, v)  # type: ignore[arg-type]
                made = t < h if kind == "action" else True
                if not made or variable.agent != agent or not information.exists(item):
                    continue
                arrivals = [t + lag for j, lag in enumerate(information.lags(item)) if j != agent]
                if any(h < step <= information.horizon for step in arrivals):
                    found.append(item)
    return tuple(found)


@dataclass(frozen=True)
class Transfer:
    """What agent i learns between steps h and h + 1, and what its queue becomes: where each value is read.

    A place is (source, stride, size): the digit of that weight and size of a code; source -2 is the joint action,
    -1 the joint observation, j >= 0 the queue of agent j.
    """

    learned: tuple[tuple[int, int, int], ...]
    queue: tuple[tuple[int, int, int], ...]

    @staticmethod
    def read(places: tuple[tuple[int, int, int], ...], sources: dict[int, Ints], rows: int) -> Ints:
        """One code for each row of all the places' values."""
        code = np.zeros(rows, dtype=np.int64)
        for source, stride, size in places:
            code = code * size + sources[source] // stride % size
        return code


def transfers(information: Information, h: int) -> tuple[Transfer, ...]:
    """For every agent, h from 0 (what is seen at step 1) to H - 1."""
    signature, n = information.signature, information.n_agents
    sizes = {
        "action": [len(v.values) for v in signature.actions],
        "observation": [len(v.values) for v in signature.observations],
    }
    held = {j: Codec.of(information, queue_items(information, j, h)) for j in range(n)} if h else {}

    def place(item: Item) -> tuple[int, int, int]:
        own, now = sizes[item.kind], (item.kind == "action" and item.time == h) or item.time == h + 1
        if now:
            stride = int(np.prod(own[item.variable + 1 :], dtype=np.int64))
            return (-2 if item.kind == "action" else -1), stride, own[item.variable]
        owner = information.variable(item).agent
        codec = held[owner]
        return owner, codec.strides[codec.items.index(item)], own[item.variable]

    found = []
    for i in range(n):
        learned = []
        for t in range(max(1, h - information.memory), h + 2):
            for kind in ("action", "observation"):
                for v in range(len(sizes[kind])):
                    item = Item(t, kind, v)  # type: ignore[arg-type]
                    if t + information.lags(item)[i] != h + 1 or not information.exists(item):
                        continue
                    if kind == "action" and information.variable(item).agent == i:
                        continue  # it follows from the agent's own type
                    learned.append(place(item))
        queue = tuple(place(item) for item in queue_items(information, i, h + 1))
        found.append(Transfer(tuple(learned), queue))
    return tuple(found)
