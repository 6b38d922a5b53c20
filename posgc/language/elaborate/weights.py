"""How much an expression is going to cost, before it is written out in full."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.names import Definitions, Parameter
from posgc.language.elaborate.operators import MAX_NODES
from posgc.language.text import syntax as ast

__all__ = ["Weights"]


class Weights:
    """Estimates of the nodes that expressions make, each worked out once."""

    def __init__(self, context: Context) -> None:
        self.names = context.names
        self.agents = context.agents
        # An entry keeps its node alive, so that the node's id stays its own.
        self._weights: dict[int, tuple[object, int]] = {}
        self._bodies: dict[int, tuple[object, int]] = {}

    def weight_of_body(self, body: ast.Expression) -> int:
        """The weight of an expression with the functions that it calls, each counted once."""
        known = self._bodies.get(id(body))
        if known is not None:
            return known[1]
        total, seen = self.weight(body), set[str]()
        stack: list[object] = [body]
        while stack:
            node = stack.pop()
            if isinstance(node, tuple):
                stack.extend(node)
                continue
            if not is_dataclass(node) or isinstance(node, Span):
                continue
            stack.extend(getattr(node, f.name) for f in fields(node))
            entity = self.names.table.get(node.name) if isinstance(node, ast.Call) else None
            if isinstance(entity, Definitions) and entity.name not in seen:
                seen.add(entity.name)
                total += self.weight(entity.texts[0].body)
                stack.append(entity.texts[0].body)
        self._bodies[id(body)] = body, total
        return total

    def weight(self, node: object) -> int:
        """About how many nodes an expression makes, inner quantifiers over plain ranges counted in."""
        known = self._weights.get(id(node))
        if known is not None:
            return known[1]
        total = 1
        if isinstance(node, tuple):
            total = sum(self.weight(x) for x in node)
        elif is_dataclass(node) and not isinstance(node, Span):
            total += sum(self.weight(getattr(node, f.name)) for f in fields(node) if f.name != "span")
            if isinstance(node, ast.Call) and node.arguments and isinstance(node.arguments[-1], ast.Binder):
                for spec in (*node.arguments[:-1], node.arguments[-1].left):
                    total *= self._length(spec)
        else:
            return 0
        total = min(total, 10 * MAX_NODES)
        self._weights[id(node)] = (node, total)
        return total

    def _length(self, spec: ast.Expression) -> int:
        if isinstance(spec, ast.Filtered):
            return self._length(spec.binder)
        if isinstance(spec, ast.Member) and isinstance(spec.collection, ast.RangeOf):
            ends = [self._plain(spec.collection.low), self._plain(spec.collection.high)]
            return 1 if None in ends else max(1, int((ends[1] or 0) - (ends[0] or 0) + 1))
        return len(self.agents or (0,))

    def _plain(self, node: ast.Expression) -> int | float | None:
        if isinstance(node, ast.Literal_):
            return node.value
        entity = self.names.table.get(node.name) if isinstance(node, ast.Reference) else None
        if isinstance(entity, Parameter) and entity.value is not None and isinstance(entity.value.ir, ir.Const):
            value = entity.value.ir.value
            return None if isinstance(value, str) else value
        return None
