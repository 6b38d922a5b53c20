"""Bounds from neighbours: on rows written by hand, and on random team games of which every point is solved."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import posgc
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.sharing.order import Order, order_of
from posgc.language.sharing.requests import protocol
from posgc.language.signature import Signature, Variable
from posgc.pipeline.neighbours import Bracket, brackets, defects
from posgc.pipeline.points import Point, Row

NAMES = ("full", "one_step", "delayed(2)", "none")
VALUES = ("0", "1")


def usual() -> Order:
    variables = (tuple(Variable(name, i, VALUES) for i in range(2)) for name in ("act", "hear"))
    game = Signature(("ann", "bob"), *variables)
    return order_of({name: protocol(game, name) for name in NAMES}, 4)


def row(name: str, lower: float | None, upper: float | None, why: str = "") -> Row:
    values = () if lower is None else (lower, lower)
    return Row(Point(name, (), 4), values=values, lower=lower, upper=upper, why=why)


def test_the_nearest_bounds_are_taken_and_named() -> None:
    rows = [row("full", 9, 9), row("one_step", 5, 5), row("delayed(2)", None, None, "no"), row("none", 2, 2.5)]
    found = brackets(rows, usual())
    assert found[2] == Bracket(2, 5, "none", "one_step")
    assert found[2].in_words == "from one_step above, none below"
    assert [found[k] for k in (0, 1, 3)] == [Bracket(9, 9), Bracket(5, 5), Bracket(2, 2.5)]
    alone = [row("one_step", 5, 5), row("delayed(2)", None, None, "no")]
    assert brackets(alone, usual())[1].in_words == "from one_step above"


def test_own_bounds_are_kept_where_they_are_closer() -> None:
    rows = [row("one_step", 5, 5), row("delayed(2)", 3, 9, "limit: time"), row("none", 2, 2)]
    assert brackets(rows, usual())[1] == Bracket(3, 5, "", "one_step")
    rows = [row("one_step", 5, 8, "limit: time"), row("delayed(2)", 3, 4, "limit: time"), row("none", 3.5, 3.5)]
    assert brackets(rows, usual())[1] == Bracket(3.5, 4, "none", "")


def test_a_violation_is_a_poorer_one_worth_more() -> None:
    fine = [row("one_step", 5, 6), row("delayed(2)", 5.5, 7), row("none", 6 + 1e-12, 7)]
    assert defects(fine, usual()) == ()
    [said] = defects([row("one_step", 5, 6), row("none", 6.5, 7)], usual())
    assert said == "none is worth at least 6.5 and one_step, which tells as much, at most 6 (horizon 4)"


def drawn(rng: np.random.Generator, name: str) -> LagTable:
    def rows(own: int) -> tuple[tuple[int, ...], ...]:
        lags = [own, own + 1, own + 2, NEVER]
        return tuple(tuple(own if i == v else lags[rng.integers(4)] for i in range(2)) for v in range(2))

    return LagTable(name, rows(1), rows(0))


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_random_teams(seed: int) -> None:
    """Every point is solved exactly: no value contradicts the order, and where a point is struck out the bounds from
    its neighbours hold what it is worth."""
    rng, pairs, struck = np.random.default_rng(seed), 0, 0
    T, O = rng.dirichlet(np.full(2, 0.4), (2, 2, 2)), rng.dirichlet(np.full(4, 0.4), (2, 2, 2))
    R = rng.normal(size=(2, 2, 2))
    tables = {name: drawn(rng, name) for name in "abcdefgh"}
    rows = []
    for name, table in tables.items():
        game = posgc.from_arrays(T, O.reshape(2, 2, 2, 2, 2), R, initial=[0.6, 0.4], horizon=3, share=table)
        solution = game.solve("team")
        values, (lower, upper) = tuple(solution.values.values()), solution.bounds
        rows.append(Row(Point(name, (), 3), values=values, lower=lower, upper=upper))
    order = order_of(tables, 3)
    assert defects(rows, order) == ()
    for k, one in enumerate(rows):
        for other in rows:
            if one is not other and order.richer(one.point.protocol, other.point.protocol):
                assert one.values[0] >= other.values[0] - 1e-9
                pairs += 1
        blank = dataclasses.replace(one, values=(), lower=None, upper=None, why="struck out")
        bound = brackets([*rows[:k], blank, *rows[k + 1 :]], order)[k]
        assert bound.lower is None or bound.lower <= one.values[0] + 1e-9
        assert bound.upper is None or bound.upper >= one.values[0] - 1e-9
        struck += bound != Bracket()
    assert pairs >= 4 and struck >= 4  # the order says something of these tables
