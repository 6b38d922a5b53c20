"""Teams learned by networks: `laci-neural` (Liu & Zhang 2023, App. F), and the baselines `fm-e` and `rnn-e` (Mao et al.
2020) with their published settings (docs/learning.md).

PyTorch is imported where a learner runs, so that posgc starts without it.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from posgc.coordination.limits import Limits, uninterrupted
from posgc.learning.sampling import counted, require_budget
from posgc.plugin import Claim, ConceptName, Facts, LearningProblem, Planner, Progress, Result, plural
from posgc_neural.options import BaselineOptions, FmOptions, LaciOptions, RnnOptions

__all__ = ["FmE", "LaciNeural", "RnnE", "missing_torch"]


def missing_torch() -> str | None:
    """None where PyTorch is installed, else what to do, as a sentence."""
    if importlib.util.find_spec("torch") is None:
        return "PyTorch is not installed; install it with `pip install 'posgc[learn]'`"
    return None


def _unfit(facts: Facts) -> str | None:
    if facts.rewards != "common":
        return "networks are taught by one reward that all agents share, as teams have"
    return missing_torch()


def _limits(problem: LearningProblem, o: BaselineOptions | LaciOptions) -> Limits:
    return Limits(problem.budget.seconds if o.time_limit is None else o.time_limit)


@dataclass(frozen=True)
class FmE:
    """FM-E: a shared network on the last few own actions and observations."""

    name: ClassVar[str] = "fm-e"
    summary: ClassVar[str] = (
        "one Q-network for all agents on their last few own actions and observations (Mao et al. 2020)"
    )
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team"})
    reads: ClassVar[Literal["model", "samples"]] = "samples"
    options: ClassVar[type] = FmOptions

    def applies(self, facts: Facts) -> str | None:
        """Common rewards, and PyTorch."""
        return _unfit(facts)

    def emit(self, problem: LearningProblem, options: Any) -> Planner:
        """The learner of this problem."""
        return _Baseline(problem, options)


@dataclass(frozen=True)
class RnnE:
    """RNN-E: a shared network with memory on own actions and observations."""

    name: ClassVar[str] = "rnn-e"
    summary: ClassVar[str] = (
        "one recurrent Q-network for all agents on their own actions and observations (Mao et al. 2020)"
    )
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team"})
    reads: ClassVar[Literal["model", "samples"]] = "samples"
    options: ClassVar[type] = RnnOptions

    def applies(self, facts: Facts) -> str | None:
        """Common rewards, and PyTorch."""
        return _unfit(facts)

    def emit(self, problem: LearningProblem, options: Any) -> Planner:
        """The learner of this problem."""
        return _Baseline(problem, options)


@dataclass(frozen=True)
class LaciNeural:
    """The paper's learner in its neural form."""

    name: ClassVar[str] = "laci-neural"
    summary: ClassVar[str] = "fits the model of a window of common information by networks, Q-learning in it (App. F)"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team"})
    reads: ClassVar[Literal["model", "samples"]] = "samples"
    options: ClassVar[type] = LaciOptions

    def applies(self, facts: Facts) -> str | None:
        """Common rewards, PyTorch, and Assumption 3 not known to fail."""
        return _unfit(facts) or (facts.dependence if facts.independent is False else None)

    def emit(self, problem: LearningProblem, options: Any) -> Planner:
        """The learner of this problem."""
        return _Laci(problem, options)


@dataclass(frozen=True)
class _Baseline:
    problem: LearningProblem
    options: BaselineOptions

    def run(self, progress: Progress) -> Result:
        """Raises InputError where the budget or the environment is at fault, LimitError where a network's policy is too
        large to be written out."""
        with uninterrupted():
            from posgc_neural.baselines import learned_baseline
        from posgc_neural.curves import missed, require_place

        problem, o = self.problem, self.options
        environment = counted(problem.environment, problem.budget)
        require_budget(environment, problem.structure.horizon)
        require_place(o.curve)
        limits = _limits(problem, o)
        with limits.interruptible():
            found = learned_baseline(environment, problem.structure, o, problem.seed, 1, progress, limits)
        caveats = missed(found.curve, o.curve)
        asked = "" if found.episodes == o.episodes else f" of the {o.episodes:,} that were asked for"
        played = plural(found.episodes, "episode", ",")
        notes = (
            f"{environment.samples:,} joint steps, {played}{asked}, {found.together} at a time",
            "each agent reads its own actions and observations alone, and nothing that is shared",
            found.machine,
        )
        stopped = limits.reason if found.left else None
        return Result(found.policies[0], Claim(notes=notes, caveats=caveats, stopped=stopped))


@dataclass(frozen=True)
class _Laci:
    problem: LearningProblem
    options: LaciOptions

    def run(self, progress: Progress) -> Result:
        """Raises InputError where the budget or the environment is at fault, LimitError where the policy or a stage is
        too large."""
        with uninterrupted():
            from posgc_neural.laci import learned_windows
        from posgc_neural.curves import missed, require_place

        problem, o = self.problem, self.options
        environment = counted(problem.environment, problem.budget)
        require_budget(environment, problem.structure.horizon)
        require_place(o.curve)
        limits = _limits(problem, o)
        with limits.interruptible():
            found = learned_windows(environment, problem.structure, o, problem.seed, progress, limits)
        caveats = missed(found.curve, o.curve)
        asked = f" of the {o.episodes:,} that were asked for" if found.left else ""
        episodes = plural(environment.samples // problem.structure.horizon, "episode", ",")
        notes = (
            f"{environment.samples:,} joint steps, {episodes} by uniform draws; networks on windows of "
            f"{plural(o.memory, 'increment')} of common information, fitted in "
            f"{plural(found.fit_steps, 'gradient step', ',')}",
            f"Q-learning on {plural(found.episodes, 'episode', ',')}{asked} of the fitted model; what has a "
            f"probability below {o.rare:g} there is not pursued, and met by uniform draws",
            found.machine,
        )
        stopped = limits.reason if found.left else None
        return Result(found.policy, Claim(notes=notes, caveats=caveats, stopped=stopped))
