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

from posgc.equilibrium.gaps import played_response, sum_by_type
from posgc.equilibrium.stage import Floats, Ints
from posgc.equilibrium.team.branch import Branched, alternate, branch_and_bound, random_starts
from posgc.equilibrium.team.milp import solve_integer
from posgc.equilibrium.team.variables import Variables

__all__ = ["LargeTeam", "TeamOptions", "solve_large_team"]

FIRST = 20_000  # branches before a MILP is tried: about 0.1 s


@dataclass(frozen=True)
class TeamOptions:
    """How hard a team optimum is searched for.

    The limits count work, not seconds, so that the same stage always gets the same answer. A node that meets all of
    them, or that ends within `epsilon`, has `optimal` False and its `upper` bound. Raises ValueError for a negative
    or infinite epsilon and no restarts.
    """

    # prescriptions G of a node up to which they are enumerated; beyond, branch and bound is faster (measured)
    max_enumeration: int = 4096
    max_branches: int = 2_000_000  # partial prescriptions that a node's branch and bound may expand
    max_programme: int = 8_192  # variables U prod A_i up to which a MILP is tried; 0 for never
    max_tree: int = 20  # nodes of the MILP's search tree
    restarts: int = 32  # starts of the alternating maximisation that gives the incumbent
    seed: int = 0  # of those starts
    epsilon: float = 0.0  # how far below the optimum a node beyond enumeration may stay, payoff units

    def __post_init__(self) -> None:
        if not 0.0 <= self.epsilon < np.inf:
            raise ValueError(f"epsilon must be a finite number >= 0, not {self.epsilon}")
        if self.restarts < 1:
            raise ValueError("restarts must be at least 1")


@dataclass(frozen=True, eq=False)
class LargeTeam:
    """The team prescription of one large stage, with a bound."""

    actions: list[Ints]  # for each agent i [1, P_i]
    value: float  # of `actions`, payoff units
    upper: float  # >= the optimum, payoff units
    how: Literal["branch-and-bound", "MILP", "within epsilon", "bounded"]  # what proved it optimal, if anything did

    @property
    def proven(self) -> bool:
        """Whether it is optimal: up to rounding, or up to the programme's tolerances."""
        return self.how in ("branch-and-bound", "MILP")


def solve_large_team(payoff: Floats, types: Ints, order: Variables, options: TeamOptions) -> LargeTeam:
    """payoff [U, A_1..A_n], types [n, U] without gaps."""
    starts = random_starts(types, payoff.shape[1:], options.restarts, options.seed)
    programme = payoff.size <= options.max_programme
    first = min(options.max_branches, FIRST) if programme else options.max_branches
    found = branch_and_bound(payoff, types, order, first, starts, options.epsilon)
    if found.upper <= found.value + options.epsilon or found.optimal or not programme:
        return _named(found, found.upper, options.epsilon)
    integer = solve_integer(payoff, types, options.max_tree, found.value, options.epsilon)
    if integer.actions is not None:
        better = alternate(payoff, types, integer.actions)
        value = _value(payoff, types, better)
        if value > found.value:
            found = Branched(better, value, max(found.upper, value), False, found.branches)
    upper = min(found.upper, integer.upper)
    # HiGHS's incumbent was evaluated anew: the proof holds for our prescription only if it is as good as claimed
    if integer.optimal and integer.upper - found.value <= integer.tolerance:
        return LargeTeam(found.actions, found.value, max(upper, found.value), "MILP")
    if options.max_branches > first and upper > found.value + options.epsilon:
        found = branch_and_bound(payoff, types, order, options.max_branches, found.actions, options.epsilon)
    return _named(found, min(upper, found.upper), options.epsilon)


def _named(found: Branched, upper: float, epsilon: float) -> LargeTeam:
    how: Literal["branch-and-bound", "within epsilon", "bounded"] = "branch-and-bound" if found.optimal else "bounded"
    if not found.optimal and upper <= found.value + epsilon:
        how = "within epsilon"
    return LargeTeam(found.actions, found.value, max(upper, found.value), how)


def _value(payoff: Floats, types: Ints, actions: list[Ints]) -> float:
    """The payoff of a deterministic joint prescription."""
    played = [chosen[:, row] for chosen, row in zip(actions, types, strict=True)]
    response = played_response(payoff.reshape(1, len(payoff), -1), played, 0, payoff.shape[1:])
    gradient = sum_by_type(response, types[0], int(types[0].max()) + 1)
    return float(np.take_along_axis(gradient, actions[0][..., None], axis=2).sum())
