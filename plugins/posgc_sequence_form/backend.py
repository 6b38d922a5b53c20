"""Zero-sum games of two agents by one linear programme on the sequence form (docs/hidden-histories.md), as a back-end.

Any protocol under which agents forget nothing; Assumption 3 is not needed.  The answer is a Nash equilibrium.  As its
agents draw independently it is a correlated and a coarse correlated one too, and with rewards that cancel all of these
are worth the same.  It is one of the whole game: at information sets that it does not reach it need not be good play.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from posgc.extensive.growing import extensive_game
from posgc.extensive.programme import solve_programme
from posgc.extensive.results import held_against, result_of
from posgc.extensive.serving import CORRELATED, PROGRAMME_PAYOFFS, fits_programme, unserved
from posgc.model.rewards import spans_to_come
from posgc.plugin import ConceptName, Facts, Planner, Problem, Progress, Result

__all__ = ["Options", "SequenceForm"]


@dataclass(frozen=True)
class Options:
    """When to give up."""

    # seconds that the linear programme may take; none: no limit
    time_limit: float | None = None
    # of a ce or cce, which deviations it is held against; agents draw independently, so that it withstands all of them
    form: Literal["agent", "strategic", "extensive"] | None = field(default=None, metadata=CORRELATED)

    def __post_init__(self) -> None:
        if self.time_limit is not None and not self.time_limit > 0:
            raise ValueError(f"time-limit is a positive number of seconds, not {self.time_limit}")


@dataclass(frozen=True)
class SequenceForm:
    """See the module."""

    name: ClassVar[str] = "sequence-form"
    summary: ClassVar[str] = "linear programme on the sequence form, for zero-sum games with or without Assumption 3"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options
    conditional_moves: ClassVar[bool] = True

    def applies(self, facts: Facts) -> str | None:
        """Rewards must be zero-sum, nothing may be forgotten, and unless it is named the programme must be small."""
        why = unserved(self.name, facts.model, facts.structure, facts.independent, facts.named)
        if why is not None or facts.named:
            return why
        assert facts.model is not None
        if fits_programme(facts.model, facts.structure):
            return None
        return (
            f"its linear programme would have more than {PROGRAMME_PAYOFFS} payoffs, and cfr is quicker then; "
            "--backend sequence-form tries it anyway"
        )

    def emit(self, problem: Problem, options: Any) -> Planner:
        """The planner of this problem.  Raises InputError (E617) under a compression."""
        problem.require_uncompressed(self.name)
        return _Programme(problem, options)


@dataclass(frozen=True)
class _Programme:
    problem: Problem
    options: Options

    def run(self, progress: Progress) -> Result:
        information = self.problem.information
        progress("layers", 0, 2)
        game = extensive_game(information)
        progress("linear programme", 1, 2)
        span = float(spans_to_come(information.model)[0, 0])
        solution = solve_programme(game, span, self.options.time_limit)
        progress("linear programme", 2, 2)
        how = f"linear programme with {game.payoff.nnz} payoffs"
        return held_against(result_of(information, game, solution, how), self.problem.concept, self.options.form)
