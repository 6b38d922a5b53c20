"""Machines that have an instruction for everything: what is not listed meets uniform draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure
from posgc.policy.machine import Machine, PolicyStep

__all__ = ["completed"]

Floats = npt.NDArray[np.float64]


def completed(machine: Machine, structure: InformationStructure) -> Machine:
    """The machine with a node more in every step, where all play uniformly and which is never left, and a column more
    in every table; itself where it refuses what it has not seen.  Steps that share their arrays still do."""
    if machine.unseen == "refuse" or machine.first_otherwise is not None:
        return machine
    known: dict[tuple[object, ...], PolicyStep] = {}
    steps = []
    for h, step in enumerate(machine.steps, start=1):
        following = len(machine.steps[h]) if h < len(machine.steps) else 0
        choices = tuple(len(structure.choices(i, h)) for i in range(len(step.tables)))
        arrays = (*step.private, *step.tables, step.indptr, step.weight, step.z, step.edge_indptr)
        key = (*map(id, (*arrays, step.edge_z, step.edge_to)), choices, following)
        if key not in known:
            known[key] = _completed(step, choices, following)
        steps.append(known[key])
    return replace(machine, steps=tuple(steps))


def _completed(step: PolicyStep, choices: tuple[int, ...], following: int) -> PolicyStep:
    return replace(
        step,
        indptr=np.append(step.indptr, step.indptr[-1] + 1),
        weight=np.append(step.weight, 1.0),
        tables=tuple(_widened(step, i, count) for i, count in enumerate(choices)),
        edge_indptr=np.append(step.edge_indptr, step.edge_indptr[-1]),
        otherwise=following,
    )


def _widened(step: PolicyStep, agent: int, choices: int) -> Floats:
    """The agent's table [K + 1, P_i + 1, A_i], uniform in the last row and column."""
    table = step.tables[agent]
    law = table if table.ndim == 3 else (table[:, :, None] == np.arange(choices)).astype(np.float64)
    wide = np.full((law.shape[0] + 1, law.shape[1] + 1, choices), 1 / choices)
    wide[:-1, :-1] = law
    return wide
