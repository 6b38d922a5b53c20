"""Backward induction with Gambit as the stage oracle: Nash equilibria of two-agent games, node by node.

A second opinion on `value-iteration`, which finds its own equilibria of the same stages a layer at a time;
where a stage has several, the two may choose differently, and the values of the game then differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from posgc.equilibrium import SolverFailed, Stages, StageSolution, certify
from posgc.equilibrium.layer import Group, support_groups
from posgc.planning.induction import Induction
from posgc.plugin import ConceptName, Facts, NoOptions, Problem
from posgc_gambit.adapter import missing_pygambit, solve_stage

__all__ = ["Gambit", "gambit_nash"]


@dataclass(frozen=True)
class Gambit:
    """See the module."""

    name: ClassVar[str] = "gambit"
    summary: ClassVar[str] = "backward induction with Gambit's complementarity solver for two-agent stages"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"nash"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = NoOptions
    conditional_moves: ClassVar[bool] = True

    def applies(self, facts: Facts) -> str | None:
        """Two agents, Assumption 3, and pygambit."""
        if facts.structure.n_agents != 2:
            return "Gambit's complementarity solver is for two agents"
        return facts.dependence or missing_pygambit()

    def emit(self, problem: Problem, options: Any) -> Induction:
        """The planner of this problem."""
        return Induction(problem.graph, problem.concept, gambit_nash)


def gambit_nash(stages: Stages) -> StageSolution:
    """A Nash equilibrium of every node of a two-agent layer, with its certified gap.

    Raises SolverFailed where Gambit has no answer.
    """
    tables = [np.zeros((stages.n_nodes, p, a)) for p, a in zip(stages.type_counts, stages.actions, strict=True)]
    for table in tables:
        table[:, :, 0] = 1.0  # a p_i that cannot occur has action 0
    for group in support_groups(stages):
        _solve_group(stages, group, tables)
    return certify(stages, tables, "nash", f"Gambit: lcp {stages.n_nodes}")


def _solve_group(stages: Stages, group: Group, tables: list[Any]) -> None:
    for k, node in enumerate(group.nodes):
        payoff = [group.payoff(stages, i, k, k + 1)[0] for i in range(2)]
        found = solve_stage([_scaled(part) for part in payoff], group.types)
        if found is None:
            raise SolverFailed(f"Gambit's lcp finds no equilibrium of a stage with payoffs {payoff}")
        for table, present, x in zip(tables, group.present, found, strict=True):
            played = np.maximum(x, 0.0)
            table[node, present] = played / played.sum(axis=1, keepdims=True)


def _scaled(payoff: Any) -> Any:
    """Each u's least payoff 0 and the largest range 1: the same equilibria, and solver tolerances that fit."""
    low = payoff.min(axis=(1, 2), keepdims=True)
    unit = float((payoff - low).max())
    return (payoff - low) / (unit if unit > 0 else 1.0)
