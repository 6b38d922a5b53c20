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

__all__ = ["CELLS", "FIRST", "Ahead", "Lookahead", "Plans", "kept_actions", "one_step"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Worth = Callable[[int, Ints], Floats]
"""[N, A] bounds of the joint actions of a step, by beliefs [N]."""

FIRST, CELLS = 250_000, 1_000_000
"""Payoffs of pairs of options, at most, when a stage is made for the first time and later; larger stages look one step
ahead, which may well do."""
SMALL = 2_000
"""Rows of successors, at most, that are kept for other steps at which the component occurs."""


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
    pair = types[0] * counts[1] + types[1]
    order = np.argsort(pair, kind="stable")
    kinds, first = np.unique(pair[order], return_index=True)
    table = np.zeros((counts[0] * counts[1], *payoff.shape[1:]))
    table[kinds] = payoff[order] if len(kinds) == len(pair) else np.add.reduceat(payoff[order], first, axis=0)
    return table.reshape(*counts, *payoff.shape[1:])


@dataclass(frozen=True, eq=False)
class Plans:
    """The options of both agents: an action now, and a next one after each news.

    Payoffs of next actions have the shape [E, A_1, A_2, K_1, K_2, B_1, B_2]: rows of pairs of types, actions, news,
    next actions.
    """

    strides: list[int]  # of the seven axes of the payoffs
    action: tuple[Ints, Ints]  # of each agent [T, P] the action of every option; -1: no option of this type
    place: tuple[Ints, Ints]  # of each agent [T, P, K] where the option's payoffs after news k stand, as an offset

    @staticmethod
    def of(shape: tuple[int, ...], count: tuple[Ints, Ints], kept: tuple[Bools, Bools], limit: int) -> Plans | None:
        """All options of kept next actions; None where their pairs would have more than `limit` payoffs."""
        many = [_sizes(n, k).prod(axis=2, dtype=np.float64).sum(axis=1).max() for n, k in zip(count, kept, strict=True)]
        if shape[0] * many[0] * many[1] > limit:
            return None
        strides = [int(np.prod(shape[x + 1 :])) for x in range(7)]
        first, place1 = _options(count[0], kept[0], (strides[1], strides[3], strides[5]))
        second, place2 = _options(count[1], kept[1], (strides[2], strides[4], strides[6]))
        return Plans(strides, (first, second), (place1, place2))

    def next_actions(self, agent: int, types: Ints, options: Ints) -> Ints:
        """[N, K] the next actions after each news of options of types."""
        action, place = self.action[agent][types, options], self.place[agent][types, options]
        of_action, of_news, of_next = (self.strides[x + agent] for x in (1, 3, 5))
        return (place - action[:, None] * of_action - np.arange(place.shape[1]) * of_news) // of_next

    def stage(
        self, flat: Floats, now: Floats, types: Ints, together: list[tuple[int, int, Ints]], most: Floats | None
    ) -> Ahead:
        """Payoffs of pairs of options.

        `flat` are those of next actions, `now` [E, A_1, A_2] those of actions, and `most` what both may be at most in
        each row; `together` are the pairs of news that can come, and the rows in which they can.
        """
        (s, t), (first, second), (one, two) = types, self.action, self.place
        of_row = (np.arange(len(s))[:, None, None], first[s][:, :, None], second[t][:, None, :])
        table = now[of_row]
        for x, y, here in together:
            begin = here[:, None, None] * self.strides[0]
            table[here] += flat[begin + one[s[here], :, None, x] + two[t[here], None, :, y]]
        if most is not None:
            table = np.minimum(table, most[of_row])
        table = _of_pairs(table, types, (len(first), len(second)))
        if (first < 0).any() or (second < 0).any():
            bad = 2 * np.abs(table).sum() + 1  # no complete choice with such an option is best
            table -= bad * ((first < 0)[:, None, :, None] | (second < 0)[None, :, None, :])
        return Ahead(table, self.action)


@dataclass(frozen=True, eq=False)
class _Successors:
    """What can follow a component, one row for each that can happen: what does not depend on the horizon."""

    shape: tuple[int, ...]  # rows of the component, actions and most news of each agent, next actions
    count: tuple[Ints, Ints]  # of each agent [T, A]: how many news
    belief: Ints  # [N] after the step
    mass: Floats  # [N] probabilities, discounted
    cell: Ints  # [N] where the payoffs of next actions begin
    together: list[tuple[int, int, Ints]]  # the pairs of news that can come, and the component's rows in which they can


class Lookahead:
    """Makes stages of two steps."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.nbytes = 0
        self._successors: dict[tuple[int, int], _Successors] = {}
        self._options: dict[tuple[bytes, ...], Plans] = {}

    def stage(self, number: int, h: int, reward: Floats, worth: Worth, limit: int) -> Ahead | None:
        """The stage of a component at step h < H; None where it has more than `limit` payoffs.

        `reward` [E, A_1 A_2] of step h; `worth` bounds actions of steps h and h + 1.
        """
        component = self.steps.component[number]
        after = self._after(number, h)
        if np.prod([float(x) for x in after.shape]) > CELLS:
            return None
        n_after = after.shape[5] * after.shape[6]
        payoffs = worth(h + 1, after.belief) * after.mass[:, None]
        cells = after.cell[:, None] + np.arange(n_after)
        flat = np.asarray(np.bincount(cells.ravel(), payoffs.ravel(), int(np.prod(after.shape))), dtype=np.float64)
        weight = component.weight[:, None, None]
        rows = after.shape[:3]
        now, most = reward.reshape(rows) * weight, worth(h, component.belief).reshape(rows) * weight
        plans = self._listed(flat.reshape(after.shape), component.types, component.counts, after.count, limit)
        return None if plans is None else plans.stage(flat, now, component.types, after.together, most)

    def _listed(
        self, payoff: Floats, types: Ints, counts: tuple[int, ...], count: tuple[Ints, Ints], limit: int
    ) -> Plans | None:
        kept = kept_actions(payoff, types, counts)
        key = (*(x.tobytes() for x in (*count, *kept)), bytes(str((payoff.shape, limit)), "ascii"))
        found = self._options.get(key)
        if found is None:
            found = Plans.of(payoff.shape, count, kept, limit)
            if found is not None and kept[0].size + kept[1].size <= SMALL:
                self._options[key] = found
                self.nbytes += 500 + sum(x.nbytes for x in (*found.action, *found.place, *kept))
        return found

    def _after(self, number: int, h: int) -> _Successors:
        found = self._successors.get((number, self.steps.kind[h - 1]))
        if found is None:
            found = self._found(self.steps.component[number], h)
            if len(found.mass) <= SMALL:
                self._successors[number, self.steps.kind[h - 1]] = found
                self.nbytes += 1500 + 4 * found.mass.nbytes
        return found

    def _found(self, component: Component, h: int) -> _Successors:
        steps, sizes, after = self.steps, self.steps.sizes[h - 1], self.steps.sizes[h]
        outlooks = steps.beliefs.outlooks(h, component.belief)
        n_actions = sizes[0] * sizes[1]
        rows = (outlooks.place.data[component.belief][:, None] * n_actions + np.arange(n_actions)).ravel()
        at, counts = gather(outlooks.first.data, rows)
        row, position = np.divmod(np.repeat(np.arange(len(rows)), counts), n_actions)
        types, played = component.types[:, row], np.divmod(position, sizes[1])
        sources = {
            -2: outlooks.kernel.made(outlooks.actions[position], steps.beliefs.some_state(component.belief)[row]),
            -1: outlooks.observation.data[at],
            **{j: q[types[j]] for j, q in enumerate(component.queue)},
        }
        codes = [Transfer.read(transfer.learned, sources, len(row)) for transfer in steps.transfers[h]]
        (x, count1), (y, count2) = (
            _numbered(types[i], played[i], codes[i], (component.counts[i], sizes[i])) for i in range(2)
        )
        most = int(count1.max()), int(count2.max())
        shape = (len(component.weight), sizes[0], sizes[1], *most, after[0], after[1])
        cell = np.ravel_multi_index((row, *played, x, y), shape[:5]) * (after[0] * after[1])
        mass = outlooks.probability.data[at] * component.weight[row] * steps.beliefs.model.discount
        both = x * most[1] + y
        together = [(*divmod(pair, most[1]), np.unique(row[both == pair])) for pair in np.unique(both).tolist()]
        return _Successors(shape, (count1, count2), outlooks.belief.data[at], mass, cell, together)


def _numbered(own: Ints, action: Ints, code: Ints, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """[N] news, numbered from 0 for each type and action, and [T, A] how many there are."""
    kinds, which = np.unique(np.stack([own, action, code]), axis=1, return_inverse=True)
    group = kinds[0] * shape[1] + kinds[1]
    count = np.bincount(group, minlength=shape[0] * shape[1])
    number = np.arange(len(group)) - (np.cumsum(count) - count)[group]
    return number[which.ravel()], count.reshape(shape)


def kept_actions(payoff: Floats, types: Ints, counts: tuple[int, ...]) -> tuple[Bools, Bools]:
    """Of both agents [T, A, K, B] next actions that some option may need, from payoffs as in `Plans`."""
    return (
        _kept(payoff.transpose(0, 1, 3, 5, 2, 4, 6), types[0], counts[0]),
        _kept(payoff.transpose(0, 2, 4, 6, 1, 3, 5), types[1], counts[1]),
    )


def _kept(payoff: Floats, own: Ints, n_types: int) -> Bools:
    """[T, A, K, B] next actions that no other of the same agent beats or equals whatever else happens.

    `payoff` [E, A, K, B, ...], the other agent's part last; `own` [E] the agent's type in each row.
    """
    size = payoff.shape[3]
    kept = np.ones((n_types, *payoff.shape[1:4]), dtype=np.bool_)
    for x in range(size):
        for y in range(size):
            if x != y:
                gain = (payoff[:, :, :, y] - payoff[:, :, :, x]).reshape(*payoff.shape[:3], -1).min(axis=3)
                least = np.full((n_types, *gain.shape[1:]), np.inf)
                np.minimum.at(least, own, gain)
                kept[:, :, :, x] &= ~((least >= 0) & kept[:, :, :, y])
    return kept


def _sizes(count: Ints, kept: Bools) -> Ints:
    """[T, A, K] next actions that are kept after news k; 1 where there are fewer news."""
    return np.where(np.arange(kept.shape[2]) < count[:, :, None], kept.sum(axis=3), 1)


def _options(count: Ints, kept: Bools, strides: tuple[int, int, int]) -> tuple[Ints, Ints]:
    """[T, P] the action of every option, and [T, P, K] where its payoffs after news k stand, as an offset.

    `strides` are those of the action, the news and the next action; what is no option of a type has action -1.
    """
    n_types, n_actions, news = kept.shape[:3]
    sizes = _sizes(count, kept)
    many = sizes.prod(axis=2)
    action = np.full((n_types, int(many.sum(axis=1).max())), -1, dtype=np.int64)
    place = np.zeros((*action.shape, news), dtype=np.int64)
    for t in range(n_types):
        begin = 0
        for a in range(n_actions):
            end = begin + int(many[t, a])
            action[t, begin:end] = a
            rest = np.arange(end - begin)
            for k in reversed(range(news)):
                rest, digit = np.divmod(rest, sizes[t, a, k])
                after = np.flatnonzero(kept[t, a, k])[digit]
                place[t, begin:end, k] = a * strides[0] + k * strides[1] + after * strides[2]
            begin = end
    return action, place
