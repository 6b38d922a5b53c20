"""The checks of Assumptions 1 to 3 of Liu & Zhang (2023), each with its proof or its counterexample."""

from posgc.assumptions.evolution import evolution
from posgc.assumptions.independence.dependence import belief_distances
from posgc.assumptions.observability import ObservabilityReport, observability
from posgc.assumptions.replay import ReplayResult, replay
from posgc.assumptions.strategy_independence import strategy_independence
from posgc.assumptions.verdict import Verdict

__all__ = [
    "ObservabilityReport",
    "ReplayResult",
    "Verdict",
    "belief_distances",
    "evolution",
    "observability",
    "replay",
    "strategy_independence",
]
