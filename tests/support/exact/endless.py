"""A discounted game without end: a bracket on its value in fractions, where the exact beliefs are finitely many.

Value iteration from the least that can still come is a lower bound at every step (Puterman 1994, section 6.3).  From
the largest it is the same plus discount^T times their difference, since a constant added to all values of the next
step adds discount times that to the values of this one.  Values are rounded down to multiples of 1 / `GRID`, which
keeps fractions short, and what that can lose is added to the upper end.  Needs a game in which nothing changes with
the step; items are renamed after each step so that the step is always 1.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from support.exact.beliefs import Belief, Beliefs, Known, primitive
from support.exact.game import Digits, Refused
from support.exact.values import Kind, ends, stage_value

__all__ = ["closed_beliefs", "closed_states", "endless_value"]

GRID = 1 << 160
CLOSED = 150
"""Beliefs of a game without end at most."""


def closed_states(beliefs: Beliefs) -> set[Digits]:
    """Every state that can ever be reached."""
    states = beliefs.game.states(1)
    while not (following := beliefs.game.after(1, states)) <= states:
        states |= following
    return states


def _earlier(known: Known) -> Known:
    return tuple(((t - 1, kind, v), value) for (t, kind, v), value in known)


def _renamed(belief: Belief) -> Belief:
    return primitive({(tuple(map(_earlier, u)), s): w for (u, s), w in belief})[0]


def closed_beliefs(beliefs: Beliefs) -> dict[Belief, dict[Known, Belief]]:
    """Every belief that can ever be reached, and where each increment leads.

    Raises Refused past `CLOSED`, ValueError where Assumption 3 fails.
    """
    found: dict[Belief, dict[Known, Belief]] = {}
    waiting = [belief for _, _, belief in beliefs.roots()]
    while waiting:
        belief = waiting.pop()
        if belief in found:
            continue
        if len(found) >= CLOSED:
            raise Refused(f"more than {CLOSED} beliefs without end")
        stage = beliefs.stage(1, belief)
        if beliefs.defect_here(1, stage):
            raise ValueError("Assumption 3 fails")
        found[belief] = {z: _renamed(stage.posterior(z)) for z in stage.increments}
        waiting += found[belief].values()
    return found


def endless_value(beliefs: Beliefs, kind: Kind, weight: Fraction) -> tuple[Fraction, Fraction]:
    """[lower, upper] of the first agent's value, after as many steps as bring discount^T to `weight`."""
    graph, discount = closed_beliefs(beliefs), beliefs.game.discount
    least, most = ends(beliefs.game, 1, closed_states(beliefs))[0]
    lower, left, rounded = dict.fromkeys(graph, least / (1 - discount)), Fraction(1), Fraction(0)
    while left > weight:
        lower = {b: _down(_backed_up(beliefs, kind, b, edges, lower)) for b, edges in graph.items()}
        left, rounded = left * discount, rounded * discount + Fraction(1, GRID)
    value = sum((p * lower[belief] for _, p, belief in beliefs.roots()), Fraction(0))
    return value, value + left * (most - least) / (1 - discount) + rounded


def _backed_up(
    beliefs: Beliefs, kind: Kind, belief: Belief, edges: dict[Known, Belief], ahead: dict[Belief, Fraction]
) -> Fraction:
    return stage_value(beliefs, 1, beliefs.stage(1, belief), kind, {z: ahead[to] for z, to in edges.items()})


def _down(x: Fraction) -> Fraction:
    return Fraction(floor(x * GRID), GRID)
