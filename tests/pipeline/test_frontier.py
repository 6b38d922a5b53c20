"""The search for the front on made-up values, against the front worked out from its definition on all of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from posgc.language.sharing.lag_table import NEVER
from posgc.language.sharing.lattice import Choice, Lattice, Link, Option
from posgc.language.signature import Signature
from posgc.pipeline.frontier import Demands, Frontier

NOBODY = Signature((), (), ())
WIDTH = 1e-9


def drawn(rng: np.random.Generator) -> Lattice:
    """Prices of any kind: a richer option may be cheaper, and many sums are equal."""
    choices = []
    for k in range(int(rng.integers(1, 5))):
        size = int(rng.integers(1, 5))
        lags = [(lag,) for lag in [*range(size - 1), NEVER]]
        options = tuple(Option(lag, (Fraction(int(rng.integers(0, 5)), 2),)) for lag in lags)
        choices.append(Choice(str(k), (Link("observation", k, 1),), options))
    return Lattice(NOBODY, tuple(choices))


def monotone(rng: np.random.Generator, lattice: Lattice) -> np.ndarray:
    """Values that no richer protocol falls short of: the best of some gains, each had by all that are rich enough."""
    values = np.zeros(lattice.size)
    for _ in range(int(rng.integers(1, 9))):
        gain, least = int(rng.integers(1, 6)), int(rng.integers(lattice.size))
        values[lattice.richer(least)] = np.maximum(values[lattice.richer(least)], gain)
    return values


def front_of(costs: np.ndarray, values: np.ndarray, able: np.ndarray) -> set[tuple[float, float]]:
    """By definition: (cost, value) of those that no other beats, costing no more and being worth as much."""
    pairs = {(float(c), float(v)) for c, v, yes in zip(costs, values, able, strict=True) if yes}
    return {p for p in pairs if not any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in pairs)}


def run(
    rng: np.random.Generator, lattice: Lattice, values: np.ndarray, ordered: bool, demands: Demands, lacking: np.ndarray
) -> tuple[Frontier, list[int]]:
    frontier, asked = Frontier(lattice, ordered, demands), []
    for number in frontier.questions():
        asked.append(number)
        if lacking[number]:
            frontier.refuse(number)
            continue
        below, above = rng.random(2) * WIDTH
        value = values[number]
        frontier.learn(number, value - below, value - below, value + above)
    assert len(set(asked)) == len(asked)
    return frontier, asked


def shown(frontier: Frontier) -> set[tuple[float, float]]:
    return {(float(frontier.costs[n]), round(float(frontier.reached[n]), 6)) for n in frontier.front()}


@pytest.mark.parametrize("seed", range(60))
def test_front_of_random_teams(seed: int) -> None:
    """Budget, least value and protocols that lack what is required included; what is not asked for cannot matter."""
    rng = np.random.default_rng(seed)
    lattice = drawn(rng)
    values = monotone(rng, lattice)
    budget = float(rng.integers(0, 12)) if rng.random() < 0.3 else np.inf
    least = float(rng.integers(0, 6)) if rng.random() < 0.3 else -np.inf
    lacking = rng.random(lattice.size) < (0.3 if rng.random() < 0.3 else 0)
    frontier, asked = run(rng, lattice, values, True, Demands(budget, least), lacking)
    able = (lattice.costs <= budget) & ~lacking
    expected = {p for p in front_of(lattice.costs, values, able) if p[1] >= least}
    assert shown(frontier) == expected
    assert not frontier.open[~frontier.asked].any()
    assert (frontier.costs[asked] <= budget).all()
    assert (frontier.lower <= values + 1e-12).all() and (frontier.upper >= values - 1e-12).all()


def test_pruning_spares_most_of_a_team() -> None:
    rng, asked, all_ = np.random.default_rng(0), 0, 0
    for _ in range(100):
        lattice = drawn(rng)
        values = monotone(rng, lattice)
        asked += len(run(rng, lattice, values, True, Demands(), np.zeros(lattice.size, dtype=bool))[1])
        all_ += lattice.size
    assert asked < all_ / 2


@pytest.mark.parametrize("seed", range(10))
def test_without_an_order_all_are_asked_within_the_budget(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lattice = drawn(rng)
    values = rng.integers(-3, 4, lattice.size).astype(float)
    frontier, asked = Frontier(lattice, False, Demands(budget=6)), []
    for number in frontier.questions():
        asked.append(number)
        frontier.learn(number, values[number], values[number], values[number])
    able = lattice.costs <= 6
    assert sorted(asked) == np.flatnonzero(able).tolist()
    assert (np.diff(lattice.costs[asked]) >= 0).all()  # cheap ones first
    assert shown(frontier) == front_of(lattice.costs, values, able)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_not_solved_is_left_open_or_bounded_away(seed: int) -> None:
    """Some protocols are solved in vain, or with a wide bracket: the front holds what was found, and no protocol that
    costs no more is worth more than the bound says."""
    rng = np.random.default_rng(seed)
    lattice = drawn(rng)
    values, vain = monotone(rng, lattice), rng.random(lattice.size) < 0.4
    frontier = Frontier(lattice, True, Demands())
    for number in frontier.questions():
        if not vain[number]:
            frontier.learn(number, values[number], values[number], values[number])
        elif rng.random() < 0.5:
            frontier.learn(number, -np.inf, values[number] - rng.random(), values[number] + rng.random())
    best = frontier.up_to(frontier.upper)
    for number in frontier.front():
        assert values[number] == frontier.reached[number]
        cheap = lattice.costs <= lattice.costs[number]
        assert best[number] >= values[cheap].max()
    missed = front_of(lattice.costs, values, np.ones(lattice.size, dtype=bool)) - shown(frontier)
    for cost, value in missed:  # it is among the open ones, or within what counts as equal
        here = (lattice.costs == cost) & (values == value)
        assert frontier.open[here].any()


def test_within_makes_values_equal() -> None:
    choice = Choice("c", (Link("observation", 0, 1),), tuple(Option((k,), (Fraction(3 - k),)) for k in range(4)))
    lattice = Lattice(NOBODY, (choice,))
    values = np.array([3.0, 2.9, 1.0, 0.0])
    for within, expected in ((1e-6, 4), (0.5, 3), (10, 1)):
        frontier = Frontier(lattice, True, Demands(within=within))
        for number in frontier.questions():
            frontier.learn(number, values[number], values[number], values[number])
        front = frontier.front()
        assert len(front) == expected
        for number in range(4):  # each has one in the front that costs no more and is worth as much, or nearly
            assert any(
                lattice.costs[n] <= lattice.costs[number] and values[n] >= values[number] - within for n in front
            )
