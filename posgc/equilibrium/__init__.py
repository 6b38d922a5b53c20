"""Stage oracles on plain arrays: team optimum, zero-sum, CCE and CE, for whole layers at a time.

A layer of N stage games goes in as `Stages`, one `StageSolution` comes out; every gap in it is recomputed
from the definition by `deviation_gains`.  Imports nothing else of posgc.
"""

from posgc.equilibrium.correlated.options import CorrelatedOptions
from posgc.equilibrium.correlated.oracle import solve_correlated
from posgc.equilibrium.correlated.selection import TooLarge
from posgc.equilibrium.gaps import certify, deviation_gains, evaluate, joint_law
from posgc.equilibrium.nash.oracle import NashOptions, NotTractable, solve_nash
from posgc.equilibrium.solvers.blocks import SolverFailed
from posgc.equilibrium.stage import Deviation, Stages, StageSolution
from posgc.equilibrium.team.oracle import TeamOptions, solve_team
from posgc.equilibrium.team.relaxation import relaxation_bound
from posgc.equilibrium.zero_sum.oracle import ZeroSumOptions, solve_zero_sum

__all__ = [
    "CorrelatedOptions",
    "Deviation",
    "NashOptions",
    "NotTractable",
    "SolverFailed",
    "StageSolution",
    "Stages",
    "TeamOptions",
    "TooLarge",
    "ZeroSumOptions",
    "certify",
    "deviation_gains",
    "evaluate",
    "joint_law",
    "relaxation_bound",
    "solve_correlated",
    "solve_nash",
    "solve_team",
    "solve_zero_sum",
]
