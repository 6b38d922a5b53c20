"""Regret minimisation on information sets (docs/hidden-histories.md), as a back-end.

Any protocol under which agents forget nothing; Assumption 3 is not needed.  A zero-sum game of two agents gets a Nash
equilibrium by counterfactual regret minimisation, up to a gap that two exact best responses give; it serves the
correlated concepts as `sequence-form` does.  Any other game gets a correlated equilibrium, by regret of triggers: of
the extensive form (EFCE) for ce, of the normal or the extensive form (NFCCE, EFCCE) for cce.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from posgc.coordination.limits import Limits
from posgc.extensive.correlated import kind_of, mixture_result, unmixed
from posgc.extensive.growing import extensive_game, rewards_cancel
from posgc.extensive.master import Master
from posgc.extensive.mixing import ENOUGH, minimise_trigger_regret
from posgc.extensive.regret import RegretOptions, Rule, minimise_regret
from posgc.extensive.results import held_against, result_of
from posgc.extensive.serving import CORRELATED, fits_programme, too_large_for_columns, unserved
from posgc.extensive.solution import charge
from posgc.model.rewards import spans_to_come
from posgc.plugin import ConceptName, Facts, Planner, Problem, Progress, Result
from posgc.plugin.conditional import NEEDS_EVERY_MOVE
from posgc.policy.binding import recorded
from posgc.policy.checkpoint import CHECKPOINT, Checkpoint

__all__ = ["Options", "RegretMinimisation"]

RELATIVE = 1e-6
"""The width of a bracket that is enough by default, relative to the span of what can be earned."""

SLOW = (
    "where both agents update at once, DCFR's bracket may narrow with the square root of the rounds only; with "
    "updates=alternating it is quicker"
)
ZERO_SUM = {"rewards": ("zero_sum",)}
"""Of an option that only zero-sum games have."""
ROUND_LIMIT = "round limit"
"""Why a run stopped that has no rounds left."""


@dataclass(frozen=True)
class Options:
    """How regret is minimised, and when to stop."""

    # width of the bracket on the value that is asked for, which is the sum of what both agents could gain; of another
    # game the most that an agent may gain; in the unit of the rewards.  0 asks for 1e-6 of the span of the values
    epsilon: float = 0.0
    # rounds, in each of which all agents play anew
    rounds: int = 100_000
    # seconds after which the best plans so far are returned; none: no limit
    time_limit: float | None = None
    # PCFR+ or DCFR
    rule: Rule = field(default="predictive", metadata=ZERO_SUM)
    # weight of the prediction in PCFR+, from 0 (CFR+) to 1 (PCFR+ as published); none: 1/3, for simultaneous updates 1
    prediction: float | None = field(default=None, metadata=ZERO_SUM)
    # whether the second agent answers the first's new play or the one before
    updates: Literal["alternating", "simultaneous"] = field(default="alternating", metadata=ZERO_SUM)
    # of a ce (extensive, unless the game is zero-sum) or a cce (strategic): which deviations it withstands
    form: Literal["agent", "strategic", "extensive"] | None = field(default=None, metadata=CORRELATED)
    # file into which the run is saved now and then, and from which the same run goes on
    checkpoint: str | None = field(default=None, metadata={"flag": "--checkpoint", **CHECKPOINT})

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is a number from 0, not {self.epsilon}")
        if self.rounds < 1:
            raise ValueError(f"rounds is a whole number from 1, not {self.rounds}")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise ValueError(f"time-limit is a number of seconds from 0, not {self.time_limit}")
        if self.prediction is not None and not 0 <= self.prediction <= 1:
            raise ValueError(f"prediction lies in [0, 1], which {self.prediction} does not")
        if self.prediction is not None and self.rule != "predictive":
            raise ValueError(f"prediction does nothing with rule={self.rule}")


@dataclass(frozen=True)
class RegretMinimisation:
    """See the module."""

    name: ClassVar[str] = "cfr"
    summary: ClassVar[str] = (
        "regret minimisation on information sets, for large zero-sum games and for ce and cce of any game, with or "
        "without Assumption 3"
    )
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options
    conditional_moves: ClassVar[bool] = True

    def applies(self, facts: Facts) -> str | None:
        """Nothing may be forgotten; a zero-sum game must be large unless this is named, others get a ce or cce."""
        if facts.model is not None and facts.concept != "nash" and not rewards_cancel(facts.model):
            structure, named = facts.structure, facts.named
            if not facts.model.always_legal:
                return f"mixtures of plans are for other games: {NEEDS_EVERY_MOVE}"
            why = unmixed(self.name, facts.concept, facts.form, structure, facts.independent, named)
            if why is None and not named and too_large_for_columns(facts.model, structure) is None:
                return "column-generation finds the best one of a game of this size; --backend cfr takes it anyway"
            return why
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
        if rewards_cancel(problem.information.model):
            return _Minimisation(problem, options)
        return _Mixing(problem, options)


@dataclass(frozen=True)
class _Minimisation:
    problem: Problem
    options: Options

    def run(self, progress: Progress) -> Result:
        options, information = self.options, self.problem.information
        limits = Limits(options.time_limit)
        saved = _checkpoint(self.problem, options)
        with limits.interruptible(), saved or nullcontext():
            game = extensive_game(information)
            asked = options.epsilon or RELATIVE * float(spans_to_come(information.model)[0, 0])
            # plans tell no narrower bracket from rounding
            epsilon = max(asked, charge(information.model, game))
            wanted = RegretOptions(
                epsilon, options.rounds, options.rule, options.updates == "alternating", options.prediction
            )

            def told(rounds: int, lower: float, upper: float) -> None:
                progress(f"bracket {lower:.6g} .. {upper:.6g}", rounds, options.rounds)

            found = minimise_regret(game, wanted, limits, told, saved)
        stopped = None if found.closed else limits.reason or ROUND_LIMIT
        name = "PCFR+" if options.rule == "predictive" else "DCFR"
        how = f"{name}, {found.rounds} round{'s' * (found.rounds != 1)} with {game.payoff.nnz} payoffs"
        result = _told(result_of(information, game, found.solution, how, stopped), options)
        if stopped is not None and options.rule == "discounted" and options.updates == "simultaneous":
            result = _noted(result, SLOW)
        return held_against(result, self.problem.concept, options.form)


@dataclass(frozen=True)
class _Mixing:
    problem: Problem
    options: Options

    def run(self, progress: Progress) -> Result:
        options, information = self.options, self.problem.information
        kind = kind_of(self.problem.concept, options.form)
        limits = Limits(options.time_limit)
        saved = _checkpoint(self.problem, options)
        with limits.interruptible(), saved or nullcontext():
            game = extensive_game(information, merge=False)
            master = Master.of(game, kind, spans_to_come(information.model)[:, 0])
            epsilon = max(options.epsilon or ENOUGH * master.scale, charge(information.model, game))

            def told(rounds: int, gap: float) -> None:
                progress(f"gap {gap:.3g}", rounds, options.rounds)

            found = minimise_trigger_regret(master, kind, epsilon, options.rounds, limits, told, limits.left, saved)
        stopped = None if found.closed else limits.reason or ROUND_LIMIT
        how = "regret of triggers", found.rounds, "round"
        result = mixture_result(information, game, found.profiles, found.weight, found.gains, kind, how, stopped)
        return _told(result, options)


def _checkpoint(problem: Problem, options: Options) -> Checkpoint | None:
    """The checkpoint that is asked for, of this run and no other; its time limit may be another."""
    if options.checkpoint is None:
        return None
    information, asked = problem.information, recorded(options)
    del asked["time_limit"]
    run = {
        "back-end": RegretMinimisation.name,
        "game": information.model.digest,
        "protocol": information.protocol.name,
        "lags": information.protocol.content,
        "dropped": sorted(information.dropped),
        "concept": problem.concept,
    }
    return Checkpoint(options.checkpoint, run | {name.replace("_", "-"): value for name, value in asked.items()})


def _told(result: Result, options: Options) -> Result:
    """The result of a run that can go on, with a note that says from where."""
    if options.checkpoint is None or result.claim.stopped in (None, ROUND_LIMIT):
        return result
    return _noted(result, f"stopped before it was over; the same command goes on from {options.checkpoint}")


def _noted(result: Result, note: str) -> Result:
    return replace(result, claim=replace(result.claim, notes=(*result.claim.notes, note)))
