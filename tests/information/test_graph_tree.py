"""The common-information graph against histories enumerated from the definitions."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from support.checks import check_graph, check_independence, check_stages, prepared
from support.games import Shape, random_game, shapes
from support.tree import Tree

from posgc.information.graph import expand_graph
from posgc.information.items import Information

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@few
@given(shapes(histories=1500))
def test_nodes_are_the_distinct_beliefs(shape: Shape) -> None:
    _, tree, graph = prepared(shape)
    check_graph(tree, graph)


@few
@given(shapes(histories=1500, structures=("any",)))
def test_under_any_protocol_they_are_those_under_uniform_play(shape: Shape) -> None:
    """Where Assumption 3 fails the graph is only that: beliefs under uniformly random actions."""
    model, protocol = random_game(shape)
    information = Information(model, protocol)
    assume(not any(information.lost(h) for h in range(2, model.horizon + 1)))
    check_graph(Tree(model, protocol), expand_graph(information))


@few
@given(shapes(histories=1500))
def test_these_structures_make_beliefs_independent_of_strategies(shape: Shape) -> None:
    _, tree, _ = prepared(shape)
    check_independence(tree, shape.seed)


@few
@given(shapes(histories=1500))
def test_stage_payoffs_and_weights(shape: Shape) -> None:
    _, tree, graph = prepared(shape)
    check_stages(tree, graph, shape.seed)
