"""Stage oracles by concept: what every back-end that plans by `Induction` means by a concept and its options."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from posgc.equilibrium import (
    CorrelatedOptions,
    NashOptions,
    SolverFailed,
    Stages,
    StageSolution,
    TeamOptions,
    TooLarge,
    ZeroSumOptions,
    solve_correlated,
    solve_nash,
    solve_team,
)
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.planning.selection import selection_of
from posgc.planning.solved import Oracle

__all__ = ["Selection", "stage_oracle"]

OFFERED = ("welfare", "egalitarian", "entropy", "any")
"""What can be selected of every stage, besides what is best for an agent."""


@dataclass(frozen=True)
class Selection:
    """What is asked of the stage games: which CE or CCE (`select`), of which form, found how, and the stage gap that is
    tolerated, in the unit of the rewards."""

    select: str = "welfare"
    form: Literal["agent", "strategic"] = "agent"
    way: Literal["auto", "lp", "columns", "regret"] = "auto"
    epsilon: float = 0.0


def stage_oracle(concept: ConceptName, agents: tuple[str, ...], seed: int, asked: Selection) -> Oracle:
    """The oracle of a concept; its limits are LimitErrors in terms of what the user asked for.

    Raises InputError (E612) where `select` names nothing, or the options do not go together.
    """
    return _explained(_oracle(concept, agents, seed, asked))


def _oracle(concept: ConceptName, agents: tuple[str, ...], seed: int, asked: Selection) -> Oracle:
    common = TeamOptions(epsilon=asked.epsilon, seed=seed)
    if concept == "team":
        return partial(solve_team, options=common)
    if concept == "nash":
        zero_sum = ZeroSumOptions(epsilon=asked.epsilon)
        options = NashOptions(team=common, zero_sum=zero_sum, epsilon=asked.epsilon, seed=seed)
        return partial(solve_nash, options=options)
    select, team = selection_of(agents, asked.select, OFFERED), TeamOptions(seed=seed)
    try:
        chosen = CorrelatedOptions(select, asked.form, asked.way, epsilon=asked.epsilon, team=team)
    except ValueError as error:
        raise InputError([Diagnostic("E612", f"the options do not go together: {error}")]) from None
    return partial(solve_correlated, kind=concept, options=chosen)


def _explained(oracle: Oracle) -> Oracle:
    """The oracle, its limits in terms of what the user asked for; its mistakes stay mistakes."""

    def answer(stages: Stages) -> StageSolution:
        try:
            return oracle(stages)
        except TooLarge as error:
            raise LimitError(f"a stage game is too large for what is asked: {error}") from None
        except SolverFailed as error:
            raise LimitError(f"a stage game could not be solved: {error}") from None

    return answer
