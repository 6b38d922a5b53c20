"""Exact equilibria of two-player zero-sum stages, a layer at a time.

With M[(p_1,a_1),(p_2,a_2)] the payoff table, the first agent's prescription x and the second's y solve

    max_x sum_{p_2} min_{a_2} (x^T M)(p_2, a_2),     x(p_1, .) in the simplex,

a linear programme (von Stengel 1996, one-level sequence form); y is its dual.  A constant added to a u moves
the value but no strategy, so each u is shifted and the node scaled to payoffs in [1, 2]: then sum_a x <= 1
and v >= 0 lose nothing, z = (v, x) = 0 is feasible, and the programme suits `simplex.batched_simplex`:

    max sum_{p_2} v(p_2)   s.t.   v(p_2) - sum x M <= 0 for all (p_2, a_2),   sum_a x(p_1, a) <= 1.

Every node's gap is recomputed from the definition; those above `GAP` of their span go to HiGHS, in blocks,
then alone, and the best answer is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.blocks import SolverFailed, solve_blocks
from posgc.equilibrium.gaps import certify
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.simplex import batched_simplex
from posgc.equilibrium.stage import Deviation, Floats, Ints, Stages, StageSolution, Table

__all__ = ["ZeroSumOptions", "zero_sum"]

GAP = 1e-9  # relative to the node's span: a larger certified gap sends the node to the next solver
ABOVE = f"gap above {GAP:g} of the span"
NOISE = 1e-13  # probabilities at most this come out as 0
PROGRAMME_BUDGET = 1 << 22  # float64 entries of the programmes prepared at once (32 MiB)


@dataclass(frozen=True)
class ZeroSumOptions:
    """`max_tableau`: entries of one node's tableau up to which the batched simplex is tried first
    (measured: faster than HiGHS in blocks at 6,642, P = 16, A = 4; slower at 14,762, P = 24)."""

    max_tableau: int = 8_000


def zero_sum(stages: Stages, options: ZeroSumOptions | None = None, kind: Deviation = "nash") -> StageSolution:
    """An equilibrium of every node; `value[0]` is the game's value for the first agent.

    Raises ValueError unless the stages are zero-sum, SolverFailed where no solver gave any answer.
    """
    if stages.kind != "zero_sum":
        raise ValueError(f"these stages are {stages.kind}, not zero_sum")
    options = options or ZeroSumOptions()
    tables = [
        np.zeros((stages.n_nodes, p, a)) for p, a in zip(stages.type_counts, stages.actions, strict=True)
    ]
    for table in tables:
        table[:, :, 0] = 1.0
    tally = {"constant": 0, "simplex": 0, "HiGHS": 0, "HiGHS alone": 0, ABOVE: 0}
    for group in support_groups(stages):
        _solve_group(stages, group, options, tables, tally)
    method = "zero-sum LP: " + ", ".join(f"{name} {count}" for name, count in tally.items() if count)
    return certify(stages, tables, kind, method)


def _solve_group(
    stages: Stages, group: Group, options: ZeroSumOptions, tables: list[Table], tally: dict[str, int]
) -> None:
    counts = [len(p) for p in group.present]
    rows = counts[1] * stages.actions[1] + counts[0] + 1
    columns = counts[0] * stages.actions[0] + counts[1] + 2
    for start, stop in chunks(len(group.nodes), rows * columns * 2, PROGRAMME_BUDGET):
        payoff = group.payoff(stages, 0, start, stop)
        low, high = payoff.min(axis=(2, 3)), payoff.max(axis=(2, 3))
        vary = (high > low).any(axis=1)
        tally["constant"] += int((~vary).sum())
        if not vary.any():
            continue
        low, high = low[vary], high[vary]
        unit = (high - low).max(axis=1)
        scaled = (payoff[vary] - low[:, :, None, None]) / unit[:, None, None, None] + 1.0
        game = _Layer(scaled, group.types, counts, ((high - low).sum(axis=1) / unit))
        x, y = game.solve(rows * columns <= options.max_tableau, tally)
        for table, present, played in zip(tables, group.present, (x, y), strict=True):
            table[group.nodes[start:stop][vary][:, None], present] = played


class _Layer:
    """Nodes with payoffs scaled to [1, 2] and their programmes; `span[n]` in scaled units."""

    def __init__(self, scaled: Floats, types: Ints, counts: list[int], span: Floats) -> None:
        n, _, a_1, a_2 = scaled.shape
        (p_1, p_2), self.span = counts, span
        matrix = np.zeros((n, p_1, a_1, p_2, a_2))
        for u, (one, two) in enumerate(types.T):
            matrix[:, one, :, two, :] += scaled[:, u]
        self.matrix = matrix
        rows, columns = p_2 * a_2 + p_1, p_2 + p_1 * a_1
        self.a = np.zeros((n, rows, columns))
        self.a[:, : p_2 * a_2, p_2:] = -matrix.reshape(n, p_1 * a_1, p_2 * a_2).swapaxes(1, 2)
        self.a[:, : p_2 * a_2, :p_2] = np.repeat(np.eye(p_2), a_2, axis=0)
        self.a[:, p_2 * a_2 :, p_2:] = np.repeat(np.eye(p_1), a_1, axis=1)
        self.b = np.r_[np.zeros(p_2 * a_2), np.ones(p_1)]
        self.c = np.r_[np.ones(p_2), np.zeros(p_1 * a_1)]
        self.x = np.zeros((n, p_1, a_1))
        self.y = np.zeros((n, p_2, a_2))
        self.x[:, :, 0] = self.y[:, :, 0] = 1.0
        self.gap = np.full(n, np.inf)

    def solve(self, tableau: bool, tally: dict[str, int]) -> tuple[Floats, Floats]:
        todo = np.arange(len(self.a))
        if tableau:
            answer = batched_simplex(self.a, self.b, self.c)
            ended = answer.finished
            self._improve(todo[ended], answer.primal[ended], answer.dual[ended])
            todo = self._advance(todo, "simplex", tally)
        for name, alone in (("HiGHS", False), ("HiGHS alone", True)):
            if len(todo):
                self._highs(todo, alone)
                todo = self._advance(todo, name, tally)
        tally[ABOVE] += len(todo)
        return self.x, self.y

    def _highs(self, todo: Ints, alone: bool) -> None:
        c = np.broadcast_to(self.c, (len(todo), len(self.c)))
        answer = solve_blocks(self.a[todo], self.b, c, one_each=alone)
        self._improve(todo[answer.solved], answer.primal[answer.solved], answer.dual[answer.solved])
        if alone and np.isinf(self.gap[todo]).any():
            raise SolverFailed(answer.message)

    def _advance(self, todo: Ints, name: str, tally: dict[str, int]) -> Ints:
        left = todo[self.gap[todo] > GAP * self.span[todo]]
        tally[name] += len(todo) - len(left)
        return left

    def _improve(self, todo: Ints, primal: Floats, dual: Floats) -> None:
        """Keep the new prescriptions of the nodes `todo` where their gap is smaller."""
        (p_1, a_1), (p_2, a_2) = self.x.shape[1:], self.y.shape[1:]
        x = _cleaned(primal[:, p_2:].reshape(-1, p_1, a_1))
        y = _cleaned(dual[:, : p_2 * a_2].reshape(-1, p_2, a_2))
        matrix = self.matrix[todo].reshape(len(todo), p_1 * a_1, p_2 * a_2)
        for_x = (matrix @ y.reshape(len(todo), p_2 * a_2, 1)).reshape(x.shape)
        for_y = (x.reshape(len(todo), 1, p_1 * a_1) @ matrix).reshape(y.shape)
        gap = for_x.max(axis=2).sum(axis=1) - for_y.min(axis=2).sum(axis=1)
        better = gap < self.gap[todo]
        at = todo[better]
        self.x[at], self.y[at], self.gap[at] = x[better], y[better], gap[better]


def _cleaned(raw: Floats) -> Floats:
    """Rows turned into distributions: noise to 0, then normalised; an empty row plays action 0."""
    table = np.where(raw > NOISE, raw, 0.0)
    mass = table.sum(axis=2, keepdims=True)
    table[:, :, :1] += mass == 0
    table /= table.sum(axis=2, keepdims=True)
    return table
