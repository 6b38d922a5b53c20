"""A machine as flat arrays, and back: what a policy file holds of it."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.policy.machine import Machine, PolicyStep, Unseen

__all__ = [
    "ascends",
    "in_range",
    "integers",
    "is_law",
    "machine_arrays",
    "machine_of_arrays",
    "pack",
    "points",
    "table_of",
    "text_array",
    "unpack",
]

Array = npt.NDArray[Any]
EDGES = ("indptr", "weight", "z", "edge_indptr", "edge_z", "edge_to")


def text_array(content: Any) -> npt.NDArray[np.uint8]:
    """JSON as an array of bytes."""
    return np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)


def machine_arrays(machine: Machine) -> dict[str, Array]:
    """The members of the file that say how the agents play, as `posgc.policy.file` lists them."""
    steps = machine.steps
    arrays: dict[str, Array] = {"root_z": machine.root_z, "root_to": machine.root_to}
    for name in EDGES:
        pack(arrays, name, [getattr(step, name) for step in steps])
    for i in range(len(steps[0].tables)):
        pack(arrays, f"private_{i}", [step.private[i] for step in steps])
        tables = [step.tables[i] for step in steps]
        pack(arrays, f"pure_{i}", [t if t.ndim == 2 else np.zeros(0, np.int8) for t in tables])
        pack(arrays, f"mixed_{i}", [t if t.ndim == 3 else np.zeros(0) for t in tables])
    return arrays


def machine_of_arrays(
    arrays: dict[str, Array], horizon: int, n: int, unseen: Unseen = "refuse", recurs: bool = False
) -> Machine:
    """The machine of n agents; where it recurs, the edges of its last step lead to its own nodes.  Raises ValueError or
    KeyError where the arrays are not one."""
    unpacked = {name: unpack(arrays, name, horizon) for name in EDGES}
    private = [unpack(arrays, f"private_{i}", horizon) for i in range(n)]
    pure = [unpack(arrays, f"pure_{i}", horizon) for i in range(n)]
    mixed = [unpack(arrays, f"mixed_{i}", horizon) for i in range(n)]
    steps = []
    for h in range(horizon):
        components = len(unpacked["weight"][h])
        tables = tuple(table_of(pure[i][h], mixed[i][h], (components, len(private[i][h]))) for i in range(n))
        indptr, weight, z, edge_indptr, edge_z, edge_to = (unpacked[name][h] for name in EDGES)
        known = tuple(private[i][h] for i in range(n))
        steps.append(PolicyStep(known, indptr, weight, tables, z, edge_indptr, edge_z, edge_to))
    machine = Machine(integers(arrays["root_z"]), integers(arrays["root_to"]), tuple(steps), unseen)
    _require_consistent(machine, len(steps[-1]) if recurs else 0)
    return machine


def pack(arrays: dict[str, Array], name: str, parts: list[Array]) -> None:
    """Write the arrays of all steps end to end, with their lengths."""
    arrays[name] = np.concatenate([part.ravel() for part in parts])
    arrays[f"{name}_len"] = np.array([part.size for part in parts], dtype=np.int64)


def integers(array: Array) -> Array:
    """The array; raises ValueError where it is not a list of integers."""
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ValueError("an index array does not hold integers")
    return array


def unpack(arrays: dict[str, Array], name: str, horizon: int) -> list[Array]:
    """The arrays of each step.  Raises ValueError or KeyError where they do not fit."""
    flat, lengths = arrays[name], integers(arrays[f"{name}_len"])
    if flat.ndim != 1 or len(lengths) != horizon or (lengths < 0).any() or lengths.sum() != len(flat):
        raise ValueError(f"the lengths of {name} do not fit")
    numeric = "f" if name.startswith(("weight", "mixed")) else "iu"
    if flat.dtype.kind not in numeric and len(flat):
        raise ValueError(f"{name} has type {flat.dtype}")
    parts = np.split(flat, np.cumsum(lengths)[:-1])
    for h in range(1, horizon):  # steps that are alike share their arrays, which verifying makes use of
        if np.array_equal(parts[h], parts[h - 1]):
            parts[h] = parts[h - 1]
    return parts


def table_of(pure: Array, mixed: Array, shape: tuple[int, ...]) -> Array:
    """Whichever of the two there is, as integers of that shape or as laws with one axis more."""
    cells = prod(shape)
    if len(pure) == cells and not len(mixed):
        return pure.reshape(shape)
    if cells and len(mixed) and len(mixed) % cells == 0 and not len(pure):
        return mixed.reshape(*shape, -1)
    raise ValueError("a table of prescriptions has the wrong size")


def _require_consistent(machine: Machine, after: int) -> None:
    """Everything that can be checked without the game, the last step's edges leading to one of `after` nodes; raises
    ValueError."""
    first = len(machine.steps[0])
    if (
        len(machine.root_z) != len(machine.root_to)
        or not in_range(machine.root_to, first)
        or not ascends(machine.root_z)
    ):
        raise ValueError("its first nodes do not fit")
    for h, step in enumerate(machine.steps):
        following = len(machine.steps[h + 1]) if h + 1 < len(machine.steps) else after
        if not _consistent(step, following):
            raise ValueError(f"the arrays of step {h + 1} do not fit together")


def _consistent(step: PolicyStep, following: int) -> bool:
    nodes = len(step)
    if nodes < 1 or not points(step.indptr, len(step.weight)) or (np.diff(step.indptr) < 1).any():
        return False
    total = np.add.reduceat(step.weight, step.indptr[:-1])
    if not np.isfinite(step.weight).all() or (step.weight < 0).any() or (abs(total - 1) > 1e-9).any():
        return False
    for table in step.tables:
        if table.ndim == 3 and not is_law(table):
            return False
    edges = len(step.edge_to)
    return (
        all(ascends(codes) for codes in (*step.private, step.z))
        and len(step.edge_indptr) == nodes + 1
        and points(step.edge_indptr, edges)
        and len(step.edge_z) == edges
        and in_range(step.edge_z, len(step.z))
        and in_range(step.edge_to, following)
        and ascends(np.repeat(np.arange(nodes), np.diff(step.edge_indptr)) * max(len(step.z), 1) + step.edge_z)
    )


def is_law(table: Array) -> bool:
    """Whether the last axis holds probabilities."""
    return bool(np.isfinite(table).all() and (table >= 0).all() and (abs(table.sum(axis=-1) - 1) <= 1e-9).all())


def points(indptr: Array, total: int) -> bool:
    """Whether these are the beginnings of rows of `total` entries."""
    return len(indptr) > 0 and indptr[0] == 0 and indptr[-1] == total and bool((np.diff(indptr) >= 0).all())


def in_range(index: Array, bound: int) -> bool:
    """Whether all are from 0 to `bound` - 1."""
    return not len(index) or (int(index.min()) >= 0 and int(index.max()) < bound)


def ascends(codes: Array) -> bool:
    """Whether each is larger than the one before."""
    return bool((np.diff(codes) > 0).all())
