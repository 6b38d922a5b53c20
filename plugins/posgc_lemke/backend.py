"""Nash equilibria of two agents by pivoting on the sequence form (docs/hidden-histories.md), as a back-end.

Any rewards, and any protocol under which agents forget nothing; Assumption 3 is not needed.  The answer is an
equilibrium of the whole game: at information sets that it does not reach it need not be good play.  Which of several
equilibria it is depends on the prior from which the path starts, and nothing chooses among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from posgc.coordination.limits import Limits
from posgc.extensive.growing import extensive_game
from posgc.extensive.nash import NashOptions, solve_nash
from posgc.extensive.results import equilibrium_of
from posgc.extensive.serving import unsuited
from posgc.extensive.solution import charges
from posgc.model.rewards import spans_to_come
from posgc.plugin import ConceptName, Facts, Planner, Problem, Progress, Result

__all__ = ["Lemke", "Options"]

RELATIVE = 1e-9
"""What an agent may gain by default, relative to the span of what it can earn."""


@dataclass(frozen=True)
class Options:
    """Where paths start, and when to stop."""

    # what an agent may gain at most, in the unit of the rewards; 0 asks for 1e-9 of the span of what it can earn
    epsilon: float = 0.0
    # paths that are followed at most, each from a prior of its own, until one ends in an equilibrium
    priors: int = 20
    # where the first path starts: from uniform play, or from play that is drawn with --seed
    prior: Literal["uniform", "random"] = "uniform"
    # seconds after which the best profile so far is returned; none: no limit
    time_limit: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is a number from 0, not {self.epsilon}")
        if self.priors < 1:
            raise ValueError(f"priors is a whole number from 1, not {self.priors}")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise ValueError(f"time-limit is a number of seconds from 0, not {self.time_limit}")


@dataclass(frozen=True)
class Lemke:
    """See the module."""

    name: ClassVar[str] = "lemke"
    summary: ClassVar[str] = "complementary pivoting on the sequence form, for two agents with or without Assumption 3"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"nash"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options
    conditional_moves: ClassVar[bool] = True

    def applies(self, facts: Facts) -> str | None:
        """Two agents that forget nothing; unless it is named, other back-ends solve zero-sum games and teams."""
        if facts.structure.n_agents != 2:
            return "complementary pivoting is for two agents"
        why = unsuited(self.name, facts.structure, facts.independent, facts.named)
        if why is not None or facts.named:
            return why
        if facts.rewards == "general":
            return None
        zero_sum = facts.rewards == "zero_sum"
        others = "sequence-form and cfr bound the value" if zero_sum else "coordinator finds a team's best equilibrium"
        return f"{others}; --backend {self.name} takes it anyway"

    def emit(self, problem: Problem, options: Any) -> Planner:
        """The planner of this problem.  Raises InputError (E617) under a compression."""
        problem.require_uncompressed(self.name)
        return _Pivoting(problem, options)


@dataclass(frozen=True)
class _Pivoting:
    problem: Problem
    options: Options

    def run(self, progress: Progress) -> Result:
        options, information = self.options, self.problem.information
        limits = Limits(options.time_limit)

        def told(pivots: int, gap: float) -> None:
            progress(f"gap {gap:.3g}", pivots, 0)

        with limits.interruptible():
            progress("layers", 0, 2)
            game = extensive_game(information, merge=True)
            # an agent cannot tell a smaller gain from rounding
            asked = options.epsilon or RELATIVE * spans_to_come(information.model)[:, 0]
            first, second = np.maximum(asked, charges(information.model, game)).tolist()
            wanted = NashOptions((first, second), options.priors, options.prior == "random", self.problem.seed)
            found = solve_nash(game, wanted, limits, told)
        return equilibrium_of(information, game, found, limits.reason)
