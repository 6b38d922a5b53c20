"""Episodes counted and modelled the slow way: one by one, in dictionaries, from the definitions.

`known` is read off `support.tree.Tree`, which uses nothing of the fast code.  A common history is the tuple of its
increments, each the items that became common at its step; counts are of episodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from support.tree import History, Known, Tree

from posgc.information.codes import Codec, decode
from posgc.information.items import InformationStructure
from posgc.learning.counting import Counts
from posgc.learning.sampling import Batch, collect, joined
from posgc.model.arrays import Model
from posgc.play.players import UniformPlayer
from posgc.play.simulator import Simulator

__all__ = ["Row", "decoded", "enumerated", "plain", "uniform_batch"]

Common = tuple[Known, ...]
Row = tuple[Common, Known, int, Known, tuple[float, ...]]
"""History of increments, what is held privately, joint action, next increment, rewards."""


def uniform_batch(model: Model, structure: InformationStructure, episodes: int, seed: int) -> Batch:
    """Episodes of uniform play."""
    return joined(list(collect(Simulator(model, seed), structure, UniformPlayer(structure), episodes, seed)))


def _digits(index: int, sizes: list[int]) -> tuple[int, ...]:
    found = []
    for size in reversed(sizes):
        found.append(index % size)
        index //= size
    return tuple(reversed(found))


def plain(tree: Tree, batch: Batch) -> list[Counter[Row]]:
    """The rows of every step, counted one episode after the other."""
    found: list[Counter[Row]] = [Counter() for _ in range(tree.horizon)]
    acts = [len(v.values) for v in tree.model.signature.actions]
    sees = [len(v.values) for v in tree.model.signature.observations]
    for e in range(batch.size):
        seen = tuple(_digits(int(o[e]), sees) for o in batch.observation)
        done = tuple(_digits(int(a[e]), acts) for a in batch.action)
        commons: list[Known] = []
        privates = []
        for h in range(1, tree.horizon + 1):
            common, held = tree.knowledge(History((0,) * h, seen[:h], done[: h - 1]))
            commons.append(common)
            privates.append(tree.union(held))
        increments = [
            tuple(x for x in now if x not in before) for before, now in zip([(), *commons[:-1]], commons, strict=True)
        ]
        for h in range(tree.horizon):
            after = increments[h + 1] if h + 1 < tree.horizon else ()
            paid = tuple(batch.reward[h][:, e].tolist())
            found[h][tuple(increments[: h + 1]), privates[h], int(batch.action[h][e]), after, paid] += 1
    return found


def decoded(structure: InformationStructure, counts: Counts) -> list[Counter[Row]]:
    """The rows of fast counts with codes spelt out."""
    found, before = [], [()]
    for h, step in enumerate(counts.steps, start=1):
        spelt = [_items(structure, structure.increment(h), code) for code in step.z.tolist()]
        windows = [(*before[p], spelt[z]) for p, z in zip(step.parent.tolist(), step.newest.tolist(), strict=True)]
        held = [_items(structure, structure.private(h), code) for code in step.u.tolist()]
        after = [()]
        if h < len(counts.steps):
            after = [_items(structure, structure.increment(h + 1), code) for code in counts.steps[h].z.tolist()]
        rows: Counter[Row] = Counter()
        for (w, u, a, z, r), times in zip(step.rows.T.tolist(), step.times.tolist(), strict=True):
            row = windows[w], held[u], a, after[z], tuple(step.reward[:, r].tolist())
            assert row not in rows, "two rows say the same"
            rows[row] = times
        found.append(rows)
        before = windows
    return found


def _items(structure: InformationStructure, items: tuple, code: int) -> Known:  # type: ignore[type-arg]
    values = decode(Codec.of(structure, items), code)
    return tuple(((x.time, x.kind, x.variable), v) for x, v in zip(items, values, strict=True))


def enumerated(tree: Tree, scale: int) -> tuple[Batch, np.ndarray]:  # type: ignore[type-arg]
    """Every history of uniform play as an episode, and how often each occurs in `scale` episodes, rounded; rewards are
    the expected ones of state and action."""
    rows = list(_ends(tree))
    acts = [len(v.values) for v in tree.model.signature.actions]
    sees = [len(v.values) for v in tree.model.signature.observations]
    observation, action, reward = [], [], []
    for h in range(tree.horizon):
        observation.append(np.array([_joint(x.observations[h], sees) for _, x in rows], np.int64))
        action.append(np.array([_joint(x.actions[h], acts) for _, x in rows], np.int64))
        cut = [(History(x.states[: h + 1], x.observations[: h + 1], x.actions[:h]), x.actions[h]) for _, x in rows]
        reward.append(np.array([[tree.reward(i, past, a) for past, a in cut] for i in range(tree.n)]))
    times = np.round(np.array([p for p, _ in rows]) * scale).astype(np.int64)
    assert (times > 0).all(), "a larger scale is needed"
    return Batch(tuple(observation), tuple(action), tuple(reward)), times


def _ends(tree: Tree) -> Iterator[tuple[float, History]]:
    """(probability under uniform play, history with a_H) of everything up to the last action."""
    for p, past in tree.histories()[-1]:
        actions = tree.joint_actions(tree.horizon)
        for a in actions:
            yield p / len(actions), History(past.states, past.observations, (*past.actions, a))


def _joint(digits: tuple[int, ...], sizes: list[int]) -> int:
    index = 0
    for digit, size in zip(digits, sizes, strict=True):
        index = index * size + digit
    return index
