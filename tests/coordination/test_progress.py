"""Bounds that are asked to fall by next to nothing: the search gets there in few steps, and never stands still."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.games import dectiger, full

from posgc.coordination.nodes import Choice, Node
from posgc.coordination.search import Search
from posgc.information.items import Information


@pytest.mark.parametrize(("stage", "by"), [(1.0, 1e-11), (2.0, 1e-11), (2.0, 4e-16), (-3.0, 5e-16)])
def test_a_choice_falls_below_its_target_in_few_steps(monkeypatch, stage, by):
    """The stage's bound may lie far below what the children's bounds make of a choice, and a target within rounding."""
    child, steps = Node(2, 0, upper=2.0, lower=-10.0), itertools.count(1)
    choice = Choice((np.zeros(1, dtype=np.int64),) * 2, upper=stage, children=[(0.3, child), (0.7, child)])
    search = Search(Information(dectiger(3), full(2)), 1e-9)
    choice.settle(search.model.discount)

    def improve(node: Node, threshold: float) -> None:
        assert next(steps) < 100
        assert threshold < node.upper
        node.upper = threshold

    monkeypatch.setattr(search, "improve", improve)
    search._refine(choice, stage - by, 1e-9)
    assert choice.upper <= stage - by
