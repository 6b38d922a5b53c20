"""The whole chain on some hundred random games against the plain second way (tests/support/tree.py)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.checks import (
    check_graph,
    check_independence,
    check_random_policies,
    check_solution,
    check_stages,
    concepts,
    largest_defect,
    prepared,
)
from support.games import STRUCTURES, Shape, random_game, shapes
from support.tree import Tree

from posgc.assumptions import strategy_independence
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information

many = settings(max_examples=320, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
few = settings(many, max_examples=40)


def compare_verdict(shape: Shape) -> bool:
    """Assumption 3 as checked, and as seen: a few random policies refute it where it fails (almost surely)."""
    model, protocol = random_game(shape)
    information = Information(model, protocol)
    assume(not any(information.lost(h) for h in range(2, model.horizon + 1)))
    information = drop_own_actions(information)
    verdict = strategy_independence(information)
    defect = largest_defect(Tree(model, protocol, information.dropped), shape.seed, 6)
    assert verdict.holds is bool(defect < 1e-9), (verdict, defect)
    return verdict.holds


@few
@given(shapes(histories=1000, structures=("any", *STRUCTURES)))
def test_assumption_3_is_what_random_policies_show(shape: Shape) -> None:
    compare_verdict(shape)


@pytest.mark.slow
@many
@given(shapes(histories=2000, structures=("any",)))
def test_assumption_3_in_many_games(shape: Shape) -> None:
    compare_verdict(shape)


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
