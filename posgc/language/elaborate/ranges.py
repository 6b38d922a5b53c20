"""Over what an index runs: constants, ranges, types, binders and the left sides of declarations.

The lowest layer of the elaborator (`Ranges` < `Quantifiers` < `References` < `Elaborator` < `Laws`): it
needs `expr`, which a higher layer gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.names import Definitions, Key, Names, Parameter, TypeName
from posgc.language.elaborate.operators import MAX_NODES, Operators
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Ty, Typed, ty_of_type, words
from posgc.language.text import syntax as ast

__all__ = ["MAX_DEPTH", "MAX_VALUES", "Ranges"]

MAX_VALUES = 1_000_000
"""Values that a type may have."""
MAX_DEPTH = 200
"""Levels of nesting, expanded definitions included."""

_BOOL = ir.Type("bool", (False, True))
Known = Callable[[Key], Sequence[ir.Value]]


class Ranges(ABC):
    """`agents` is None until the agents are known."""

    def __init__(self, names: Names, reporter: Reporter) -> None:
        self.names = names
        self.reporter = reporter
        self.ops = Operators(reporter)
        self.agents: tuple[str, ...] | None = None
        self._types: dict[tuple[object, ...], ir.Type] = {}
        self._opening: set[str] = set()
        self._weights: dict[int, tuple[object, int]] = {}
        self._bodies: dict[int, tuple[object, int]] = {}

    @abstractmethod
    def expr(self, node: ast.Expression, env: Env) -> Typed:
        """The expression, elaborated and typed."""

    # ---- constants and types

    def constant(self, node: ast.Expression, env: Env, ty: Ty | None, what: str) -> ir.Value | None:
        """The value of an expression that must be a constant of the type; None after complaining."""
        typed = self.expr(node, env)
        if typed.ty.kind == "poison" or (ty is not None and not self.ops.expect(typed, ty, what)):
            return None
        if isinstance(typed.ir, ir.Const):
            return typed.ir.value
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
        """The type that is written, None after complaining."""
        if isinstance(text, ast.Enumeration):
            return self._type(tuple(dict.fromkeys(w.text for w in text.words)))
        if isinstance(text, ast.RangeOf):
            return self._integers(text)
        if text.name == "bool":
            return _BOOL
        if text.name == "agent":
            return None if self.known_agents(text.span) is None else self._interval(1, len(self.agents or ()))
        entity = self.names.table.get(text.name)
        if isinstance(entity, TypeName):
            if entity.type is None and not entity.broken:
                entity.type = self._open(entity, text.span)
                entity.broken = entity.type is None
            return entity.type
        types = [k for k, v in self.names.table.items() if isinstance(v, TypeName)]
        what = "is not a type" if text.name in self.names else "is not declared"
        cure = near(text.name, [*types, "bool", "agent"])
        if text.name in ("int", "real", "float", "integer"):
            cure = "a variable has finitely many values: write a range, `0..10`"
        self.reporter.error("E201", f"the type `{text.name}` {what}", text.span, cure or "declare it with `type`")
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

    def _type(self, values: tuple[str, ...]) -> ir.Type:
        return self._types.setdefault(values, ir.Type("words", values))

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
        if key not in self._types:
            self._types[key] = ir.Type("integers", tuple(range(low, high + 1)))
        return self._types[key]

    # ---- what follows `in`

    def collection(self, node: ast.Expression, env: Env, what: str) -> tuple[Sequence[ir.Value], Ty] | None:
        """The constants of a range, a set or a type, and their type; None after complaining."""
        if isinstance(node, ast.RangeOf):
            values = self.bounds(node, env, what)
            return None if values is None else (values, INT)
        if isinstance(node, ast.SetOf):
            return self._set(node, env, what)
        if isinstance(node, ast.Reference) and not node.indices and not node.primed:
            type = self.type_of(ast.Named(node.name, node.span))
            return None if type is None else (type.values, ty_of_type(type))
        self.reporter.error("E115", f"{what} is not a range, a set or a type", node.span, "write `1..3` or a type")
        return None

    def _set(self, node: ast.SetOf, env: Env, what: str) -> tuple[Sequence[ir.Value], Ty] | None:
        values = [self.constant(item, env, None, f"an element of {what}") for item in node.items]
        found = [v for v in values if v is not None]
        if len(found) < len(values):
            return None
        tys = [_ty(v) for v in found]
        if any(t.kind != tys[0].kind for t in tys):
            self.reporter.error(
                "E302", "the elements of this set are of different kinds", node.span, "list values of one kind"
            )
            return None
        everything = frozenset[str]().union(*(t.words for t in tys))
        return list(dict.fromkeys(found)), words(everything) if tys[0].kind == "word" else tys[0]

    def known_agents(self, span: Span) -> tuple[str, ...] | None:
        if self.agents is None:
            self.reporter.error(
                "E306",
                "the agents are not known here",
                span,
                "parameters and the number of agents cannot depend on the agents",
            )
        return self.agents

    def _agents(self, span: Span) -> tuple[Sequence[ir.Value], Ty] | None:
        agents = self.known_agents(span)
        return None if agents is None else (range(1, len(agents) + 1), INT)

    # ---- binders: `i`, `j != i`, `k in 1..3`

    def is_fresh(self, node: ast.Expression, env: Env) -> bool:
        """Whether the expression is a bare name that means nothing yet."""
        return (
            isinstance(node, ast.Reference)
            and not node.indices
            and not node.primed
            and node.name not in self.names
            and node.name not in env.bindings
        )

    def binder(self, node: ast.Expression, env: Env) -> tuple[str, Sequence[ir.Value], Ty] | None:
        """Name, values and their type of one binder; None after complaining."""
        match node:
            case ast.Reference() as name:
                found = self._agents(node.span)
            case ast.Compare(operator="!=", left=ast.Reference() as name, right=other):
                found = self._others(other, env, node.span)
            case ast.Member(element=ast.Reference() as name, collection=collection):
                found = self.collection(collection, env, "what the index runs over")
            case _:
                self.reporter.error(
                    "E115", "this does not bind an index", node.span, "write `i`, `j != i`, `k in 1..3` or `r in room`"
                )
                return None
        if not self.bindable(name, env) or found is None:
            return None
        return name.name, *found

    def bindable(self, name: ast.Reference, env: Env) -> bool:
        if self.is_fresh(name, env):
            return True
        if name.indices or name.primed:
            self.reporter.error("E115", "an index is a bare name", name.span, "write `i`")
        else:
            self.reporter.error(
                "E204",
                f"the index `{name.name}` reuses a name that has a meaning here",
                name.span,
                "choose another name for the index",
            )
        return False

    def _others(self, node: ast.Expression, env: Env, span: Span) -> tuple[Sequence[ir.Value], Ty] | None:
        but = self.constant(node, env, INT, "the agent that is left out")
        found = self._agents(span)
        if but is None or found is None:
            return None
        return [v for v in found[0] if v != but], INT

    def assignments(self, binders: Sequence[ast.Expression], body: ast.Expression, env: Env) -> Iterator[Env | None]:
        """The environments of the body, one for each combination; a single None after complaining."""
        if not binders:
            yield env
            return
        first = self.binder(binders[0], env)
        if first is None:
            yield None
            return
        name, values, ty = first
        # Refuse before the time is spent, not after.
        needed = len(values) * self.weight_of_body(body)
        if self.ops.nodes + needed > MAX_NODES:
            self.ops.spend(needed, binders[0].span)
        for value in values:
            yield from self.assignments(binders[1:], body, env.bind(name, Typed(ir.Const(value, body.span), ty)))

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

    # ---- left sides: `x[i]`, `x[ann]`, `x[i, k in 1..3]`

    def targets(self, target: ast.Target, env: Env, known: Known | None = None) -> Iterator[tuple[Key, Env]]:
        """Index values and environments of what a line defines.

        A fresh name runs over the agents, or over `known(values of the indices before it)`.
        """
        yield from self._targets(target.indices, (), env, known)

    def _targets(
        self, indices: Sequence[ast.Expression], key: Key, env: Env, known: Known | None
    ) -> Iterator[tuple[Key, Env]]:
        if not indices:
            yield key, env
            return
        first = indices[0]
        if self.is_fresh(first, env) or isinstance(first, ast.Member | ast.Compare):
            bound = self._left_index(first, key, env, known)
            if bound is None:
                return
            name, values, ty = bound
            self.ops.spend(len(values), first.span)
            for value in values:
                inner = env.bind(name, Typed(ir.Const(value, first.span), ty))
                yield from self._targets(indices[1:], (*key, value), inner, known)
        else:
            picked = self.constant(first, env, None, "an index on the left")
            if picked is not None:
                yield from self._targets(indices[1:], (*key, picked), env, known)

    def _left_index(
        self, node: ast.Expression, key: Key, env: Env, known: Known | None
    ) -> tuple[str, Sequence[ir.Value], Ty] | None:
        if known is None or not isinstance(node, ast.Reference):
            return self.binder(node, env)
        values = known(key)
        tys = [_ty(v) for v in values]
        everything = frozenset[str]().union(*(t.words for t in tys))
        return node.name, values, words(everything) if everything else INT


def _ty(value: ir.Value) -> Ty:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return words(frozenset({value}))
    return INT if isinstance(value, int) else REAL
