"""A learner beyond the paper: it fits a game of hidden states to episodes, and plans in it exactly (docs/learning.md).

What is known is who learns what when, and that some number of hidden states explains what happens; tables are fitted to
the joint trajectories by expectation maximisation.  What it returns is judged in the true game; what the fitted game
says of the policy is about nothing, and is not reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.learning.hidden import Fitting, FoundHidden, HiddenTask, learned_hidden
from posgc.learning.sampling import counted
from posgc.plugin import Claim, ConceptName, Facts, LearningProblem, Planner, Progress, Result

__all__ = ["LatentLearner", "Options"]

CORRELATED = {"concepts": ("ce", "cce")}


@dataclass(frozen=True)
class Options:
    """How episodes are gathered, what is fitted to them, and how it is planned."""

    # hidden states; 0: the number under which held-out episodes are likeliest
    states: int = 0
    # largest number that is tried where it is not given
    most_states: int = 8
    # random beginnings of a fit, of which the likeliest is pursued
    restarts: int = 8
    # steps of expectation maximisation at most
    steps: int = 500
    # rounds of exploration: the first draws uniformly, half of each later one plays what the fit so far finds best
    rounds: int = 1
    # share of an exploring policy's actions that are drawn uniformly
    wander: float = 0.2
    # L1 distance of fitted common beliefs that are merged
    tolerance: float = 1e-3
    # seconds for a search on hidden histories, where common beliefs depend on strategies
    search: float = 60.0
    # which CE or CCE of a stage, as for the back-end value-iteration
    select: str = field(default="welfare", metadata=CORRELATED)

    def __post_init__(self) -> None:
        for name in ("most_states", "restarts", "steps", "rounds"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name.replace('_', '-')} is a whole number from 1, not {getattr(self, name)}")
        if self.states < 0:
            raise ValueError(f"states is a whole number from 1, or 0 for the likeliest, not {self.states}")
        if not 0 <= self.wander <= 1:
            raise ValueError(f"wander lies in [0, 1], which {self.wander} does not")
        if not 0 <= self.tolerance <= 2:
            raise ValueError(f"tolerance is an L1 distance of beliefs, from 0 to 2, not {self.tolerance}")
        if not self.search > 0:
            raise ValueError(f"search is a positive number of seconds, not {self.search}")


@dataclass(frozen=True)
class LatentLearner:
    """See the module."""

    name: ClassVar[str] = "latent"
    summary: ClassVar[str] = "fits a game of hidden states to samples and plans in it exactly"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team", "nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "samples"
    options: ClassVar[type] = Options

    def applies(self, facts: Facts) -> str | None:
        """Rewards must fit the concept."""
        if facts.concept == "team" and facts.rewards != "common":
            return "a team optimum needs rewards that all agents share"
        return facts.dependence if facts.rewards == "general" and not facts.independent else None

    def emit(self, problem: LearningProblem, options: Any) -> Planner:
        """The learner of this problem."""
        return _Learning(problem, options)


@dataclass(frozen=True)
class _Learning:
    problem: LearningProblem
    options: Options

    def run(self, progress: Progress) -> Result:
        """Raises InputError where the budget or the environment is at fault, LimitError where a model is too large."""
        problem, o = self.problem, self.options
        environment = counted(problem.environment, problem.budget)
        task = HiddenTask(
            environment,
            problem.structure,
            problem.concept,
            problem.rewards,
            problem.seed,
            o.select,
            o.tolerance,
            DEFAULT_MAX_NODES,
            o.search,
            progress,
        )
        found = learned_hidden(task, Fitting(o.states, o.most_states, o.restarts, o.steps, o.rounds, o.wander))
        return Result(found.strategy, Claim(notes=_notes(environment.samples, problem.structure.horizon, found)))


def _notes(samples: int, horizon: int, found: FoundHidden) -> tuple[str, ...]:
    fit, chosen = found.fit, found.chosen
    rest = "" if fit.settled else ", not at rest: more --option steps may fit better"
    notes = [
        f"{samples:,} joint steps, {samples // horizon:,} episodes",
        f"{fit.latent.n_states} hidden states, log-likelihood {fit.log_likelihood:.6g} an episode after {fit.steps} "
        f"steps of expectation maximisation{rest}",
    ]
    if chosen is not None:
        by = ", ".join(f"{states}: {value:.4f}" for states, value in chosen.tried.items())
        why = f"that of the likeliest held-out episodes: {by}" if by else "1, as one episode leaves none to hold out"
        notes.append(f"the number of states is {why}")
    return (*notes, f"planned {found.how}")
