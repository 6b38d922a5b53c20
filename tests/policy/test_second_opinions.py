"""What referees are asked, answered by a plain one: whole trees, deviators' trees, exports of any protocol."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.checks import prepared
from support.efg import Efg, judge
from support.games import Shape, random_game, shapes
from support.policies import machine, on_graph, unrolled
from support.tree import Tree

from posgc.information.extensive import Infosets, efg_labels, efg_lines
from posgc.information.items import Information
from posgc.information.tree import count_nodes, game_tree, require_nodes
from posgc.judge.referee import Comparison, compare
from posgc.judge.verify import verify
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError

few = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def opinion(shape: Shape, kind: DeviationKind) -> Comparison:
    information, tree, graph = prepared(shape)
    rng = np.random.default_rng(shape.seed)
    product = kind == "nash"
    makes = (
        lambda: on_graph(rng, tree, graph, product),
        lambda: unrolled(rng, tree, product),
        lambda: machine(rng, tree, product),
    )
    policy = makes[shape.seed % 3]()
    return compare(information, policy, verify(information, policy, kind), "plain", judge)


@settings(few, max_examples=25)
@given(shapes(histories=60, structures=("full", "one_step", "mixed_links", "controlled", "uncontrolled", "none")))
def test_values_and_gains_of_random_policies(shape: Shape) -> None:
    for kind in ("nash", "ce", "ce_strategic", "cce"):
        said = opinion(shape, kind)  # type: ignore[arg-type]
        assert said.disagreement is None, (kind, said)


@few
@given(shapes(histories=100, structures=("any", "none", "forget_all")))
def test_trees_of_any_protocol(shape: Shape) -> None:
    """As many nodes as counted, information sets as the plain tree tells histories apart, uniform play's values."""
    model, protocol = random_game(shape)
    assume(not any(Information(model, protocol).lost(h) for h in range(2, model.horizon + 1)))
    infosets, information = Infosets(model.n_agents), Information(model, protocol)
    text = "".join(efg_lines("game", model.signature.agents, game_tree(information, infosets)))
    assert text.count("\n") - 2 == count_nodes(information)
    game, tree = Efg(text), Tree(model, protocol)
    uniform = [
        [[1 / len(game.labels[i, k + 1])] * len(game.labels[i, k + 1]) for k in range(len(known))]
        for i, known in enumerate(infosets.keys)
    ]
    assert judge(text, uniform).values == pytest.approx(tree.uniform_values(), abs=1e-9)
    for i in range(model.n_agents):
        apart = {
            (h, tree.knowledge(history)[0], tree.knowledge(history)[1][i])
            for h, level in enumerate(tree.histories(), start=1)
            for _, history in level
            if len(tree.own_actions(i, h)) > 1
        }
        assert len(infosets.keys[i]) == len(apart)


def test_a_number_that_is_none_is_a_disagreement() -> None:
    shape = Shape("one_step", 2, 2, 2, (2, 2), (2, 2), "general", "coarse", False, False, False, 1.0, 0)
    said = opinion(shape, "nash")
    broken = [type(f)(f.agent, f.quantity, f.ours, float("nan")) for f in said.findings]
    assert type(said)("nan", tuple(broken), said.tolerance, said.nodes).disagreement is broken[0]


def test_large_trees_are_refused_with_their_size() -> None:
    shape = Shape("one_step", 2, 2, 3, (2, 2), (2, 2), "general", "dense", False, False, False, 1.0, 0)
    information = Information(*random_game(shape))
    nodes = count_nodes(information)
    assert require_nodes(information, int(nodes), "stop") == nodes
    with pytest.raises(LimitError, match=f"{int(nodes)} nodes"):
        require_nodes(information, int(nodes) - 1, "stop")


@settings(few, max_examples=200)
@given(st.lists(st.text(" \t\n\x00\x85\u2028a_}\"'\\/", max_size=3), max_size=5))
def test_labels_are_written_apart_and_as_readers_want_them(labels: list[str]) -> None:
    made = efg_labels(labels, ("}",))
    assert len(set(made)) == len(labels) and "}" not in made
    for label in made:
        assert label and label.isprintable() and label == " ".join(label.split())
        assert '"' not in label and "\\" not in label
    assert efg_labels(made) == made


def test_labels_that_readers_take_stay() -> None:
    for labels in (("listen", "open-left"), ("a b", "é"), ("",)):
        assert efg_labels(labels) == (labels if all(labels) else ("_",))
