"""One stage whose prescriptions are too many to list: branch and bound, or a MILP, whichever ends first.

Branch and bound (`branch.py`) proves most stages in milliseconds; the programme (`milp.py`) costs tens of
milliseconds at the least, and is quick where its relaxation is tight: many private informations of which few
combinations occur.  Measured on random and on belief-driven stages, n = 2 and 3, up to P = 40 and A = 4, the
programme won only where `FIRST` branches had not sufficed, and then mostly at the root of its tree.  So: a
first portion of branches, the programme if it is small enough, the remaining branches.  What is still open has
an incumbent from alternating maximisation and the lesser of the two upper bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from posgc.equilibrium.branch import Branched, alternate, branch_and_bound, random_starts
from posgc.equilibrium.gaps import played_response, sum_by_type
from posgc.equilibrium.milp import solve_integer
from posgc.equilibrium.stage import Floats, Ints
from posgc.equilibrium.variables import Variables

__all__ = ["LargeTeam", "TeamLimits", "solve_large_team"]

FIRST = 20_000  # branches before a MILP is tried: about 0.1 s


@dataclass(frozen=True)
class TeamLimits:
    """Deterministic limits, see `TeamOptions`."""

    max_branches: int
    max_programme: int
    max_tree: int
    restarts: int
    seed: int


@dataclass(frozen=True, eq=False)
class LargeTeam:
    """`actions[i]` [1, P_i]; `value` <= optimum <= `upper`; `how` names the method that proved it, if any."""

    actions: list[Ints]
    value: float
    upper: float
    how: Literal["branch-and-bound", "MILP", "bounded"]


def solve_large_team(payoff: Floats, types: Ints, order: Variables, limits: TeamLimits) -> LargeTeam:
    """payoff [U, A_1..A_n], types [n, U] without gaps."""
    starts = random_starts(types, payoff.shape[1:], limits.restarts, limits.seed)
    programme = payoff.size <= limits.max_programme
    first = min(limits.max_branches, FIRST) if programme else limits.max_branches
    found = branch_and_bound(payoff, types, order, first, starts)
    if found.optimal or not programme:
        return _named(found, found.upper)
    integer = solve_integer(payoff, types, limits.max_tree)
    if integer.actions is not None:
        better = alternate(payoff, types, integer.actions)
        value = _value(payoff, types, better)
        if value > found.value:
            found = Branched(better, value, max(found.upper, value), False, found.branches)
    if integer.optimal and integer.upper - found.value <= integer.tolerance:
        return LargeTeam(found.actions, found.value, max(min(integer.upper, found.upper), found.value), "MILP")
    upper = min(found.upper, integer.upper)
    if limits.max_branches > first:
        found = branch_and_bound(payoff, types, order, limits.max_branches, found.actions)
    return _named(found, min(upper, found.upper))


def _named(found: Branched, upper: float) -> LargeTeam:
    how: Literal["branch-and-bound", "bounded"] = "branch-and-bound" if found.optimal else "bounded"
    return LargeTeam(found.actions, found.value, max(upper, found.value), how)


def _value(payoff: Floats, types: Ints, actions: list[Ints]) -> float:
    """The payoff of a deterministic joint prescription."""
    played = [chosen[:, row] for chosen, row in zip(actions, types, strict=True)]
    response = played_response(payoff.reshape(1, len(payoff), -1), played, 0, payoff.shape[1:])
    gradient = sum_by_type(response, types[0], int(types[0].max()) + 1)
    return float(np.take_along_axis(gradient, actions[0][..., None], axis=2).sum())
