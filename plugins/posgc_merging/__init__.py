"""The compressions that merge beliefs: `exact`, `bisimulation` and `belief(tol)`."""

from collections.abc import Sequence

from posgc.plugin import Compression, hookimpl
from posgc_merging.compressions import Belief, Bisimulation, Exact

__all__ = ["Belief", "Bisimulation", "Exact", "posgc_compressions"]


@hookimpl
def posgc_compressions() -> Sequence[Compression]:
    """From lossless to lossy."""
    return (Exact(), Bisimulation(), Belief())
