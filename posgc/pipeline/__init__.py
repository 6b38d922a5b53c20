"""The stages in their order: read, compile, tabulate, inform, check, compress, emit, run, judge.

This is the only package that knows the order.  Every function takes what the one before returned and a
progress callback; nothing here prints.
"""

from posgc.pipeline.allowance import Allowance
from posgc.pipeline.checking import BackendOffer, Report, Theory, candidates, check, independence, offers
from posgc.pipeline.comparing import Comparison, Grid, compare
from posgc.pipeline.compiling import (
    AssumptionFails,
    Compiled,
    Request,
    compile_read,
    compile_request,
    quiet,
    read_game,
    read_source,
)
from posgc.pipeline.compressing import CompressionRequest, CompressionResult, Sweep, solve_each
from posgc.pipeline.designing import LATTICE_LIMIT, Choosable, Design, Kept, design
from posgc.pipeline.frontier import Demands
from posgc.pipeline.gathering import Findings, Wanted, gather
from posgc.pipeline.judging import request_of_policy, verify_policy
from posgc.pipeline.neighbours import Bracket
from posgc.pipeline.opening import opened
from posgc.pipeline.others import exporter_of, referee_of, second_opinion
from posgc.pipeline.playing import Simulation, simulate
from posgc.pipeline.points import Question, Row
from posgc.pipeline.running import Candidate
from posgc.pipeline.solving import SAMPLES, Solution, solve
from posgc.pipeline.store import Store
from posgc.pipeline.translating import Translation, translate
from posgc.pipeline.verified import Verified
from posgc.pipeline.warned import warned
from posgc.workers import Workers

__all__ = [
    "LATTICE_LIMIT",
    "SAMPLES",
    "Allowance",
    "AssumptionFails",
    "BackendOffer",
    "Bracket",
    "Candidate",
    "Choosable",
    "Comparison",
    "Compiled",
    "CompressionRequest",
    "CompressionResult",
    "Demands",
    "Design",
    "Findings",
    "Grid",
    "Kept",
    "Question",
    "Report",
    "Request",
    "Row",
    "Simulation",
    "Solution",
    "Store",
    "Sweep",
    "Theory",
    "Translation",
    "Verified",
    "Wanted",
    "Workers",
    "candidates",
    "check",
    "compare",
    "compile_read",
    "compile_request",
    "design",
    "exporter_of",
    "gather",
    "independence",
    "offers",
    "opened",
    "quiet",
    "read_game",
    "read_source",
    "referee_of",
    "request_of_policy",
    "second_opinion",
    "simulate",
    "solve",
    "solve_each",
    "translate",
    "verify_policy",
    "warned",
]
