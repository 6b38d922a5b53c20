"""What a back-end is: the contract between the compiler and whoever solves the game.

A back-end says what it can do (`Backend`), is asked whether a game suits it (`applies`), and is then made
into a planner for that one game (`emit`), whose `run` returns a `Policy`.  The compiler verifies every
policy in the true game; a back-end's own claims are only reported beside that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from posgc.information.graph import Graph, expand_graph
from posgc.information.items import Information
from posgc.model.arrays import Model
from posgc.model.rewards import RewardKind
from posgc.policy.artefact import Concept, Policy

__all__ = ["Backend", "Facts", "NoOptions", "Planner", "Problem", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total), often enough for a person to see that work goes on."""


@dataclass(frozen=True)
class Facts:
    """What a back-end may need to know before it agrees: `independent` is Assumption 3's verdict."""

    concept: Concept
    rewards: RewardKind
    independent: bool | None
    why_not_independent: str
    model: Model

    @property
    def dependence(self) -> str | None:
        """Why Assumption 3 cannot be relied on, as a sentence; None where it holds."""
        if self.independent is True:
            return None
        state = "fails" if self.independent is False else "is not decided"
        return f"Assumption 3 (strategy-independent beliefs) {state}: {self.why_not_independent}"


@dataclass(frozen=True)
class Problem:
    """One game to be solved: the model, who knows what when, the concept, and the limits set by the user.

    `compressed` is the smaller game that is to be solved in its place, if any; `planned_on` is told the graph that a
    planner asks for.
    """

    information: Information
    concept: Concept
    max_nodes: int
    seed: int
    compressed: Graph | None = None
    planned_on: Callable[[Graph], None] | None = None

    def graph(self, progress: Progress) -> Graph:
        """The graph to plan on: the compressed one, else the exact one; raises LimitError past `max_nodes`."""
        graph = self.compressed
        if graph is None:
            graph = expand_graph(self.information, self.max_nodes, progress)
        if self.planned_on is not None:
            self.planned_on(graph)
        return graph


class Planner(Protocol):
    """An algorithm specialised to one problem."""

    def run(self, progress: Progress) -> Policy:
        """Solve.  Raises LimitError when a limit of the problem is reached."""
        ...


@dataclass(frozen=True)
class NoOptions:
    """For back-ends without options."""


class Backend(Protocol):
    """A way to solve games.  `options` is a frozen dataclass whose fields become `--option name=value`."""

    name: ClassVar[str]
    summary: ClassVar[str]
    concepts: ClassVar[frozenset[Concept]]
    reads: ClassVar[Literal["model", "samples"]]
    options: ClassVar[type]

    def applies(self, facts: Facts) -> str | None:
        """None when the game suits this back-end, else the reason why not, as a sentence."""
        ...

    def emit(self, problem: Problem, options: Any) -> Planner:
        """A planner for this problem; `options` is an instance of `self.options`."""
        ...
