"""Planning in a learned model, by the planner and the oracles of the exact graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from posgc.information.graph import Graph
from posgc.language.concepts import ConceptName
from posgc.learning.construct import LearnedGraph
from posgc.planning.induction import Induction
from posgc.planning.oracles import Selection, stage_oracle
from posgc.policy.artefact import Claim
from posgc.policy.machine import Machine

__all__ = ["planned"]

Progress = Callable[[str, int, int], None]


def planned(
    graph: LearnedGraph | Graph, concept: ConceptName, seed: int, selection: Selection, progress: Progress
) -> tuple[Machine, Claim]:
    """The policy of a concept in the model, and what the planner says of it *there*, which is not said of the game.

    The policy plays uniformly on what no episode showed.  Raises as `stage_oracle` and the oracle itself.
    """
    oracle = stage_oracle(concept, graph.information.signature.agents, seed, selection)
    strategic = concept == "ce" and selection.form == "strategic"
    against: Literal["ce_strategic"] | None = "ce_strategic" if strategic else None
    result = Induction(lambda _: graph, concept, oracle, against).run(progress)
    assert isinstance(result.strategy, Machine)
    return replace(result.strategy, unseen="uniform"), result.claim
