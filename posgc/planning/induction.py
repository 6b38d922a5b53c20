"""Backward induction on the common-information graph, for any stage oracle (Liu & Zhang 2023, Algorithm 1).

From the last step to the first, every node of a layer becomes a stage game of prescriptions whose payoffs
are the rewards plus the values of the next layer (Nayyar, Mahajan and Teneketzis 2013); the oracle solves
whole layers, in blocks that bound the memory, and many small layers at once (`posgc.planning.stretches`).  A
back-end chooses the oracle and nothing else, so all of them mean the same by a stage game, a value and a policy.

Needs Assumption 3: without it a node's belief, hence its stage game, would depend on earlier prescriptions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from posgc.equilibrium.stage import Deviation
from posgc.information.graph import Layer
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.model.rewards import RewardKind
from posgc.planning.existing import with_existing_moves
from posgc.planning.solved import Floats, Oracle, Planned, SolvedLayer
from posgc.planning.stretches import solve_backwards
from posgc.policy.artefact import Claim, Result
from posgc.policy.machine import Machine

__all__ = ["Induction", "Oracle"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Induction:
    """One graph, one oracle."""

    expand: Callable[[Progress], Planned]  # makes the graph, exact, compressed or learned
    concept: ConceptName
    oracle: Oracle
    against: Deviation | None = None  # the deviations that stages withstand, where not the concept's usual ones

    def run(self, progress: Progress) -> Result:
        """Raises LimitError when the graph outgrows its limit, and whatever the oracle raises."""
        graph = self.expand(progress)
        kind, discount, n = graph.rewards, graph.discount, graph.information.n_agents
        values: Floats | None = None
        slack: float | None = 0.0
        worst, bound, methods, steps = 0.0, 0.0, [], []
        # a concept's usual deviations are those of stages
        deviation = self.against or cast(Deviation, CONCEPTS[self.concept].against[0])
        residual: tuple[float, float] | None = None
        following: Layer | None = None
        solutions = solve_backwards(graph, self.oracle, deviation)
        for layer, solved in zip(reversed(graph.layers), solutions, strict=True):
            if following is not None and layer.belief is following.belief and layer.table is following.table:
                assert values is not None
                residual = _residual(discount, layer.h, solved, values, kind)
            following, values = layer, solved.value
            short = solved.short_of_team
            slack = None if slack is None or short is None else short + discount * slack
            worst, bound = max(worst, solved.gap), solved.gap + discount * bound
            methods += solved.methods
            steps.append(with_existing_moves(graph.information, layer, solved.step))
            progress("solve", len(steps), len(graph.layers))
        assert values is not None
        start = values[:, graph.root_to] @ graph.root
        if kind != "general":
            start = np.array([start[0], -start[0]]) if kind == "zero_sum" else np.repeat(start[0], n)
        # Only a team's optimum is bounded by what its stages fall short of.
        reached = float(start[0]) if CONCEPTS[self.concept].optimises else None
        claim = Claim(
            values=tuple(map(float, start)),
            lower=reached,
            upper=None if reached is None or slack is None else reached + slack,
            stage_gap=worst,
            gap_bound=bound,
            residual=residual,
            against=self.against,
            notes=tuple(f"stage games: {line}" for line in _summary(methods)),
        )
        return Result(Machine(graph.root_z, graph.root_to, tuple(reversed(steps))), claim)


def _residual(
    discount: float, h: int, solved: SolvedLayer, following: Floats, kind: RewardKind
) -> tuple[float, float] | None:
    """What the values of step h have in common with those of steps without end, where step h + 1 has the same nodes.

    T maps the values of the next step to those of a step; it is monotone and turns a constant c into discount * c.  So
    if T V - V lies in [a, b], the fixed point of T lies in T V + discount / (1 - discount) [a, b] (MacQueen 1966).
    What the stage games fall short of widens [a, b].  Discounted to step 1.
    """
    if discount >= 1 or kind == "general":
        return None
    change = solved.value[0] - following[0]
    below, above = (solved.gap, solved.gap) if kind == "zero_sum" else (0.0, solved.short_of_team)
    if above is None:
        return None
    weight = discount**h / (1 - discount)
    return weight * (float(change.min()) - below), weight * (float(change.max()) + above)


def _summary(methods: list[str]) -> list[str]:
    """`oracle: way count, way count` of all layers, counts added up by oracle and way; and what is not proved."""
    totals: dict[str, Counter[str]] = {}
    for text in methods:
        oracle, _, ways = text.partition(": ")
        for way in filter(None, ways.split(", ")):
            name, _, count = way.rpartition(" ")
            totals.setdefault(oracle, Counter())[name] += int(count)
    lines = [f"{oracle}: " + ", ".join(f"{w} {k}" for w, k in ways.items()) for oracle, ways in totals.items()]
    if unproved := sum(ways["bounded"] for ways in totals.values()):
        lines.append(f"the optimum of {unproved} (bounded) is not proved; a better prescription may exist")
    return lines
