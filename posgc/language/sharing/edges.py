"""Distances in the graphs that rules of sharing protocols name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from posgc.language.elaborate.values import BOOL, Env
from posgc.language.sharing.constants import Constants, typed
from posgc.language.text import syntax as ast

__all__ = ["Hop", "distances", "hops", "paths"]

Hop = tuple[int, int]
"""Two agents, from 1, the first of which passes something on to the second."""


def distances(
    constants: Constants, edges: ast.EdgeList | ast.EdgesWhere | ast.EdgesOf, env: Env
) -> dict[int, dict[int, int]] | None:
    """Hops from each agent to each that it reaches; None after reporting an error (E509)."""
    assert not isinstance(edges, ast.EdgesOf)  # they are written out before
    links = _listed(constants, edges) if isinstance(edges, ast.EdgeList) else _where(constants, edges, env)
    return None if links is None else hops(links, len(constants.signature.agents))


def hops(links: Iterable[tuple[int, int]], agents: int) -> dict[int, dict[int, int]]:
    """By how many of the links (source, target) each agent, from 1, reaches each that it reaches at all."""
    import networkx as nx  # slow to load, and few games need it

    graph = nx.DiGraph(links)
    graph.add_nodes_from(range(1, agents + 1))
    return {source: dict(reached) for source, reached in nx.all_pairs_shortest_path_length(graph)}


def paths(links: Iterable[Hop], agents: int) -> dict[int, dict[int, tuple[Hop, ...]]]:
    """A shortest path by the links from each agent, from 1, to each that it reaches; those of an agent make a tree."""
    import networkx as nx

    graph = nx.DiGraph(links)
    graph.add_nodes_from(range(1, agents + 1))
    return {
        source: {target: tuple(pairwise(path)) for target, path in reached.items()}
        for source, reached in nx.all_pairs_shortest_path(graph)
    }


def _listed(constants: Constants, edges: ast.EdgeList) -> list[tuple[int, int]] | None:
    links: list[tuple[int, int]] = []
    for edge in edges.edges:
        ends = [_place(constants, place) for place in (edge.source, edge.target)]
        if ends[0] is None or ends[1] is None:
            return None
        links.append((ends[0], ends[1]))
        if not edge.directed:
            links.append((ends[1], ends[0]))
    return links


def _place(constants: Constants, place: ast.Place) -> int | None:
    if place.name is None:
        return constants.agent(ast.Literal_(place.number or 0, place.span), Env(), "an agent")
    index = () if place.number is None else (ast.Literal_(place.number, place.span),)
    return constants.agent(ast.Reference(place.name, index, False, place.span), constants.env, "an agent")


def _where(constants: Constants, edges: ast.EdgesWhere, env: Env) -> list[tuple[int, int]] | None:
    match edges.arguments:
        case (ast.Reference() as i, ast.Binder(left=ast.Reference() as j, body=condition)):
            pass
        case _:
            constants.reporter.error(
                "E509",
                "this does not say which agents are linked",
                edges.span,
                "write `edges(i, j: abs(i - j) == 1)`",
            )
            return None
    if not constants.indices.bindable(i, env) or not constants.indices.bindable(j, env.bind(i.name, typed(1))):
        return None
    links: list[tuple[int, int]] = []
    agents = range(1, len(constants.signature.agents) + 1)
    for a in agents:
        for b in agents:
            inner = env.bind(i.name, typed(a)).bind(j.name, typed(b))
            linked = constants.types.constant(condition, inner, BOOL, "the condition of `edges`")
            if linked is None:
                return None
            if linked is True and a != b:
                links.append((a, b))
    return links
