"""Exact team planning: backward induction over the layers of common beliefs, a team optimum at every node."""

from dataclasses import dataclass
from typing import ClassVar

from posgc.equilibrium import solve_team
from posgc.planning.induction import Induction
from posgc.plugin import NoOptions


@dataclass(frozen=True)
class Tiny:
    name: ClassVar = "tiny"
    summary: ClassVar = "exact team planning in ten lines"
    concepts: ClassVar = frozenset({"team"})
    reads: ClassVar = "model"
    options: ClassVar = NoOptions

    def applies(self, facts):
        if facts.rewards != "common":
            return "it needs rewards that all agents share"
        return None if facts.independent else f"it needs Assumption 3: {facts.why_not_independent}"

    def emit(self, problem, options):
        return Induction(problem.graph, problem.concept, solve_team)
