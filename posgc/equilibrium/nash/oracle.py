"""Nash equilibria in prescriptions: zero-sum (linear programme), common payoff (team), general sum.

The first two classes are tractable, at least a node at a time; a general-sum equilibrium is PPAD-hard to find
already for two agents without private information (Chen, Deng and Teng 2009).  For two agents one is
found all the same while stages are small; for more a profile is searched for whose exact gap is reported,
and may be positive (see `general_sum.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from posgc.equilibrium.gaps import certify
from posgc.equilibrium.nash.general_sum import EXACT, Effort, general_sum
from posgc.equilibrium.stage import Stages, StageSolution
from posgc.equilibrium.team.oracle import TeamOptions, solve_team
from posgc.equilibrium.zero_sum.oracle import ZeroSumOptions, solve_zero_sum

__all__ = ["NashOptions", "NotTractable", "solve_nash"]


class NotTractable(ValueError):
    """No equilibrium within the gap asked for was found, or general stages are to be refused."""


@dataclass(frozen=True)
class NashOptions(Effort):
    """Options of the three oracles behind `solve_nash`; those of `Effort` are for general stages."""

    team: TeamOptions = field(default_factory=TeamOptions)  # for common-payoff stages
    zero_sum: ZeroSumOptions = field(default_factory=ZeroSumOptions)  # for zero-sum stages
    # "heuristic" returns the best profile found with its exact gap; "exact" raises NotTractable where that gap is above
    # `epsilon`; "refuse" raises it for any general stage
    general: Literal["exact", "heuristic", "refuse"] = "heuristic"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.general not in ("exact", "heuristic", "refuse"):
            raise ValueError(f"general must be exact, heuristic or refuse, not {self.general!r}")


def solve_nash(stages: Stages, options: NashOptions | None = None) -> StageSolution:
    """A Nash equilibrium in prescriptions of every node, or what comes nearest; the best one for common payoffs.

    `method` counts the nodes of general stages as "pure", "exact" and "approximate"; `gap` says how near.
    Raises NotTractable as `options.general` has it.
    """
    options = options or NashOptions()
    if stages.kind == "zero_sum":
        return solve_zero_sum(stages, options.zero_sum)
    if stages.kind == "common":
        return solve_team(stages, options.team)
    if options.general == "refuse":
        raise NotTractable(
            "general-sum stages: a Nash equilibrium is PPAD-hard to find; ask for a CE or CCE, or declare the "
            "payoffs common or zero-sum if they are"
        )
    tables, tally = general_sum(stages, options)
    method = "nash: " + ", ".join(f"{name} {count}" for name, count in tally.items() if count)
    solution = certify(stages, tables, "nash", method)
    if options.general == "exact":
        _require(stages, solution, options.epsilon)
    return solution


def _require(stages: Stages, solution: StageSolution, epsilon: float) -> None:
    open_nodes = (solution.gap > np.maximum(epsilon, 2 * EXACT * stages.span())).any(axis=0)
    if open_nodes.any():
        raise NotTractable(
            f"{int(open_nodes.sum())} of {stages.n_nodes} general-sum stages are left with a gap of up to "
            f"{float(solution.gap.max()):.3g}; allow it (epsilon, general = heuristic) or ask for a CE or CCE"
        )
