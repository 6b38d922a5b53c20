"""Equilibria of two-player zero-sum stages, a layer at a time: exact by linear programming, or no-regret.

With M[(p_1,a_1),(p_2,a_2)] the payoff table, the first agent's prescription x and the second's y solve

    max_x sum_{p_2} min_{a_2} (x^T M)(p_2, a_2),     x(p_1, .) in the simplex,

a linear programme (von Stengel 1996, one-level sequence form); y is its dual.  A constant added to a u moves
the value but no strategy, so each u is shifted and the node scaled to payoffs in [1, 2]: then sum_a x <= 1
and v >= 0 lose nothing, z = (v, x) = 0 is feasible, and the programme suits `simplex.batched_simplex`:

    max sum_{p_2} v(p_2)   s.t.   v(p_2) - sum x M <= 0 for all (p_2, a_2),   sum_a x(p_1, a) <= 1.

Every node's gap is recomputed from the definition; those above `GAP` of their span go to HiGHS, in blocks,
then alone, then to regret matching, and the best answer is kept.

Predictive regret matching+ (`predictive.py`) serves where it is faster or the programme too large.  With E
the entries of a node's tableau, one node costs the better linear programme about as much as 0.3 E^0.8 rounds
(measured from E = 90 to 2e5), and a gap of r spans takes about 2.2 r^-1/2 rounds: it pays where the tolerated
gap is above 54 E^-1.6 spans, which is never for P = 2, A = 3; 4e-4 for P = 8, A = 4; 4e-5 for P = 16 and
5e-7 for P = 64.  To the exact answer (`GAP`) it is never the faster one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from posgc.equilibrium.gaps import certify
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.solvers.blocks import SolverFailed, solve_blocks
from posgc.equilibrium.solvers.simplex import batched_simplex
from posgc.equilibrium.stage import Deviation, Floats, Ints, Stages, StageSolution, Table
from posgc.equilibrium.zero_sum.predictive import predictive_matching

__all__ = ["ZeroSumOptions", "solve_zero_sum"]

GAP = 1e-9  # relative to the node's span: a larger certified gap sends the node to the next solver
ABOVE = "gap above"
NOISE = 1e-13  # probabilities at most this come out as 0
LP_IN_ROUNDS, LP_GROWTH = 0.3, 0.8  # the programme of E entries takes as long as 0.3 E^0.8 rounds
REGRET_ROUNDS = 2.2  # times r^-1/2: the rounds to a gap of r spans
PROGRAMME_BUDGET = 1 << 22  # float64 entries of the programmes prepared at once (32 MiB)


@dataclass(frozen=True)
class ZeroSumOptions:
    """How zero-sum stages are solved.

    Raises ValueError for an unknown method, a negative or infinite epsilon, and no rounds.
    """

    # "auto" takes for every node the one expected to be faster (see the module)
    method: Literal["auto", "lp", "regret"] = "auto"
    # tolerated gap of a node, both agents' gains together, payoff units; 0 asks for `GAP` of its span
    epsilon: float = 0.0
    # entries of one node's tableau up to which the batched simplex is tried first (measured: faster than HiGHS in
    # blocks at 6,642, P = 16, A = 4; slower at 14,762, P = 24)
    max_tableau: int = 8_000
    # entries above which "auto" leaves the programme alone (measured, HiGHS: 0.2 s for 1e5, P = 64, A = 4; 1.5 s for
    # 2.6e5; 40 s for 7e5, and 140 MB), and answers with the gap that regret matching has after `max_rounds`, about 1e-7
    # of the span
    max_programme: int = 500_000
    max_rounds: int = 10_000

    def __post_init__(self) -> None:
        if self.method not in ("auto", "lp", "regret"):
            raise ValueError(f"method must be auto, lp or regret, not {self.method!r}")
        if not 0.0 <= self.epsilon < np.inf:
            raise ValueError(f"epsilon must be a finite number >= 0, not {self.epsilon}")
        if self.max_rounds < 1:
            raise ValueError("max_rounds must be at least 1")


def solve_zero_sum(stages: Stages, options: ZeroSumOptions | None = None, kind: Deviation = "nash") -> StageSolution:
    """An equilibrium of every node; `value[0]` is the game's value for the first agent, up to the gap.

    Raises ValueError unless the stages are zero-sum, SolverFailed where "lp" gave no answer.
    """
    if stages.kind != "zero_sum":
        raise ValueError(f"these stages are {stages.kind}, not zero_sum")
    options = options or ZeroSumOptions()
    tables = [np.zeros((stages.n_nodes, p, a)) for p, a in zip(stages.type_counts, stages.actions, strict=True)]
    for table in tables:
        table[:, :, 0] = 1.0
    tally = dict.fromkeys(("constant", "regret", "simplex", "HiGHS", "HiGHS alone", ABOVE), 0)
    for group in support_groups(stages):
        _solve_group(stages, group, options, tables, tally)
    oracle = "zero-sum" if tally["regret"] or tally[ABOVE] else "zero-sum LP"
    tally["gap above epsilon" if options.epsilon else f"gap above {GAP:g} of the span"] = tally.pop(ABOVE)
    method = f"{oracle}: " + ", ".join(f"{name} {count}" for name, count in tally.items() if count)
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
        # every pair is an equilibrium of a constant stage, and the tables hold one already
        if not vary.any():
            continue
        low, high = low[vary], high[vary]
        unit = (high - low).max(axis=1)
        scaled = (payoff[vary] - low[:, :, None, None]) / unit[:, None, None, None]
        span = (high - low).sum(axis=1) / unit
        game = _Layer(scaled, group.types, counts, span, options.epsilon / unit)
        x, y = game.solve(rows * columns, options, tally)
        for table, present, played in zip(tables, group.present, (x, y), strict=True):
            table[group.nodes[start:stop][vary][:, None], present] = played


def _rounds_of_programme(entries: int) -> float:
    """As many rounds of regret matching take as long as the programme with that many entries."""
    return LP_IN_ROUNDS * math.pow(entries, LP_GROWTH)


def _ways(entries: int, options: ZeroSumOptions) -> list[str]:
    """The methods in their order; each takes what the ones before left above the target."""
    if options.method == "regret" or (options.method == "auto" and entries > options.max_programme):
        return ["regret"]
    ways = ["simplex"] if entries <= options.max_tableau else []
    return [*ways, "HiGHS", "HiGHS alone"] + (["regret"] if options.method == "auto" else [])


class _Layer:
    """Nodes with payoffs scaled to [0, 1]; `span`, `epsilon`, `target`, `gap` [n] in scaled units."""

    def __init__(self, scaled: Floats, types: Ints, counts: list[int], span: Floats, epsilon: Floats) -> None:
        n, _, a_1, a_2 = scaled.shape
        p_1, p_2 = counts
        self.matrix = np.zeros((n, p_1, a_1, p_2, a_2))
        self.listed = np.zeros((p_1, p_2))  # how many u's there are of (p_1, p_2)
        # several u may have one pair (p_1, p_2): their payoffs add up
        for u, (one, two) in enumerate(types.T):
            self.matrix[:, one, :, two, :] += scaled[:, u]
            self.listed[one, two] += 1.0
        self.b = np.r_[np.zeros(p_2 * a_2), np.ones(p_1)]
        self.c = np.r_[np.ones(p_2), np.zeros(p_1 * a_1)]
        self.x = np.zeros((n, p_1, a_1))
        self.y = np.zeros((n, p_2, a_2))
        self.x[:, :, 0] = self.y[:, :, 0] = 1.0
        self.tolerated = epsilon / span
        self.target = np.maximum(GAP * span, epsilon)
        self.gap = np.full(n, np.inf)
        self.message = ""

    def solve(self, entries: int, options: ZeroSumOptions, tally: dict[str, int]) -> tuple[Floats, Floats]:
        """Send every node through the methods that `options` and the tableau's size allow."""
        todo = np.arange(len(self.matrix))
        if options.method == "auto" and options.epsilon > 0:
            pays = self.tolerated > (REGRET_ROUNDS / _rounds_of_programme(entries)) ** 2
            # regret matching stops at twice the programme's cost, so that a node which stays above its target costs
            # three times the programme at most
            rounds = min(options.max_rounds, int(2 * _rounds_of_programme(entries)))
            todo = np.union1d(todo[~pays], self._regret(todo[pays], rounds, tally))
        for name in _ways(entries, options):
            if len(todo):
                if name == "regret":
                    todo = self._regret(todo, options.max_rounds, tally)
                else:
                    todo = self._programme(todo, name, tally)
        if np.isinf(self.gap).any():
            raise SolverFailed(self.message)
        tally[ABOVE] += len(todo)
        return self.x, self.y

    def _regret(self, todo: Ints, max_rounds: int, tally: dict[str, int]) -> Ints:
        found = predictive_matching(self.matrix[todo], self.target[todo], max_rounds)
        self._keep_better(todo, found.x, found.y)
        return self._advance(todo, "regret", tally)

    def _programme(self, todo: Ints, name: str, tally: dict[str, int]) -> Ints:
        a = self._coefficients(todo)
        if name == "simplex":
            quick = batched_simplex(a, self.b, self.c)
            primal, dual, solved = quick.primal, quick.dual, quick.finished
        else:
            c = np.broadcast_to(self.c, (len(todo), len(self.c)))
            answer = solve_blocks(a, self.b, c, one_each=name == "HiGHS alone")
            primal, dual, solved = answer.primal, answer.dual, answer.solved
            self.message = answer.message
        (p_1, a_1), (p_2, a_2) = self.x.shape[1:], self.y.shape[1:]
        x = _cleaned(primal[solved, p_2:].reshape(-1, p_1, a_1))
        y = _cleaned(dual[solved, : p_2 * a_2].reshape(-1, p_2, a_2))
        self._keep_better(todo[solved], x, y)
        return self._advance(todo, name, tally)

    def _coefficients(self, todo: Ints) -> Floats:
        """The rows [k, R, C] of the programme, payoffs shifted to [1, 2]."""
        (p_1, a_1), (p_2, a_2) = self.x.shape[1:], self.y.shape[1:]
        # 1 is added to the payoff of every u, hence to a pair (p_1, p_2) as often as it is listed
        shifted = self.matrix[todo] + self.listed[:, None, :, None]
        a = np.zeros((len(todo), p_2 * a_2 + p_1, p_2 + p_1 * a_1))
        a[:, : p_2 * a_2, p_2:] = -shifted.reshape(-1, p_1 * a_1, p_2 * a_2).swapaxes(1, 2)
        a[:, : p_2 * a_2, :p_2] = np.repeat(np.eye(p_2), a_2, axis=0)
        a[:, p_2 * a_2 :, p_2:] = np.repeat(np.eye(p_1), a_1, axis=1)
        return a

    def _advance(self, todo: Ints, name: str, tally: dict[str, int]) -> Ints:
        # negated, so that a gap that is NaN stays open
        left = todo[~(self.gap[todo] <= self.target[todo])]
        tally[name] += len(todo) - len(left)
        return left

    def _keep_better(self, todo: Ints, x: Floats, y: Floats) -> None:
        """Take the new prescriptions of the nodes `todo` where their gap is smaller."""
        rows, columns = self.x[0].size, self.y[0].size
        matrix = self.matrix[todo].reshape(len(todo), rows, columns)
        for_x = (matrix @ y.reshape(len(todo), columns, 1)).reshape(x.shape)
        for_y = (x.reshape(len(todo), 1, rows) @ matrix).reshape(y.shape)
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
