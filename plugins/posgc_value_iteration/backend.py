"""Value iteration with common information (Liu & Zhang 2023, Algorithm 1; Nayyar et al. 2013).

From the last step to the first, every node of a layer becomes a stage game of prescriptions whose payoffs
are the rewards plus the values of the next layer, and a stage oracle solves the whole layer:

- `team`: the best joint prescription (common rewards only);
- `nash`: the saddle point of a zero-sum stage by linear programming, or the team optimum where rewards are
  common, which is a Nash equilibrium; for other games an equilibrium of every two-agent stage, and for more
  agents the best profile found, whose gap says how far it is from one;
- `cce`, `ce`: a (coarse) correlated equilibrium of the stage, agent form.

Needs Assumption 3: without it a node's belief, hence its stage game, would depend on earlier prescriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from posgc.equilibrium import correlated, nash, team
from posgc.plugin import Facts, NoOptions, Problem
from posgc.policy.artefact import Concept
from posgc.policy.induction import Induction, Oracle

__all__ = ["ValueIteration"]


@dataclass(frozen=True)
class ValueIteration:
    """See the module."""

    name: ClassVar[str] = "value-iteration"
    summary: ClassVar[str] = "exact backward induction on the common-information graph (Algorithm 1)"
    concepts: ClassVar[frozenset[Concept]] = frozenset({"team", "nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = NoOptions

    def applies(self, facts: Facts) -> str | None:
        """Rewards must fit the concept, and Assumption 3 must hold."""
        if facts.concept == "team" and facts.rewards != "common":
            return "a team optimum needs rewards that all agents share"
        if facts.independent is not True:
            state = "fails" if facts.independent is False else "is not decided"
            return f"Assumption 3 (strategy-independent beliefs) {state}: {facts.why_not_independent}"
        return None

    def emit(self, problem: Problem, options: Any) -> Induction:
        """The planner of this problem."""
        return Induction(
            problem.information, problem.concept, _oracle(problem), problem.max_nodes, self.name, options
        )


def _oracle(problem: Problem) -> Oracle:
    concept = problem.concept
    if concept == "team":
        return team
    if concept == "nash":
        return nash
    return lambda stages: correlated(stages, concept)
