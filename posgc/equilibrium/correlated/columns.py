"""Column generation: the best CCE or agent-form CE of stages with too many prescriptions to list.

The programme over mixtures of deterministic joint prescriptions (`master.py`) is solved over the columns met
so far.  Its multipliers price any other column g by a sum that is local in u, so that the best column is the
team optimum of a common-payoff stage (`team.py`): where it is worth no more than the mixture at hand, that
mixture is optimal; otherwise g enters (Dantzig and Wolfe 1960; Gilmore and Gomory 1961).  Every exact pricing
also bounds the optimum (Lagrange), so that a run stopped early says within what it is optimal.

Coordinate ascent from many starts prices first, for all active nodes together; the team oracle is asked where
it finds nothing.  Conditions may be exceeded at a price until the columns admit an equilibrium; the penalty
is raised where a converged run still pays it.

What may be left undone is `Tolerance`: a node is done once its gains are tolerated and a bound is that close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from posgc.equilibrium.correlated.master import (
    FEASIBLE,
    OPTIMAL,
    Answer,
    Columns,
    balanced,
    exchanges,
    price,
    solve_master,
)
from posgc.equilibrium.correlated.programme import by_agent, gains, local_response, mixture_programme
from posgc.equilibrium.correlated.selection import Aim
from posgc.equilibrium.gaps import behaviour
from posgc.equilibrium.stage import Bools, Floats, Ints, Stages
from posgc.equilibrium.team.oracle import TeamOptions, solve_team

__all__ = ["Generated", "Generation", "Tolerance"]

FIRST_PENALTY, LAST_PENALTY = 10.0, 1e7
STARTS = 8  # of the ascent, per node and round; as many columns may enter at once
SMOOTH = 0.5  # of the last prices in those that ascent sees (Neame 1999); 0, 0.8 and 0.9 need more rounds (measured)
SPARE = 400  # columns kept beyond twice the conditions; with 40 the dropped ones come back, for ever (measured)


@dataclass(frozen=True, eq=False)
class Tolerance:
    """What may be left undone on c nodes; zeros ask for `FEASIBLE` and `OPTIMAL`."""

    gain: Floats  # [n, c], what an agent may gain by deviating, in its unit
    short: Floats  # [c], by how much the aim may fall short of its bound, in units of the node's largest


@dataclass(frozen=True, eq=False)
class Generated:
    """The mixture that column generation ends with on c nodes, and what is proved of it."""

    w: Floats  # [c, C], the weights of the columns
    chosen: list[Ints]  # for each agent i [c, C, P_i], the actions that the columns prescribe
    excess: Floats  # [c], by how much the conditions are exceeded
    within: Bools  # [c], whether the conditions hold up to `FEASIBLE`, or are exceeded by gains that are tolerated
    upper: Floats  # [c], a bound on the aim's optimum, in units of the node's largest; infinite where none was sought
    reached: Floats  # [c], the value of the aim here, in the same units
    rounds: int  # of pricing, so far


class Generation:
    """The columns of a batch of nodes, grown by `maximise` for one aim after the other."""

    def __init__(
        self,
        payoff: list[Floats],
        types: Ints,
        kind: Literal["cce", "ce"],
        limit: int,
        options: TeamOptions,
        tolerance: Tolerance,
    ) -> None:
        """payoff[i] [c, U, A_1..A_n], least 0 in each u and of unit range; `limit` of pricing rounds."""
        self.payoff, self.types, self.kind, self.limit, self.options = payoff, types, kind, limit, options
        self.tolerated, self.short = tolerance.gain, np.maximum(tolerance.short, OPTIMAL)
        self.nodes = np.arange(len(payoff[0]))
        self.actions = payoff[0].shape[2:]
        self.counts = [int(row.max()) + 1 for row in types]
        self.shapes = list(zip(self.counts, self.actions, strict=True))
        self.rng = np.random.default_rng(options.seed)
        self.rounds = 0
        self.chosen = self._best_of_each()
        self.columns = self._conditions(self.nodes, self.chosen)
        self.slackened = np.ones(self.columns.rows.shape[1], dtype=bool)
        # a CCE defines t(i, p) by rows that a larger t always meets; only the agents' own rows, the last, can be
        # broken
        if kind == "cce":
            self.slackened[: -len(types)] = False

    def _best_of_each(self) -> list[Ints]:
        """First columns: what ascent makes of every agent's payoff and of their sum."""
        found = [self._ascend(self.nodes, part, self._random(self.nodes, 2)) for part in self.payoff]
        found.append(self._ascend(self.nodes, sum(self.payoff[1:], self.payoff[0]), self._random(self.nodes, STARTS)))
        return [np.concatenate([f[i] for f in found], axis=1) for i in range(len(self.types))]

    def _random(self, nodes: Ints, starts: int) -> list[Ints]:
        return [
            self.rng.integers(a, size=(len(nodes), starts, p)) for a, p in zip(self.actions, self.counts, strict=True)
        ]

    def _ascend(self, nodes: Ints, payoff: Floats, chosen: list[Ints]) -> list[Ints]:
        """Coordinate ascent on `payoff` (of all `nodes`, in order) until no start of any node improves."""
        value = np.full(chosen[0].shape[:2], -np.inf)
        while True:
            for i in range(len(self.types)):
                response = local_response(payoff, chosen, self.types, i)
                chosen[i] = response.argmax(axis=3)
            now = response.max(axis=3).sum(axis=2)
            # only what exceeds rounding counts as better, or ties could alternate for ever
            if not (now > value + 1e-9 * abs(now)).any():
                return chosen
            value = np.maximum(value, now)

    def _conditions(self, nodes: Ints, chosen: list[Ints]) -> Columns:
        response = [local_response(part[nodes], chosen, self.types, i) for i, part in enumerate(self.payoff)]
        played = [
            behaviour(table.reshape(-1, p), a).reshape(*table.shape, a)
            for table, p, a in zip(chosen, self.counts, self.actions, strict=True)
        ]
        programme = mixture_programme(played, response, self.kind)
        size = chosen[0].shape[1]
        return Columns(programme.a[:, :, :size], programme.a[0, :, size:], np.stack(programme.value))

    def maximise(self, aim: Aim) -> Generated:
        """Grow the columns until the aim is at its best on every node, or the rounds are spent."""
        c = len(self.nodes)
        upper, penalty = np.full(c, np.inf), np.full(c, FIRST_PENALTY)
        last = self._solve(self.nodes, aim, penalty)
        w, excess, reached = last.w, last.excess, last.objective
        within, began = self._within(self.nodes, last), self.rounds
        # nothing wanted but an equilibrium up to what is tolerated: no bound is needed
        active = self.nodes if aim.wanted else np.flatnonzero(~within)
        last = last.part(active)
        smooth: list[Floats] | None = None
        while len(active) and self.rounds - began < self.limit:
            self.rounds += 1
            part = aim.part(active)
            prices = self._prices(part, last)
            before = prices if smooth is None else smooth
            # prices far from the optimum swing from round to round; smoothed ones find columns that stay of use
            smooth = [SMOOTH * s + (1 - SMOOTH) * p for s, p in zip(before, prices, strict=True)]
            bound, settled, entering = self._enter(active, last, w[active], prices, smooth)
            upper[active] = np.minimum(upper[active], bound)
            # the run has converged and still pays for broken conditions: some equilibrium may need columns that were
            # not worth their price at this penalty
            paying = settled & ~within[active] & (penalty[active] < LAST_PENALTY)
            penalty[active[paying]] *= 10.0
            left = ~settled | paying
            active = active[left]
            if not len(active):
                break
            smooth = [s[left] for s in smooth]
            self._add(active, [table[left] for table in entering])
            w = np.concatenate([w, np.zeros((c, self.chosen[0].shape[1] - w.shape[1]))], axis=1)
            last = self._solve(active, aim, penalty)
            w[active], excess[active], reached[active] = last.w, last.excess, last.objective
            within[active] = self._within(active, last)
            if not aim.wanted:
                left = ~within[active]
                active, last, smooth = active[left], last.part(np.flatnonzero(left)), [s[left] for s in smooth]
            w = self._shed(w)
        # the value of the aim itself: the programme had subtracted the penalty
        return Generated(w, self.chosen, excess, within, upper, reached + penalty * excess, self.rounds)

    def _within(self, active: Ints, last: Answer) -> Bools:
        """[c'] whether the conditions hold, or are exceeded by gains that are tolerated."""
        held = (self.columns.rows[active] @ last.w[:, :, None])[:, :, 0]
        few = (gains(held, self.shapes, self.kind) <= self.tolerated[:, active]).all(axis=0)
        holds: Bools = few | (last.excess <= FEASIBLE)
        return holds

    def _solve(self, active: Ints, aim: Aim, penalty: Floats) -> Answer:
        return solve_master(self.columns.part(active), aim.part(active), penalty[active], self.slackened)

    def _prices(self, aim: Aim, last: Answer) -> list[Floats]:
        """The constant [c'] of the bound, then E_i of every agent: linear in the multipliers."""
        paid = by_agent(balanced(last.paid, self.shapes, self.kind), self.shapes, self.kind)
        constant = (last.lifted * (aim.shift - (0.0 if aim.floor is None else aim.floor))).sum(axis=0)
        return [constant, *exchanges(paid, aim.weight + last.lifted * aim.share)]

    def _local(self, nodes: Ints, prices: list[Floats]) -> Floats:
        return price([p[nodes] for p in self.payoff], prices[1:], self.types)

    def _enter(
        self, active: Ints, last: Answer, w: Floats, prices: list[Floats], smooth: list[Floats]
    ) -> tuple[Floats, Bools, list[Ints]]:
        """Bounds on the aim [c'], infinite where none was sought; whether no column can improve; columns to enter.

        Ascent at the smoothed prices; where none of its columns improves, at the prices themselves; then the
        team oracle.
        """
        local, short = self._local(active, prices), self.short[active]
        entering = self._ascend(active, self._local(active, smooth), self._starts(active, w))
        # a column improves the mixture only where its price is above what the mixture earns (a positive reduced cost)
        target = last.objective + short - prices[0]
        poor = np.flatnonzero(self._best_new(active, local, entering) <= target)
        if len(poor):
            again = self._ascend(active[poor], local[poor], self._starts(active[poor], w[poor]))
            for table, fresh in zip(entering, again, strict=True):
                table[poor] = fresh
        bound, settled = np.full(len(active), np.inf), np.zeros(len(active), dtype=bool)
        best = self._best_new(active[poor], local[poor], [table[poor] for table in entering])
        poor = poor[best <= target[poor]]
        if len(poor):
            found = solve_team(self._stages(local[poor]), self.options)
            assert found.upper is not None
            bound[poor] = found.upper + prices[0][poor]
            column = [table[:, None].astype(np.int64) for table in found.tables]
            close = bound[poor] <= last.objective[poor] + short[poor]
            # the best of all columns is worth no more, or is there already, with a reduced cost that is 0 but for
            # rounding
            settled[poor] = close | self._known(active[poor], column)[:, 0]
            for table, one in zip(entering, column, strict=True):
                table[poor, 0] = one[:, 0]
        return bound, settled, entering

    def _known(self, nodes: Ints, chosen: list[Ints]) -> Bools:
        """[c, S] which of the columns [c, S, P_i] are there already."""
        same = np.ones((len(nodes), chosen[0].shape[1], self.chosen[0].shape[1]), dtype=bool)
        for old, new in zip(self.chosen, chosen, strict=True):
            for p in range(new.shape[2]):
                same &= old[nodes, None, :, p] == new[:, :, None, p]
        return np.asarray(same.any(axis=2), dtype=np.bool_)

    def _best_new(self, nodes: Ints, local: Floats, chosen: list[Ints]) -> Floats:
        """[c] the most that a column not there yet is worth; those that are cannot improve but by rounding."""
        value = local_response(local, chosen, self.types, 0)
        own = np.take_along_axis(value, chosen[0][..., None], axis=3)[..., 0].sum(axis=2)
        most: Floats = np.where(self._known(nodes, chosen), -np.inf, own).max(axis=1, initial=-np.inf)
        return most

    def _stages(self, local: Floats) -> Stages:
        n_types = self.types.shape[1]
        # the payoff has the prior folded in; of the weights only their support is read
        weight = np.full((len(local), n_types), 1.0 / n_types)
        return Stages(local[None], self.types, tuple(self.counts), weight, "common")

    def _starts(self, active: Ints, w: Floats) -> list[Ints]:
        """Half of the starts at the columns of largest weight, half at random."""
        heavy = np.argsort(-w, axis=1, kind="stable")[:, : STARTS // 2]
        fresh = self._random(active, STARTS - heavy.shape[1])
        return [
            np.concatenate([np.take_along_axis(table[active], heavy[:, :, None], axis=1), new], axis=1)
            for table, new in zip(self.chosen, fresh, strict=True)
        ]

    def _add(self, active: Ints, entering: list[Ints]) -> None:
        """New columns of the active nodes; the others repeat their first column, which changes nothing."""
        size = entering[0].shape[1]
        new = [np.repeat(table[:, :1], size, axis=1) for table in self.chosen]
        for table, part in zip(new, entering, strict=True):
            table[active] = part
        self.chosen = [np.concatenate(pair, axis=1) for pair in zip(self.chosen, new, strict=True)]
        more = self._conditions(self.nodes, new)
        self.columns = Columns(
            np.concatenate([self.columns.rows, more.rows], axis=2),
            more.free,
            np.concatenate([self.columns.value, more.value], axis=2),
        )

    def _shed(self, w: Floats) -> Floats:
        """Keep memory and programmes bounded: drop the oldest columns of no weight."""
        keep = 2 * self.columns.rows.shape[1] + SPARE
        size = w.shape[1]
        if size <= keep + 4 * STARTS:
            return w
        # columns in use first, then the youngest: an old column without weight is the least likely to come back
        rank = np.where(w > 0, size, 0) + np.arange(size)
        kept = np.sort(np.argsort(-rank, axis=1, kind="stable")[:, :keep], axis=1)
        self.chosen = [np.take_along_axis(table, kept[:, :, None], axis=1) for table in self.chosen]
        self.columns = Columns(
            np.take_along_axis(self.columns.rows, kept[:, None], axis=2),
            self.columns.free,
            np.take_along_axis(self.columns.value, kept[None], axis=2),
        )
        return np.take_along_axis(w, kept, axis=1)
