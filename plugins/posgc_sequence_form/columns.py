"""The best correlated equilibria of small games by column generation (docs/hidden-histories.md), as a back-end.

Any rewards, any number of agents, any protocol under which agents forget nothing; Assumption 3 is not needed.  A
mixture of joint plans, drawn once an episode: of the extensive form (EFCE) for ce, of the normal or the extensive form
(NFCCE, EFCCE) for cce, the one that `select` names, with a bound on what any other has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from posgc.coordination.limits import Limits
from posgc.extensive.columns import FEASIBLE, select_best
from posgc.extensive.correlated import Pick, kind_of, mixture_result, unmixed
from posgc.extensive.growing import extensive_game
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.master import Master
from posgc.extensive.mixing import ENOUGH, minimise_trigger_regret
from posgc.extensive.serving import CORRELATED, too_large_for_columns
from posgc.extensive.solution import charge
from posgc.model.rewards import spans_to_come
from posgc.planning.selection import selection_of
from posgc.plugin import (
    ConceptName,
    Facts,
    Planner,
    Problem,
    Progress,
    Result,
)

__all__ = ["ColumnGeneration", "Options"]

Floats = npt.NDArray[np.float64]

HIDDEN = "rounding hides which equilibrium is the best"
"""Why a search ended whose programme is not solved any more."""
START_ROUNDS, MOST_ROUNDS = 300, 100_000
"""Rounds of regret minimisation whose mixture begins the search, and where nothing is selected."""


@dataclass(frozen=True)
class Options:
    """Which equilibrium, and when to stop."""

    # which equilibrium: welfare, egalitarian (the largest least value), max:AGENT (name, or number from 1), or any
    select: str = field(
        default="welfare",
        metadata={"concepts": ("ce", "cce"), "flag": "--select", "help": "which equilibrium"},
    )
    # what an agent may gain, in the unit of the rewards; what is selected is the best of all mixtures in which nobody
    # gains more, or misses it by at most as much
    epsilon: float = 0.0
    # seconds after which the best mixture so far is returned; none: no limit
    time_limit: float | None = None
    # of a ce: extensive; of a cce: strategic (default) or extensive
    form: Literal["agent", "strategic", "extensive"] | None = field(default=None, metadata=CORRELATED)

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is a number from 0, not {self.epsilon}")
        if self.time_limit is not None and not self.time_limit > 0:
            raise ValueError(f"time-limit is a positive number of seconds, not {self.time_limit}")


@dataclass(frozen=True)
class ColumnGeneration:
    """See the module."""

    name: ClassVar[str] = "column-generation"
    summary: ClassVar[str] = "the best EFCE, EFCCE or NFCCE of a small game, with or without Assumption 3"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options

    def applies(self, facts: Facts) -> str | None:
        """Nothing may be forgotten, and the game must be small."""
        assert facts.model is not None
        why = unmixed(self.name, facts.concept, facts.form, facts.structure, facts.independent, facts.named)
        if why is not None:
            return why
        why = too_large_for_columns(facts.model, facts.structure, facts.named)
        return why and f"{why}; cfr needs no list"

    def emit(self, problem: Problem, options: Any) -> Planner:
        """The planner of this problem.  Raises InputError (E617) under a compression, (E612) for an unknown agent."""
        problem.require_uncompressed(self.name)
        agents = problem.information.model.signature.agents
        selection = selection_of(agents, options.select, ("welfare", "egalitarian", "any"))
        return _Selecting(problem, options, selection)


@dataclass(frozen=True)
class _Selecting:
    problem: Problem
    options: Options
    selection: str

    def run(self, progress: Progress) -> Result:
        limits = Limits(self.options.time_limit)
        with limits.interruptible():
            return self._found(extensive_game(self.problem.information, merge=False), limits, progress)

    def _found(self, game: ExtensiveGame, limits: Limits, progress: Progress) -> Result:
        options, information = self.options, self.problem.information
        kind = kind_of(self.problem.concept, options.form)

        def told(turns: int, lower: float, upper: float) -> None:
            progress(f"{options.select} {lower:.6g} .. {upper:.6g}", turns, turns + 1)

        master = Master.of(game, kind, spans_to_come(information.model)[:, 0])
        off, selects = charge(information.model, game), self.selection != "any"
        if selects:
            start = minimise_trigger_regret(
                master, kind, max(options.epsilon, off), START_ROUNDS, limits, left=limits.left
            )
        else:
            enough = options.epsilon or ENOUGH * master.scale
            start = minimise_trigger_regret(master, kind, max(enough, off), MOST_ROUNDS, limits, left=limits.left)
        best = None
        if selects:
            criteria, epsilon = self._criteria(), options.epsilon
            best = select_best(master, start.profiles, criteria, epsilon, limits, told, limits.left)
        if best is None:
            none = start.gains.max() > max(options.epsilon, FEASIBLE * master.scale)
            missed = "no equilibrium was found" if none else HIDDEN if selects else None
            stopped: str | None = limits.reason if limits() else missed
            how = "regret of triggers", start.rounds, "round"
            return mixture_result(information, game, start.profiles, start.weight, start.gains, kind, how, stopped)
        stopped = None
        if not best.closed:
            stopped = limits.reason if limits() else HIDDEN
        how = "column generation", best.turns, "turn"
        selected = Pick(options.select, best.selected, best.upper, options.epsilon)
        return mixture_result(information, game, best.profiles, best.weight, best.gains, kind, how, stopped, selected)

    def _criteria(self) -> Floats:
        """[m, n]: the least of these sums of values is made as large as possible."""
        n = self.problem.information.n_agents
        kind, _, agent = self.selection.partition(":")
        if kind == "max":
            return np.eye(n)[[int(agent)]]
        return np.eye(n) if kind == "egalitarian" else np.ones((1, n))
