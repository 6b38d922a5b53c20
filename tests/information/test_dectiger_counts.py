"""Node counts of DecTiger (Nair et al. 2003) that are known in closed form."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from support.checks import check_graph
from support.games import dectiger, delayed, full
from support.tree import Tree

from posgc.information import graph
from posgc.information.graph import expand_graph
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError


def test_one_step_delay_has_2h_minus_2_nodes() -> None:
    """shared/MATH.md section 3: 2(h - 1) nodes at step h = 2, 3, ...; one at the first."""
    graph = expand_graph(Information(dectiger(10), delayed(1)))
    assert graph.sizes == (1, *(2 * (h - 1) for h in range(2, 11)))


def exact_sizes(horizon: int) -> list[int]:
    """Distinct common beliefs under one-step delay in rationals: P(left) before the step's hearing, and whether the
    hearing tells anything, which it does after both listened."""
    ear = Fraction(85, 100)
    layer, sizes = {(Fraction(1, 2), None)}, []
    for _ in range(horizon):
        sizes.append(len(layer))
        heard = set()
        for left, telling in layer:
            for lefts in [len(w) - sum(w) for w in product((0, 1), repeat=2)] if telling else [1]:
                a, b = (x**lefts * (1 - x) ** (2 - lefts) for x in (ear, 1 - ear))
                heard.add(left * a / (left * a + (1 - left) * b))
        layer = {(left, True) for left in heard} | {(Fraction(1, 2), False)}
    return sizes


def test_exact_beliefs_go_on_and_merged_ones_saturate() -> None:
    """After m more ears heard left than right P(right) is about (3/17)^m: from m = 18 on, P changes by less than 1e-12.
    So the merged graph has 20 nodes from step 11 on, where there are 2(h - 1) exact beliefs."""
    assert exact_sizes(40) == [1, *(2 * (h - 1) for h in range(2, 41))]
    graph = expand_graph(Information(dectiger(40), delayed(1)))
    assert graph.sizes == (1, *(min(2 * (h - 1), 20) for h in range(2, 41)))
    assert max(layer.merge_error for layer in graph.layers) <= 1e-12


def test_full_sharing_has_2h_minus_1_nodes() -> None:
    """The odds depend on how many more ears have heard left than right since a door was last opened; that
    difference moves by -2, 0 or 2 a step, so it has 2h - 1 values at step h."""
    graph = expand_graph(Information(dectiger(10), full()))
    assert graph.sizes == tuple(2 * h - 1 for h in range(1, 11))


@pytest.mark.parametrize("protocol", [delayed(1), full()], ids=["one_step", "full"])
def test_beliefs_of_every_history(protocol) -> None:  # type: ignore[no-untyped-def]
    model = dectiger(3)
    check_graph(Tree(model, protocol), expand_graph(Information(model, protocol)))


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(LimitError, match="nodes"):
        expand_graph(Information(dectiger(10), full()), max_nodes=30)


def test_too_many_probabilities_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as all beliefs hold are allowed, one fewer are not."""
    layers = expand_graph(Information(dectiger(3), full())).layers
    held = sum(layer.belief.nnz for layer in layers)
    monkeypatch.setattr(graph, "DEFAULT_MAX_NODES", 1)
    monkeypatch.setattr(graph, "WIDTH", held / 100)
    assert sum(expand_graph(Information(dectiger(3), full()), 100).sizes) == sum(len(layer) for layer in layers)
    monkeypatch.setattr(graph, "WIDTH", (held - 1) / 100)
    with pytest.raises(LimitError, match=r"hold more than .* probabilities.*--max-nodes"):
        expand_graph(Information(dectiger(3), full()), 100)
