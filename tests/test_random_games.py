"""The whole chain on some hundred random games against the plain second way (tests/support/tree.py)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from support.checks import (
    check_graph,
    check_independence,
    check_random_policies,
    check_solution,
    check_stages,
    concepts,
    prepared,
)
from support.games import Shape, shapes

many = settings(max_examples=320, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@many
@given(shapes(histories=4000))
def test_graphs_of_many_games(shape: Shape) -> None:
    _, tree, graph = prepared(shape)
    check_graph(tree, graph)
    check_independence(tree, shape.seed)
    check_stages(tree, graph, shape.seed)


@pytest.mark.slow
@many
@given(shapes(histories=500))
def test_policies_and_solutions_of_many_games(shape: Shape) -> None:
    information, tree, graph = prepared(shape)
    check_random_policies(information, tree, graph, shape.seed)
    for concept in concepts(shape):
        check_solution(information, tree, concept, shape)
