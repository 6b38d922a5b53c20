"""Learning with approximate common information (Liu & Zhang 2023, Algorithm 7), as a back-end.

A learner sees an environment, the information structure and a budget, never a table (docs/learning.md).  It explores,
counts, makes a model of back-off windows of common information, and plans in it with the planner and the oracles of the
exact graph.  What it returns is judged in the true game; what its own model says of the policy is not reported.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from posgc.coordination.limits import Limits
from posgc.learning.collectors import RAY, WORKERS
from posgc.learning.construct import Construction
from posgc.learning.laci import Exploration, Found, learned
from posgc.learning.resuming import checkpoint_of
from posgc.learning.rounds import Adaptive, Spanning, Task
from posgc.learning.sampling import counted
from posgc.learning.theory import Asked, episodes_of_theory
from posgc.planning.oracles import Selection
from posgc.plugin import Claim, ConceptName, Facts, LearningProblem, Planner, Progress, Result
from posgc.policy.checkpoint import CHECKPOINT
from posgc.workers import Workers

__all__ = ["Laci", "Options"]

ADAPTIVE, CENTRAL = ({"with": ("explore", (way,))} for way in ("adaptive", "basecamp"))
ROUNDS = {"with": ("explore", ("adaptive", "basecamp"))}
CORRELATED = {"concepts": ("ce", "cce")}
LARGEST = 1e9
"""The largest weight: what it is multiplied with stays finite."""


@dataclass(frozen=True)
class Options:
    """How episodes are gathered, what is made of them, and how much of the theory is asked."""

    # how episodes are gathered: by adaptive rounds or uniform draws within the protocol, or by a central executor
    explore: Literal["adaptive", "uniform", "basecamp"] = "adaptive"
    # rounds of exploration at most, the paper's K
    rounds: int = field(default=8, metadata=ROUNDS)
    # adaptive: share of an exploring policy's actions that are drawn uniformly
    wander: float = field(default=0.2, metadata=ADAPTIVE)
    # adaptive: weight of the bonus for what was tried seldom
    optimism: float = field(default=0.1, metadata=ADAPTIVE)
    # adaptive, teams: increments of the windows by which scouts tell what is new; 0: no scouts
    scout: int = field(default=0, metadata=ADAPTIVE)
    # episodes that must have met a window for it to be kept
    least: int = 10
    # weight of the next shorter window, in episodes; 0: the paper's estimates
    shrink: float = 5.0
    # increments of a window at most; none: all that are met often enough
    length: int | None = None
    # basecamp: steps that the executor's windows look back, the paper's L
    executor_length: int = field(default=1, metadata=CENTRAL)
    # basecamp: visits that a window of the executor needs, the paper's N1
    executor_least: int = field(default=20, metadata=CENTRAL)
    # basecamp: probability of meeting what is not known at which exploration is settled
    settled: float = field(default=0.02, metadata=CENTRAL)
    # models among whose policies rollouts select, those of the last rounds; 1: the last model's policy is taken
    candidates: int = 1
    # episodes for each candidate and each deviation in the selection, the paper's N2
    rollouts: int = 200
    # which CE or CCE of a stage, as for the back-end value-iteration
    select: str = field(default="welfare", metadata=CORRELATED)
    # file into which the run is saved now and then, and from which the same run goes on
    checkpoint: str | None = field(default=None, metadata={"flag": "--checkpoint", **CHECKPOINT})
    # seconds after which the episodes that are being played are the last; none: no limit
    time_limit: float | None = field(default=None, metadata={"recorded": False})
    # processes that play and count; the result does not depend on it
    workers: int | None = field(default=None, metadata={"flag": "--workers", **WORKERS})
    # address of a Ray cluster whose processes do it instead
    ray: str | None = field(default=None, metadata={"flag": "--ray", **RAY})
    # for comparison only, what the theory is asked: the gap of rewards in [0, 1], ..
    theory_gap: float = 0.1
    # .. the probability of failing, ..
    theory_risk: float = 0.1
    # .. the gamma of the game, ..
    theory_gamma: float = 1.0
    # .. its number of states, ..
    theory_states: int = 2
    # .. and the length of the windows
    theory_length: int = 2

    def __post_init__(self) -> None:
        Workers(self.workers)  # raises where the number is below 1
        executor = "executor_length", "executor_least"
        for name in ("rounds", "least", "candidates", "rollouts", "theory_states", *executor):
            if getattr(self, name) < 1:
                raise ValueError(f"{name.replace('_', '-')} is a whole number from 1, not {getattr(self, name)}")
        for name in ("wander", "settled", "theory_gamma", "theory_risk"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name.replace('_', '-')} lies in [0, 1], which {getattr(self, name)} does not")
        if self.scout < 0:
            raise ValueError(f"scout is a whole number from 0, not {self.scout}")
        for name in ("optimism", "shrink"):
            if not 0 <= getattr(self, name) <= LARGEST:
                raise ValueError(f"{name} is a number from 0 to {LARGEST:g}, not {getattr(self, name)}")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise ValueError(f"time-limit is a number of seconds from 0, not {self.time_limit}")
        if self.length is not None and self.length < 0:
            raise ValueError(f"length is a whole number from 0 or none, not {self.length}")
        if not (self.theory_gap > 0 and self.theory_risk > 0 and self.theory_gamma > 0 and self.theory_length >= 0):
            raise ValueError("theory-gap, theory-risk and theory-gamma are above 0, theory-length from 0")


@dataclass(frozen=True)
class Laci:
    """See the module."""

    name: ClassVar[str] = "laci"
    summary: ClassVar[str] = "learns windows of common information from samples and plans in them (Algorithms 5 to 7)"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team", "nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "samples"
    options: ClassVar[type] = Options

    def applies(self, facts: Facts) -> str | None:
        """Rewards must fit the concept, and Assumption 3 must not be known to fail."""
        if facts.concept == "team" and facts.rewards != "common":
            return "a team optimum needs rewards that all agents share"
        if facts.concept == "nash" and facts.rewards == "general":
            return "Nash equilibria are learned of zero-sum games and of teams; ask for ce or cce"
        return facts.dependence if facts.independent is False else None

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
        limits = Limits(problem.budget.seconds if o.time_limit is None else o.time_limit)
        environment = counted(problem.environment, problem.budget)
        task = Task(
            environment,
            problem.structure,
            problem.concept,
            problem.rewards,
            problem.seed,
            Construction(o.least, o.shrink, o.length),
            Selection(o.select),
            progress,
            limits,
            Workers(o.workers, o.ray),
        )
        checkpoint = checkpoint_of(o.checkpoint, Laci.name, problem, o)
        with limits.interruptible(), checkpoint or nullcontext():
            found = learned(task, self._exploration(), o.candidates, o.rollouts, checkpoint)
        played = self._played(found, environment.samples)
        notes = (played, *self._stopped(found), _windows(found, o.least), *_selected(found), self._theory())
        central: tuple[str, ...] = (
            "exploring policies read every agent's observations and choose every agent's actions: gathering these "
            "episodes needs a central executor, playing the policy does not",
        )
        stopped = limits.reason if found.left else None
        caveats = central if o.explore == "basecamp" else ()
        return Result(found.policy, Claim(notes=notes, caveats=caveats, stopped=stopped))

    def _stopped(self, found: Found) -> tuple[str, ...]:
        if not found.left:
            return ()
        cure = "" if self.options.checkpoint is None else f"; the same command goes on from {self.options.checkpoint}"
        return (f"stopped when {found.left:,} episodes were left{cure}",)

    def _exploration(self) -> Exploration:
        o = self.options
        if o.explore == "uniform":
            return None
        if o.explore == "adaptive":
            return Adaptive(o.rounds, o.wander, o.optimism, o.scout)
        return Spanning(o.rounds, o.executor_length, o.executor_least, o.settled)

    def _played(self, found: Found, samples: int) -> str:
        ways = {
            "uniform": "by uniform draws",
            "adaptive": "each after the first half adaptive, all within the protocol",
            "basecamp": "by a central executor (BaSeCAMP)",
        }
        rounds = f"{found.rounds} round{'s' if found.rounds > 1 else ''}"
        horizon = self.problem.structure.horizon
        return f"{samples:,} joint steps, {samples // horizon:,} episodes, {rounds}, {ways[self.options.explore]}"

    def _theory(self) -> str:
        o = self.options
        asked = Asked(o.theory_gap, o.theory_risk, o.theory_gamma, o.theory_states, o.theory_length)
        size = episodes_of_theory(self.problem.structure, asked)
        return (
            f"for comparison, equation (D.1) with constants 1 asks for about 10^{size:.0f} episodes a step (gap "
            f"{o.theory_gap:g} of rewards in [0, 1], γ {o.theory_gamma:g}, S {o.theory_states}, L {o.theory_length})"
        )


def _windows(found: Found, least: int) -> str:
    """Sizes of the model, and what of the play it knows by a shorter window only."""
    steps = found.model.steps
    worst = max(steps, key=lambda step: step.missed)
    size = f"model: {sum(map(len, steps)):,} windows of common information"
    if not worst.missed:
        return f"{size}; every history that occurred was that of at least {least} episodes"
    return (
        f"{size}; at step {worst.h}, {worst.missed:.1%} of the episodes had a history that fewer than {least} shared, "
        "and are known by a shorter window"
    )


def _selected(found: Found) -> tuple[str, ...]:
    if found.chosen is None:
        return ()
    by = ", ".join(f"{score:.4g}" for score in found.chosen.scores)
    return (
        f"policy {found.chosen.index + 1} of {len(found.chosen.scores)} selected by rollouts: {found.chosen.what} {by}",
    )
