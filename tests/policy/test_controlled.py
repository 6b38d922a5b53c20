"""Controllers as behaviour strategies of game trees: what a machine that is written out as controllers plays there."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from support.checks import prepared
from support.games import Shape, shapes
from support.kinds import as_controllers
from support.policies import machine

from posgc.information.extensive import Chance, Decision, Infosets, Node
from posgc.information.items import Information
from posgc.information.tree import game_tree
from posgc.judge.behaviour import Lookup, strategies
from posgc.judge.controlled import controller_strategies
from posgc.policy.controllers import Controller, Controllers, ControllerStep


def walked(information: Information) -> Infosets:
    """All information sets of the game's tree."""
    infosets = Infosets(information.n_agents)
    left: deque[Node] = deque([game_tree(information, infosets)])
    while left:
        node = left.pop()
        if isinstance(node, Chance | Decision):
            left.extend(node.child(k) for k in range(len(node.labels)))
    return infosets


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(shapes(histories=60))
def test_a_machine_and_its_controllers_play_alike_on_the_tree(shape: Shape) -> None:
    information, tree, _ = prepared(shape)
    policy = machine(np.random.default_rng(shape.seed), tree, True)
    infosets = walked(information)
    plain = strategies(Lookup(information, policy), infosets)
    found = controller_strategies(information, as_controllers(tree, policy), infosets)
    for own, other in zip(plain, found, strict=True):
        assert len(own) == len(other)
        for law, same in zip(own, other, strict=True):
            assert law == pytest.approx(same, abs=1e-12)


def test_what_a_controller_has_never_seen_is_drawn_uniformly() -> None:
    shape = Shape("none", 2, 2, 2, (2, 3), (2, 2), "general", "dense", False, False, False, 1.0, 5)
    information, _, _ = prepared(shape)
    none, nothing = np.zeros(0, np.int64), np.zeros((0, 2))
    empty = tuple(
        Controller(none, none, (ControllerStep(nothing, np.zeros(1, np.int64), none, none),) * 2) for _ in range(2)
    )
    profile = controller_strategies(information, Controllers(empty, "uniform"), walked(information))
    assert all(law == [1 / size] * size for own, size in zip(profile, (2, 3), strict=True) for law in own)
