"""What can follow the cells of a layer, and the deterministic prescriptions that lead there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.codes import evolve, project
from posgc.information.items import Information
from posgc.information.step import Beliefs, Cells, step_entries

__all__ = ["Moves", "Prescriptions", "moves"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Moves:
    """All that can follow the X cells of a layer, action by action."""

    # [X * A_h, J]; row x * A_h + k is the law of (z, x') from cell x under the k-th allowed joint action
    joint: sparse.csr_array
    joint_z: Ints  # [J], index into `z`; columns are sorted by (z, x')
    joint_cell: Ints  # [J], index into `following`
    z: Ints  # [Z], codes of the increments, ascending
    following: Cells  # cells of the next step


@dataclass(frozen=True)
class Prescriptions:
    """How joint actions are put together from what each agent holds; a joint action is its position among the
    allowed ones.
    """

    codes: tuple[Ints, ...]  # codes[j]: the private informations of agent j, ascending
    of: Ints  # [n, U], which of codes[j] agent j holds in the u-th joint private information
    choices: tuple[int, ...]  # the number of actions of each agent

    @staticmethod
    def of_step(information: Information, h: int, u: Ints) -> Prescriptions:
        model = information.model
        choices = [1] * information.n_agents
        for v, variable in enumerate(model.signature.actions):
            if model.active[h - 1, v]:
                choices[variable.agent] *= len(variable.values)
        parts = [np.unique(row, return_inverse=True) for row in project(information, h, u)]
        return Prescriptions(
            tuple(code for code, _ in parts), np.stack([of for _, of in parts]).astype(np.int64), tuple(choices)
        )

    def position(self, actions: tuple[Ints, ...]) -> Ints:
        """The joint action of each joint private information under one deterministic prescription."""
        position = np.zeros(self.of.shape[1], dtype=np.int64)
        for j, count in enumerate(self.choices):
            position = position * count + actions[j][self.of[j]]
        return position

    def vertices(self, used: tuple[Ints, ...]) -> Iterator[tuple[Ints, ...]]:
        """Reference action everywhere, but for at most one deviation at a private information in `used`."""
        deviations = [[None, *product(used[j].tolist(), range(1, count))] for j, count in enumerate(self.choices)]
        for chosen in product(*deviations):
            actions = tuple(np.zeros(len(code), dtype=np.int64) for code in self.codes)
            for j, deviation in enumerate(chosen):
                if deviation is not None:
                    actions[j][deviation[0]] = deviation[1]
            yield actions

    def sample(self, number: int) -> Iterator[tuple[Ints, ...]]:
        """Random deterministic prescriptions, the same ones on every call."""
        rng = np.random.default_rng(17)
        for _ in range(number):
            yield tuple(rng.integers(k, size=len(codes)) for k, codes in zip(self.choices, self.codes, strict=True))

    def stretch(self, used: tuple[Ints, ...]) -> float:
        """How far, at most, a prescription can be from uniform actions where no vertex is farther than 1.

        A deterministic prescription is a combination of vertices with coefficients c_v: for each agent 1 - k of the
        reference and 1 of each of its k deviations.  F_z - |F_z| beta_z is linear in it, so that its size, summed over
        z, is at most sum |c_v|.
        """
        return float(np.prod([max(1, 2 * len(p) - 1) for p in used], dtype=float))

    def count(self, used: tuple[Ints, ...]) -> int:
        """Number of vertices."""
        return int(np.prod([1 + len(p) * (k - 1) for p, k in zip(used, self.choices, strict=True)], dtype=object))


def moves(information: Information, layer: Beliefs) -> Moves:
    """The table of `layer`, which must not be the last; raises LimitError as `step_entries` does."""
    cells, actions = layer.cells, layer.actions
    entry = step_entries(information, layer.h, cells)
    u = cells.u[cells.u_of[entry.cell]]
    z_code, u_next = evolve(information, layer.h, u, entry.played, entry.observation)
    following, cell_next = Cells.of(u_next, entry.state)
    z, z_of = np.unique(z_code, return_inverse=True)
    key, column = np.unique(z_of * len(following) + cell_next, return_inverse=True)
    joint = sparse.csr_array(
        (entry.probability, (entry.cell * len(actions) + entry.action, column)),
        shape=(len(cells) * len(actions), len(key)),
    )
    joint.sum_duplicates()
    return Moves(joint, key // len(following), key % len(following), z, following)
