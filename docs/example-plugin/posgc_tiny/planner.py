"""Exact team planning: backward induction over the layers of common beliefs, a team optimum at every node."""

from dataclasses import dataclass
from typing import ClassVar

from posgc.equilibrium import team
from posgc.plugin import NoOptions
from posgc.policy.induction import Induction


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
        return Induction(problem.graph, problem.concept, team, self.name, options)
