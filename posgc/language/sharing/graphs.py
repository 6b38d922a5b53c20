"""Graphs of the file in sharing protocols: `along road` is written out as the list of its edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from posgc.language.diagnostics.example_agents import with_agents
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import GraphName, Names, Poisoned, report_unknown
from posgc.language.elaborate.values import INT
from posgc.language.text import syntax as ast

__all__ = ["with_edges"]


def with_edges(
    shares: Sequence[ast.Share], names: Names, reporter: Reporter, agents: Sequence[str]
) -> tuple[ast.Share, ...]:
    """The protocols, in a game of these agents, with the edges of the graphs that they name.

    A rule with a mistake (E509) is left out.
    """
    return tuple(
        share
        if share.rules is None
        else replace(share, rules=tuple(_rule(rule, names, reporter, agents) for rule in share.rules))
        for share in shares
    )


_Statement = ast.Rule | ast.Channel | ast.SharedDelay | ast.Forget | ast.Poison


def _rule(rule: _Statement, names: Names, reporter: Reporter, agents: Sequence[str]) -> _Statement:
    if not isinstance(rule, ast.Rule) or not isinstance(rule.edges, ast.EdgesOf):
        return rule
    edges = _edges(rule.edges, names, reporter, agents)
    return ast.Poison(rule.span) if edges is None else replace(rule, edges=edges)


def _edges(text: ast.EdgesOf, names: Names, reporter: Reporter, agents: Sequence[str]) -> ast.EdgeList | None:
    graph = names.table.get(text.graph)
    if isinstance(graph, Poisoned):
        return None
    if not isinstance(graph, GraphName):
        known = [name for name, entity in names.table.items() if isinstance(entity, GraphName)]
        what = f"`{text.graph}` is not a graph"
        cure = "declare it, `graph road = {ann-bob};`, or write the edges: `along edges {ann-bob}`"
        report_unknown(names, reporter, what, (text.graph, text.span), known, with_agents(cure, agents), "E509")
        return None
    if graph.text.over is not None and graph.text.over.text != "agent":
        what = f"`{text.graph}` is a graph on `{graph.text.over.text}`, and items travel between agents"
        cure = with_agents("name a graph on the agents: `graph road = {ann-bob};`", agents)
        reporter.error("E509", what, text.span, cure)
        return None
    if graph.neighbours is None or graph.type is not INT:
        return None

    def place(number: object) -> ast.Place:
        assert isinstance(number, int)  # vertices are agents
        return ast.Place(None, number, text.span)

    links = [(v, w) for v, ends in graph.neighbours.items() for w in ends]
    return ast.EdgeList(tuple(ast.Edge(place(v), place(w), True, text.span) for v, w in links), text.span)
