"""Nash equilibria of general-sum stages: found where they can be, with the exact gap always.

In this order, on the nodes that are still open:

    pure          all deterministic joint prescriptions, up to `max_profiles` of them      (`pure.py`)
    n = 2         the complementarity problem of the prescription polytopes, by Lemke      (`polymatrix.py`)
    otherwise     best-response dynamics where not all profiles were listed; then iterated polymatrix
                  approximation from the average play of regret matching+ and from random play, each step
                  going the fraction of the way to the approximation's equilibrium that leaves the least gap.
                  Which of the approximation's equilibria that is depends on Lemke's covering vector, drawn
                  anew at every step: of 168 random three-agent stages (P = 1, A = 3) without a pure
                  equilibrium this solved 166, one fixed vector 110; 35 and 18 of 42 for P = 2, A = 3

Finding an equilibrium is PPAD-hard already for two agents without private information (Chen, Deng and Teng
2009).  Among the pure ones the best for welfare is taken; otherwise nothing chooses.  Nodes count as
"pure", "exact" (gap up to `EXACT` of the span) or "approximate" (best profile met).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.correlated.regret import play
from posgc.equilibrium.gaps import behaviour, mixed_response, sum_by_type
from posgc.equilibrium.layer import Group, chunks, support_groups
from posgc.equilibrium.nash.polymatrix import Slots, polymatrix_equilibria
from posgc.equilibrium.nash.pure import best_response_dynamics, pure_equilibria
from posgc.equilibrium.stage import Bools, Floats, Ints, Stages

__all__ = ["Effort", "general_sum"]

EXACT = 1e-9  # of the agent's span: up to it a gap is a solver's rounding
BUDGET = 1 << 20  # float64 entries of what is prepared at once
FRACTIONS = (1.0, 0.5, 0.25, 0.0625)  # of the way to the polymatrix equilibrium


@dataclass(frozen=True)
class Effort:
    """How hard general stages are tried.

    Raises ValueError for a negative epsilon, no rounds and a negative number of restarts.
    """

    epsilon: float = 0.0  # the gap, in payoff units, that is good enough; rounding (1e-9 of the agent's span) always is
    max_profiles: int = 1024  # deterministic joint prescriptions up to which all are listed
    max_rows: int = 256  # sum_i P_i (A_i + 1) up to which complementarity problems are solved
    rounds: int = 256  # of regret matching+
    restarts: int = 8  # random starts of the polymatrix iteration
    steps: int = 32  # of the polymatrix iteration from each start
    seed: int = 0  # of those starts

    def __post_init__(self) -> None:
        if not self.epsilon >= 0:
            raise ValueError(f"epsilon is a gap in payoff units, at least 0, not {self.epsilon}")
        if self.rounds < 1:
            raise ValueError("rounds must be at least 1")
        if self.restarts < 0:
            raise ValueError("restarts must be at least 0")


def general_sum(stages: Stages, effort: Effort) -> tuple[list[Floats], dict[str, int]]:
    """Tables [N, P_i, A_i] and how many nodes are "pure", "exact" and "approximate"."""
    tables = [np.zeros((stages.n_nodes, p, a)) for p, a in zip(stages.type_counts, stages.actions, strict=True)]
    for table in tables:
        table[:, :, 0] = 1.0
    tally = {"pure": 0, "exact": 0, "approximate": 0}
    for group in support_groups(stages):
        slots = Slots(tuple(len(p) for p in group.present), stages.actions)
        for start, stop in chunks(len(group.nodes), _entries(group, slots, effort), BUDGET):
            payoff = [group.payoff(stages, i, start, stop) for i in range(stages.n_agents)]
            found = _Search(payoff, group.types, slots, effort)
            found.run(tally)
            for table, present, x in zip(tables, group.present, found.x, strict=True):
                table[group.nodes[start:stop][:, None], present] = x
    return tables, tally


def _profiles(slots: Slots) -> float:
    return float(np.prod([float(a) ** p for p, a in zip(slots.counts, slots.actions, strict=True)]))


def _entries(group: Group, slots: Slots, effort: Effort) -> int:
    joint = len(group.columns) * int(np.prod(slots.actions)) * len(slots.counts)
    listed = int(_profiles(slots)) * (len(slots.counts) + 2) if _profiles(slots) <= effort.max_profiles else 0
    rows = slots.rows**2 * 2 if slots.rows <= effort.max_rows else 0
    regret = 0 if len(slots.counts) == 2 and rows else 2 * effort.rounds * slots.total
    return joint + listed + rows + regret


class _Search:
    """One chunk of nodes of equal support: the best profile met so far, its gains, and who is still open."""

    def __init__(self, payoff: Sequence[Floats], types: Ints, slots: Slots, effort: Effort) -> None:
        self.payoff, self.types, self.slots, self.effort = payoff, types, slots, effort
        rest = tuple(range(2, payoff[0].ndim))
        span = np.stack([np.ptp(part, axis=rest).sum(axis=1) for part in payoff])
        self.unit = np.where(span > 0, span, 1.0)  # [n, c]
        c = len(payoff[0])
        self.x = [np.full((c, p, a), 1.0 / a) for p, a in zip(slots.counts, slots.actions, strict=True)]
        self.gain = self._gains(np.arange(c), self.x)
        self.pure = np.zeros(c, dtype=bool)

    def run(self, tally: dict[str, int]) -> None:
        if _profiles(self.slots) <= self.effort.max_profiles:
            self._offer(np.arange(len(self.pure)), *pure_equilibria(self.payoff, self.types))
        solvable = self.slots.rows <= self.effort.max_rows
        if solvable and len(self.payoff) == 2:
            self._complementarity()
        # where all profiles were listed, dynamics could find no pure equilibrium that the list missed
        if _profiles(self.slots) > self.effort.max_profiles:
            self._dynamics()
        self._approximate(solvable)
        # counted by the gains of what is returned, not by which method found it
        exact = (self.gain <= EXACT * self.unit).all(axis=0)
        tally["pure"] += int(self.pure.sum())
        tally["exact"] += int((exact & ~self.pure).sum())
        tally["approximate"] += int((~exact & ~self.pure).sum())

    def _open(self) -> Ints:
        enough = np.maximum(EXACT * self.unit, self.effort.epsilon)
        return np.flatnonzero((self.gain > enough).any(axis=0) & ~self.pure)

    def _part(self, nodes: Ints) -> list[Floats]:
        return [part if len(nodes) == len(part) else part[nodes] for part in self.payoff]

    def _gains(self, nodes: Ints, x: Sequence[Floats]) -> Floats:
        """[n, c] by the definition."""
        played = [table[:, row] for table, row in zip(x, self.types, strict=True)]
        gains = []
        for i, part in enumerate(self._part(nodes)):
            gradient = sum_by_type(mixed_response(part, played, i), self.types[i], self.slots.counts[i])
            gains.append((gradient.max(axis=2) - (gradient * x[i]).sum(axis=2)).sum(axis=1))
        return np.stack(gains)

    def _improve(self, nodes: Ints, x: Sequence[Floats]) -> None:
        """Keep x [len(nodes), ...] where its largest gain relative to the span is smaller."""
        gain = self._gains(nodes, x)
        better = (gain / self.unit[:, nodes]).max(axis=0) < (self.gain / self.unit)[:, nodes].max(axis=0)
        at = nodes[better]
        self.gain[:, at] = gain[:, better]
        for table, new in zip(self.x, x, strict=True):
            table[at] = new[better]

    def _offer(self, nodes: Ints, chosen: Sequence[Ints], good: Bools) -> None:
        """Pure equilibria of nodes[good]."""
        at = nodes[good]
        for table, new, a in zip(self.x, chosen, self.slots.actions, strict=True):
            table[at] = behaviour(new[good], a)
        self.gain[:, at] = self._gains(at, [table[at] for table in self.x])
        self.pure[at] = True

    def _complementarity(self) -> None:
        """Covering vectors after the first are random: another path, where rounding spoilt one."""
        rng = np.random.default_rng(self.effort.seed)
        cover = np.ones(self.slots.rows)
        for _ in range(1 + self.effort.restarts):
            nodes = self._open()
            if not len(nodes):
                break
            # for two agents the complementarity problem is the stage itself, whatever profile it is formed at
            start = [table[nodes] for table in self.x]
            x, good = polymatrix_equilibria(self._part(nodes), self.types, self.slots, start, cover)
            self._improve(nodes[good], [table[good] for table in x])
            cover = rng.uniform(0.5, 1.5, self.slots.rows)

    def _dynamics(self) -> None:
        rng = np.random.default_rng(self.effort.seed)
        for _ in range(self.effort.restarts):
            nodes = self._open()
            if not len(nodes):
                break
            start = [
                np.tile(rng.integers(a, size=p), (len(nodes), 1))
                for p, a in zip(self.slots.counts, self.slots.actions, strict=True)
            ]
            self._offer(nodes, *best_response_dynamics(self._part(nodes), self.types, start))

    def _approximate(self, solvable: bool) -> None:
        """Average play of regret matching+, and random play; from each the polymatrix iteration, if solvable."""
        rng = np.random.default_rng(self.effort.seed + 1)
        for restart in range(1 + self.effort.restarts):
            nodes = self._open()
            if not len(nodes):
                return
            x = self._average_play(nodes) if restart == 0 else self._random_play(rng, nodes)
            self._improve(nodes, x)
            if solvable:
                self._iterate(nodes, x, rng)

    def _average_play(self, nodes: Ints) -> list[Floats]:
        rest = tuple(range(2, self.payoff[0].ndim))
        scaled = [
            (part - part.min(axis=rest, keepdims=True)) / self.unit[i, nodes].reshape(-1, *(1,) * (part.ndim - 1))
            for i, part in enumerate(self._part(nodes))
        ]
        rounds = play(scaled, self.types, "cce", self.effort.rounds)
        later = np.arange(1.0, self.effort.rounds + 1)
        return [np.einsum("t,ctpa->cpa", later / later.sum(), x) for x in rounds.played]

    def _random_play(self, rng: np.random.Generator, nodes: Ints) -> list[Floats]:
        """The same for all nodes, so that a node's answer does not depend on its company."""
        return [
            np.tile(rng.dirichlet(np.ones(a), size=p), (len(nodes), 1, 1))
            for p, a in zip(self.slots.counts, self.slots.actions, strict=True)
        ]

    def _iterate(self, nodes: Ints, x: list[Floats], rng: np.random.Generator) -> None:
        """Iterated polymatrix approximation from x [len(nodes), P_i, A_i]."""
        covers = rng.uniform(0.2, 1.8, size=(self.effort.steps, self.slots.rows))
        for cover in covers:
            still = np.isin(nodes, self._open())
            nodes, x = nodes[still], [table[still] for table in x]
            if not len(nodes):
                return
            y, _ = polymatrix_equilibria(self._part(nodes), self.types, self.slots, x, cover)
            self._improve(nodes, y)
            x = self._towards(nodes, x, y)
            self._improve(nodes, x)

    def _towards(self, nodes: Ints, x: list[Floats], y: list[Floats]) -> list[Floats]:
        """The point on the way from x to y, at one of `FRACTIONS`, with the least gain relative to the span."""
        least = np.full(len(nodes), np.inf)
        best = [table.copy() for table in x]
        for fraction in FRACTIONS:
            trial = [old + fraction * (new - old) for old, new in zip(x, y, strict=True)]
            gain = (self._gains(nodes, trial) / self.unit[:, nodes]).max(axis=0)
            better = gain < least
            least[better] = gain[better]
            for table, new in zip(best, trial, strict=True):
                table[better] = new[better]
        return best
