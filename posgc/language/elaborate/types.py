"""Constants, types and collections: what must have a value before a game can be written out in full."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from posgc.language import ir
from posgc.language.dag import nodes
from posgc.language.diagnostics import Span
from posgc.language.elaborate.context import Context, Elaborate
from posgc.language.elaborate.names import AgentArray, GraphName, Poisoned, TypeName, report_unknown
from posgc.language.elaborate.tuples import tuple_type
from posgc.language.elaborate.values import INT, Env, Ty, ty_of_type, ty_of_value, words, written_value
from posgc.language.text import syntax as ast

__all__ = ["MAX_VALUES", "Types"]

MAX_VALUES = 1_000_000
"""Values that a type may have."""
MAX_TUPLES = 10_000
"""Values that a tuple type may have."""

_COLLECTION = "write `1..3`, `{a, b}` or a type; a definition has a line of its own: `let x = ...;`"
_BOOL = ir.Type("bool", (False, True))


class Types:
    """Evaluates constants, and reads types and the collections that follow `in`."""

    def __init__(self, context: Context, expr: Elaborate) -> None:
        self.names = context.names
        self.reporter = context.reporter
        self.ops = context.ops
        self.agents = context.agents
        self.expr = expr
        self._interned = context.cache.types
        self._tuples = context.cache.tuples
        self._opening: set[str] = set()

    # ---- constants and types

    def constant(self, node: ast.Expression, env: Env, ty: Ty | None, what: str) -> ir.Value | None:
        """The value of an expression that must be a constant of the type; None after reporting an error."""
        typed = self.expr(node, env)
        if typed.ty.kind == "poison" or (ty is not None and not self.ops.expect(typed, ty, what)):
            return None
        if isinstance(typed.ir, ir.Const):
            return typed.ir.value
        if any(isinstance(part, ir.Fail) and part.code == ir.REPORTED for part in nodes([typed.ir])):
            return None
        self.reporter.error(
            "E306",
            f"{what} must be a constant",
            node.span,
            "it may be made of numbers, parameters, agents and indices, not of variables or `step`",
        )
        return None

    def bounds(self, node: ast.RangeOf, env: Env, what: str) -> range | None:
        low = self.constant(node.low, env, INT, f"the low end of {what}")
        high = self.constant(node.high, env, INT, f"the high end of {what}")
        if low is None or high is None:
            return None
        return range(int(low), int(high) + 1)

    def type_of(self, text: ast.TypeText) -> ir.Type | None:
        """The type that is written, None after reporting an error."""
        if isinstance(text, ast.Poison):
            return None
        if isinstance(text, ast.Enumeration):
            return None if text.incomplete else self._type(tuple(dict.fromkeys(w.text for w in text.words)))
        if isinstance(text, ast.RangeOf):
            return self._integers(text)
        if isinstance(text, ast.TupleType):
            return self._tuple(text)
        if text.name == "bool":
            return _BOOL
        if text.name == "agent":
            return None if self.known_agents(text.span) is None else self._interval(1, len(self.agents or ()))
        entity = self.names.table.get(text.name)
        if isinstance(entity, Poisoned):
            return None
        if isinstance(entity, TypeName):
            if entity.type is None and not entity.broken:
                entity.type = self._open(entity, text.span)
                entity.broken = entity.type is None
            return entity.type
        types = [k for k, v in self.names.table.items() if isinstance(v, TypeName | AgentArray)]
        message, word = f"the type `{text.name}` is not declared", (text.name, text.span)
        if text.name in self.names:
            message = f"`{text.name}` is not a type"
        if text.name in ("int", "real", "float", "integer"):
            cure = "a variable has finitely many values: write a range, `0..10`"
            self.reporter.error("E201", message, text.span, cure)
        else:
            known = [*types, "bool", "agent"]
            report_unknown(self.names, self.reporter, message, word, known, "declare it with `type`")
        return None

    def _open(self, entity: TypeName, span: Span) -> ir.Type | None:
        if entity.text.name in self._opening:
            self.reporter.error(
                "E206", f"the type `{entity.text.name}` is made of itself", span, "give it values of its own"
            )
            return None
        self._opening.add(entity.text.name)
        type = self.type_of(entity.text.type)
        self._opening.discard(entity.text.name)
        return type

    def _tuple(self, text: ast.TupleType) -> ir.Type | None:
        components: dict[str, ir.Type] = {}
        for part in text.components:
            type = self.type_of(part.type)
            if part.name.text in components:
                what = f"the component `{part.name.text}` is listed twice"
                self.reporter.error("E209", what, part.name.span, "rename one of them")
                return None
            if type is None:
                return None
            components[part.name.text] = type
        if prod(len(type.values) for type in components.values()) > MAX_TUPLES:
            what = f"this type has more than {MAX_TUPLES:,} tuples"
            self.reporter.error("E308", what, text.span, "make the components smaller, or declare a variable for each")
            return None
        made = tuple_type(components)
        alike = self._tuples.setdefault(frozenset(made.words.values()), [])
        if all(list(made.components) != list(other.components) for other in alike):
            alike.append(made)
        return self._type(tuple(made.words.values()))

    def _type(self, values: tuple[str, ...]) -> ir.Type:
        return self._interned.setdefault(values, ir.Type("words", values))

    def _integers(self, text: ast.RangeOf) -> ir.Type | None:
        values = self.bounds(text, Env(), "a range")
        if values is None:
            return None
        if len(values) == 0:
            self.reporter.error("E408", "this range is empty", text.span, "write the smaller number first")
            return None
        if len(values) > MAX_VALUES:
            self.reporter.error(
                "E308", f"this type has more than {MAX_VALUES:,} values", text.span, "make the range smaller"
            )
            return None
        return self._interval(values.start, values.stop - 1)

    def _interval(self, low: int, high: int) -> ir.Type:
        key = (low, high)
        if key not in self._interned:
            self._interned[key] = ir.Type("integers", tuple(range(low, high + 1)))
        return self._interned[key]

    # ---- what follows `in`

    def collection(self, node: ast.Expression, env: Env, what: str) -> tuple[Sequence[ir.Value], Ty] | None:
        """The constants of a range, a set or a type, and their type; None after reporting an error."""
        if isinstance(node, ast.Poison):
            return None
        if isinstance(node, ast.RangeOf):
            values = self.bounds(node, env, what)
            return None if values is None else (values, INT)
        if isinstance(node, ast.SetOf):
            return self._set(node, env, what)
        named = self.names.table.get(node.name) if isinstance(node, ast.Reference) else None
        if isinstance(named, Poisoned):
            return None
        if isinstance(node, ast.Reference) and isinstance(named, GraphName):
            return self._neighbours(node, named, env)
        if self._is_array(node):
            assert isinstance(node, ast.Reference)
            members = self.members(node.name, node.span)
            return None if members is None else (members, INT)
        if isinstance(node, ast.Reference) and not node.indices and not node.primed:
            type = self.type_of(ast.Named(node.name, node.span))
            return None if type is None else (type.values, ty_of_type(type))
        if isinstance(node, ast.Reference) and node.name not in self.names and node.name not in env.bindings:
            graphs = [k for k, v in self.names.table.items() if isinstance(v, GraphName)]
            unknown, cure = f"`{node.name}` is not declared", "declare it: `graph road on TYPE = {v-w, ...};`"
            report_unknown(self.names, self.reporter, unknown, (node.name, node.span), graphs, cure)
            return None
        self.reporter.error("E115", f"{what} is not a range, a set or a type", node.span, _COLLECTION)
        return None

    def _neighbours(self, node: ast.Reference, graph: GraphName, env: Env) -> tuple[Sequence[ir.Value], Ty] | None:
        """The vertices to which an edge leads from the vertex `v` of `road[v]`."""
        if len(node.indices) != 1 or node.primed:
            cure = f"write `{node.name}[v]`, the neighbours of v"
            self.reporter.error("E207", f"`{node.name}` is a graph", node.span, cure)
            return None
        vertex = self.constant(node.indices[0], env, None, f"the vertex of `{node.name}`")
        if vertex is None or graph.neighbours is None:
            return None
        if vertex not in graph.neighbours:
            what = f"`{written_value(vertex)}` is no vertex of `{node.name}`"
            self.reporter.error("E401", what, node.indices[0].span, "index with a vertex")
            return None
        return graph.neighbours[vertex], graph.type

    def _set(self, node: ast.SetOf, env: Env, what: str) -> tuple[Sequence[ir.Value], Ty] | None:
        values = [self.constant(item, env, None, f"an element of {what}") for item in node.items]
        found = [v for v in values if v is not None]
        if len(found) < len(values):
            return None
        tys = [ty_of_value(v) for v in found]
        if any(t.kind != tys[0].kind for t in tys):
            self.reporter.error(
                "E302", "the elements of this set are of different kinds", node.span, "list values of one kind"
            )
            return None
        everything = frozenset[str]().union(*(t.words for t in tys))
        return list(dict.fromkeys(found)), words(everything) if tys[0].kind == "word" else tys[0]

    def _is_array(self, node: ast.Expression) -> bool:
        if not isinstance(node, ast.Reference) or node.indices or node.primed:
            return False
        return isinstance(self.names.table.get(node.name), AgentArray)

    def members(self, array: str, span: Span) -> range | None:
        """The numbers of the agents `array[1]`, `array[2]`, ...; None after reporting an error."""
        agents = self.known_agents(span)
        if agents is None:
            return None
        numbers = [number for number, name in enumerate(agents, 1) if name.startswith(f"{array}[")]
        return range(numbers[0], numbers[-1] + 1)

    def known_agents(self, span: Span) -> tuple[str, ...] | None:
        if self.agents is None and "agents" not in self.names.lost:
            self.reporter.error(
                "E306",
                "the agents are not known here",
                span,
                "parameters and the number of agents cannot depend on the agents",
            )
        return self.agents
