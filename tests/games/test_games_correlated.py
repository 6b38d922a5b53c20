"""The numbers in the comments of games/harbours.posg and games/job_market.posg, each found twice: by posgc, and by a
programme over all joint plans written from the definitions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations, product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

import posgc

GAMES = Path(__file__).resolve().parents[2] / "games"
CLOSE = 1e-8
PLACES = range(3)
HARBOURS = {  # (where ann is, where the cart is): what she earns by unloading and by selling
    (0, 0): (2, 1),
    (0, 1): (-9, -9),
    (0, 2): (1, 1),
    (1, 0): (0, 3),
    (1, 1): (2, 1),
    (1, 2): (0, 0),
    (2, 0): (0, 0),
    (2, 1): (0, 0),
    (2, 2): (2, 2),
}
Plan = tuple[int, tuple[int, ...], int]
"""Ann's harbour, what she does in each harbour, the cart's harbour."""
PLANS: list[Plan] = [(s, m, g) for s in PLACES for m in product((0, 1), repeat=3) for g in PLACES]
Deviation = Callable[[Plan], float]


def ann(at: int, cart: int, trade: int) -> float:
    return HARBOURS[at, cart][trade]


def bob(at: int, cart: int) -> float:
    return (6.0 if at == 0 else 2.0) if at == cart else 0.0


def obeys(agent: int, plan: Plan) -> float:
    at, trade, cart = plan
    return bob(at, cart) if agent else ann(at, cart, trade[at])


def best_sum(deviations: list[tuple[int, Deviation]]) -> float:
    """The largest sum over mixtures of plans from which no deviation gains."""
    rows = [[deviate(plan) - obeys(agent, plan) for plan in PLANS] for agent, deviate in deviations]
    total = [-obeys(0, plan) - obeys(1, plan) for plan in PLANS]
    found = linprog(total, A_ub=rows, b_ub=np.zeros(len(rows)), A_eq=[np.ones(len(PLANS))], b_eq=[1])
    return float(-found.fun)


def told_bob() -> list[tuple[int, Deviation]]:
    """Bob, told g, sends his cart to k."""
    return [
        (1, lambda p, g=g, k=k: bob(p[0], k if p[2] == g else p[2]))  # type: ignore[misc]
        for g, k in product(PLACES, PLACES)
    ]


def nfcce() -> list[tuple[int, Deviation]]:
    """Everybody leaves for one plan."""
    for_ann = [(0, lambda p, s=s, m=m: ann(s, p[2], m)) for s, m in product(PLACES, (0, 1))]  # type: ignore[misc]
    return for_ann + [(1, lambda p, k=k: bob(p[0], k)) for k in PLACES]  # type: ignore[misc]


def efce() -> list[tuple[int, Deviation]]:
    """Ann leaves when she is told r, for s and m; or, at s and told m, for k."""
    at_sea = [
        (0, lambda p, r=r, s=s, m=m: ann(s, p[2], m) if p[0] == r else obeys(0, p))  # type: ignore[misc]
        for r, s, m in product(PLACES, PLACES, (0, 1))
    ]
    ashore = [
        (0, lambda p, s=s, m=m, k=k: ann(s, p[2], k) if p[0] == s and p[1][s] == m else obeys(0, p))  # type: ignore[misc]
        for s, m, k in product(PLACES, (0, 1), (0, 1))
    ]
    return at_sea + ashore + told_bob()


def agent_form() -> list[tuple[int, Deviation]]:
    """Definition 10: ann maps the harbour that she is told, and at each harbour the trade that she is told there."""
    trades = list(product(product((0, 1), repeat=2), repeat=3))
    return [
        (0, lambda p, f=f, q=q: ann(f[p[0]], p[2], q[f[p[0]]][p[1][f[p[0]]]]))  # type: ignore[misc]
        for f, q in product(product(PLACES, repeat=3), trades)
    ] + told_bob()


def nash_sums() -> list[float]:
    """The largest sum of a Nash equilibrium for every pair of supports that has one: both programmes are linear where
    the supports are given, but for the sum, which is bounded by the sum of the largest values."""
    own = [(s, m) for s in PLACES for m in (0, 1)]
    a = np.array([[ann(s, g, m) for g in PLACES] for s, m in own], dtype=float)
    b = np.array([[bob(s, g) for g in PLACES] for s, _ in own])
    found = []
    for rows, columns in product(supports(len(own)), supports(3)):
        first = largest_value(b.T, rows, columns)  # of bob, over ann's laws that make his columns best
        second = largest_value(a, columns, rows)
        if first is not None and second is not None:
            found.append(first + second)
    return found


def supports(n: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(n), k) for k in range(1, n + 1)))


def largest_value(payoff: np.ndarray, played: tuple[int, ...], best: tuple[int, ...]) -> float | None:
    """The most that an agent earns against laws on `played` to which all of `best` are best replies."""
    k = len(played)
    table = payoff[:, played]
    equal = [[*table[row], -1.0] for row in best] + [[1.0] * k + [0.0]]
    right = [0.0] * len(best) + [1.0]
    rows = [[*row, -1.0] for row in table]
    bounds = [(0, None)] * k + [(None, None)]
    found = linprog([0.0] * k + [-1.0], rows, np.zeros(len(rows)), equal, right, bounds)
    return float(-found.fun) if found.status == 0 else None


def test_the_four_notions_differ_by_definition() -> None:
    sums = max(nash_sums()), best_sum(efce()), best_sum(agent_form()), best_sum(nfcce())
    assert sums == pytest.approx((4, 21 / 5, 6, 20 / 3), abs=CLOSE)


@pytest.mark.parametrize(
    ("concept", "form", "kind", "values"),
    [
        ("ce", None, "efce", (9 / 5, 12 / 5)),
        ("ce", "extensive", "efce", (9 / 5, 12 / 5)),
        ("cce", None, "nfcce", (2, 14 / 3)),
        ("cce", "extensive", "efcce", (2, 14 / 3)),
    ],
)
def test_harbours(concept, form, kind, values) -> None:
    options = {} if form is None else {"form": form}
    found = posgc.load(GAMES / "harbours.posg").solve(concept, options=options)
    assert found.judgement is not None and found.judgement.kind == kind
    assert tuple(found.values.values()) == pytest.approx(values, abs=CLOSE)
    assert found.certified_gap is not None and found.certified_gap <= 1e-9


@pytest.mark.parametrize(
    ("concept", "form", "values"),
    [("ce", None, (7 / 2, 13 / 2)), ("cce", "extensive", (7 / 2, 13 / 2)), ("cce", None, (5 / 2, 15 / 2))],
)
def test_the_best_for_the_professor(concept, form, values) -> None:
    options = {"select": "max:professor"} | ({} if form is None else {"form": form})
    found = posgc.load(GAMES / "job_market.posg").solve(concept, options=options)
    assert tuple(found.values.values()) == pytest.approx(values, abs=CLOSE)
    assert found.certified_gap is not None and found.certified_gap <= 1e-9
