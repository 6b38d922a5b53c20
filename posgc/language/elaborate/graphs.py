"""Graphs that a file declares once: their vertices and edges, and what expressions read of them."""

from __future__ import annotations

from collections.abc import Iterator

from posgc.language import ir
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import AgentName, GraphName, TypeName
from posgc.language.elaborate.values import BOOL, Env, Typed, ty_of_value, written_value
from posgc.language.text import syntax as ast

__all__ = ["declare_graphs"]


def declare_graphs(expressions: Expressions) -> None:
    """Fills the vertices and the neighbours of every graph, when agents and parameters are known.  E217, E301, E306."""
    for entity in expressions.context.names.table.values():
        if isinstance(entity, GraphName):
            _declare(expressions, entity)


def _declare(expressions: Expressions, entity: GraphName) -> None:
    text = entity.text
    over = ast.Reference("agent" if text.over is None else text.over.text, (), False, (text.over or text.name).span)
    found = expressions.types.collection(over, Env(), "what the graph is on")
    if found is None:
        return
    vertices, entity.type = tuple(found[0]), found[1]
    if text.over is None and _is_on_words(expressions, text):
        return
    edges = list(_listed(expressions, text, vertices) if text.ends is None else _where(expressions, entity, vertices))
    links = {edge for edge in edges if edge is not None}
    if None not in edges:
        entity.vertices = vertices
        entity.neighbours = {v: tuple(w for w in vertices if (v, w) in links) for v in vertices}


def _is_on_words(expressions: Expressions, text: ast.Graph) -> bool:
    """Whether the ends of edges are words where they should be agents; reports it, once for the graph (E509)."""
    names = expressions.context.names
    edges = [edge for edge in text.edges if not isinstance(edge, ast.Poison)]
    ends = [place for edge in edges for place in (edge.source, edge.target)]
    words = [place for place in ends if place.name in names.words]
    if not words or any(place.name is None or isinstance(names.table.get(place.name), AgentName) for place in ends):
        return False
    declared = [entity.text for entity in names.table.values() if isinstance(entity, TypeName)]
    types = [
        each.name
        for each in declared
        if isinstance(each.type, ast.Enumeration)
        and {place.name for place in words} <= {w.text for w in each.type.words}
    ]
    name = text.name.text
    what = f"without `on`, the vertices of `{name}` are the agents, and `{words[0].name}` is none"
    cure = f"write `graph {name} on {types[0] if types else 'TYPE'} = ...;`"
    cure += "" if types else ", with a type whose values these are"
    expressions.reporter.error("E509", what, words[0].span, cure)
    return True


def _listed(
    expressions: Expressions, text: ast.Graph, vertices: tuple[ir.Value, ...]
) -> Iterator[tuple[ir.Value, ir.Value] | None]:
    """The edges of a list, both ways unless directed; None for one with a mistake."""
    for edge in text.edges:
        if isinstance(edge, ast.Poison):
            yield None
            continue
        source, target = (_vertex(expressions, place, vertices) for place in (edge.source, edge.target))
        if source is not None and source == target:
            cure = "an edge has two ends"
            expressions.reporter.error("E509", f"this links {written_value(source)} with itself", edge.span, cure)
            target = None
        if source is None or target is None:
            yield None
            continue
        yield source, target
        if not edge.directed:
            yield target, source


def _vertex(expressions: Expressions, place: ast.Place, vertices: tuple[ir.Value, ...]) -> ir.Value | None:
    number = None if place.number is None else ast.Literal_(place.number, place.span)
    if place.name is None:
        node: ast.Expression | None = number
    else:
        node = ast.Reference(place.name, () if number is None else (number,), False, place.span)
    assert node is not None  # a place has a name or a number
    value = expressions.types.constant(node, Env(), None, "the end of an edge")
    if value is None or (value in vertices and ty_of_value(value).kind == ty_of_value(vertices[0]).kind):
        return value
    shown = ", ".join(map(written_value, vertices[:8])) + (", ..." if len(vertices) > 8 else "")
    what = f"`{written_value(value)}` is no vertex of the graph"
    expressions.reporter.error("E509", what, place.span, f"the vertices are {shown}")
    return None


def _where(
    expressions: Expressions, entity: GraphName, vertices: tuple[ir.Value, ...]
) -> Iterator[tuple[ir.Value, ir.Value] | None]:
    """The edges of a condition; None after reporting an error."""
    text, ends = entity.text, entity.text.ends or ()
    env, condition = Env(), text.condition
    assert condition is not None  # a graph has edges or a condition
    for end in ends:
        if not expressions.indices.bindable(ast.Reference(end.text, (), False, end.span), env):
            yield None
            return
        env = env.bind(end.text, expressions.ops.poison(end.span))
    expressions.ops.spend(len(vertices) ** 2 * expressions.indices.weights.weight(condition), text.span)
    for v in vertices:
        for w in vertices:
            if v == w:
                continue
            inner = Env()
            for end, value in zip(ends, (v, w), strict=True):
                inner = inner.bind(end.text, Typed(ir.Const(value, end.span), entity.type))
            linked = expressions.types.constant(condition, inner, BOOL, "the condition of a graph")
            if linked is None:
                yield None
                return
            if linked is True:
                yield v, w
