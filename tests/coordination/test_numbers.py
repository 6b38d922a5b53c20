"""Published optima, long horizons against exact rationals, and limits."""

import dataclasses
import signal
import threading
import time
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from support.games import dectiger, delayed, full

from posgc.coordination.team import solve_team
from posgc.information.items import Information
from posgc.judge.choose import judge
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.build import from_arrays

NONE = LagTable("none", ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0)))

# without sharing: Szer, Charpillet & Zilberstein (2005); Oliehoek et al. (2013), Table 3, GMAA*-ICE
UNSHARED = {2: -4.0, 3: 5.190812, 4: 4.802755, 5: 7.026451, 6: 10.381625}
# under full sharing, by backward induction on the belief of a single agent that sees both observations
SHARED = {3: 13.015488, 4: 22.701124, 5: 26.810325}
# one step late, by value iteration on the common belief
LATE = {2: -4.0, 3: 8.815, 4: 11.015488, 5: 10.676063}


@pytest.mark.parametrize(
    ("table", "horizon", "value"),
    [(NONE, h, v) for h, v in UNSHARED.items()]
    + [(full(), h, v) for h, v in SHARED.items()]
    + [(delayed(1), h, v) for h, v in LATE.items()],
)
def test_dectiger(table, horizon, value):
    information = Information(dectiger(horizon), table)
    found = solve_team(information)
    assert found.stopped is None
    assert found.lower == pytest.approx(value, abs=1e-6)
    assert 0 <= found.upper - found.lower <= 1e-7
    assert judge(information, found.policy, "nash", 10**6, None, None).values[0] == pytest.approx(found.lower, abs=1e-9)


def test_two_steps_late_lies_between():
    values = [solve_team(Information(dectiger(4), table)).lower for table in (NONE, delayed(3), delayed(2), delayed(1))]
    assert values == sorted(values)


def hints(horizon: int, right: Fraction, pay: list[list[Fraction]], discount: float = 1.0) -> Information:
    """Each step a new state of two, of which the first agent gets a hint, right with the probability given;
    `pay[state][number of agents that guess 1]`."""
    seen = float(right)
    emission, transition = np.zeros((4, 2, 2)), np.full((4, 2, 2), 0.5)
    reward = np.zeros((2, 4, 2))
    for s, a in np.ndindex(2, 4):
        reward[:, a, s] = float(pay[s][sum(divmod(a, 2))])
        emission[a, s] = [seen if o == s else 1 - seen for o in range(2)]
    model = from_arrays(
        transition=transition,
        emission=emission,
        reward=reward,
        initial=np.array([0.5, 0.5]),
        action_sizes=(2, 2),
        observation_sizes=(2, 1),
        horizon=horizon,
        discount=discount,
        name="hints",
    )
    return Information(model, NONE)


def stages(right: Fraction, pay: list[list[Fraction]]) -> tuple[Fraction, Fraction]:
    """The best blind stage (the first: nothing is seen before it), and the best of the others, in rationals."""
    blind = max(sum(pay[s][k] for s in range(2)) / 2 for k in range(3))
    best = None
    for rule, other in product(product(range(2), repeat=2), range(2)):
        worth = Fraction(0)
        for s, x in product(range(2), repeat=2):
            worth += Fraction(1, 2) * (right if x == s else 1 - right) * pay[s][rule[x] + other]
        best = worth if best is None else max(best, worth)
    return blind, best


THIRD = Fraction(1, 3)
PAYS = [
    [[THIRD, -THIRD, -1 * THIRD], [-THIRD, Fraction(1, 7), THIRD]],
    [[Fraction(1, 10), Fraction(2, 7), Fraction(-5, 9)], [Fraction(-3, 11), Fraction(1, 6), Fraction(7, 13)]],
    [[Fraction(0), Fraction(1), Fraction(0)], [Fraction(1, 3), Fraction(-1, 3), Fraction(1)]],
]


@pytest.mark.parametrize(("horizon", "pay"), [*product((1, 30, 100), PAYS), (1000, PAYS[1])])
def test_no_upper_bound_is_below_the_truth(pay, horizon):
    right = Fraction(17, 23)
    found = solve_team(hints(horizon, right, pay))
    blind, best = stages(right, pay)
    truth = blind + (horizon - 1) * best
    assert found.stopped is None
    assert Fraction(found.lower) - Fraction(1, 10**9) <= truth <= Fraction(found.upper)
    assert found.upper - found.lower <= 1e-6


def test_a_long_game_has_a_bracket_and_a_policy():
    information = Information(dectiger(50), NONE)
    found = solve_team(information, time_limit=1.0)
    assert found.stopped == "time limit"
    assert found.lower > -100 * 50 and found.upper < 20 * 50
    assert found.lower <= found.upper
    assert len(found.policy.agents[0].steps) == 50


def test_a_memory_limit_stops_with_a_bracket():
    found = solve_team(Information(dectiger(7), NONE), memory_limit=3e6)
    assert found.stopped == "memory limit"
    assert found.lower <= found.upper
    assert found.lower >= UNSHARED[6] - 101  # a policy is there


def test_progress_shows_the_bracket():
    shown = []
    solve_team(Information(dectiger(7), NONE), time_limit=1.5, progress=lambda *told: shown.append(told))
    assert any(stage.startswith("bracket ") and ".." in stage for stage, _, _ in shown)
    assert all(total == 1 for _, _, total in shown)


def test_ctrl_c_keeps_the_bracket_and_the_handler():
    before = signal.getsignal(signal.SIGINT)
    threading.Timer(0.7, signal.raise_signal, (signal.SIGINT,)).start()
    begun = time.monotonic()
    found = solve_team(Information(dectiger(8), NONE), time_limit=60)
    assert found.stopped == "interrupted"
    assert time.monotonic() - begun < 50
    assert found.lower <= found.upper
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("table", [NONE, delayed(2)], ids=["none", "delayed"])
def test_discount_0_counts_the_first_step_alone(table):
    """Listening costs 2 together and is the best first action (Nair et al. 2003)."""
    found = solve_team(Information(dataclasses.replace(dectiger(3), discount=0.0), table))
    assert found.stopped is None
    assert found.lower == pytest.approx(-2.0) and found.upper == pytest.approx(-2.0)
    assert len(found.policy.agents[0].steps) == 3
