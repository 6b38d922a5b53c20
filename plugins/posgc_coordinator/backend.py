"""The coordinator's search over common-knowledge components (docs/hidden-histories.md), as a back-end.

Concept team, any number of agents, any protocol under which agents forget nothing; Assumption 3 is not needed.  The
answer is a controller for each agent and a bracket on the optimum, closed or as narrow as limits allow.  Where rewards
are shared a team optimum is a Nash equilibrium, and serves as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from posgc.coordination.team import Found, no_perfect_recall, solve_team
from posgc.plugin import Claim, ConceptName, Facts, Planner, Problem, Progress, Result

__all__ = ["CoordinatorSearch", "Options"]


@dataclass(frozen=True)
class Options:
    """When to stop."""

    # width of the bracket that is asked for, in the unit of the rewards; 0 asks for 1e-10 of the span of the values
    epsilon: float = 0.0
    # seconds after which the bracket and the best policy so far are returned; none: no limit
    time_limit: float | None = None
    # megabytes of tables and queues after which they are returned
    memory_limit: float = field(
        default=4000.0,
        metadata={
            "flag": "--memory-limit",
            "metavar": "MB",
            "help": "megabytes of tables and queues after which a search stops, with the bracket and the best policy "
            "so far (default 4000)",
        },
    )

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is a number from 0, not {self.epsilon}")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise ValueError(f"time-limit is a number of seconds from 0, not {self.time_limit}")
        if not self.memory_limit > 0:
            raise ValueError(f"memory-limit is a positive number of megabytes, not {self.memory_limit}")


@dataclass(frozen=True)
class CoordinatorSearch:
    """See the module."""

    name: ClassVar[str] = "coordinator"
    summary: ClassVar[str] = "search over common-knowledge components, for teams with or without Assumption 3"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team", "nash"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options
    conditional_moves: ClassVar[bool] = True

    def applies(self, facts: Facts) -> str | None:
        """Rewards must be shared by all agents, and nothing may be forgotten."""
        if facts.rewards != "common":
            return "a team optimum, which is a Nash equilibrium too, needs rewards that all agents share"
        if facts.independent and not facts.named:
            return (
                "planning on common beliefs is quicker where Assumption 3 holds; --backend coordinator takes it anyway"
            )
        return no_perfect_recall(facts.structure)

    def emit(self, problem: Problem, options: Any) -> Planner:
        """The planner of this problem.  Raises InputError (E617) under a compression."""
        problem.require_uncompressed(self.name)
        return _Search(problem, options)


@dataclass(frozen=True)
class _Search:
    problem: Problem
    options: Options

    def run(self, progress: Progress) -> Result:
        options = self.options
        found = solve_team(
            self.problem.information, options.epsilon, options.time_limit, options.memory_limit * 1e6, progress
        )
        n = self.problem.information.n_agents
        return Result(
            found.policy,
            Claim(
                values=(found.lower,) * n,
                lower=found.lower - found.charge,
                upper=found.upper,
                notes=_notes(found),
                search={"nodes": found.nodes, "components": found.components, "types": found.types},
                stopped=found.stopped,
            ),
        )


def _notes(found: Found) -> tuple[str, ...]:
    size = (
        f"search over common knowledge: {found.nodes} nodes of {found.components} different components, at most "
        f"{found.types} types of an agent"
    )
    paid = f"the upper bound includes {found.charge:.1e} for what was merged and rounded"
    if found.stopped is None:
        return size, paid
    return size, paid, f"the search stopped before the bracket was closed: {found.stopped}"
