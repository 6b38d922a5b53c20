"""The policy that a prescription for every window makes, as a machine: a node for every window that it leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from posgc.information.codes import evolve, initial_codes
from posgc.model.ragged import pointers
from posgc.plugin import LimitError
from posgc.policy.machine import Machine, PolicyStep
from posgc_neural.fitted import Fitted
from posgc_neural.networks import ROWS, require_numbers
from posgc_neural.stages import Stage

__all__ = ["pursued"]

Tensor = Any
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NODES = 300_000
"""Windows of a step at most."""
PART = 4096
"""Windows that are looked at at a time."""
NONE = np.zeros(0, np.int64)


def pursued(model: Fitted, prescribed: Callable[[Stage, Tensor], Tensor], rare: float) -> Machine:
    """The machine that plays `prescribed`, joint actions [rows, U_h], at every window that this leads to; increments
    that have a probability below `rare` there are left out, and met by uniform draws.  Raises LimitError where a
    step has too many windows."""
    windows, structure = model.windows, model.windows.structure
    root_z = np.unique(initial_codes(structure, model.first[0])[0])
    window, root_to = _distinct(windows.first(root_z))
    steps: list[PolicyStep] = []
    with torch.no_grad():
        for h, u in enumerate(model.private, start=1):
            stage = Stage(structure, h, u)
            actions = _in_parts(lambda part, stage=stage: prescribed(stage, part), window)
            tables = _tables(stage, actions)
            z, row, edge, to = NONE, NONE, NONE, NONE
            if h < structure.horizon:
                node, code = _increments(model, stage, window, actions, rare)
                cure = "raise --option rare, or lower memory"
                require_numbers(len(node) * windows.size, f"windows of step {h + 1} that are led to", ROWS, cure)
                z, edge = np.unique(code, return_inverse=True)
                following = windows.follow(h + 1, window[node], code)
                row, (window, to) = node, _distinct(following)
            nodes = len(actions)
            steps.append(
                PolicyStep(
                    stage.private, np.arange(nodes + 1), np.ones(nodes), tables, z, pointers(row, nodes), edge, to
                )
            )
            if len(window) > NODES:
                raise LimitError(
                    f"step {h + 1}: the policy leads to more than {NODES:,} windows; raise --option rare, or lower "
                    "memory"
                )
    return Machine(root_z, root_to, tuple(steps), "uniform")


def _tables(stage: Stage, actions: Ints) -> tuple[Ints, ...]:
    """[nodes, P_i] of each agent, from the joint actions [nodes, U]."""
    own, tables = np.unravel_index(actions, stage.structure.signature.action_sizes), []
    for choices, codes, held, mine in zip(stage.choices, stage.private, stage.own, own, strict=True):
        table = np.zeros((len(actions), len(codes)), np.int64)
        table[:, held] = np.searchsorted(choices, mine)  # the same wherever an agent holds the same
        tables.append(table)
    return tuple(tables)


def _increments(model: Fitted, stage: Stage, window: Any, actions: Ints, rare: float) -> tuple[Ints, Ints]:
    """Pairs of node and code of z_{h+1}, in order, whose probability under the prescriptions is at least `rare`."""
    parts = [
        (begin, _weighed(model, stage, window[begin : begin + PART], actions[begin : begin + PART]))
        for begin in range(0, len(window), PART)
    ]
    node = np.concatenate([begin + node for begin, (node, _, _) in parts])
    code, mass = (np.concatenate([part[k] for _, part in parts]) for k in (1, 2))
    kept = mass >= min(rare, float(mass.max()))
    return node[kept], code[kept]


def _weighed(model: Fitted, stage: Stage, window: Any, actions: Ints) -> tuple[Ints, Ints, Floats]:
    """Pairs of node and code of z_{h+1}, in order, and their probabilities."""
    private = torch.tensor(model.windows.private.of(stage.h, stage.u))
    weight = _in_parts(lambda part: model.law_of_private(stage.h, part), window)
    nodes, codes, masses = [], [], []
    for k, u in enumerate(stage.u):
        law = _in_parts(
            lambda part, at, k=k: model.outcomes(part, private[k].expand(len(part), -1), at)[0], window, actions[:, k]
        )
        node, seen = np.nonzero(weight[:, k, None] * law > 0)
        played = actions[node, k]
        z, _ = evolve(model.windows.structure, stage.h, np.full(len(node), u), played, model.seen[seen])
        nodes.append(node)
        codes.append(z)
        masses.append((weight[:, k, None] * law)[node, seen])
    code, which = np.unique(np.concatenate(codes), return_inverse=True)
    pair, at = np.unique(np.concatenate(nodes) * len(code) + which, return_inverse=True)
    mass: Floats = np.bincount(at, np.concatenate(masses), len(pair)).astype(np.float64)
    return pair // len(code), code[pair % len(code)], mass


def _distinct(window: Any) -> tuple[Any, Ints]:
    """The distinct windows, and which of them each is."""
    packed = np.packbits(window.astype(np.bool_), axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, to = np.unique(keys, return_index=True, return_inverse=True)
    return window[first], to.astype(np.int64)


def _in_parts(function: Callable[..., Tensor], *rows: Any, size: int = PART) -> Any:
    """What the function makes of all rows, some at a time; windows are handed over as tensors, other rows as arrays."""
    found = []
    for begin in range(0, len(rows[0]), size):
        window, *others = (one[begin : begin + size] for one in rows)
        found.append(function(torch.tensor(window), *others).cpu().numpy())
    return np.concatenate(found)
