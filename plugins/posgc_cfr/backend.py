"""Zero-sum games of two agents by counterfactual regret minimisation (docs/hidden-histories.md), as a back-end.

Any protocol under which agents forget nothing; Assumption 3 is not needed.  The answer is a Nash equilibrium up to a
gap that two exact best responses give; it serves the correlated concepts as `sequence-form` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from posgc.coordination.limits import Limits
from posgc.extensive.growing import extensive_game
from posgc.extensive.regret import RegretOptions, Rule, minimise_regret
from posgc.extensive.results import result_of
from posgc.extensive.serving import fits_programme, unserved
from posgc.extensive.solution import charge
from posgc.model.rewards import spans_to_come
from posgc.plugin import ConceptName, Facts, Planner, Problem, Progress, Result

__all__ = ["Options", "RegretMinimisation"]

RELATIVE = 1e-6
"""The width of a bracket that is enough by default, relative to the span of what can be earned."""


@dataclass(frozen=True)
class Options:
    """How regret is minimised, and when to stop."""

    # width of the bracket on the value that is asked for, which is the sum of what both agents could gain, in the unit
    # of the rewards; 0 asks for 1e-6 of the span of the values
    epsilon: float = 0.0
    # rounds, in each of which both agents play anew
    rounds: int = 100_000
    # seconds after which the best plans so far are returned; none: no limit
    time_limit: float | None = None
    # PCFR+ or DCFR
    rule: Rule = "predictive"
    # whether the second agent answers the first's new play or the one before
    updates: Literal["alternating", "simultaneous"] = "alternating"

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is a number from 0, not {self.epsilon}")
        if self.rounds < 1:
            raise ValueError(f"rounds is a whole number from 1, not {self.rounds}")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise ValueError(f"time-limit is a number of seconds from 0, not {self.time_limit}")


@dataclass(frozen=True)
class RegretMinimisation:
    """See the module."""

    name: ClassVar[str] = "cfr"
    summary: ClassVar[str] = "counterfactual regret minimisation, for large zero-sum games with or without Assumption 3"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options

    def applies(self, facts: Facts) -> str | None:
        """Rewards must be zero-sum, nothing may be forgotten, and unless it is named the game must be large."""
        why = unserved(self.name, facts.model, facts.structure, facts.independent, facts.named)
        if why is not None or facts.named:
            return why
        assert facts.model is not None
        if fits_programme(facts.model, facts.structure):
            return "sequence-form solves a game of this size exactly; --backend cfr takes it anyway"
        return None

    def emit(self, problem: Problem, options: Any) -> Planner:
        """The planner of this problem.  Raises InputError (E617) under a compression."""
        problem.require_uncompressed(self.name)
        return _Minimisation(problem, options)


@dataclass(frozen=True)
class _Minimisation:
    problem: Problem
    options: Options

    def run(self, progress: Progress) -> Result:
        options, information = self.options, self.problem.information
        limits = Limits(options.time_limit)
        with limits.interruptible():
            game = extensive_game(information)
            asked = options.epsilon or RELATIVE * float(spans_to_come(information.model)[0, 0])
            # plans tell no narrower bracket from rounding
            epsilon = max(asked, charge(information.model, game))
            wanted = RegretOptions(epsilon, options.rounds, options.rule, options.updates == "alternating")

            def told(rounds: int, lower: float, upper: float) -> None:
                progress(f"bracket {lower:.6g} .. {upper:.6g}", rounds, options.rounds)

            found = minimise_regret(game, wanted, limits, told)
        stopped = None if found.closed else limits.reason or "round limit"
        name = "PCFR+" if options.rule == "predictive" else "DCFR"
        how = f"{name}, {found.rounds} rounds with {game.payoff.nnz} payoffs"
        return result_of(information, game, found.solution, how, stopped)
