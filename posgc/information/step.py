"""One step of the game on private information: what follows a cell under each joint action.

A *cell* of step h is a pair x = (u, s) of joint private information and state; a belief is a distribution
over cells.  `StepTable` holds, for all cells that can occur, the maps on which every layer of the
common-information graph is built:

- `joint[x, k]`: probability of (z, x')[k] from cell x when every allowed joint action is equally likely;
- `flow[x, k]`: probability of z from cell x under joint action a, for the k-th combination (u, a, z);
- `reward[i][x, (u, a)]`: agent i's expected reward, so that belief @ reward is the reward of each (u, a).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import evolve
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather

__all__ = ["Beliefs", "Cells", "Entries", "StepTable", "same_step", "step_entries", "step_table"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ENTRY_LIMIT = 60_000_000
"""Rows of the (cell, action, o', s') table of one step; above it about 6 GB would be needed."""


@dataclass(frozen=True)
class Cells:
    """The cells (u, s) that can occur at a step, sorted by (u, s)."""

    u: Ints  # [U], distinct codes of joint private information, ascending
    u_of: Ints  # [X], index into `u` of each cell
    s: Ints  # [X], state of each cell

    @staticmethod
    def of(u: Ints, s: Ints) -> tuple[Cells, Ints]:
        """The distinct cells among the rows (u, s), and the cell of each row."""
        codes, u_of = np.unique(u, return_inverse=True)
        width = int(s.max()) + 1 if len(s) else 1
        keys, cell = np.unique(u_of * width + s, return_inverse=True)
        return Cells(codes, keys // width, keys % width), cell.astype(np.int64)

    def __len__(self) -> int:
        return len(self.s)

    def find(self, others: Cells) -> Ints:
        """The position of each of the other cells among these; raises KeyError where one is missing."""
        width = 1 + max(int(self.s.max(initial=0)), int(others.s.max(initial=0)))
        u = np.searchsorted(self.u, others.u[others.u_of])
        known = self.u_of * width + self.s
        at = np.minimum(np.searchsorted(known, u * width + others.s), len(known) - 1)
        if (self.u[self.u_of[at]] != others.u[others.u_of]).any() or (self.s[at] != others.s).any():
            raise KeyError("a cell that is not among these")
        return at.astype(np.int64)

    @cached_property
    def key(self) -> bytes:
        """Bytes that determine the cells."""
        return self.u.tobytes() + self.u_of.tobytes() + self.s.tobytes()


class Beliefs(Protocol):
    """Beliefs of step h: rows of `belief` [N, X], which sum to 1, over `cells`; `actions`: the allowed joint ones."""

    @property
    def h(self) -> int: ...
    @property
    def belief(self) -> sparse.csr_array: ...
    @property
    def cells(self) -> Cells: ...
    @property
    def actions(self) -> Ints: ...


@dataclass(frozen=True)
class StepTable:
    """What can happen at a step from each of its X cells (see the module)."""

    cells: Cells
    actions: Ints  # [A_h], the allowed joint actions
    reward: tuple[sparse.csr_array, ...]  # n matrices [X, U * A_h], column u * A_h + position of a
    following: Cells | None  # cells of step h + 1; None at the last step, as all below
    z: Ints | None  # [Z], distinct codes of z_{h+1}, ascending
    joint: sparse.csr_array | None  # [X, J], columns are (z, x') pairs sorted by z
    joint_z: Ints | None  # [J], index into z
    joint_cell: Ints | None  # [J], index into `following`
    flow: sparse.csr_array | None  # [X, F], columns are (u, a, z) triples, sorted
    flow_choice: Ints | None  # [F], u * A_h + position of a
    flow_z: Ints | None  # [F], index into z
    # for each agent [X, choices]: the position of the choice that is played where one is chosen (`Kernel.played`); None
    # where all exist in every state
    played: tuple[Ints, ...] | None = None


@dataclass(frozen=True)
class Entries:
    """Every transition of every cell."""

    cell: Ints  # [rows]
    action: Ints  # [rows], position among the allowed joint actions
    played: Ints  # [rows], the joint action that is played then (`Kernel.played`)
    observation: Ints  # [rows], o'
    state: Ints  # [rows], s'
    probability: Floats  # [rows], given the cell and the action


def step_entries(information: Information, h: int, cells: Cells) -> Entries:
    """All transitions of the cells at step h; raises LimitError when there are too many to hold."""
    model = information.model
    kernel, actions = model.kernel(h), model.allowed(h)
    # counted before anything is gathered, so that a refusal costs no memory
    rows = (actions[None, :] * model.n_states + cells.s[:, None]).ravel()
    total = int((kernel.indptr[rows + 1] - kernel.indptr[rows]).sum())
    if total > ENTRY_LIMIT:
        raise LimitError(
            f"step {h}: {len(cells)} combinations of state and private information with {len(actions)} joint "
            f"actions have {total} transitions (limit {ENTRY_LIMIT}); share more, or take fewer steps"
        )
    at, counts = gather(kernel.indptr, rows)
    cell, action = np.divmod(np.repeat(np.arange(len(rows)), counts), len(actions))
    return Entries(
        cell,
        action,
        kernel.made(actions[action], cells.s[cell]),
        kernel.observation[at],
        kernel.state[at],
        kernel.probability[at],
    )


def same_step(information: Information, h: int, cells: Cells) -> tuple[object, ...]:
    """A key: steps with equal keys have equal dynamics on their cells, so that a table serves them all."""
    model = information.model
    # the last step has no increment to compare
    shape = -1 if h == model.horizon else information.shape(h)
    return shape, model.kernel_of_step[h - 1], model.active[h - 1].tobytes(), cells.key


def step_table(information: Information, h: int, cells: Cells) -> StepTable:
    """The table of step h on the given cells; only rewards at h = H, where nothing follows."""
    model = information.model
    actions = model.allowed(h)
    kernel = model.kernel(h)
    choice = cells.u_of[:, None] * len(actions) + np.arange(len(actions))
    reward = tuple(
        _csr(
            kernel.reward[i][actions[None, :], cells.s[:, None]].ravel(),
            np.repeat(np.arange(len(cells)), len(actions)),
            choice.ravel(),
            len(cells),
            len(cells.u) * len(actions),
        )
        for i in range(model.n_agents)
    )
    own = [model.played_choices(i, h) for i in range(model.n_agents)]
    played = None if kernel.played is None else tuple(one[cells.s] for one in own if one is not None)
    if h == model.horizon:
        return StepTable(cells, actions, reward, None, None, None, None, None, None, None, None, played)
    entry = step_entries(information, h, cells)
    u = cells.u[cells.u_of[entry.cell]]
    z_code, u_next = evolve(information, h, u, entry.played, entry.observation)
    # cells that can follow from some cell of this step: at a node fewer may have positive probability
    following, cell_next = Cells.of(u_next, entry.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    joint_key, joint_of = np.unique(z_of * len(following) + cell_next, return_inverse=True)
    choice_of = cells.u_of[entry.cell] * len(actions) + entry.action
    flow_key, flow_of = np.unique(choice_of * len(z) + z_of, return_inverse=True)
    return StepTable(
        cells,
        actions,
        reward,
        following,
        z,
        _csr(entry.probability / len(actions), entry.cell, joint_of, len(cells), len(joint_key)),
        joint_key // len(following),
        joint_key % len(following),
        _csr(entry.probability, entry.cell, flow_of, len(cells), len(flow_key)),
        flow_key // len(z),
        flow_key % len(z),
        played,
    )


def _csr(data: Floats, row: Ints, column: Ints, n_rows: int, n_columns: int) -> sparse.csr_array:
    matrix = sparse.csr_array((data, (row, column)), shape=(n_rows, n_columns))
    matrix.sum_duplicates()
    return matrix
