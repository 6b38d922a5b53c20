"""d-separation against networkx, and the three textbook cases."""

import networkx as nx
import numpy as np
import pytest

from posgc.assumptions.independence.diagram import Diagram


def diagram(edges: list[tuple[str, str]]) -> Diagram:
    made = Diagram()
    for source, target in edges:
        made.add(target, [source])
    return made


@pytest.mark.parametrize(
    ("edges", "given", "separated"),
    [
        ([("a", "m"), ("m", "b")], set(), False),
        ([("a", "m"), ("m", "b")], {"m"}, True),
        ([("m", "a"), ("m", "b")], set(), False),
        ([("m", "a"), ("m", "b")], {"m"}, True),
        ([("a", "m"), ("b", "m")], set(), True),
        ([("a", "m"), ("b", "m")], {"m"}, False),
        ([("a", "m"), ("b", "m"), ("m", "d")], {"d"}, False),
    ],
    ids=["chain", "chain given", "fork", "fork given", "collider", "collider given", "what a collider leads to"],
)
def test_the_textbook_cases(edges: list[tuple[str, str]], given: set[str], separated: bool):
    """J. Pearl, Causality (2nd ed., 2009), definition 1.2.3."""
    assert diagram(edges).separated({"a"}, {"b"}, given) == separated


def test_random_graphs_as_networkx_sees_them():
    rng = np.random.default_rng(7)
    answers = []
    for _ in range(600):
        n = int(rng.integers(3, 12))
        edges = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < rng.choice([0.15, 0.3, 0.6])]
        graph: nx.DiGraph[int] = nx.DiGraph(edges)
        graph.add_nodes_from(range(n))
        ours = Diagram()
        for node in range(n):
            ours.add(node, graph.predecessors(node))
        part = rng.integers(0, 4, size=n)
        some, others, given = ({int(i) for i in np.flatnonzero(part == k)} for k in range(3))
        answers.append(ours.separated(some, others, given))
        assert answers[-1] == nx.is_d_separator(graph, some, others, given)
    assert 100 < sum(answers) < 500
