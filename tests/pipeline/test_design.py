"""Designs of whole games against full enumeration: closed forms, and every protocol solved from its block."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from support.compared import coin

import posgc
from posgc.language.sharing.lag_table import NEVER

__all__ = ["coin"]

GAMES = Path(__file__).resolve().parents[2] / "games"

ACCURACY = (0.8, 0.7, 0.75)
SENSORS = f"""game sensors "Three sensors in a row" {{
  horizon 1;
  agents sensor[3];
  param accuracy[i] = [{", ".join(map(str, ACCURACY))}] in [0.5, 1];
  state heat: bool;
  observation dial[i]: bool;
  action alarm[i]: bool;
  init heat ~ bernoulli(0.4);
  init dial[i] ~ noisy(heat, accuracy[i]);
  next heat = heat;
  reward team = count(i: alarm[i] == heat);
  share none {{ }}
}}
"""


def right(known: set[int]) -> float:
    """The chance of naming the state by the likelier one, from these dials: Bayes' rule, all readings written out."""
    total = 0.0
    for readings in itertools.product((False, True), repeat=len(known)):
        joint = []
        for heat, prior in ((True, 0.4), (False, 0.6)):
            told = zip(sorted(known), readings, strict=True)
            joint.append(prior * np.prod([ACCURACY[k] if r == heat else 1 - ACCURACY[k] for k, r in told]))
        total += max(joint)
    return total


def pareto(points: set[tuple[float, float]]) -> list[tuple[float, float]]:
    """By definition, ascending; values to 7 digits after the point."""
    rounded = {(round(c, 9), round(v, 7)) for c, v in points}
    return sorted(p for p in rounded if not any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in rounded))


def found(design: posgc.Design) -> list[tuple[float, float]]:
    return [(round(one.cost, 9), round(one.value, 7)) for one in design.front]


@pytest.mark.parametrize("hops", ["each", "once"])
def test_three_sensors_on_a_line(hops: Literal["each", "once"], tmp_path: Path) -> None:
    """All 64 protocols in closed form: each sensor names the likelier state, given the dials that it is told of."""
    path = tmp_path / "sensors.posg"
    path.write_text(SENSORS, encoding="utf-8")
    links = {(j, i): [(j, k) for k in range(min(i, j), max(i, j))] for j in range(3) for i in range(3) if i != j}
    points = set()
    for chosen in itertools.product((False, True), repeat=6):
        told = [link for link, yes in zip(links, chosen, strict=True) if yes]
        value = sum(right({i} | {j for j, k in told if k == i}) for i in range(3))
        passed = [hop for link in told for hop in links[link]]  # owner, and the lower end
        paid = passed if hops == "each" else set(passed)
        points.add((sum(0.5 if owner == 0 else 1.0 for owner, _ in paid), value))
    cost = {"dial": 1, "dial[sensor[1]]": 0.5}
    design = posgc.design(path, cost, lags=[0, "never"], along="1-2, 2-3", hops=hops)
    assert design.status == 0 and design.lattice.size == 64 and not design.defects
    assert found(design) == pareto(points)
    assert len(design.front) > 3 and design.counts["solved"] <= 32
    assert sum(design.counts.values()) == 64
    for one in design.front:
        assert one.certified <= one.value <= one.best + 1e-9 and one.best - one.certified < 1e-6
    # each block means what was solved
    for one in design.front:
        (tmp_path / "again.posg").write_text(SENSORS.replace("share none { }", one.block), encoding="utf-8")
        again = posgc.load(tmp_path / "again.posg", one.name).solve("team")
        assert again.values["sensor[1]"] == pytest.approx(one.value, abs=1e-9)


def enumerated(horizon: int, lags: tuple[int, ...], prices: dict[str, float]) -> list[tuple[float, float]]:
    """The front of the decentralised tiger with every protocol of the lattice solved, one by one."""
    points = set()
    hear = [lag for lag in lags if lag < horizon or lag == NEVER]
    act = sorted({max(lag, 1) for lag in hear if max(lag, 1) < horizon or lag == NEVER})
    for a, b, c, d in itertools.product(hear, hear, act, act):
        table = posgc.LagTable("t", ((1, c), (d, 1)), ((0, a), (b, 0)))
        value = posgc.load(GAMES / "dectiger.posg", table, horizon=horizon).solve("team").values["ann"]
        cost = sum(prices["hear" if lag == 0 else "hear late"] for lag in (a, b) if lag < NEVER)
        points.add((cost + sum(prices["act"] for lag in (c, d) if lag < NEVER), value))
    return pareto(points)


@pytest.mark.parametrize(
    ("horizon", "lags", "half"),
    [(2, (0, 1, NEVER), 18), pytest.param(3, (0, 1, 2, NEVER), 72, marks=pytest.mark.slow)],
)
def test_dectiger(horizon: int, lags: tuple[int, ...], half: int) -> None:
    words = ["never" if lag == NEVER else lag for lag in lags]
    cost = "hear = 1, hear after 1 = 0.25, act = 0.5"
    design = posgc.design(GAMES / "dectiger.posg", cost, lags=words, horizon=horizon)
    assert design.status == 0 and design.lattice.size == 2 * half
    assert found(design) == enumerated(horizon, lags, {"hear": 1, "hear late": 0.25, "act": 0.5})
    assert design.counts["solved"] <= half


def test_information_that_hurts_is_enumerated() -> None:
    """By hand (games/granary.posg): 6 and 6 for nothing; 4 and 13/2 where one knows; 9/2 and 9/2 where both do."""
    design = posgc.design(GAMES / "granary.posg", "reading = 1", "ce")
    assert not design.monotone and design.counts["solved"] == 4 == design.lattice.size
    assert [(one.cost, one.block) for one in design.front] == [(0, "share design_1 { }")]
    assert design.front[0].value == pytest.approx(12) and design.worth == "sum"
    bob = posgc.design(GAMES / "granary.posg", "reading = 1", "ce", value="bob")
    assert [(one.cost, one.block) for one in bob.front] == [
        (0, "share design_1 { }"),
        (1, "share design_2 { reading[ann] after 0; }"),
    ]
    assert [one.value for one in bob.front] == pytest.approx([6, 6.5])


def test_budget_and_least_value(coin: str) -> None:
    """By hand: 0.64 without hints, 0.8 where one hears the other's (q² + q (1 - q)) or both do."""
    free = posgc.design(coin, "hear = 1", lags="0,never")
    assert found(free) == [(0, 0.64), (1, 0.8)]
    assert found(posgc.design(coin, "hear = 1", lags="0,never", budget=0.5)) == [(0, 0.64)]
    assert found(posgc.design(coin, "hear = 1", lags="0,never", min_value=0.7)) == [(1, 0.8)]
    assert found(posgc.design(coin, "hear = 1", lags="0,never", min_value=0.8)) == [(1, 0.8)]
    none = posgc.design(coin, "hear = 1", lags="0,never", min_value=0.81)
    assert none.front == () and none.status == 1 and none.counts["open"] == 0
    loose = posgc.design(coin, "hear = 1", lags="0,never", within=0.5)
    assert found(loose) == [(0, 0.64)]
    dear = posgc.design(coin, {"hear": 1, "hear to bob": 3}, lags="0,never")
    assert dear.front[-1].block == "share design_2 { hear[bob] after 0; }"


def test_what_is_required_of_a_protocol() -> None:
    """In the decentralised tiger Assumption 3 fails where actions are not told at once; every kept one has it."""
    cost = "hear = 1, act = 0.5"
    design = posgc.design(GAMES / "dectiger.posg", cost, lags="0,1,never", by="item", require="3", horizon=3)
    assert design.status == 0 and design.counts["refused"] > 0
    assert [one.row.independent for one in design.front] == [True] * len(design.front)
    blocks = [one.block.partition("{")[2] for one in design.front]
    assert blocks == [" hear after 1; act after 1; }", " hear after 0; act after 1; }"][-len(blocks) :]
    with pytest.raises(posgc.InputError, match="E614"):
        posgc.design(GAMES / "dectiger.posg", cost, require="2")
