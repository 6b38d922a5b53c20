"""The stage of a node with two agents, one step further: an option is an action now and one for each news next.

Nothing is told before the next action is taken, so the bound is closer than that of one step.  What the next news are
depends on the pair of types and on both actions only, so payoffs stay sums over pairs of types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.components import Component
from posgc.coordination.pending import Transfer
from posgc.coordination.steps import Steps
from posgc.model.ragged import gather

__all__ = ["Ahead", "Options", "ahead", "one_step"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Worth = Callable[[int, Ints], Floats]
"""[N, A] bounds of the joint actions of a step, by beliefs [N]."""

CELLS = 1_000_000
"""Payoffs of pairs of options, at most; larger stages look one step ahead."""


@dataclass(frozen=True, eq=False)
class Options:
    """What one agent can choose from, by type."""

    action: Ints  # [T, P] the action now; -1 where a type has fewer options
    place: Ints  # [T, P, K] where the option's payoffs after news k stand, as an offset


@dataclass(frozen=True, eq=False)
class Ahead:
    """Payoffs of pairs of options, weights included."""

    table: Floats  # [T_1, T_2, P_1, P_2]
    action: tuple[Ints, Ints]  # of each agent [T_i, P_i]: the action of each option; -1: no option of this type


def one_step(payoff: Floats, types: Ints, counts: tuple[int, int]) -> Ahead:
    """Options are actions; `payoff` [E, A_1, A_2]."""
    action = tuple(np.tile(np.arange(a), (c, 1)) for a, c in zip(payoff.shape[1:], counts, strict=True))
    return Ahead(_of_pairs(payoff, types, counts), (action[0], action[1]))


def _of_pairs(payoff: Floats, types: Ints, counts: tuple[int, int]) -> Floats:
    """[T_1, T_2, P_1, P_2] from [E, P_1, P_2]: rows of a pair of types are added."""
    table = np.zeros((counts[0] * counts[1], *payoff.shape[1:]))
    np.add.at(table, types[0] * counts[1] + types[1], payoff)
    return table.reshape(*counts, *payoff.shape[1:])


@dataclass(frozen=True, eq=False)
class _News:
    """What one agent learns next, in rows of the successors."""

    number: Ints  # [N] news, numbered from 0 for each type and action
    count: Ints  # [T, A] how many


def _numbered(own: Ints, action: Ints, code: Ints, shape: tuple[int, int]) -> _News:
    kinds, which = np.unique(np.stack([own, action, code]), axis=1, return_inverse=True)
    group = kinds[0] * shape[1] + kinds[1]
    count = np.bincount(group, minlength=shape[0] * shape[1])
    number = np.arange(len(group)) - (np.cumsum(count) - count)[group]
    return _News(number[which.ravel()], count.reshape(shape))


def _options(count: Ints, size: int, strides: tuple[int, int, int]) -> Options:
    """All options of every type; `strides` of action, news and next action; `size` next actions."""
    n_types, n_actions = count.shape
    many = size**count
    total, news = int(many.sum(axis=1).max()), int(count.max())
    action = np.full((n_types, total), -1, dtype=np.int64)
    place = np.zeros((n_types, total, news), dtype=np.int64)
    for t in range(n_types):
        begin = 0
        for a in range(n_actions):
            end = begin + int(many[t, a])
            action[t, begin:end] = a
            digits = np.arange(end - begin)[:, None] // size ** np.arange(news) % size
            digits[:, int(count[t, a]) :] = 0
            place[t, begin:end] = a * strides[0] + np.arange(news) * strides[1] + digits * strides[2]
            begin = end
    return Options(action, place)


def ahead(steps: Steps, component: Component, h: int, reward: Floats, worth: Worth) -> Ahead | None:
    """The stage at step h < H; None where it has too many options.

    `reward` [E, A_1 A_2] of step h; `worth` bounds actions of step h + 1.
    """
    (n1, n2), sizes, after = component.counts, steps.sizes[h - 1], steps.sizes[h]
    outlooks = steps.beliefs.outlooks(h, component.belief)
    n_actions = sizes[0] * sizes[1]
    rows = (outlooks.place.data[component.belief][:, None] * n_actions + np.arange(n_actions)).ravel()
    at, counts = gather(outlooks.first.data, rows)
    row, position = np.divmod(np.repeat(np.arange(len(rows)), counts), n_actions)
    types, played = component.types[:, row], np.divmod(position, sizes[1])
    sources = {
        -2: outlooks.actions[position],
        -1: outlooks.observation.data[at],
        **{j: q[types[j]] for j, q in enumerate(component.queue)},
    }
    news = [
        _numbered(types[i], played[i], Transfer.read(steps.transfers[h][i].learned, sources, len(row)), (n, sizes[i]))
        for i, n in enumerate((n1, n2))
    ]
    many = [float((float(after[i]) ** x.count).sum(axis=1).max()) for i, x in enumerate(news)]
    k = [int(x.count.max()) for x in news]
    shape = (len(component.weight), sizes[0], sizes[1], k[0], k[1], after[0], after[1])
    if len(component.weight) * many[0] * many[1] > CELLS or np.prod([float(s) for s in shape]) > CELLS:
        return None
    strides = [int(np.prod(shape[x + 1 :])) for x in range(7)]
    group = np.ravel_multi_index(
        (row, played[0], played[1], news[0].number, news[1].number), shape[:5]
    )
    mass = outlooks.probability.data[at] * component.weight[row]
    payoffs = worth(h + 1, outlooks.belief.data[at]) * (mass * steps.beliefs.model.discount)[:, None]
    cells = group[:, None] * (after[0] * after[1]) + np.arange(after[0] * after[1])
    flat = np.bincount(cells.ravel(), payoffs.ravel(), int(np.prod(shape)))
    one = _options(news[0].count, after[0], (strides[1], strides[3], strides[5]))
    two = _options(news[1].count, after[1], (strides[2], strides[4], strides[6]))
    s, t = component.types
    of_row = (np.arange(len(s))[:, None, None], one.action[s][:, :, None], two.action[t][:, None, :])
    now, most = (x.reshape(-1, *sizes) * component.weight[:, None, None] for x in (reward, worth(h, component.belief)))
    table = now[of_row]
    place = np.arange(len(s))[:, None, None] * strides[0]
    for x in range(k[0]):
        for y in range(k[1]):
            table += flat[place + one.place[s][:, :, None, x] + two.place[t][:, None, :, y]]
    table = _of_pairs(np.minimum(table, most[of_row]), component.types, (n1, n2))
    if (one.action < 0).any() or (two.action < 0).any():
        bad = 2 * np.abs(table).sum() + 1  # no complete choice with such an option is best
        table -= bad * ((one.action < 0)[:, None, :, None] | (two.action < 0)[None, :, None, :])
    return Ahead(table, (one.action, two.action))
