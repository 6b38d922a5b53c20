"""Nash equilibria of stages where they are tractable: zero-sum (linear programme) and common payoff (team).

General-sum Nash equilibria are PPAD-hard already for two agents without private information (Chen, Deng and
Teng 2009) and are refused here, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from posgc.equilibrium.stage import Stages, StageSolution
from posgc.equilibrium.team import TeamOptions, team
from posgc.equilibrium.zero_sum import ZeroSumOptions, zero_sum

__all__ = ["NashOptions", "NotTractable", "nash"]


class NotTractable(ValueError):
    """The class of stages has no polynomial algorithm for the concept asked for."""


@dataclass(frozen=True)
class NashOptions:
    """Options of the two oracles behind."""

    team: TeamOptions = field(default_factory=TeamOptions)
    zero_sum: ZeroSumOptions = field(default_factory=ZeroSumOptions)


def nash(stages: Stages, options: NashOptions | None = None) -> StageSolution:
    """A Nash equilibrium in prescriptions of every node; the best one for common payoffs.

    Raises NotTractable for general stages.
    """
    options = options or NashOptions()
    if stages.kind == "zero_sum":
        return zero_sum(stages, options.zero_sum)
    if stages.kind == "common":
        return team(stages, options.team)
    raise NotTractable(
        "general-sum stages: a Nash equilibrium is PPAD-hard to find; ask for a CE or CCE, or declare the "
        "payoffs common or zero-sum if they are"
    )
