"""What each agent earns when all follow a strategy, carried forward as the law of memory, items and state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.information.items import Information
from posgc.judge.following import Following
from posgc.judge.replies import NodeCells, moves, require_capacity

__all__ = ["policy_values"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BLOCK_ROWS = 4_000_000
"""Transitions that are listed at one time (some 500 MB)."""


def policy_values(information: Information, followed: Following) -> tuple[Floats, Ints]:
    """What each agent earns when all follow the strategy, [n], and the terms of the longest sums of each step, [H]."""
    model, first = information.model, followed.first(None, None)
    cells, law, summed = _reached([(first.node, first.u, first.s, first.probability)])
    values, terms = np.zeros(model.n_agents), np.zeros(model.horizon, dtype=np.int64)
    for h in range(1, model.horizon + 1):
        require_capacity(h, len(cells))
        kernel, last = model.kernel(h), h == model.horizon
        rows = len(model.allowed(h)) * (1 if last else int(np.diff(kernel.indptr).max()))
        terms[h - 1] = summed + followed.terms(h)
        following: list[_Rows] = []
        for part, some in cells.blocks(max(1, BLOCK_ROWS // rows)):
            done = moves(information, h, some, followed.played(h, some, None), None)
            earned = kernel.reward.reshape(model.n_agents, -1)
            paid = earned[:, done.action * model.n_states + some.s[done.cell]]
            paid *= law[part][done.cell] * done.probability
            values += model.discount ** (h - 1) * paid.sum(axis=1)  # in pairs: few roundings
            terms[h - 1] += 1
            if not last:
                after = followed.outcomes(h, some, done, None, None)
                there, mass, most = _reached(
                    [(after.node, after.u, after.s, law[part][done.cell[after.move]] * after.probability)]
                )
                following.append((there.node[there.pair], there.u[there.pair], there.s, mass))
                terms[h - 1] += most
        if not last:
            cells, law, summed = _reached(following)
    return values, terms


_Rows = tuple[Ints, Ints, Ints, Floats]
"""Memory, items, state, and probability."""


def _reached(rows: list[_Rows]) -> tuple[NodeCells, Floats, int]:
    """The distinct cells of some rows, their law, and the most rows that are one cell."""
    node, u, s, probability = (np.concatenate(column) for column in zip(*rows, strict=True))
    cells, cell = NodeCells.of(node, u, s)
    law = np.asarray(np.bincount(cell, probability), dtype=np.float64)
    return cells, law, int(np.bincount(cell).max())
