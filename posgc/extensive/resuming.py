"""What regret minimisation keeps in a checkpoint, as flat arrays, and how it reads one that anybody may have made.

Numbers of all steps lie end to end in one member, float64.  Shapes are not written down: the game has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.extensive.plans import Behaviour, Plans
from posgc.policy.packed import is_law

__all__ = ["Arrays", "joined", "laws_of", "numbers_of", "plans_of", "steps_of"]

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]
"""Members of a checkpoint by name."""

PLAN = 1e-9
"""By how much the numbers of a plan may miss what a plan is."""


def joined(steps: Sequence[Floats]) -> Floats:
    """The numbers of all steps end to end."""
    return np.concatenate([step.ravel() for step in steps])


def numbers_of(arrays: Arrays, name: str, shape: tuple[int, ...], least: float = -np.inf) -> Floats:
    """A member of that shape.  Raises ValueError or KeyError where it is another, or its numbers are not finite or are
    below `least`."""
    array = arrays[name]
    if array.dtype != np.float64 or array.shape != shape:
        raise ValueError(f"{name} has another type or shape")
    if not np.isfinite(array).all() or (array < least).any():
        raise ValueError(f"{name} holds numbers that this run cannot have")
    return array


def steps_of(arrays: Arrays, name: str, shapes: Sequence[tuple[int, ...]], least: float = -np.inf) -> list[Floats]:
    """The numbers of all steps, of these shapes.  Raises as `numbers_of`."""
    sizes = [prod(shape) for shape in shapes]
    parts = np.split(numbers_of(arrays, name, (sum(sizes),), least), np.cumsum(sizes)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def laws_of(arrays: Arrays, name: str, plans: Plans) -> Behaviour:
    """The behaviour of an agent.  Raises as `numbers_of`, and where it does not hold laws."""
    found = steps_of(arrays, name, plans.shapes, 0.0)
    if not all(is_law(law) for law in found):
        raise ValueError(f"{name} does not hold laws")
    return found


def plans_of(arrays: Arrays, name: str, plans: Plans, count: int) -> list[Floats]:
    """So many plans of an agent, the rows of a table.  Raises as `numbers_of`, and where they are not plans."""
    found = list(numbers_of(arrays, name, (count, plans.size), 0.0))
    if any(np.abs(plans.plan(plans.behaviour(x)) - x).max() > PLAN for x in found):
        raise ValueError(f"{name} does not hold plans")
    return found
