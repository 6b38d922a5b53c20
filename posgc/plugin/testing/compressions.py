"""The battery for compressions.

On small games under which Assumption 3 holds: candidates come with reasons where they do not apply, the model is closed
under what can happen in the game, an optimal policy of it can be played and judged in the true game, and the bounds
that its certificate gives hold there.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from posgc.compression.assess import Limits, assess
from posgc.compression.closure import require_recursive
from posgc.compression.contract import Compression
from posgc.equilibrium import solve_team
from posgc.information.graph import DEFAULT_MAX_NODES, Graph
from posgc.model.rewards import reward_kind
from posgc.planning.induction import Induction
from posgc.plugin.testing.games import battery_games

__all__ = ["check_compression"]


def check_compression(compression: Compression) -> int:
    """Run the battery; returns the number of models that were made.  Raises AssertionError."""
    assert compression.name and compression.summary, "a compression needs a name and a summary"
    made = 0
    for information, holds in battery_games():
        if not holds or reward_kind(information.model) != "common":
            continue
        for options in compression.candidates(information):
            where = f"{compression.name}, {options}, {information.model.name}"
            reason = compression.applies(information, options)
            assert reason is None or reason.strip(), f"{where}: a refusal needs a reason"
            if reason is not None:
                continue
            small = compression.apply(information, options, DEFAULT_MAX_NODES, lambda stage, done, total: None)
            require_recursive(small.graph)
            assert len(small.graph.layers) == information.model.horizon, f"{where}: a step is missing"
            graph = small.graph
            result = Induction(partial(_same, graph), "team", solve_team).run(lambda *told: None)
            limits = Limits(DEFAULT_MAX_NODES, DEFAULT_MAX_NODES)
            known = assess(small, result.strategy, "nash", limits, 7)
            assert known.judgement is not None and known.judgement.gap is not None, f"{where}: not judged"
            for bound in known.bounds:
                assert known.judgement.gap <= bound.gap + 1e-9, f"{where}: the bound {bound.gap} does not hold"
            again = compression.apply(information, options, DEFAULT_MAX_NODES, lambda stage, done, total: None)
            same = all(
                np.array_equal(a.edge_to, b.edge_to) for a, b in zip(graph.layers, again.graph.layers, strict=True)
            )
            assert same, f"{where}: two models of one game differ"
            made += 1
    assert made, "the compression refused every game of the battery"
    return made


def _same(graph: Graph, progress: object) -> Graph:
    return graph
