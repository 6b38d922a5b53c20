"""The CCE or CE of one layer, a group of nodes of equal support at a time, each by the way that suits its size."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from posgc.equilibrium.correlated.columns import SPARE, Generated, Generation, Tolerance
from posgc.equilibrium.correlated.entropy import maximise_entropy
from posgc.equilibrium.correlated.listed import Form, Listing, listing, pure, select_linear
from posgc.equilibrium.correlated.master import FEASIBLE, OPTIMAL
from posgc.equilibrium.correlated.mixture import Mixture
from posgc.equilibrium.correlated.options import CorrelatedOptions
from posgc.equilibrium.correlated.regret import play, weigh
from posgc.equilibrium.correlated.selection import Aim, Scale, Selection, TooLarge
from posgc.equilibrium.correlated.sparse_listed import sparse_listing
from posgc.equilibrium.correlated.strategic import row_count
from posgc.equilibrium.correlated.wide import wide_equilibrium
from posgc.equilibrium.gaps import certify
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.solvers.scaling import scaled
from posgc.equilibrium.stage import Bools, Floats, Ints, Stages, StageSolution

__all__ = ["LayerRun"]

PROGRAMME_BUDGET = 1 << 21  # coefficients of the programmes prepared at once (16 MiB)
LONE_BUDGET = 1 << 25  # coefficients of one node's programme, at most (256 MiB)
# joint prescriptions up to which listing all is faster than generating columns (measured, P 2..4, A 2..4)
LISTED_FASTER: dict[Form, int] = {"cce": 100, "ce": 700}
TALL = 1000  # conditions of a CE above which they are held sparsely (measured: faster than columns and dense rows)
TALLEST = 4000  # conditions above which columns are not generated: their dense rows would take a gigabyte
SPARSE_BUDGET = 1 << 21  # coefficients of a sparse programme; 500 MB in HiGHS for 100 x 100 actions
NOISE = 1e-12  # weights at most this are dropped
ABOVE = "gap above epsilon"


class LayerRun:
    """One layer: mixtures, bounds and proofs, collected group by group."""

    def __init__(self, stages: Stages, form: Form, selection: Selection, options: CorrelatedOptions) -> None:
        self.stages, self.form, self.selection, self.options = stages, form, selection, options
        self.mixture = Mixture(stages)
        self.upper = np.full(stages.n_nodes, np.inf)
        self.optimal = np.zeros(stages.n_nodes, dtype=bool)
        self.entropy = np.zeros(stages.n_nodes)
        ways = (
            "pure",
            "LP",
            "maximum entropy",
            "columns",
            "columns within epsilon",
            "columns stopped",
            "few actions",
            "regret",
        )
        self.tally = dict.fromkeys((*ways, ABOVE), 0)

    def solution(self) -> StageSolution:
        for group in support_groups(self.stages):
            ways = {"lp": self._list, "columns": self._generate, "regret": self._learn}
            (ways | {"sparse": self._list_sparsely, "wide": self._grow})[self._way(group)](group)
        indptr, weight, tables = self.mixture.finish()
        found = certify(self.stages, tables, self.form, "", indptr=indptr, weight=weight)
        if self.options.epsilon > 0:
            near = self.options.epsilon + FEASIBLE * self.stages.span()
            self.tally[ABOVE] = int((found.gap > near).any(axis=0).sum())
        method = f"{self.form}: " + ", ".join(f"{way} {count}" for way, count in self.tally.items() if count)
        found = replace(found, method=method)
        if self.selection.kind == "any":
            return found
        attained = self.entropy if self.selection.kind == "entropy" else self.selection.attained(found.value)
        assert attained is not None
        # the optimum of the exact set may lie below what a solution within the tolerance attains
        return replace(found, optimal=self.optimal, upper=np.maximum(self.upper, attained), objective=attained)

    def _way(self, group: Group) -> str:
        counts, actions = [len(p) for p in group.present], self.stages.actions
        # a float: the number of prescriptions may pass 2^63
        size = float(np.prod(np.array([float(a) ** p for p, a in zip(counts, actions, strict=True)])))
        way = self.options.way
        if way == "auto" and self.selection.kind != "entropy" and self.form != "ce_strategic":
            rows = self._rows(counts)
            if self.form == "ce" and rows > TALL and self._told(counts, size) <= SPARSE_BUDGET:
                return "sparse"
            if self.form == "ce" and rows > TALLEST:
                return "wide"
            return "lp" if size <= min(LISTED_FASTER[self.form], self.options.max_columns) else "columns"
        if way in ("columns", "regret"):
            return way
        self._require_listable(size, size * self._rows(counts))
        return "lp"

    def _told(self, counts: list[int], size: float) -> float:
        """Coefficients of the conditions of a CE that are not zero, at most."""
        return size * sum(p * a for p, a in zip(counts, self.stages.actions, strict=True))

    def _require_listable(self, size: float, coefficients: float) -> None:
        """Raises TooLarge with the limit that is met, and the options that make a list needless."""
        entropy, strategic, way = self.selection.kind == "entropy", self.form == "ce_strategic", self.options.way
        wanted = {"select=entropy": entropy, "form=strategic": strategic, "way=lp": not (entropy or strategic)}
        why = " and ".join(option for option, given in wanted.items() if given)
        found = f"all joint prescriptions are listed for {why}, and a stage has {size:.4g}"
        cures = {"select=welfare": entropy, "form=agent": strategic, "way=auto": way == "lp"}
        cure = f"{' and '.join(option for option, apt in cures.items() if apt)} would need no list"
        if size > self.options.max_columns:
            raise TooLarge(f"{found}, more than {self.options.max_columns}; {cure}")
        if coefficients > LONE_BUDGET:
            raise TooLarge(f"{found} with {coefficients:.4g} coefficients, more than {LONE_BUDGET}; {cure}")

    def _rows(self, counts: list[int]) -> float:
        """Conditions a node's programme has, at most."""
        if self.form == "ce_strategic":
            return row_count(counts, self.stages.actions)
        per_type = [a * (a if self.form == "ce" else 1) for a in self.stages.actions]
        return float(sum(p * r for p, r in zip(counts, per_type, strict=True)) + len(counts))

    def _list(self, group: Group) -> None:
        counts = [len(p) for p in group.present]
        size = int(np.prod([a**p for p, a in zip(counts, self.stages.actions, strict=True)]))
        for start, stop in chunks(len(group.nodes), 2 * int(self._rows(counts)) * size, PROGRAMME_BUDGET):
            payoff, scale = scaled(self.stages, group, start, stop)
            nodes = group.nodes[start:stop]
            self._select(group, nodes, scale, listing(payoff, group.types, self.form))

    def _list_sparsely(self, group: Group) -> None:
        for k, node in enumerate(group.nodes):
            payoff, scale = scaled(self.stages, group, k, k + 1)
            self._select(group, np.array([node]), scale, sparse_listing(payoff, group.types))

    def _select(self, group: Group, nodes: Ints, scale: Scale, game: Listing) -> None:
        """What is selected among the equilibria of the nodes, all their prescriptions being listed."""
        if self.selection.kind == "entropy":
            best = maximise_entropy(game.columns)
            self._put(group, nodes, best.w, game.chosen)
            self.upper[nodes], self.entropy[nodes] = best.upper, best.entropy
            self.optimal[nodes] = best.proven
            self.tally["maximum entropy"] += len(nodes)
            return
        todo = np.arange(len(nodes))
        if self.selection.kind == "any":
            alone = pure(game, self.options.epsilon / scale.unit)
            done = np.flatnonzero(alone >= 0)
            self.mixture.add(group, nodes[done], np.ones(len(done)), [t[alone[done]] for t in game.chosen])
            self.tally["pure"] += len(done)
            todo = np.flatnonzero(alone < 0)
            game, scale = game.part(todo), scale.part(todo)
        if len(todo):
            w, reached, upper = select_linear(game, self.selection, scale, group.types.shape[1])
            self._put(group, nodes[todo], w, game.chosen)
            self._prove(nodes[todo], scale, reached, upper, np.zeros(len(todo)))
            self.tally["LP"] += len(todo)

    def _generate(self, group: Group) -> None:
        rows = int(self._rows([len(p) for p in group.present]))
        for start, stop in chunks(len(group.nodes), 2 * rows * (2 * rows + SPARE), 4 * PROGRAMME_BUDGET):
            payoff, scale = scaled(self.stages, group, start, stop)
            nodes = group.nodes[start:stop]
            most, team_options = self.options.max_pricings, self.options.team
            short = self.options.epsilon / scale.unit.max(axis=0)
            tolerance = Tolerance(self.options.epsilon / scale.unit, short)
            game = Generation(payoff, group.types, self.form, most, team_options, tolerance)  # type: ignore[arg-type]
            if self.selection.kind == "egalitarian":
                aim = Aim.least_value(scale, group.types.shape[1])
                first = game.maximise(aim)
                found = game.maximise(aim.after(self.selection, first.reached))
            else:
                first = found = game.maximise(Aim.linear(self.selection, scale))
            self._prove(nodes, scale, first.reached, first.upper, found.excess)
            # where columns were asked for, the user gets what they reached, with its exact gap; where the way was
            # free, regret dynamics take over from an unfinished run
            fair = self.options.tolerance if self.options.way == "auto" else np.inf
            ended = found.within | (found.excess <= fair)
            self._put(group, nodes[ended], found.w[ended], [table[ended] for table in found.chosen])
            self._count(
                ended,
                self._best(first, found, OPTIMAL) & (found.excess <= FEASIBLE),
                self._best(first, found, np.maximum(OPTIMAL, short)) & found.within,
            )
            if not ended.all():
                self._learn(replace(group, nodes=nodes[~ended]))

    def _best(self, first: Generated, found: Generated, short: Floats | float) -> Bools:
        """Which nodes reach their bound up to `short`, in both steps of an egalitarian selection."""
        if self.selection.kind == "any":
            return np.ones(len(found.within), dtype=bool)
        reach: Bools = (first.upper <= first.reached + short) & (found.upper <= found.reached + short)
        return reach

    def _grow(self, group: Group) -> None:
        """Some equilibrium, on few of the actions; regret dynamics where that fails."""
        left = []
        for k, node in enumerate(group.nodes):
            payoff, scale = scaled(self.stages, group, k, k + 1)
            found = wide_equilibrium(payoff, group.types)
            if found is None:
                left.append(node)
                continue
            w, chosen = found
            self._bound_crudely(np.array([node]), payoff, scale)
            self._put(group, np.array([node]), w, chosen)
            self.tally["few actions"] += 1
        if left:
            self._learn(replace(group, nodes=np.array(left)))

    def _count(self, ended: Bools, whole: Bools, near: Bools) -> None:
        self.tally["columns"] += int((ended & whole).sum())
        self.tally["columns within epsilon"] += int((ended & near & ~whole).sum())
        self.tally["columns stopped"] += int((ended & ~near & ~whole).sum())

    def _learn(self, group: Group) -> None:
        kind: Literal["cce", "ce"] = self.form  # type: ignore[assignment]  # _way refuses the strategic form
        counts, options = [len(p) for p in group.present], self.options
        actions = self.stages.actions
        per_round = 2 * sum(p * a * (a if kind == "ce" else 2) for p, a in zip(counts, actions, strict=True))
        for start, stop in chunks(len(group.nodes), per_round * options.max_rounds, 16 * PROGRAMME_BUDGET):
            payoff, scale = scaled(self.stages, group, start, stop)
            self._bound_crudely(group.nodes[start:stop], payoff, scale)
            todo, rounds = np.arange(stop - start), options.rounds
            while len(todo):
                run = play([part[todo] for part in payoff], group.types, kind, rounds)
                w, excess, gain = weigh(run, kind)
                # with an epsilon the agents' gains decide; without one the largest violated condition does
                done = (gain <= options.epsilon / scale.unit[:, todo]).all(axis=0) | (rounds * 4 > options.max_rounds)
                if not options.epsilon:
                    done |= excess <= options.tolerance
                nodes = group.nodes[start:stop][todo[done]]
                self._put(group, nodes, w[done], [x[done] for x in run.played])
                todo, rounds = todo[~done], rounds * 4
            self.tally["regret"] += stop - start

    def _bound_crudely(self, nodes: Ints, payoff: list[Floats], scale: Scale) -> None:
        """Nothing is known of the other equilibria: bound the objective by the best in every u."""
        rest = tuple(range(2, payoff[0].ndim))
        if self.selection.kind == "egalitarian":
            best = [part.max(axis=rest).sum(axis=1) for part in payoff]
            upper = (scale.unit * np.stack(best) + scale.offset).min(axis=0)
        else:
            aim = Aim.linear(self.selection, scale)
            weighted = sum(np.einsum("c,c...->c...", w, part) for w, part in zip(aim.weight, payoff, strict=True))
            upper = scale.linear(self.selection, np.asarray(weighted).max(axis=rest).sum(axis=1))
        self.upper[nodes] = np.minimum(self.upper[nodes], upper)

    def _prove(self, nodes: Ints, scale: Scale, reached: Floats, upper: Floats, excess: Floats) -> None:
        # the bound comes from multipliers that were checked against every prescription (Lagrange), so that reaching
        # it proves optimality, whatever status the solver reported
        self.upper[nodes] = scale.linear(self.selection, upper)
        self.optimal[nodes] = (upper <= reached + OPTIMAL) & (excess <= FEASIBLE)

    def _put(self, group: Group, nodes: Ints, w: Floats, chosen: list[Ints] | list[Floats]) -> None:
        """Mixtures w [c, C] on chosen[i], [C, P_i] shared or [c, C, P_i] or with an axis of actions."""
        w = np.where(w > NOISE, w, 0.0)
        w = w / w.sum(axis=1, keepdims=True)
        # `certify` recomputes the gap of what is left, so that dropping tiny weights hides nothing
        node, column = np.nonzero(w)
        shared = len(chosen[0]) == w.shape[1] and chosen[0].ndim == 2
        played = [table[column] if shared else table[node, column] for table in chosen]
        self.mixture.add(group, nodes[node], w[node, column], played)
