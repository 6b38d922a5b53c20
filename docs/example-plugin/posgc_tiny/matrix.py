"""Two-agent games in one table: the line `matrix`, then rows of numbers, the first agent's rewards."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from posgc.model.build import from_arrays
from posgc.plugin import Diagnostic, Imported, InputError


@dataclass(frozen=True)
class Matrix:
    name: ClassVar = "matrix"
    summary: ClassVar = "one table of rewards for two agents, played H times"
    suffixes: ClassVar = (".matrix",)
    own_horizon: ClassVar = False

    def applies(self, source):
        first = source.text.split("\n", 1)[0].strip()
        return None if first == "matrix" else "its first line is not `matrix`"

    def read(self, source, *, horizon, discount, reward):
        try:
            table = np.array([line.split() for line in source.text.split("\n")[1:] if line.strip()], dtype=float)
            k, m = table.shape
        except ValueError:
            raise InputError([Diagnostic("M101", "the rows are not a table of numbers")], source) from None
        return Imported(
            from_arrays(
                transition=np.ones((k * m, 1, 1)),
                emission=np.ones((k * m, 1, 1)),
                initial=np.ones(1),
                reward=np.stack([table.reshape(-1, 1), table.reshape(-1, 1) * (-1 if reward == "zero_sum" else 1)]),
                action_sizes=(k, m),
                observation_sizes=(1, 1),
                horizon=horizon or 1,
                discount=discount or 1.0,
                name="matrix",
            )
        )
