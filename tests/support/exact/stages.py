"""Exact values of stage games: the best joint prescription, and the value of a zero-sum one.

The latter is that of a matrix game on deterministic prescriptions (Kuhn's theorem), by a simplex in fractions with
Bland's rule (Bland 1977), which cannot cycle: max sum y with B y <= 1, y >= 0 and B > 0 has 1 / value as its optimum
(von Neumann; Chvatal, Linear Programming, 1983, history 15).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from support.exact.beliefs import Beliefs, Private, Stage
from support.exact.game import Digits, Refused

__all__ = ["Table", "matrix_value", "team_value", "zero_sum_value"]

Table = dict[tuple[Private, Digits], Fraction]
"""One agent's payoff of every joint private information and joint action, prior folded in."""

LISTED = 70
"""Prescriptions of one agent of a zero-sum stage at most."""


def team_value(beliefs: Beliefs, h: int, stage: Stage, payoff: Table) -> Fraction:
    """max over joint prescriptions of sum_u payoff(u, gamma(u)): the last agent answers all of the others'."""
    others = [beliefs.prescriptions(h, stage, i) for i in range(beliefs.n - 1)]
    own, last = beliefs.game.own_actions(beliefs.n - 1, h), beliefs.n - 1
    best = None
    for joint in product(*others):
        worth = dict.fromkeys(product(stage.private[last], own), Fraction(0))
        for u in stage.joint:
            done = sum((g[p] for g, p in zip(joint, u[:last], strict=True)), ())
            for a in own:
                worth[u[last], a] += payoff[u, done + a]
        total = sum((max(worth[p, a] for a in own) for p in stage.private[last]), Fraction(0))
        best = total if best is None else max(best, total)
    assert best is not None
    return best


def zero_sum_value(beliefs: Beliefs, h: int, stage: Stage, payoff: Table) -> Fraction:
    """The minimax value of the first agent."""
    rows, columns = (beliefs.prescriptions(h, stage, i) for i in range(2))
    if len(rows) > LISTED or len(columns) > LISTED:
        raise Refused(f"a stage of {len(rows)} x {len(columns)} prescriptions")
    return matrix_value(
        [[sum((payoff[u, g[u[0]] + k[u[1]]] for u in stage.joint), Fraction(0)) for k in columns] for g in rows]
    )


def matrix_value(matrix: list[list[Fraction]]) -> Fraction:
    """The value of a matrix game to the row player, who maximises."""
    lower = max(min(row) for row in matrix)
    upper = min(max(column) for column in zip(*matrix, strict=True))
    if lower == upper:
        return lower
    shift = 1 - min(min(row) for row in matrix)
    return 1 / _most([[x + shift for x in row] for row in matrix]) - shift


def _most(matrix: list[list[Fraction]]) -> Fraction:
    """max sum y subject to matrix y <= 1, y >= 0, for a matrix of positive numbers."""
    m, n = len(matrix), len(matrix[0])
    one, zero = Fraction(1), Fraction(0)
    rows = [[*row, *(one if k == r else zero for k in range(m)), one] for r, row in enumerate(matrix)]
    cost = [-one] * n + [zero] * (m + 1)
    basis = list(range(n, n + m))
    while (enter := next((c for c in range(n + m) if cost[c] < 0), None)) is not None:
        leave = min((r for r in range(m) if rows[r][enter] > 0), key=lambda r: (rows[r][-1] / rows[r][enter], basis[r]))
        pivot = rows[leave][enter]
        rows[leave] = [x / pivot for x in rows[leave]]
        for row in (*rows[:leave], *rows[leave + 1 :], cost):
            factor = row[enter]
            if factor:
                row[:] = [x - factor * y for x, y in zip(row, rows[leave], strict=True)]
        basis[leave] = enter
    return cost[-1]
