"""`window(L)`: only the last L steps of the common information, quotiented by bisimulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from posgc.compression import CompressedGame, quotient
from posgc.information.items import Information
from posgc.plugin import Progress
from posgc_window.error import window_certificate
from posgc_window.priors import Prior
from posgc_window.suffixes import delay, window_graph

__all__ = ["Options", "Window"]

LONGEST_CANDIDATE = 8
"""Windows longer than this are not tried unasked."""


@dataclass(frozen=True)
class Options:
    """`length`: steps that the window looks back, from 0 to the horizon.  `prior`: what it assumes of its start."""

    length: int = 2
    prior: Prior = "uniform"

    def __post_init__(self) -> None:
        if self.length < 0:
            raise ValueError(f"a window has a length from 0, not {self.length}")


@dataclass(frozen=True)
class Window:
    """See the module."""

    name: ClassVar[str] = "window"
    summary: ClassVar[str] = "finite memory: the last LENGTH steps of the common information"
    options: ClassVar[type] = Options

    def accepts(self, information: Information, options: Any) -> str | None:
        """Any lag table; the window may not be longer than the game."""
        horizon = information.model.horizon
        if options.length > horizon:
            return f"the window is longer than the game: length {options.length}, horizon {horizon}"
        return None

    def apply(self, information: Information, options: Any, max_nodes: int, progress: Progress) -> CompressedGame:
        """The game of windows and the certificate of its error."""
        graph = window_graph(information, options.length, options.prior, max_nodes, progress)
        merged = np.array([layer.merge_error for layer in graph.layers])
        certificate = window_certificate(information, options.length, options.prior, max_nodes, merged)
        return CompressedGame(quotient(graph), graph, certificate)

    def candidates(self, information: Information) -> list[Any]:
        """Lengths from 1 until the window is everything."""
        longest = min(LONGEST_CANDIDATE, information.model.horizon - 1 - delay(information))
        return [Options(length, "reachable") for length in range(1, longest + 1)]
