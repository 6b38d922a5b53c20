"""Merging nodes of the common-information graph: equal ones, bisimilar ones, near ones.

`belief(tol)` merges posteriors whose supports are equal and whose L1 distance is at most tol, and goes on from the
one that is kept, so that c^_{h+1} is a function of c^_h and z_{h+1} (equation 5.1).  Supports are propagated exactly:
what can happen after a node in the compressed game is what can happen in the game.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from posgc.compression import Certificate, CompressedGame, quotient
from posgc.information.graph import MERGE_TOLERANCE, Graph, expand_graph
from posgc.information.items import Information
from posgc.plugin import NoOptions, Progress

__all__ = ["Belief", "BeliefOptions", "Bisimulation", "Exact"]


@dataclass(frozen=True)
class Exact:
    """Nothing is lost: equal beliefs are merged, no others."""

    name: ClassVar[str] = "exact"
    summary: ClassVar[str] = "equal common beliefs are merged; nothing is lost"
    options: ClassVar[type] = NoOptions

    def applies(self, information: Information, options: Any) -> str | None:
        """Every game."""
        return None

    def apply(self, information: Information, options: Any, max_nodes: int, progress: Progress) -> CompressedGame:
        """The common-information graph itself."""
        graph = expand_graph(information, max_nodes, progress)
        return CompressedGame(graph, graph, _distances(graph, "lossless"))

    def candidates(self, information: Information) -> list[Any]:
        """It has no options."""
        return [NoOptions()]


@dataclass(frozen=True)
class Bisimulation:
    """Nothing is lost: beliefs that no reward and no increment tells apart are merged as well."""

    name: ClassVar[str] = "bisimulation"
    summary: ClassVar[str] = "common beliefs that no reward and no increment tells apart are merged; nothing is lost"
    options: ClassVar[type] = NoOptions

    def applies(self, information: Information, options: Any) -> str | None:
        """Every game."""
        return None

    def apply(self, information: Information, options: Any, max_nodes: int, progress: Progress) -> CompressedGame:
        """The quotient of the common-information graph."""
        graph = expand_graph(information, max_nodes, progress)
        return CompressedGame(quotient(graph), graph, _distances(graph, "lossless"))

    def candidates(self, information: Information) -> list[Any]:
        """It has no options."""
        return [NoOptions()]


@dataclass(frozen=True)
class BeliefOptions:
    """How near beliefs are that are merged."""

    # L1 distance of beliefs that are merged, from 0 (equal ones only) to 2 (all of one support)
    tol: float = field(
        default=1e-3,
        metadata={"sweep": "--tols", "help": "belief tolerances to try, such as 1e-1,1e-2", "beside": "exact"},
    )

    def __post_init__(self) -> None:
        if not 0 <= self.tol <= 2:
            raise ValueError(f"tol is an L1 distance of beliefs, from 0 to 2, not {self.tol}")


@dataclass(frozen=True)
class Belief:
    """See the module."""

    name: ClassVar[str] = "belief"
    summary: ClassVar[str] = "common beliefs within TOL of each other (L1) are merged"
    options: ClassVar[type] = BeliefOptions

    def applies(self, information: Information, options: Any) -> str | None:
        """Every game."""
        return None

    def apply(self, information: Information, options: Any, max_nodes: int, progress: Progress) -> CompressedGame:
        """The graph of representatives, bisimilar ones merged, and the distances met while building it."""
        graph = expand_graph(information, max_nodes, progress, tolerance=max(options.tol, MERGE_TOLERANCE))
        return CompressedGame(quotient(graph), graph, _distances(graph, "replaced"))

    def candidates(self, information: Information) -> list[Any]:
        """Coarse ones first."""
        return [BeliefOptions(tol) for tol in (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6)]


def _distances(graph: Graph, kind: Literal["lossless", "replaced"]) -> Certificate:
    return Certificate(kind, np.array([layer.merge_error for layer in graph.layers]))
