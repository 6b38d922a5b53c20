"""The battery for referees: other programs that recompute what a policy earns."""

from __future__ import annotations

from functools import partial

from posgc.equilibrium import solve_nash
from posgc.information.graph import DEFAULT_MAX_NODES, Graph, expand_graph
from posgc.judge.choose import judge
from posgc.judge.referee import compare
from posgc.planning.induction import Induction
from posgc.plugin.referee import Referee
from posgc.plugin.testing.games import battery_games

__all__ = ["check_referee"]


def check_referee(referee: Referee) -> int:
    """Hand it Nash policies of small games and compare with posgc's own judge; returns the number of games.

    Raises AssertionError where the two disagree, or where the referee is not ready.
    """
    assert referee.name and referee.summary, "a referee needs a name and a summary"
    reason = referee.applies()
    assert reason is None, f"{referee.name} cannot be asked here: {reason}"
    asked = 0
    for information, holds in battery_games():
        if not holds or information.n_agents != 2:
            continue
        graph = expand_graph(information, DEFAULT_MAX_NODES, lambda *told: None)
        strategy = Induction(partial(_same, graph), "nash", solve_nash).run(lambda *told: None).strategy
        checked = judge(information, strategy, "nash", DEFAULT_MAX_NODES, None, None)
        said = compare(information, strategy, checked, referee.name, referee.judge)
        assert said.disagreement is None, f"{referee.name}, {information.model.name}: {said.disagreement}"
        asked += 1
    return asked


def _same(graph: Graph, progress: object) -> Graph:
    return graph
