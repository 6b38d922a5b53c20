"""Stage oracles on plain arrays: team optimum, zero-sum, CCE and CE, for whole layers at a time.

A layer of N stage games goes in as `Stages`, one `StageSolution` comes out; every gap in it is recomputed
from the definition by `deviation_gains`.  Imports nothing else of posgc.
"""

from posgc.equilibrium.blocks import SolverFailed
from posgc.equilibrium.correlated import CorrelatedOptions, correlated
from posgc.equilibrium.gaps import certify, deviation_gains, evaluate, joint_law
from posgc.equilibrium.nash import NashOptions, NotTractable, nash
from posgc.equilibrium.relaxation import relaxation_bound
from posgc.equilibrium.selection import TooLarge
from posgc.equilibrium.stage import Deviation, Stages, StageSolution
from posgc.equilibrium.team import TeamOptions, team
from posgc.equilibrium.zero_sum import ZeroSumOptions, zero_sum

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
    "correlated",
    "deviation_gains",
    "evaluate",
    "joint_law",
    "nash",
    "relaxation_bound",
    "team",
    "zero_sum",
]
