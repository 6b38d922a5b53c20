"""CCE and CE over all deterministic joint prescriptions, listed: one linear programme a node, many in a call.

Exact (Liu and Zhang 2023, Def. 9 and 10): with every prescription a column, the programme of `master.py` is
the whole set, in agent or strategic form.  The bound comes from the multipliers, not from the solver's word.
With no objective a column that is a pure equilibrium by itself is taken where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from posgc.equilibrium.correlated.master import Answer, Columns, balanced, solve_master
from posgc.equilibrium.correlated.programme import local_response, mixture_programme
from posgc.equilibrium.correlated.selection import Aim, Scale, Selection
from posgc.equilibrium.correlated.strategic import remapping_rows
from posgc.equilibrium.gaps import behaviour
from posgc.equilibrium.stage import Floats, Ints
from posgc.equilibrium.team.variables import mixed_radix

__all__ = ["Form", "Listing", "all_prescriptions", "listing", "pure", "select_linear"]

Form = Literal["cce", "ce", "ce_strategic"]
EXACT = 1e-12  # gain, in the agent's unit, up to which a column is a pure equilibrium


@dataclass(frozen=True, eq=False)
class Listing:
    """All deterministic joint prescriptions of a batch of c nodes, and what they are worth."""

    chosen: list[Ints]  # for each agent i [C, P_i], the actions that the columns prescribe
    # for each agent i [c, C, P_i, A_i], what its actions pay against the others' part of each column
    response: list[Floats]
    columns: Columns  # the same as coefficients of the programme
    form: Form

    def solve(self, aim: Aim) -> Answer:
        """The aim at its best over all mixtures that obey the conditions."""
        return solve_master(self.columns, aim)

    def spent(self, paid: Floats) -> Floats:
        """[c, C] what every column pays at the multipliers [c, R] of the conditions."""
        spent: Floats = np.einsum("cr,crk->ck", balanced(paid, self.shapes, self.form), self.columns.rows)
        return spent

    def part(self, nodes: Ints) -> Listing:
        """The same for some of the nodes."""
        return Listing(self.chosen, [g[nodes] for g in self.response], self.columns.part(nodes), self.form)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(P_i, A_i) of every agent."""
        return [g.shape[2:] for g in self.response]


def all_prescriptions(counts: list[int], actions: tuple[int, ...]) -> list[Ints]:
    """Per agent [C, P_i]: all deterministic joint prescriptions in lexicographic order."""
    sizes = [a for a, p in zip(actions, counts, strict=True) for _ in range(p)]
    return np.split(mixed_radix(np.array(sizes)), np.cumsum(counts)[:-1], axis=1)


def listing(payoff: list[Floats], types: Ints, form: Form) -> Listing:
    """payoff[i] [c, U, A_1..A_n], least 0 in each u and of unit range; the caller bounds the columns."""
    counts = [int(row.max()) + 1 for row in types]
    actions = payoff[0].shape[2:]
    chosen = all_prescriptions(counts, actions)
    response = [local_response(part, [t[None] for t in chosen], types, i) for i, part in enumerate(payoff)]
    played = [behaviour(table, a)[None] for table, a in zip(chosen, actions, strict=True)]
    if form == "ce_strategic":
        rows = remapping_rows(chosen, response)
        value = np.stack([np.einsum("xkpa,ckpa->ck", x, g) for x, g in zip(played, response, strict=True)])
        return Listing(chosen, response, Columns(rows, np.zeros((rows.shape[1], 0)), value), form)
    programme = mixture_programme(played, response, form)
    size = len(chosen[0])
    columns = Columns(programme.a[:, :, :size], programme.a[0, :, size:], np.stack(programme.value))
    return Listing(chosen, response, columns, form)


def pure(game: Listing, tolerated: Floats) -> Ints:
    """[c] the first column that is a pure equilibrium up to gains `tolerated` [n, c], -1 where there is none."""
    obeys = np.ones(game.columns.value.shape[1:], dtype=bool)
    for g, value, most in zip(game.response, game.columns.value, tolerated, strict=True):
        # against a single column a deviation of any form gains what the best answer at every p_i gains
        obeys &= g.max(axis=3).sum(axis=2) - value <= np.maximum(EXACT, most)[:, None]
    found: Ints = np.where(obeys.any(axis=1), obeys.argmax(axis=1), -1)
    return found


def select_linear(game: Listing, selection: Selection, scale: Scale, most: int) -> tuple[Floats, Floats, Floats]:
    """(w [c, C], reached [c], upper [c]) of a linear selection or none, in units of the node's largest.

    `most` bounds every Q_i.  Raises SolverFailed.
    """
    aim = Aim.linear(selection, scale)
    if selection.kind != "egalitarian":
        answer = game.solve(aim)
        return answer.w, answer.objective, _bound(game, aim, answer)
    aim = Aim.least_value(scale, most)
    first = game.solve(aim)
    answer = game.solve(aim.after(selection, first.objective))
    return answer.w, first.objective, _bound(game, aim, first)


def _bound(game: Listing, aim: Aim, answer: Answer) -> Floats:
    """[c] Lagrange's bound on the aim over all mixtures that obey the conditions; `aim` without a floor."""
    # the maximum runs over all columns, so that any multipliers give a bound, and good ones a close bound
    worth = np.einsum("ic,ick->ck", aim.weight + answer.lifted * aim.share, game.columns.value)
    worth -= game.spent(answer.paid)
    bound: Floats = worth.max(axis=1) + (answer.lifted * aim.shift).sum(axis=0)
    return bound
