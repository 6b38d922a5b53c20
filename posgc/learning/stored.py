"""Counts as flat arrays, and back: what a checkpoint holds of them.

Of counts with the prefix `x` there are `x_episodes` (int64 [1]) and, for each field of `StepCounts`, `x_FIELD` (int64,
of rewards float64), the arrays of all steps end to end, with their lengths `x_FIELD_len`.
"""

from __future__ import annotations

from dataclasses import fields
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.items import Item, Structure
from posgc.learning.counting import Counts, StepCounts
from posgc.learning.estimates import allowed
from posgc.policy.packed import ascends, in_range, pack

__all__ = ["arrays_of_counts", "counts_of_arrays"]

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
FIELDS = tuple(f.name for f in fields(StepCounts))


def arrays_of_counts(counts: Counts, prefix: str) -> dict[str, Array]:
    """The counts as arrays whose names begin with the prefix."""
    arrays: dict[str, Array] = {f"{prefix}_episodes": np.array([counts.episodes])}
    for name in FIELDS:
        pack(arrays, f"{prefix}_{name}", [getattr(step, name) for step in counts.steps])
    return arrays


def counts_of_arrays(arrays: dict[str, Array], prefix: str, structure: Structure) -> Counts:
    """The counts.  Raises ValueError or KeyError where the arrays are not counts under the structure."""
    episodes = arrays[f"{prefix}_episodes"]
    if episodes.dtype != np.int64 or episodes.shape != (1,) or not 1 <= episodes[0] < 1 << 53:
        raise ValueError("the number of its episodes is not one")
    columns = [_unpacked(arrays, f"{prefix}_{name}", structure.horizon) for name in FIELDS]
    steps = [_step(parts, structure.n_agents) for parts in zip(*columns, strict=True)]
    before = 1
    for h, step in enumerate(steps, start=1):
        after = len(steps[h].z) if h < len(steps) else 1
        if not _fits(step, structure, h, before, after, int(episodes[0])):
            raise ValueError(f"its counts of step {h} do not fit together")
        before = len(step.parent)
    return Counts(int(episodes[0]), tuple(steps))


def _unpacked(arrays: dict[str, Array], name: str, horizon: int) -> list[Array]:
    flat, lengths = arrays[name], arrays[f"{name}_len"]
    wanted = np.float64 if name.endswith("reward") else np.int64
    if flat.dtype != wanted or lengths.dtype != np.int64 or flat.ndim != 1 or lengths.shape != (horizon,):
        raise ValueError(f"{name} has another type or shape")
    if (lengths < 1).any() or (lengths > len(flat)).any() or lengths.sum() != len(flat):
        raise ValueError(f"the lengths of {name} do not fit")
    return np.split(flat, np.cumsum(lengths)[:-1])


def _step(parts: tuple[Array, ...], n_agents: int) -> StepCounts:
    """Raises ValueError where a table has the wrong size."""
    found = dict(zip(FIELDS, parts, strict=True))
    found["reward"], found["rows"] = found["reward"].reshape(n_agents, -1), found["rows"].reshape(5, -1)
    return StepCounts(**found)


def _fits(step: StepCounts, structure: Structure, h: int, before: int, after: int, episodes: int) -> bool:
    """Whether all that `count` sees to is so; `before` windows and `after` increments of the steps beside it."""
    windows, rows = len(step.parent), step.rows
    if len(step.newest) != windows or len(step.times) != rows.shape[1]:
        return False
    sizes = windows, len(step.u), prod(structure.signature.action_sizes), after, step.reward.shape[1]
    return (
        _codes(step.z, structure, structure.increment(h))
        and _codes(step.u, structure, structure.private(h))
        and bool(np.isfinite(step.reward).all())
        and in_range(step.parent, before)
        and _all_of(step.newest, len(step.z))
        and ascends(step.parent * len(step.z) + step.newest)
        and all(in_range(row, size) for row, size in zip(rows, sizes, strict=True))
        and _all_of(step.window, windows)
        and _all_of(step.private, len(step.u))
        and bool(np.isin(step.action, allowed(structure, h)).all())
        and _sorted(rows)
        and bool((step.times >= 1).all() and (step.times <= episodes).all())
        and int(step.times.sum()) == episodes
    )


def _codes(codes: Ints, structure: Structure, items: tuple[Item, ...]) -> bool:
    """Whether these are different codes of the items, ascending."""
    return ascends(codes) and in_range(codes, prod(Codec.of(structure, items).sizes))


def _all_of(index: Ints, size: int) -> bool:
    """Whether each of 0 .. size - 1 occurs, and nothing else."""
    return in_range(index, size) and bool(np.bincount(index, minlength=size).all())


def _sorted(rows: Ints) -> bool:
    """Whether each column comes after the one before in lexicographic order."""
    change = np.diff(rows, axis=1)
    first = (change != 0).argmax(axis=0)
    return bool((np.take_along_axis(change, first[None], axis=0) > 0).all())
