"""Policies of few nodes earn what is claimed, never more than the optimum; richer protocols bound it from above."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from support.games import dectiger, random_game, shapes

from posgc.coordination.layered import layered
from posgc.coordination.limits import Limits
from posgc.coordination.search import Search
from posgc.coordination.team import _told_late, solve_team
from posgc.information.items import Information
from posgc.judge.choose import judge
from posgc.language.sharing.lag_table import NEVER, LagTable

EXACT = 1e-9
"""Absolute; values are of order 1."""
NONE = LagTable("none", ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0)))


def never() -> bool:
    return False


@settings(max_examples=40, deadline=None)
@given(shapes(rewards=("common",), max_agents=2, structures=("none", "full", "one_step", "controlled", "uncontrolled")))
def test_values_are_those_of_the_judge_and_below_the_optimum(shape):
    model, table = random_game(shape)
    assume(table.forget is None)
    information = Information(model, table)
    search = Search(information, 1e-9, never)
    found = layered(search.steps, search.relaxation, 1e-6, never)
    assume(found is not None)
    value, policy = found
    judged = judge(information, policy, "nash", 10**6, None, None)
    assert judged.values[0] == pytest.approx(value, abs=EXACT)
    optimum = solve_team(information)
    assert value <= optimum.upper + EXACT


@settings(max_examples=40, deadline=None)
@given(shapes(rewards=("common",), structures=("any",)))
def test_who_is_told_one_step_late_earns_no_less(shape):
    model, table = random_game(shape)
    information = Information(model, table)
    assume(table.forget is None)
    assert (
        _told_late(Search(information, 1e-9, never), Limits(None), never).upper >= solve_team(information).lower - EXACT
    )


def test_dectiger_ten_steps():
    """The optimum for 10 steps without sharing is 15.184 (masplan.org/optimal_values, from Dibangoye et al. 2013)."""
    search = Search(Information(dectiger(10), NONE), 1e-9, never)
    found = layered(search.steps, search.relaxation, 1e-4, never)
    assert found is not None
    assert found[0] == pytest.approx(15.184, abs=1e-3)


def test_late_news_and_three_agents_are_not_served():
    late = LagTable("late", ((1, 3), (3, 1)), ((0, 2), (2, 0)))
    search = Search(Information(dectiger(4), late), 1e-9, never)
    assert layered(search.steps, search.relaxation, 1e-6, never) is None
