"""What counts say of a step: laws of private information and of increments, and rewards, at every kept suffix.

This is Algorithm 5 (Construct) of Liu & Zhang (2023) for back-off windows.  With n(s, ...) the number of episodes whose
history ends in the suffix s, and s' the suffix without its oldest increment,

    P(u | s)       = (n(s, u)       + k P(u | s'))       / (n(s)       + k)
    P(z | s, u, a) = (n(s, u, a, z) + k P(z | s', u, a)) / (n(s, u, a) + k)
    r(s, u, a)     = (sum of rewards + k r(s', u, a))     / (n(s, u, a) + k),

so that a suffix that was met seldom says nearly what the shorter one says (shrinkage, ours; k = 0 gives the paper's
estimates, and what s does not tell is as s' tells it).  A hard threshold alone
lets the gap rise with more data at times, whenever a suffix has just passed it.
What follows (u, a) is counted by the increment z = chi(u, a, o'), of whose law the model consists.

What was tried at no suffix, an action at a private information that nobody ever played there, is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure
from posgc.language.diagnostics import LimitError
from posgc.learning.counting import StepCounts
from posgc.learning.suffixes import Suffixes
from posgc.model.rewards import RewardKind

__all__ = ["Estimates", "allowed", "estimated"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TABLE_LIMIT = 60_000_000
"""Numbers of the table of one step (480 MB)."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Of step h, at its M kept suffixes; m agents' rewards (1 where one array tells all, as in `Stages`)."""

    actions: Ints  # [A], the allowed joint actions
    u: Ints  # [U], codes of u_h
    choice: Ints  # [G], the (u, a) that were tried: u * A + position of a, ascending
    triple_choice: Ints  # [F], index into `choice` of each (u, a, z) that was met, ascending; empty at the last step
    triple_z: Ints  # [F], index of the increment
    private: Floats  # [M, U], rows sum to 1
    law: Floats  # [M, F], sums to 1 over the triples of a choice
    reward: Floats  # [m, M, G]
    tried: Ints  # [M, G], n(s, u, a)


def estimated(
    structure: InformationStructure, h: int, step: StepCounts, suffixes: Suffixes, shrink: float, kind: RewardKind
) -> Estimates:
    """The estimates of step h.  Raises LimitError where their table is too large."""
    actions, last = allowed(structure, h), h == structure.horizon
    place = np.full(int(actions.max()) + 1, -1)
    place[actions] = np.arange(len(actions))
    pair = step.private * len(actions) + place[step.action]
    choice, choice_of = np.unique(pair, return_inverse=True)
    n_z = 1 if last else int(step.following.max()) + 1
    triple, triple_of = np.unique(choice_of * n_z + step.following, return_inverse=True)
    numbers = len(suffixes) * len(triple)
    if numbers > TABLE_LIMIT:
        raise LimitError(
            f"step {h}: {len(suffixes):,} windows with {len(triple):,} combinations of private information, action and "
            f"increment are {numbers:,} numbers (limit {TABLE_LIMIT:,}); raise the option least, or lower length"
        )
    met, tried, earned = _totals(step, suffixes, triple_of, choice_of, len(triple), len(choice), kind)
    starts = np.flatnonzero(np.diff(choice // len(actions), prepend=-1))
    held = np.add.reduceat(tried, starts, axis=1)
    of = triple // n_z
    law, private, reward = met.astype(np.float64), held.astype(np.float64), earned
    for k in range(int(suffixes.length.max()) + 1):
        rows = np.flatnonzero(suffixes.length == k)
        up = suffixes.link[rows]
        weight = shrink if k else 0.0
        law[rows] = _drawn_to(met[rows], tried[rows][:, of], law[up], weight)
        private[rows] = _drawn_to(held[rows], held[rows].sum(axis=1, keepdims=True), private[up], weight)
        reward[:, rows] = _drawn_to(earned[:, rows], tried[rows], reward[:, up], weight)
    none = np.zeros(0, np.int64)
    of, z = (none, none) if last else (of, triple % n_z)
    law = law[:, : len(of)]
    return Estimates(actions, step.u, choice, of, z, private, law, reward, tried)


def allowed(structure: InformationStructure, h: int) -> Ints:
    """The joint actions that can be played at step h, ascending: products of the agents' choices."""
    index = np.zeros(1, np.int64)
    for i, size in enumerate(structure.signature.action_sizes):
        index = (index[:, None] * size + structure.choices(i, h)).ravel()
    return index


def _totals(
    step: StepCounts, suffixes: Suffixes, triple: Ints, choice: Ints, n_triples: int, n_choices: int, kind: RewardKind
) -> tuple[Ints, Ints, Floats]:
    """n(s, u, a, z) [M, F], n(s, u, a) [M, G], and sums of rewards [m, M, G]."""
    size = len(suffixes)
    paid = step.reward if kind == "general" else step.reward[:1]
    met, earned = np.zeros(size * n_triples, np.int64), np.zeros((len(paid), size * n_choices))
    tried = np.zeros(size * n_choices, np.int64)
    for member in suffixes.member:
        suffix = member[step.window]
        rows = np.flatnonzero(suffix >= 0)
        cell, times = suffix[rows] * n_choices + choice[rows], step.times[rows]
        met += _added(suffix[rows] * n_triples + triple[rows], times, len(met))
        tried += _added(cell, times, len(tried))
        for own, reward in zip(earned, paid, strict=True):
            own += np.bincount(cell, times * reward[step.paid[rows]], len(own))
    return met.reshape(size, -1), tried.reshape(size, -1), earned.reshape(len(paid), size, -1)


def _added(cell: Ints, times: Ints, size: int) -> Ints:
    """Sums of whole numbers by cell; below 2^53 floating point adds them exactly."""
    return np.bincount(cell, times, size).astype(np.int64)


def _drawn_to(total: Ints | Floats, count: Ints, shorter: Floats, weight: float) -> Floats:
    """(total + weight * shorter) / (count + weight), and what the shorter one says where there is neither."""
    below = np.broadcast_to(count + weight, total.shape)
    mean = (total + weight * shorter) / np.where(below > 0, below, 1.0)
    return np.where(below > 0, mean, shorter)
