"""Windows as the plug-in builds them against the same windows listed one by one, for lag tables of every kind."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from posgc_window.suffixes import delay, window_graph
from support.checks import coded, distance, node_belief, prepared, walk
from support.games import STRUCTURES, Shape, dectiger, delayed, shapes
from support.windows import seen, window_beliefs

from posgc.compression import quotient
from posgc.information.items import Information

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
Prior = Literal["uniform", "reachable"]
PRIORS: tuple[Prior, ...] = ("uniform", "reachable")


def check_windows(shape: Shape, length: int, prior: Prior) -> None:
    """Every c_h leads to one node; histories with equal windows share it; its belief is the window's."""
    information, tree, _ = prepared(shape)
    late = delay(information)
    graph = window_graph(information, length, prior, 10**5, lambda *_: None)
    for h, (layer, nodes) in enumerate(zip(graph.layers, walk(tree, graph), strict=True), start=1):
        plain = window_beliefs(tree, h, length, late, prior)
        met: dict[object, int] = {}
        for common, node in nodes.items():
            window = seen(common, h, length, late)
            assert met.setdefault(window, node) == node, "equal windows, different nodes"
            assert distance(coded(tree, plain[window]), node_belief(tree, layer, node)) < 1e-12
        for k in range(len(layer)):
            assert (np.diff(layer.edge_z[layer.edge_indptr[k] : layer.edge_indptr[k + 1]]) > 0).all()
    merged = quotient(graph)
    assert all(small <= large for small, large in zip(merged.sizes, graph.sizes, strict=True))
    walk(tree, merged)


@few
@given(shapes(histories=600), st.integers(0, 3), st.sampled_from(PRIORS))
def test_nodes_and_beliefs_of_random_games(shape: Shape, length: int, prior: Prior) -> None:
    check_windows(shape, length, prior)


@few
@given(shapes(histories=600, structures=("any",)), st.integers(0, 2), st.sampled_from(PRIORS))
def test_lag_tables_outside_the_paper(shape: Shape, length: int, prior: Prior) -> None:
    """Assumption 3 is not needed for what a window is."""
    information, _, _ = prepared(shape)
    if any(information.lost(h) for h in range(2, shape.horizon + 1)):
        return
    check_windows(shape, length, prior)


@pytest.mark.parametrize(("length", "stacks", "beliefs"), [(2, 4, 4), (3, 10, 6), (4, 28, 8)])
def test_windows_of_equal_belief_are_not_alike(length: int, stacks: int, beliefs: int) -> None:
    """DecTiger, one-step delay, step 8 of 14: no reward and no increment tells more than `beliefs` windows apart now,
    and bisimulation, which looks ahead, keeps all `stacks`."""
    information = Information(dectiger(14), delayed(1))
    graph = window_graph(information, length, "uniform", 10**5, lambda *_: None)
    assert len(np.unique(graph.layers[7].belief.toarray().round(9), axis=0)) == beliefs
    assert quotient(graph).sizes[7] == graph.sizes[7] == stacks


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("length", [0, 1, 2])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_five_steps(structure: str, length: int, early: bool) -> None:
    """Longer than hypothesis can afford, so that windows start well after the first step."""
    numbers: Literal["dense", "coarse"] = "dense" if early else "coarse"
    actions, observations = ((1, 2), (2, 1)) if early else ((2, 1), (1, 2))
    shape = Shape(
        structure,
        2,
        2,
        4 if early else 5,
        actions,
        observations,
        "general",
        numbers,
        early,
        False,
        False,
        1.0,
        7 + length,
    )
    for prior in PRIORS:
        check_windows(shape, length, prior)
