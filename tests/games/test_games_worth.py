"""What information is worth in shipped games: the tables of docs/compare.md."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

import posgc

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = ("full", "one_step", "delayed(2)", "none")
PAGE = (ROOT / "docs" / "compare.md").read_text("utf-8")


def rows(title: str) -> list[tuple[str, str]]:
    """Games and cells of the table of a section."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| \[(\w+)\]\(\.\./games/\w+\.posg\) \| ([^\n]+) \|$", section, re.M)


ROWS = rows("Ten teams")


@pytest.mark.slow
@pytest.mark.parametrize(("game", "cells"), ROWS)
def test_worth_of_information_in_ten_teams(game: str, cells: str) -> None:
    assert len(ROWS) == 10
    found = posgc.compare(ROOT / "games" / f"{game}.posg", PROTOCOLS, "team", horizon=3)
    assert found.status == 0
    assert [row.values[0] for row in found.rows] == pytest.approx([float(v) for v in cells.split(" | ")], abs=5.1e-5)
    assert all(row.upper - row.lower < 2e-9 for row in found.rows)  # type: ignore[operator]


# Of each protocol of games/granary.posg, who is told the other's reading: by hand, what ann and bob earn.
TOLD = {"none": ((False, False), (6, 6)), "tell_bob": ((False, True), (4, 6.5)), "full": ((True, True), (4.5, 4.5))}
EARNS = {("granary", "granary"): (6, 6), ("granary", "home"): (8, 2)}
STORES = ("granary", "home")


def test_information_that_hurts_everybody() -> None:
    [(game, cells)] = rows("Less than nothing")
    found = posgc.compare(ROOT / "games" / f"{game}.posg", ("full", "tell_bob", "none"), "ce")
    for row, cell in zip(found.rows, cells.split(" | "), strict=True):
        by_hand = TOLD[row.point.protocol][1]
        assert row.values == pytest.approx(by_hand, abs=1e-9) and cell == " and ".join(f"{v:g}" for v in by_hand)
    [both, _, nobody] = found.rows
    assert all(x < y for x, y in zip(both.values, nobody.values, strict=True))


def earned(mine: str, other: str, good: bool) -> float:
    """The rewards of the game, once more."""
    if mine == "home":
        return 7.0 if good else 0.0
    return EARNS[mine, other][0 if good else 1]


@pytest.mark.parametrize("protocol", TOLD)
def test_the_equilibrium_that_hurts_is_the_only_one(protocol: str) -> None:
    """A linear programme over all correlated equilibria, of the weakest kind: a distribution over pairs of strategies
    such that nobody gains by disobeying at one information set, knowing what it is told there.  No other pair has
    weight in any."""
    told, by_hand = TOLD[protocol]
    readings = list(product((False, True), repeat=2))

    def information(agent: int, at: tuple[bool, ...]) -> tuple[bool, ...]:
        return at if told[agent] else (at[agent],)

    sets = [sorted({information(agent, at) for at in readings}) for agent in range(2)]
    strategies = [[dict(zip(own, s, strict=True)) for s in product(STORES, repeat=len(own))] for own in sets]
    pairs = list(product(*strategies))

    def payoff(agent: int, at: tuple[bool, ...], mine: str, pair: tuple[dict[tuple[bool, ...], str], ...]) -> float:
        other = pair[1 - agent][information(1 - agent, at)]
        return earned(mine, other, (at[0] == at[1]) == (agent == 1)) / len(readings)

    gains = [
        [
            sum(
                payoff(agent, at, better, pair) - payoff(agent, at, obeyed, pair)
                for at in readings
                if information(agent, at) == known
            )
            if pair[agent][known] == obeyed
            else 0.0
            for pair in pairs
        ]
        for agent in range(2)
        for known in sets[agent]
        for obeyed, better in (STORES, STORES[::-1])
    ]
    values = np.array(
        [[sum(payoff(a, at, p[a][information(a, at)], p) for at in readings) for p in pairs] for a in range(2)]
    )
    conditions = {"A_ub": gains, "b_ub": np.zeros(len(gains)), "A_eq": np.ones((1, len(pairs))), "b_eq": [1.0]}
    best = int(np.argmax(linprog(np.zeros(len(pairs)), **conditions).x))
    assert values[:, best] == pytest.approx(by_hand)
    others = linprog(np.array([0.0 if k == best else -1.0 for k in range(len(pairs))]), **conditions)
    assert others.status == 0 and -others.fun < 1e-9
