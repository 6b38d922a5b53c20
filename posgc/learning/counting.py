"""Counts of episodes: sparse, sorted, whole numbers only, so that those of several machines add up to the same.

For every step h the *windows* are the distinct common histories (z_1, .., z_h) that were met, as a tree: a window is
one of the step before and an increment.  Of each, it is counted how often it was met with which joint private
information u, joint action a, next increment z and reward.  Rewards are kept by their distinct values, since a sum of
floating-point numbers depends on the order of its terms and a count does not.  Rows are sorted by (window, u, a, z,
reward), windows by (window before, increment), codes ascending: the counts of a set of episodes do not depend on how
it was cut into batches.  Memory grows with the number of different episodes, about 50 bytes for each joint step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import evolve, initial_codes
from posgc.information.items import InformationStructure
from posgc.learning.sampling import Batch
from posgc.model.ragged import CODE_LIMIT, distinct_rows

__all__ = ["Counts", "StepCounts", "count", "merged"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROOMY = 4
"""A table over all codes is made where there are at most this many for each entry."""


@dataclass(frozen=True, eq=False)
class StepCounts:
    """What was met at step h: W windows and R rows, of Z increments, U joint private informations and K rewards."""

    z: Ints  # [Z], codes of z_h, ascending
    u: Ints  # [U], codes of u_h, ascending
    reward: Floats  # [n, K], distinct rewards of the agents, in lexicographic order of the columns
    parent: Ints  # [W], the window of the step before; 0 at step 1
    newest: Ints  # [W], index into `z`
    # [5, R], sorted: the window; index into `u`; joint index of a_h; index into `z` of step h + 1, 0 at the last step;
    # the column of `reward`
    rows: Ints
    times: Ints  # [R], how often each was met

    @property
    def window(self) -> Ints:
        """[R], the window of each row."""
        return self._row(0)

    @property
    def private(self) -> Ints:
        """[R], index into `u`."""
        return self._row(1)

    @property
    def action(self) -> Ints:
        """[R], joint index of a_h."""
        return self._row(2)

    @property
    def following(self) -> Ints:
        """[R], index into `z` of step h + 1; 0 at the last step."""
        return self._row(3)

    @property
    def paid(self) -> Ints:
        """[R], index of the column of `reward`."""
        return self._row(4)

    def _row(self, k: int) -> Ints:
        row: Ints = self.rows[k]
        return row

    @property
    def visits(self) -> Ints:
        """[W], how often each window was met."""
        found = np.zeros(len(self.parent), np.int64)
        np.add.at(found, self.window, self.times)
        return found


@dataclass(frozen=True)
class Counts:
    """All that is kept of a set of episodes."""

    episodes: int
    steps: tuple[StepCounts, ...]


def count(batch: Batch, structure: InformationStructure, times: Ints | None = None) -> Counts:
    """The counts of a batch under a protocol; `times` [B]: how often each episode occurred, once by default.  Raises
    LimitError where its codes cannot be numbered."""
    steps: list[StepCounts] = []
    parent, n_parents = np.zeros(batch.size, np.int64), 1
    codes, privates = _codes(batch, structure)
    increments = [_numbered(own) for own in codes]
    for h, (z, z_of) in enumerate(increments):
        known, window = _numbered(parent * len(z) + z_of, n_parents * len(z))
        u, u_of = _numbered(privates[h])
        reward, paid = _rewards(batch.reward[h])
        following = increments[h + 1][1] if h + 1 < len(increments) else np.zeros(batch.size, np.int64)
        rows, often = _tallied(np.stack((window, u_of, batch.action[h], following, paid)), times)
        steps.append(StepCounts(z, u, reward, known // len(z), known % len(z), rows, often))
        parent, n_parents = window, len(known)
    return Counts(batch.size if times is None else int(times.sum()), tuple(steps))


def merged(parts: Sequence[Counts]) -> Counts:
    """The counts of all the episodes together.  Raises ValueError for none."""
    if not parts:
        raise ValueError("there is nothing to merge")
    if len(parts) == 1:
        return parts[0]
    steps: list[StepCounts] = []
    columns = list(zip(*(part.steps for part in parts), strict=True))
    z_of = [_union([step.z for step in column]) for column in columns]
    places = [np.zeros(1, np.int64)] * len(parts)  # of each part's windows of the step before
    for h, column in enumerate(columns):
        z, at = z_of[h]
        windows = [place[s.parent] * len(z) + own[s.newest] for place, s, own in zip(places, column, at, strict=True)]
        known, places = _union(windows)
        u, u_of = _union([step.u for step in column])
        reward, paid = _union_of_columns([step.reward for step in column])
        after = z_of[h + 1][1] if h + 1 < len(columns) else [np.zeros(1, np.int64)] * len(parts)
        rows = [
            np.stack((place[s.window], own_u[s.private], s.action, own_z[s.following], own_r[s.paid]))
            for place, s, own_u, own_z, own_r in zip(places, column, u_of, after, paid, strict=True)
        ]
        told, often = _tallied(np.concatenate(rows, axis=1), np.concatenate([s.times for s in column]))
        steps.append(StepCounts(z, u, reward, known // len(z), known % len(z), told, often))
    return Counts(sum(part.episodes for part in parts), tuple(steps))


def _codes(batch: Batch, structure: InformationStructure) -> tuple[list[Ints], list[Ints]]:
    """z_h and u_h of steps 1..H, [B] each."""
    z, u = initial_codes(structure, batch.observation[0])
    increments, privates = [z], [u]
    for h, (played, seen) in enumerate(zip(batch.action, batch.observation[1:], strict=False), start=1):
        z, u = evolve(structure, h, u, played, seen)
        increments.append(z)
        privates.append(u)
    return increments, privates


def _numbered(codes: Ints, bound: int | None = None) -> tuple[Ints, Ints]:
    """The distinct codes, ascending, and which of them each is; `bound`: more than any of them."""
    top = int(codes.max()) + 1 if bound is None else bound
    if top > ROOMY * len(codes):
        known, place = np.unique(codes, return_inverse=True)
        return known.astype(np.int64), place.astype(np.int64)
    there = np.zeros(top, dtype=np.bool_)
    there[codes] = True
    position = np.cumsum(there) - 1
    return np.flatnonzero(there), position[codes]


def _tallied(columns: Ints, times: Ints | None = None) -> tuple[Ints, Ints]:
    """The distinct columns of [k, rows] in lexicographic order, and how often each occurs; `times`: how often each is
    told, once by default."""
    widths = [int(column.max()) + 1 for column in columns]
    if np.prod([float(width) for width in widths]) >= CODE_LIMIT:
        rows, member = distinct_rows(columns.T)
        found = np.zeros(len(rows), np.int64)
        np.add.at(found, member, 1 if times is None else times)
        return rows.T, found
    code = np.zeros(columns.shape[1], np.int64)
    for column, width in zip(columns, widths, strict=True):
        code = code * width + column
    if times is None:  # sorting without asking where each went is several times as fast
        known, found = np.unique(code, return_counts=True)
    else:
        known, member = np.unique(code, return_inverse=True)
        found = np.zeros(len(known), np.int64)
        np.add.at(found, member, times)
    digits = []
    for width in reversed(widths):
        digits.append(known % width)
        known = known // width
    return np.stack(digits[::-1]), found.astype(np.int64)


def _rewards(reward: Floats) -> tuple[Floats, Ints]:
    """The distinct columns of rewards [n, B], and which of them each episode earned."""
    values, places = zip(*(_levels(own) for own in reward), strict=True)
    if all(np.array_equal(place, places[0]) for place in places[1:]):  # one tells all, as in teams
        return np.stack(values), places[0]
    rows, member = distinct_rows(np.stack(places, axis=1))
    return np.stack([own[place] for own, place in zip(values, rows.T, strict=True)]), member


def _levels(own: Floats) -> tuple[Floats, Ints]:
    """The distinct values, ascending, and which of them each is; few values are told from the first ones."""
    few = np.unique(own[:1024])
    place = np.minimum(np.searchsorted(few, own), len(few) - 1)
    if np.array_equal(few[place], own) and len(np.unique(place)) == len(few):
        return few, place.astype(np.int64)
    values, place = np.unique(own, return_inverse=True)
    return values, place.astype(np.int64)


def _union(codes: Sequence[Ints]) -> tuple[Ints, list[Ints]]:
    """All codes, ascending, and where those of each list stand."""
    known = np.unique(np.concatenate(codes)).astype(np.int64)
    return known, [np.searchsorted(known, own).astype(np.int64) for own in codes]


def _union_of_columns(tables: Sequence[Floats]) -> tuple[Floats, list[Ints]]:
    """All distinct columns of [n, K] tables, in lexicographic order, and where those of each stand."""
    known, member = np.unique(np.concatenate(tables, axis=1), axis=1, return_inverse=True)
    ends = np.cumsum([table.shape[1] for table in tables])
    return known, np.split(member.ravel().astype(np.int64), ends[:-1])
