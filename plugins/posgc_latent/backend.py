"""A learner beyond the paper: it fits a game of hidden states to episodes, and plans in it exactly (docs/learning.md).

What is known is who learns what when, and that some number of hidden states explains what happens; tables are fitted to
the joint trajectories by expectation maximisation.  What it returns is judged in the true game; what the fitted game
says of the policy is about nothing, and is not reported.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from posgc.coordination.limits import Limits
from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.learning.collectors import RAY, WORKERS
from posgc.learning.hidden import Fitting, HiddenTask, LearnedHidden, learned_hidden
from posgc.learning.resuming import checkpoint_of
from posgc.learning.sampling import counted
from posgc.plugin import Claim, ConceptName, Facts, LearningProblem, Planner, Progress, Result
from posgc.policy.checkpoint import CHECKPOINT
from posgc.workers import Workers

__all__ = ["LatentLearner", "Options"]

LEVEL = 0.9
"""The share of the refits between the ends of the interval that is reported."""
UNDERCOVERS = (
    "the estimate of the gap undercovers: its interval of nominal 90% held the true gap in 63 of 80 runs with the "
    "right number of hidden states; with too few states it tells nothing, since every refit shares them"
)
"""As measured (docs/learning.md)."""
MOST = 10_000
"""The largest number of anything that is asked for."""

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
    # refits to resampled episodes, in which the policy's gap is estimated; 0: none
    bootstrap: int = 0
    # file into which the run is saved now and then, and from which the same run goes on
    checkpoint: str | None = field(default=None, metadata={"flag": "--checkpoint", **CHECKPOINT})
    # seconds after which no more is played or fitted, and what there is is planned in; none: no limit
    time_limit: float | None = field(default=None, metadata={"recorded": False})
    # processes that fit; the result does not depend on it
    workers: int | None = field(default=None, metadata={"flag": "--workers", **WORKERS})
    # address of a Ray cluster whose processes do it instead
    ray: str | None = field(default=None, metadata={"flag": "--ray", **RAY})

    def __post_init__(self) -> None:
        Workers(self.workers)  # raises where the number is below 1
        for name in ("most_states", "restarts", "steps", "rounds"):
            if not 1 <= getattr(self, name) <= MOST:
                shown = f"{name.replace('_', '-')} is a whole number from 1 to {MOST:,}"
                raise ValueError(f"{shown}, not {getattr(self, name)}")
        if self.states < 0:
            raise ValueError(f"states is a whole number from 1, or 0 for the likeliest, not {self.states}")
        if not 0 <= self.wander <= 1:
            raise ValueError(f"wander lies in [0, 1], which {self.wander} does not")
        if not 0 <= self.tolerance <= 2:
            raise ValueError(f"tolerance is an L1 distance of beliefs, from 0 to 2, not {self.tolerance}")
        if not self.search > 0:
            raise ValueError(f"search is a positive number of seconds, not {self.search}")
        if not 0 <= self.bootstrap <= MOST:
            raise ValueError(f"bootstrap is a whole number from 0 to {MOST:,}, not {self.bootstrap}")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise ValueError(f"time-limit is a number of seconds from 0, not {self.time_limit}")


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
        """Raises InputError where the budget, the environment or the checkpoint is at fault, LimitError where a model
        is too large."""
        problem, o = self.problem, self.options
        limits = Limits(problem.budget.seconds if o.time_limit is None else o.time_limit)
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
            limits,
            Workers(o.workers, o.ray),
        )
        asked = Fitting(o.states, o.most_states, o.restarts, o.steps, o.rounds, o.wander, o.bootstrap)
        checkpoint = checkpoint_of(o.checkpoint, LatentLearner.name, problem, o)
        with limits.interruptible(), checkpoint or nullcontext():
            learned = learned_hidden(task, asked, checkpoint)
        notes = _notes(environment.samples, problem.structure.horizon, learned, o.checkpoint)
        stopped = None if learned.during is None else limits.reason
        estimate = _gap(learned, o.bootstrap)
        caveats = () if estimate is None else (UNDERCOVERS,)
        claim = Claim(notes=notes, caveats=caveats, stopped=stopped, gap_estimate=estimate)
        return Result(learned.found.strategy, claim)


def _notes(samples: int, horizon: int, learned: LearnedHidden, checkpoint: str | None) -> tuple[str, ...]:
    found, chosen = learned.found, learned.found.chosen
    rest = "" if found.settled else ", not at rest: more --option steps may fit better"
    notes = [f"{samples:,} joint steps, {samples // horizon:,} episodes"]
    if learned.during is not None:
        left = f" when {learned.left:,} episodes were left" if learned.left else ""
        cure = "" if checkpoint is None else f"; the same command goes on from {checkpoint}"
        notes.append(f"stopped while {learned.during}{left}{cure}")
    large = learned.gains.count(None)
    if large:
        notes.append(f"the policy was too large to judge in {large} of {len(learned.gains)} refits")
    notes.append(
        f"{found.states} hidden state{'s' if found.states > 1 else ''}, log-likelihood {found.log_likelihood:.6g} an "
        f"episode after {found.steps} steps of expectation maximisation{rest}"
    )
    if chosen is not None:
        by = ", ".join(f"{states}: {value:.4f}" for states, value in enumerate(chosen.tried, start=1))
        why = f"that of the likeliest held-out episodes: {by}" if by else "1, as one episode leaves none to hold out"
        notes.append(f"the number of states is {why}")
    return (*notes, f"planned {found.how}")


def _gap(learned: LearnedHidden, asked: int) -> dict[str, float] | None:
    """What the refits say of the policy's gap (`Claim.gap_estimate`); None where none was asked for or made."""
    gaps = [max(gains) for gains in learned.gains if gains is not None]
    if not gaps:
        return None
    lower, middle, upper = np.quantile(gaps, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    told = {"refits": asked, "judged": len(gaps), "level": LEVEL}
    return told | {"middle": float(middle), "lower": float(lower), "upper": float(upper)}
