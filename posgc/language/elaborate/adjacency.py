"""Whether two vertices of a graph of the file are linked, where one or both of them vary."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.names import GraphName
from posgc.language.elaborate.operators import Operators
from posgc.language.elaborate.values import BOOL, Env, Typed, constant, describe, join

__all__ = ["adjacent"]


def adjacent(ops: Operators, graph: GraphName, source: Typed, target: Typed, span: Span, env: Env) -> Typed:
    """Whether an edge of the graph leads from the source to the target.  E301 where one can be no vertex."""
    neighbours = graph.neighbours
    if neighbours is None or "poison" in (source.ty.kind, target.ty.kind):
        return ops.poison(span)
    for end in (source, target):
        fits = join(end.ty, graph.type)
        if fits is None or (fits.kind == "word" and not end.ty.words & graph.type.words):
            what = f"a vertex of `{graph.text.name.text}` is {describe(graph.type)}, and this is {describe(end.ty)}"
            return ops.wrong("E301", what, end.ir.span, "give it a vertex")
    chosen = constant(source)
    if chosen is not None:
        return _one_of(ops, target, neighbours.get(chosen, ()), span, env)
    inner = env.as_conditional()
    cases = [_one_of(ops, target, neighbours[v], span, inner) for v in graph.vertices]
    return ops.select(source, graph.vertices, cases, span)


def _one_of(ops: Operators, element: Typed, values: Sequence[ir.Value], span: Span, env: Env) -> Typed:
    known = constant(element)
    if known is not None:
        return ops.const(known in values, BOOL, span)
    tests = [ops.op("==", (element, ops.const(v, element.ty, span)), BOOL, span, env) for v in values]
    return ops.junction("or", tests, span, env)
