"""The polymatrix game that a stage looks like near a profile, as a linear complementarity problem.

Make every (agent i, private information p) a player of its own.  At a product x of prescriptions, with

    D_ij[(p, a), (q, b)] = sum_{u : p_i = p, p_j = q} sum_{others} U_i(u, a, b, others) prod_{l != i, j} x_l

the payoff of a at (i, p) against y is approximated by sum_{j != i} D_ij y_j - (n - 2) g_i(x): pairwise, exact
at y = x in value and slope, so its equilibria y = x are exactly the stage's; iterating it is Newton's method
(Govindan and Wilson 2004, iterated polymatrix approximation).  For n = 2 it is the stage itself, whatever x
(the Bayesian bimatrix games of Howson and Rosenthal 1974, the one-level case of the sequence form of Koller,
Megiddo and von Stengel 1996).  An equilibrium of a polymatrix game solves (Howson 1972)

    w = C y - E' v + h >= 0,   s = E y - 1 >= 0,   y, v >= 0,   y . w = v . s = 0

with costs C > 0 between players of different agents, 0 otherwise, and h >= 0; E sums a player's actions.  A
solution has v > 0, hence E y = 1.  On a ray that Lemke's algorithm could end on, z' M z = 0 leaves actions to
one agent only; complementarity with the other end of the ray, whose covering term is positive, rules out
those, and then every v: so it ends in an equilibrium unless rounding interferes.

Costs may be shifted by a constant per (p, q) and scaled per player, which makes private informations of very
different mass look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from posgc.equilibrium.gaps import sum_by_type
from posgc.equilibrium.solvers.lcp import batched_lemke
from posgc.equilibrium.stage import Bools, Floats, Ints

__all__ = ["Slots", "polymatrix_equilibria"]

NOISE = 1e-12  # probabilities at most this come out as 0


@dataclass(frozen=True)
class Slots:
    """Where each agent's block lies in the long vector of all behaviours.

    Agent i's block begins at `start[i]`, one of `total` = sum P_i A_i places; `players` = sum P_i.
    """

    counts: tuple[int, ...]  # P_i of every agent
    actions: tuple[int, ...]  # A_i of every agent

    @property
    def sizes(self) -> list[int]:
        return [p * a for p, a in zip(self.counts, self.actions, strict=True)]

    @property
    def start(self) -> list[int]:
        return [int(x) for x in np.cumsum([0, *self.sizes])[:-1]]

    @property
    def total(self) -> int:
        return sum(self.sizes)

    @property
    def players(self) -> int:
        return sum(self.counts)

    @property
    def rows(self) -> int:
        """Of the complementarity problem."""
        return self.total + self.players

    def owner(self) -> Ints:
        """[total]: the player (i, p) of every action."""
        return np.repeat(np.arange(self.players), np.repeat(self.actions, self.counts))

    def split(self, flat: Floats) -> list[Floats]:
        """Per agent [c, P_i, A_i]."""
        parts = np.split(flat, self.start[1:], axis=1)
        return [x.reshape(len(flat), p, a) for x, p, a in zip(parts, self.counts, self.actions, strict=True)]


def polymatrix_equilibria(
    payoff: Sequence[Floats], types: Ints, slots: Slots, x: Sequence[Floats], cover: Floats
) -> tuple[list[Floats], Bools]:
    """An equilibrium of every node's polymatrix game at x: tables [c, P_i, A_i], and which nodes have one.

    payoff[i] [c, U, A_1..A_n]; x[i] [c, P_i, A_i]; cover [rows] > 0 is Lemke's covering vector, and other
    vectors may lead to other equilibria.  Nodes without an answer keep x.
    """
    cost, linear = _costs(payoff, types, slots, x)
    c, places, players = len(cost), slots.total, slots.players
    membership = (slots.owner()[None] == np.arange(players)[:, None]).astype(np.float64)
    matrix = np.zeros((c, slots.rows, slots.rows))
    matrix[:, :places, :places] = cost
    matrix[:, :places, places:] = -membership.T
    matrix[:, places:, :places] = membership
    right = np.concatenate([linear, np.full((c, players), -1.0)], axis=1)
    answer = batched_lemke(matrix, right, cover)
    y = np.where(answer.z[:, :places] > NOISE, answer.z[:, :places], 0.0)
    mass = y @ membership.T
    # E y = 1 holds in exact arithmetic; a player without mass is a lost pivot
    good = answer.finished & (mass > 0).all(axis=1)
    y /= np.where(mass > 0, mass, 1.0)[:, slots.owner()]
    old = np.concatenate([part.reshape(c, -1) for part in x], axis=1)
    return slots.split(np.where(good[:, None], y, old)), good


def _costs(payoff: Sequence[Floats], types: Ints, slots: Slots, x: Sequence[Floats]) -> tuple[Floats, Floats]:
    """C [c, total, total] and h [c, total] of unit size."""
    n, c = len(types), len(payoff[0])
    cost, linear = np.zeros((c, slots.total, slots.total)), np.zeros((c, slots.total))
    played = [table[:, row] for table, row in zip(x, types, strict=True)]
    for i, (at, size) in enumerate(zip(slots.start, slots.sizes, strict=True)):
        p, a = slots.counts[i], slots.actions[i]
        own = np.zeros((c, p, a, slots.total))
        gradient = np.zeros((c, p, a))
        for j in range(n):
            if j != i:
                pair = _pair(payoff[i], played, i, j)  # [c, U, A_i, A_j]
                if n > 2 and not gradient.any():
                    gradient = sum_by_type(np.einsum("cuab,cub->cua", pair, played[j]), types[i], p)
                other = slots.start[j]
                for u in range(types.shape[1]):
                    block = slice(other + types[j, u] * slots.actions[j], other + (types[j, u] + 1) * slots.actions[j])
                    own[:, types[i, u], :, block] += pair[:, u]
        # the n - 1 pairwise terms each contain the value at x once: all but one are taken off
        self_term = (n - 2) * gradient
        unit = np.maximum(_ranges(own, slots), np.ptp(self_term, axis=2))
        unit = np.where(unit > 0, unit, 1.0)
        # costs must be positive between different agents (Howson 1972), so that v > 0 in a solution; adding 1 to all
        # of them changes no equilibrium, since every y_j sums to 1
        reduced = _shifted(own, slots) / unit[:, :, None, None] + 1.0
        reduced[..., at : at + size] = 0.0
        cost[:, at : at + size] = reduced.reshape(c, size, -1)
        # a constant added for all actions of a player changes none of its comparisons, and makes h >= 0
        raised = self_term - self_term.min(axis=2, keepdims=True)
        linear[:, at : at + size] = (raised / unit[:, :, None]).reshape(c, size)
    return cost, linear


def _pair(payoff: Floats, played: Sequence[Floats], i: int, j: int) -> Floats:
    """[c, U, A_i, A_j]: the payoff with everyone else's mixture summed out."""
    n = len(played)
    letters = "abdefghijklmnopqrstvwxyz"[:n]
    operands: list[Any] = [payoff]
    terms = ["cu" + letters]
    for l in range(n):
        if l not in (i, j):
            operands.append(played[l])
            terms.append("cu" + letters[l])
    result: Floats = np.einsum(",".join(terms) + "->cu" + letters[i] + letters[j], *operands)
    return result


def _by_player(own: Floats, slots: Slots) -> list[Floats]:
    """The columns [c, P_i, A_i, P_j, A_j] of every agent j."""
    parts = np.split(own, slots.start[1:], axis=3)
    return [x.reshape(*own.shape[:3], p, a) for x, p, a in zip(parts, slots.counts, slots.actions, strict=True)]


def _ranges(own: Floats, slots: Slots) -> Floats:
    """[c, P_i]: the largest range of payoffs against one other player."""
    ranges = [np.ptp(part, axis=(2, 4)).max(axis=2) for part in _by_player(own, slots)]
    largest: Floats = np.max(ranges, axis=0)
    return largest


def _shifted(own: Floats, slots: Slots) -> Floats:
    """Costs: what is missed of the best payoff against each other player."""
    parts = [part.max(axis=(2, 4), keepdims=True) - part for part in _by_player(own, slots)]
    return np.concatenate([part.reshape(*own.shape[:3], -1) for part in parts], axis=3)
