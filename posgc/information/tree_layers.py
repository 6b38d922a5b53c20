"""The tree of histories a step at a time: the nodes of `posgc.information.tree.game_tree`, as arrays.

Moments, histories just before a joint action, are grown step by step.  How many nodes there are below each is counted
from the last step back, and these sizes say where in prefix order every node stands.  The decisions of a moment
interleave with what follows its joint actions j = 0, 1, ..., which go row-major over the agents that choose: with L_t
joint actions below a decision of turn t, decisions 0 to j // L_t of every turn t come before what follows j.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.information.codes import evolve, initial_codes
from posgc.information.tree import Histories
from posgc.model.ragged import gather

__all__ = ["Draws", "Places", "Step", "grown", "placed"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Draws:
    """R draws of chance one after the other, each an entry of a law; a draw with one entry is no node."""

    row: Ints  # [R], which law: of the kernel's rows, or 0 for the first draw
    begin: Ints  # [R + 1]: the moments that follow each
    state: Ints  # [moments]
    private: Ints  # [moments]
    increment: Ints  # [moments]

    @property
    def shown(self) -> npt.NDArray[np.bool_]:
        """[R]: which of them are nodes."""
        return np.diff(self.begin) > 1


@dataclass(frozen=True, eq=False)
class Step:
    """The M moments of a step, and the draws after each of its J joint actions, M * J of them; none after the last."""

    h: int
    state: Ints  # [M]
    private: Ints  # [M], codes of what is not common
    news: Ints  # [M], which of the sequences of increments so far
    before: Ints  # for each sequence of increments, that of the step before
    increment: Ints  # and its last increment
    choosers: tuple[tuple[int, int], ...]  # agents with several choices, and how many
    after: Draws | None
    earned: Ints  # [M * J], which of `payments` has been paid by then
    payments: list[tuple[Fraction, ...]]

    @property
    def below(self) -> list[int]:
        """L_t, of each turn."""
        widths = [width for _, width in self.choosers]
        return [prod(widths[t:]) for t in range(len(widths))]


@dataclass(frozen=True, eq=False)
class Places:
    """Where the nodes of a step stand in prefix order, from 0."""

    follows: Ints  # [M, J], the first node after each joint action, or the outcome

    def decisions(self, step: Step, turn: int) -> Ints:
        """[M, decisions of a turn]: where these stand."""
        # a decision and the first ones of later turns come just before what follows the first joint action below it
        return self.follows[:, :: step.below[turn]] - (len(step.below) - turn)


def grown(histories: Histories) -> tuple[Draws, list[Step]]:
    """The first draw, and the steps."""
    information, model = histories.information, histories.model
    initial = model.initial
    z, u = initial_codes(information, initial.observation)
    zero = np.zeros(1, dtype=np.int64)
    first = draws = Draws(zero, np.array([0, len(z)]), initial.state, u, z)
    known, paid = zero, zero
    payments = [(Fraction(0),) * len(histories.paid)]
    steps = []
    for h in range(1, model.horizon + 1):
        lengths = np.diff(draws.begin)
        news, before, increment = _news(np.repeat(known, lengths), draws.increment)
        earned, payments = _earned(histories, h, draws.state, np.repeat(paid, lengths), payments)
        after = None if h == model.horizon else _draws(histories, h, draws)
        sizes = ((i, len(model.choices(i, h))) for i in range(model.n_agents))
        choosers = tuple((i, size) for i, size in sizes if size > 1)
        steps.append(Step(h, draws.state, draws.private, news, before, increment, choosers, after, earned, payments))
        if after is not None:
            known, paid, draws = np.repeat(news, len(model.allowed(h))), earned, after
    return first, steps


def _news(before: Ints, increment: Ints) -> tuple[Ints, Ints, Ints]:
    """The number of each moment's sequence of increments; of each sequence that before it and its last increment."""
    some, at = np.unique(increment, return_inverse=True)
    keys, news = np.unique(before * len(some) + at, return_inverse=True)
    return news.astype(np.int64), keys // len(some), some[keys % len(some)]


def _earned(
    histories: Histories, h: int, state: Ints, paid: Ints, payments: list[tuple[Fraction, ...]]
) -> tuple[Ints, list[tuple[Fraction, ...]]]:
    """What has been paid after each joint action at each moment, [M * J], in numbers of a list of payments."""
    actions, n_states = histories.model.allowed(h), histories.model.n_states
    cell = (actions * n_states + state[:, None]).ravel()
    pairs, at = np.unique(
        np.repeat(paid, len(actions)) * (n_states * histories.model.n_actions) + cell, return_inverse=True
    )
    known: dict[tuple[Fraction, ...], int] = {}
    numbers = np.empty(len(pairs), dtype=np.int64)
    for k, pair in enumerate(pairs.tolist()):
        old, here = divmod(pair, n_states * histories.model.n_actions)
        won = histories.reward(h, *divmod(here, n_states))
        total = tuple(a + b for a, b in zip(payments[old], won, strict=True))
        numbers[k] = known.setdefault(total, len(known))
    return numbers[at], list(known)


def _draws(histories: Histories, h: int, draws: Draws) -> Draws:
    """What chance draws after each joint action at each moment of step h."""
    model = histories.model
    kernel, actions = model.kernel(h), model.allowed(h)
    row = (actions * model.n_states + draws.state[:, None]).ravel()
    at, counts = gather(kernel.indptr, row)
    moment = np.repeat(np.arange(len(row)) // len(actions), counts)
    action, observation = np.repeat(np.tile(actions, len(draws.state)), counts), kernel.observation[at]
    z, u = evolve(histories.information, h, draws.private[moment], action, observation)
    return Draws(row, np.concatenate([[0], np.cumsum(counts)]), kernel.state[at], u, z)


def placed(first: Draws, steps: list[Step]) -> tuple[int, list[Places]]:
    """How many nodes there are, and where those of each step stand."""
    followed: list[Ints] = []  # nodes after each joint action, [M, J], from the last step
    held: list[Ints] = []  # nodes from each moment on
    for step in reversed(steps):
        follows: Ints = np.ones(len(step.earned), dtype=np.int64)
        if step.after is not None:
            follows = np.add.reduceat(held[-1], step.after.begin[:-1]) + step.after.shown
        followed.append(follows.reshape(len(step.state), -1))
        width = len(step.earned) // len(step.state)
        held.append(sum(width // below for below in step.below) + followed[-1].sum(axis=1))
    total = int(first.shown[0]) + int(held[-1].sum())
    draws: Draws | None = first
    start, places = np.zeros(1, dtype=np.int64), list[Places]()
    for step, each, size in zip(steps, reversed(followed), reversed(held), strict=True):
        assert draws is not None
        earlier = np.cumsum(size) - size
        lengths = np.diff(draws.begin)
        moments: Ints = np.repeat(start + draws.shown - earlier[draws.begin[:-1]], lengths) + earlier
        j = np.arange(each.shape[1])
        before = sum((j // below + 1 for below in step.below), start=np.zeros_like(j))
        places.append(Places(moments[:, None] + before + np.cumsum(each, axis=1) - each))
        start, draws = places[-1].follows.ravel(), step.after
    return total, places
