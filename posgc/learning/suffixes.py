"""Back-off windows: of every common history, the longest suffix that was met at least n times.

A *suffix* of length k of a common history (z_1, .., z_h) is its last k increments; that of length h is all of it.  Kept
are, at step h, the suffixes that were met in at least `least` episodes, are no longer than `longest`, and whose
first k - 1 increments are kept at step h - 1.  The node of a history is its longest kept suffix.  The last condition
makes the kept suffixes closed under leaving out the newest increment, so that

    node(c, z) = the longest kept suffix of (node(c), z),

which is equation (5.1) of Liu & Zhang (2023): a node's successor reads the node and the increment alone.  (Where all
steps are counted on the same episodes the condition holds by itself: whoever met a suffix met what it begins with.)

In strict windows, the paper's, the node of a history is its suffix of length min(h, longest), kept or not; what is not
kept is the paper's C^low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.learning.counting import Counts, StepCounts

__all__ = ["Suffixes", "kept_suffixes"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Suffixes:
    """The M kept suffixes of step h, shorter ones first; the first is the empty one."""

    length: Ints  # [M]
    link: Ints  # [M], the suffix without its oldest increment; -1 for the empty one
    head: Ints  # [M], the suffix of step h - 1 without its newest increment; -1 for the empty one and at step 1
    newest: Ints  # [M], index into the step's increments; -1 for the empty one
    visits: Ints  # [M], how often it was met
    member: Ints  # [K + 1, W], of each window the suffix of each length; -1 where it is not kept
    depth: int  # increments of a whole history at this step, or `longest` where that is less

    def __len__(self) -> int:
        return len(self.length)

    @property
    def node(self) -> Ints:
        """[W], the longest kept suffix of each window."""
        deepest: Ints = self.member.max(axis=0)  # longer suffixes have higher numbers
        return deepest

    def follow(self, z: int, previous: Suffixes | None) -> Ints:
        """[M of the step before, z]: the longest kept suffix of each kept suffix and increment; [1, z] at step 1."""
        count = 1 if previous is None else len(previous)
        to = np.zeros((count, z), np.int64)
        lengths = np.zeros(1, np.int64) if previous is None else previous.length
        for length in range(int(lengths.max()) + 1):
            rows = np.flatnonzero(lengths == length)
            if length:  # what has no child of its own does as without its oldest increment
                assert previous is not None
                to[rows] = to[previous.link[rows]]
            mine = np.flatnonzero(self.length == length + 1)
            head = np.zeros(len(mine), np.int64) if previous is None else self.head[mine]
            to[head, self.newest[mine]] = mine
        return to


def kept_suffixes(counts: Counts, least: int, longest: int | None) -> list[Suffixes]:
    """The kept suffixes of every step; `least` >= 1 episodes, `longest` >= 0 increments, None for no limit."""
    # where the first increment has one value, it tells nothing, and a whole history is one shorter
    silent = len(counts.steps[0].z) == 1
    found: list[Suffixes] = []
    for h in range(1, len(counts.steps) + 1):
        depth = h - 1 if silent else h
        depth = depth if longest is None else min(depth, longest)
        found.append(_kept(counts.steps[:h], found[-1] if found else None, least, depth))
    return found


def _kept(steps: Sequence[StepCounts], previous: Suffixes | None, least: int, depth: int) -> Suffixes:
    """The kept suffixes of the last of the steps, up to length `depth`."""
    here = steps[-1]
    visits, place = here.visits, np.arange(len(here.parent))
    members = [np.zeros(len(visits), np.int64)]
    nothing = np.full(1, -1)
    length, link, head, newest, met = [np.zeros(1, np.int64)], [nothing], [nothing], [nothing], [visits.sum()[None]]
    total = 1
    for k in range(1, depth + 1):
        step = steps[-k]
        shorter, letter = members[-1], step.newest[place]
        place = step.parent[place]
        before = _before(previous, k - 1, here.parent)
        open_ = np.flatnonzero((shorter >= 0) & (before >= 0))
        keys, group = np.unique(shorter[open_] * len(step.z) + letter[open_], return_inverse=True)
        times = np.zeros(len(keys), np.int64)
        np.add.at(times, group, visits[open_])
        good = times >= least
        number = np.where(good, total + np.cumsum(good) - 1, -1)
        member = np.full(len(visits), -1)
        member[open_] = number[group]
        if not good.any():
            break
        members.append(member)
        first = open_[np.unique(group, return_index=True)[1]][good]  # a window of each
        length.append(np.full(len(first), k))
        link.append(shorter[first])
        head.append(before[first] if previous is not None else np.full(len(first), -1))
        newest.append(here.newest[first])
        met.append(times[good])
        total += len(first)
    lists = length, link, head, newest, met
    parts = [np.concatenate(part).astype(np.int64) for part in lists]
    return Suffixes(parts[0], parts[1], parts[2], parts[3], parts[4], np.stack(members), depth)


def _before(previous: Suffixes | None, length: int, parent: Ints) -> Ints:
    """Of each window, the kept suffix of that length of the window before; -1 where there is none."""
    if previous is None:
        return np.zeros(len(parent), np.int64)
    if length >= len(previous.member):
        return np.full(len(parent), -1)
    before: Ints = previous.member[length][parent]
    return before
