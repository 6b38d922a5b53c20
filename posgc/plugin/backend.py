"""What a back-end is: the contract between the compiler and whoever solves the game.

A back-end says what it can do (`Backend`), is asked whether a game suits it (`applies`), and is then made
into a planner or a learner for that one game (`emit`), whose `run` returns a `Result`: how the agents play, and what
it claims of that.  The compiler binds the result to the game, judges it in the true game, and reports the claims
beside that.  Planning and learning are two problems: a planner is handed the model, a learner an environment to play
in, the information structure and a budget, and no table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from posgc.information.graph import Graph, expand_graph
from posgc.information.items import Information, Structure
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.model.arrays import Model
from posgc.model.rewards import RewardKind
from posgc.play.environment import Budget, Environment
from posgc.policy.artefact import Result

__all__ = ["Backend", "Facts", "Learner", "LearningProblem", "NoOptions", "Planner", "Problem", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total), often enough for a person to see that work goes on."""


@dataclass(frozen=True)
class Facts:
    """What a back-end may need to know before it agrees."""

    concept: ConceptName
    rewards: RewardKind
    independent: bool | None  # Assumption 3's verdict; None: not decided within the limits
    why_not_independent: str
    structure: Structure
    model: Model | None  # None for a learner, which may see no table
    named: bool = False  # whether the user asked for this back-end by its name
    form: str | None = None  # of the concept, where the user asked for one (`posgc.language.concepts.forms`)

    @property
    def dependence(self) -> str | None:
        """Why Assumption 3 cannot be relied on, as a sentence; None where it holds."""
        if self.independent is True:
            return None
        state = "fails" if self.independent is False else "is not decided"
        return f"Assumption 3 (strategy-independent beliefs) {state}: {self.why_not_independent}"


@dataclass(frozen=True)
class Problem:
    """One game to be planned for: the model, who knows what when, the concept, and the limits set by the user."""

    information: Information
    concept: ConceptName
    max_nodes: int
    seed: int
    compressed: Graph | None = None  # the smaller game that is to be solved in its place, if any
    planned_on: Callable[[Graph], None] | None = None  # is told the graph that a planner asks for

    def graph(self, progress: Progress) -> Graph:
        """The graph to plan on: the compressed one, else the exact one; raises LimitError past `max_nodes`."""
        graph = self.compressed
        if graph is None:
            graph = expand_graph(self.information, self.max_nodes, progress)
        if self.planned_on is not None:
            self.planned_on(graph)
        return graph

    def require_uncompressed(self, backend: str) -> None:
        """For back-ends that plan on histories.  Raises InputError (E617) under a compression."""
        if self.compressed is not None:
            what = f"back-end {backend} plans on histories, and on no graph that could be compressed"
            raise InputError([Diagnostic("E617", what, help="leave --compress out, or take --backend value-iteration")])


@dataclass(frozen=True)
class LearningProblem:
    """One game to be learned from samples."""

    environment: Environment  # counts what is played, and refuses to play past the budget
    structure: Structure  # who knows what when; `posgc.play.players.Memory` makes codes of what happens
    concept: ConceptName
    rewards: RewardKind
    budget: Budget
    seed: int  # of the learner's own random numbers
    digest: str = ""  # of the game behind the environment, to tell checkpoints apart; "" where it is not known


class Planner(Protocol):
    """A planning algorithm made for one `Problem`, or a learning algorithm made for one `LearningProblem`."""

    def run(self, progress: Progress) -> Result:
        """Solve.  Raises LimitError when a limit of the problem is reached."""
        ...


Learner = Planner


@dataclass(frozen=True)
class NoOptions:
    """For back-ends without options."""


class Backend(Protocol):
    """A way to solve games.  `options` is a frozen dataclass whose fields become `--option name=value`.

    One that returns `posgc.policy.opaque.Opaque` also has `player(arrays, info, structure)`, which makes the player
    again of what its file holds, for a game with that information structure.

    Of games in which some actions exist in some states only (`Kernel.played`) it is asked where it says
    `conditional_moves = True`.  Such a back-end returns strategies that play no action where it does not exist.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    concepts: ClassVar[frozenset[ConceptName]]
    reads: ClassVar[Literal["model", "samples"]]  # whether `emit` is given a Problem or a LearningProblem
    options: ClassVar[type]

    def applies(self, facts: Facts) -> str | None:
        """None when the game suits this back-end, else the reason why not, as a sentence."""
        ...

    def emit(self, problem: Any, options: Any) -> Planner:
        """A planner (or learner) for this problem; `options` is an instance of `self.options`."""
        ...
