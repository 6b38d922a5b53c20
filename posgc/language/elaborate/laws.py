"""Distributions: what stands right of `~`, for a variable of a known type.

`if` and `match` over distributions become `Choose`; any expression is a point mass.  Values and
probabilities that are constants are checked here, the others when a row gets there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import fsum

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.drawn import DrawnVariable, ValueCheck
from posgc.language.elaborate.expressions import Expressions, branches
from posgc.language.elaborate.matches import chain
from posgc.language.elaborate.named_laws import NamedLaws
from posgc.language.elaborate.names import Definitions
from posgc.language.elaborate.values import BOOL, REAL, Env, Typed, constant, ty_of_type
from posgc.language.text import syntax as ast

__all__ = ["Laws"]

_TOLERANCE = 1e-9  # absolute, on the sum of the probabilities of a mixture


class Laws:
    """Elaborates distributions over the values of a variable."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.names = expressions.context.names
        self.reporter = expressions.reporter
        self.ops = expressions.ops
        self.indices = expressions.indices
        self.matches = expressions.matches
        self.expander = expressions.expander
        self.values = ValueCheck(expressions.context)
        self.named = NamedLaws(expressions, self.values)

    def law(self, node: ast.Expression, drawn: bool, what: DrawnVariable, env: Env) -> ir.Dist:
        """The law `~ node` (`drawn`) or `= node`; a choice between distributions behind `=` is one mistake (E305)."""
        choice = isinstance(node, ast.Conditional | ast.Match) and not drawn and self.is_law(node)
        made = self._law(node, what, env) if drawn or choice else self._point(node, what, env)
        if choice:
            cure = "define with `~` instead of `=`"
            wrong = "this is a distribution, and a value is wanted here"
            made = ir.Point(self.ops.wrong("E305", wrong, node.span, cure).ir, node.span)
        return ir.Point(made, made.span) if isinstance(made, ir.Fail) else made

    # ---- forms

    def _law(self, node: ast.Expression, what: DrawnVariable, env: Env) -> ir.Dist | ir.Fail:
        match node:
            case ast.Conditional():
                return self._choice(node, what, env)
            case ast.Match():
                return self._match_law(node, what, env)
            case ast.Uniform():
                return self._uniform(node, what, env)
            case ast.Mixture():
                return self._mixture(node, what, env)
            case ast.Call(name=name) if self.named.is_law(name):
                return self.named.law(node, what, env)
            case ast.Reference() | ast.Call() if self._law_definition(node):
                return self._expanded(node, what, env)
            case _:
                return self._point(node, what, env)

    def _point(self, node: ast.Expression, what: DrawnVariable, env: Env) -> ir.Dist:
        typed = self.expressions.expr(node, env)
        return ir.Point(typed.ir, node.span) if self.values.fits(typed, what, env) else self._poison(node.span)

    def _choice(self, node: ast.Conditional, what: DrawnVariable, env: Env) -> ir.Dist | ir.Fail:
        condition = self.expressions.expr(node.condition, env)
        yes, no = branches(condition, env)
        then, otherwise = self._deeper(node.then, what, yes), self._deeper(node.otherwise, what, no)
        if not self.ops.expect(condition, BOOL, "a condition"):
            return self._poison(node.span)
        value = constant(condition)
        if value is not None:
            return then if value else otherwise
        self.ops.spend(1, node.span)
        return ir.Choose(condition.ir, then, otherwise, node.span)

    def _deeper(self, node: ast.Expression, what: DrawnVariable, env: Env) -> ir.Dist | ir.Fail:
        with self.expressions.level(node.span):
            return self._law(node, what, env)

    def _match_law(self, node: ast.Match, what: DrawnVariable, env: Env) -> ir.Dist | ir.Fail:
        arms = [(c, self._deeper(arm.value, what, inner)) for c, inner, arm in self.matches.arms(node, env)]
        alive = [(c, d) for c, d in arms if constant(c) is not False]
        tail: ir.Dist | ir.Fail = self.matches.no_arm(node, env, bool(alive))
        ends = [k for k, (c, _) in enumerate(alive) if constant(c) is True]
        if ends:
            alive, tail = alive[: ends[0]], alive[ends[0]][1]
        self.ops.spend(2 * len(alive), node.span)
        rows = [(c.ir, d) for c, d in alive]
        return chain(rows, tail, lambda c, a, b: ir.Choose(c, a, b, node.span)) if rows else tail

    def _uniform(self, node: ast.Uniform, what: DrawnVariable, env: Env) -> ir.Dist:
        if node.over is None:
            if what.type is None:
                return self._poison(node.span)
            return ir.UniformOver(self._all_values(what.type, node.span), None, node.span)
        if isinstance(node.over, ast.SetOf):
            return self._uniform_set(node, node.over, what, env)
        if isinstance(node.over, ast.Poison):
            self.expressions.expr(node.over, env)
            return self._poison(node.span)
        if not isinstance(node.over, ast.Binder) or not isinstance(node.over.left, ast.Reference):
            self.reporter.error(
                "E115",
                "this does not say over what the draw is even",
                node.span,
                "write `uniform`, `uniform {a, b}` or `uniform(c: c != a)`",
            )
            return self._poison(node.span)
        binder, name = node.over, node.over.left
        if not self.indices.bindable(name, env):
            return self._poison(node.span)
        if what.type is None:
            self.expressions.expr(binder.body, env.bind(name.name, self.ops.poison(name.span)))
            return self._poison(node.span)
        values = self._all_values(what.type, node.span)
        self.ops.spend(len(values) * self.indices.weights.weight(binder.body), node.span)
        ty = ty_of_type(what.type)
        conditions = [self.expressions.expr(binder.body, env.bind(name.name, Typed(v, ty))) for v in values]
        if not all(self.ops.expect(c, BOOL, "the condition of `uniform`") for c in conditions):
            return self._poison(node.span)
        pairs = [(v, c) for v, c in zip(values, conditions, strict=True) if constant(c) is not False]
        if not pairs:
            fault = self.ops.fault(
                env, "E406", "no value fulfils the condition of this `uniform`", node.span, "weaken the condition"
            )
            return ir.Point(fault.ir, node.span)
        settled = all(constant(c) is True for _, c in pairs)
        kept = tuple(c.ir for _, c in pairs)
        return ir.UniformOver(tuple(v for v, _ in pairs), None if settled else kept, node.span)

    def _uniform_set(self, node: ast.Uniform, over: ast.SetOf, what: DrawnVariable, env: Env) -> ir.Dist:
        items = [self.expressions.expr(item, env) for item in over.items]
        fine = all([self.values.fits(item, what, env) for item in items])
        values = [constant(item) for item in items]
        for k, value in enumerate(values):
            if value is not None and value in values[:k] and not env.unreachable and fine:
                self.reporter.error(
                    "E209",
                    f"`{value}` is listed twice",
                    over.items[k].span,
                    "list it once; for uneven chances write a mixture, `{a: 0.7, b: 0.3}`",
                )
        if not fine:
            return self._poison(node.span)
        self.ops.spend(2 * len(items), node.span)
        if all(v is not None for v in values):
            return ir.UniformOver(tuple(i.ir for i in items), None, node.span)
        weight = ir.Const(1 / len(items), node.span)
        parts = tuple(ir.Point(i.ir, i.ir.span) for i in items)
        return ir.Mixture(parts, (weight,) * len(parts), node.span)

    def _all_values(self, type: ir.Type, span: Span) -> tuple[ir.Expr, ...]:
        self.ops.spend(len(type.values), span)
        return tuple(ir.Const(v, span) for v in type.values)

    def _mixture(self, node: ast.Mixture, what: DrawnVariable, env: Env) -> ir.Dist:
        parts: list[ir.Dist] = []
        weights: list[Typed] = []
        for value, weight in node.pairs:
            parts.append(self._as_dist(self._deeper(value, what, env)))
            weights.append(self.expressions.expr(weight, env))
        fine = all([self.ops.expect(w, REAL, "a probability") for w in weights])
        if not (fine and self._check_weights(weights, node.span, env)):
            return self._poison(node.span)
        self.ops.spend(len(parts), node.span)
        return ir.Mixture(tuple(parts), tuple(w.ir for w in weights), node.span)

    def _as_dist(self, made: ir.Dist | ir.Fail) -> ir.Dist:
        return ir.Point(made, made.span) if isinstance(made, ir.Fail) else made

    def _check_weights(self, weights: Sequence[Typed], span: Span, env: Env) -> bool:
        fine = all([self.named.probability(w, env) for w in weights])
        values = [constant(w) for w in weights]
        numbers = [float(v) for v in values if v is not None and not isinstance(v, str)]
        if not fine or len(numbers) < len(weights) or env.unreachable or env.conditional:
            return fine
        total = fsum(numbers)
        if abs(total - 1) > _TOLERANCE:
            self.reporter.error(
                "E403",
                f"these probabilities sum to {total:.12g}, not to 1",
                span,
                "mend one of them; fractions such as `1/3` are exact enough",
            )
        return abs(total - 1) <= _TOLERANCE

    def _poison(self, span: Span) -> ir.Dist:
        return ir.Point(self.ops.poison(span).ir, span)

    # ---- definitions that stand for a distribution

    def _law_definition(self, node: ast.Reference | ast.Call) -> bool:
        entity = self.names.table.get(node.name)
        return isinstance(entity, Definitions) and any(self.is_law(text.body) for text in entity.texts)

    def is_law(self, node: ast.Expression, seen: frozenset[str] = frozenset()) -> bool:
        """Whether an expression is a distribution by its form."""
        match node:
            case ast.Uniform() | ast.Mixture():
                return True
            case ast.Call(name=name) if self.named.is_law(name):
                return True
            case ast.Conditional():
                return self.is_law(node.then, seen) or self.is_law(node.otherwise, seen)
            case ast.Match():
                return any(self.is_law(arm.value, seen) for arm in node.arms)
            case ast.Reference(name=name) | ast.Call(name=name) if name not in seen:
                entity = self.names.table.get(name)
                texts = entity.texts if isinstance(entity, Definitions) else []
                return any(self.is_law(t.body, seen | {name}) for t in texts)
            case _:
                return False

    def _expanded(self, node: ast.Reference | ast.Call, what: DrawnVariable, env: Env) -> ir.Dist | ir.Fail:
        entity = self.names.table[node.name]
        assert isinstance(entity, Definitions)
        entity.used = True
        found = self._clause(node, entity, env)
        if found is None:
            return self._poison(node.span)
        text, bound = found
        inner = replace(
            env,
            bindings=bound.bindings,
            places=bound.places,
            definition=node.name,
            primed=node.span if node.primed else env.primed,
        )
        with self.expander.expanding(node.name, node.span) as possible:
            return self._deeper(text.body, what, inner) if possible else self._poison(node.span)

    def _clause(
        self, node: ast.Reference | ast.Call, entity: Definitions, env: Env
    ) -> tuple[ast.Definition, Env] | None:
        """The text that a reference to a definition means, with its indices or arguments bound."""
        text = entity.texts[0]
        if isinstance(node, ast.Call):
            if len(node.arguments) != len(text.arguments):
                self.expressions.expr(node, env)  # reports the number of arguments
                return None
            values = [self.expander.widen(self.expressions.expr(a, env)) for a in node.arguments]
            return text, Env(dict(zip((a.text for a in text.arguments), values, strict=True)))
        key = tuple(self.expressions.types.constant(i, env, None, "the index of a distribution") for i in node.indices)
        cases = self.expander.cases(entity)
        if not cases or None in key:
            return None
        clause = cases.get(tuple(k for k in key if k is not None))
        if clause is None:
            self.reporter.error("E207", f"`{node.name}` has no such index", node.span, "correct the index")
        return clause
