"""Directed acyclic graphs and d-separation.

Networkx has both; loading it takes longer than `check` of a small game takes altogether, and the one question that is
asked here is short.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Set

__all__ = ["Diagram", "Node"]

Node = Hashable


class Diagram:
    """A directed acyclic graph, held by the parents of its nodes.  The caller adds no cycle."""

    def __init__(self) -> None:
        self._parents: dict[Node, set[Node]] = {}

    def __contains__(self, node: Node) -> bool:
        return node in self._parents

    def add(self, node: Node, parents: Iterable[Node] = ()) -> None:
        """A node, and an edge to it from each of `parents`; what is there already stays."""
        sources = set(parents)
        self._parents.setdefault(node, set()).update(sources)
        for source in sources:
            self._parents.setdefault(source, set())

    def separated(self, some: Set[Node], others: Set[Node], given: Set[Node]) -> bool:
        """Whether `given` d-separates `some` from `others`; the three sets are disjoint, and all are nodes.

        By the balls of R. D. Shachter, "Bayes-ball: the rational pastime", UAI 1998: along edges, from `some`, each
        node at most twice, once arrived at from a child and once from a parent.
        """
        children: dict[Node, list[Node]] = {node: [] for node in self._parents}
        for node, parents in self._parents.items():
            for parent in parents:
                children[parent].append(node)
        # a collider lets a ball through where it, or something that it leads to, is given
        opened = self._with_ancestors(given)
        balls = [(node, True) for node in some]
        seen = set(balls)
        while balls:
            node, from_child = balls.pop()
            if node in others:
                return False
            onward: list[tuple[Node, bool]] = []
            if node not in given:
                onward += [(child, False) for child in children[node]]
            if node not in given if from_child else node in opened:
                onward += [(parent, True) for parent in self._parents[node]]
            balls += (new := [ball for ball in onward if ball not in seen])
            seen.update(new)
        return True

    def _with_ancestors(self, nodes: Set[Node]) -> set[Node]:
        found, ahead = set(nodes), list(nodes)
        while ahead:
            new = self._parents[ahead.pop()] - found
            found |= new
            ahead += new
        return found
