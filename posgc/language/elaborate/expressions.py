"""Expressions: operators, `if` and `match`; names resolved, types checked, nodes of the IR made.

Recursion is over the syntax tree and the definitions in it, and is bounded by `MAX_DEPTH`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.definitions import Expander
from posgc.language.elaborate.indices import Indices
from posgc.language.elaborate.matches import Matches
from posgc.language.elaborate.picking import Picker
from posgc.language.elaborate.quantifiers import Quantifiers
from posgc.language.elaborate.references import References
from posgc.language.elaborate.types import Types
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed, constant, join
from posgc.language.text import syntax as ast

__all__ = ["MAX_DEPTH", "Expressions", "branches"]

MAX_DEPTH = 200
"""Levels of nesting, expanded definitions included."""


class Expressions:
    """The elaborator of expressions, made of its parts."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.reporter = context.reporter
        self.ops = context.ops
        self.types = Types(context, self.expr)
        self.indices = Indices(context, self.types)
        self.matches = Matches(context, self.expr)
        picker = Picker(context, self.expr)
        self.expander = Expander(context, self.indices, picker, self.expr)
        quantifiers = Quantifiers(context, self.indices, self.expr)
        self.references = References(context, self.types, picker, self.expander, quantifiers, self.expr)
        self._depth = 0

    def knowing(
        self,
        agents: tuple[str, ...] | None = None,
        horizon: int | None = None,
        variables_known: bool = False,
    ) -> Expressions:
        """The elaborator for what comes after, which knows more; what was worked out so far is kept."""
        before = self.context
        return Expressions(
            replace(
                before,
                agents=before.agents if agents is None else agents,
                horizon=before.horizon if horizon is None else horizon,
                variables_known=before.variables_known or variables_known,
            )
        )

    def expr(self, node: ast.Expression, env: Env) -> Typed:
        self._enter(node.span)
        typed = self._expr(node, env)
        self._depth -= 1
        return typed

    def _enter(self, span: Span) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.reporter.error(
                "E111",
                f"with its definitions expanded, this is nested more than {MAX_DEPTH} levels deep",
                span,
                "flatten the chain of definitions, with `sum` or `match` say",
            )
            raise self.reporter.failure()

    @contextmanager
    def level(self, span: Span) -> Iterator[None]:
        """One level of nesting outside of `expr`."""
        self._enter(span)
        yield
        self._depth -= 1

    def _expr(self, node: ast.Expression, env: Env) -> Typed:
        match node:
            case ast.Literal_():
                ty = BOOL if isinstance(node.value, bool) else INT if isinstance(node.value, int) else REAL
                return self.ops.const(node.value, ty, node.span)
            case ast.Reference():
                return self.references.reference(node, env)
            case ast.Call():
                return self.references.call(node, env)
            case ast.FinalStep():
                return self._final_step(node)
            case ast.Sum():
                return self._sum(node, env)
            case ast.Product():
                return self._product(node, env)
            case ast.Power():
                return self.ops.power(self.expr(node.base, env), self.expr(node.exponent, env), node.span, env)
            case ast.Negation():
                operand = self.expr(node.operand, env)
                make = self.ops.negate if node.operator == "neg" else self.ops.invert
                return make(operand, node.span, env)
            case ast.Junction():
                return self._junction(node, env)
            case ast.Compare():
                left, right = self.expr(node.left, env), self.expr(node.right, env)
                return self.ops.compare(node.operator, left, right, node.span, env)
            case ast.Member():
                return self._member(node, env)
            case ast.Conditional():
                return self._conditional(node, env)
            case ast.Match():
                return self.matches.match(node, env)
            case _:
                return self._misplaced(node)

    def _misplaced(self, node: ast.Expression) -> Typed:
        if isinstance(node, ast.Poison):
            return self.ops.poison(node.span)
        if isinstance(node, ast.Uniform | ast.Mixture):
            return self.ops.wrong(
                "E305",
                "this is a distribution, and a value is wanted here",
                node.span,
                "define with `~` instead of `=`, or draw it with `chance c: TYPE ~ ...;` and read `c`",
            )
        if isinstance(node, ast.Binder):
            return self.ops.wrong("E115", "nothing is bound here", node.span, "`i: e` stands in `sum(i: e)`")
        return self.ops.wrong("E115", "this form has no meaning here", node.span, "write an expression")

    def _final_step(self, node: ast.FinalStep) -> Typed:
        if "horizon" in self.context.names.lost:
            return self.ops.poison(node.span)
        if self.context.horizon is None:
            return self.ops.wrong("E306", "`horizon` is not known here", node.span, "use a parameter for both")
        return self.ops.const(self.context.horizon, INT, node.span)

    # ---- operators

    def _sum(self, node: ast.Sum, env: Env) -> Typed:
        terms = [self.expr(t, env) for t in node.terms]
        if len(terms) == 2 and node.signs[1] == "-":
            return self.ops.arithmetic("-", terms, node.span, env)
        signed = [
            self.ops.negate(t, t.ir.span, env) if sign == "-" else t for sign, t in zip(node.signs, terms, strict=True)
        ]
        return self.ops.arithmetic("+", signed, node.span, env)

    def _product(self, node: ast.Product, env: Env) -> Typed:
        factors = [self.expr(f, env) for f in node.factors]
        if sum(o != "*" for o in node.operators) > MAX_DEPTH:
            return self.ops.wrong("E111", "this chain of divisions is too long", node.span, "break it up")
        run = [factors[0]]
        for operator, factor in zip(node.operators[1:], factors[1:], strict=True):
            if operator == "*":
                run.append(factor)
                continue
            left = self.ops.arithmetic("*", run, node.span, env)
            make = self.ops.divide if operator == "/" else self.ops.modulo
            run = [make(left, factor, node.span, env)]
        return self.ops.arithmetic("*", run, node.span, env) if len(run) > 1 else run[0]

    def _junction(self, node: ast.Junction, env: Env) -> Typed:
        operands: list[Typed] = []
        inner = env
        for operand in node.operands:
            operands.append(self.expr(operand, inner))
            settled = constant(operands[-1]) is (node.operator == "or")
            inner = inner.as_unreachable() if settled else inner.as_conditional()
        return self.ops.junction(node.operator, operands, node.span, env)

    def _conditional(self, node: ast.Conditional, env: Env) -> Typed:
        condition = self.expr(node.condition, env)
        yes, no = branches(condition, env)
        return self.ops.conditional(condition, self.expr(node.then, yes), self.expr(node.otherwise, no), node.span)

    def _member(self, node: ast.Member, env: Env) -> Typed:
        element = self.expr(node.element, env)
        where = node.collection
        if isinstance(where, ast.Poison):
            return self.ops.poison(node.span)
        if isinstance(where, ast.RangeOf):
            low, high = self.expr(where.low, env), self.expr(where.high, env)
            ends = [
                self.ops.compare(">=", element, low, node.span, env),
                self.ops.compare("<=", element, high, node.span, env),
            ]
            return self.ops.junction("and", ends, node.span, env)
        if isinstance(where, ast.SetOf):
            return self._any_of(element, [self.expr(x, env) for x in where.items], node.span, env)
        found = self.types.collection(where, env, "what follows `in`")
        if found is None:
            return self.ops.poison(node.span)
        values, ty = found
        if isinstance(values, tuple) and ty is INT:
            values = range(int(values[0]), int(values[-1]) + 1)
        if isinstance(values, range):
            ends = [self.ops.const(v, INT, where.span) for v in (values.start, values.stop - 1)]
            return self.ops.junction(
                "and",
                [
                    self.ops.compare(">=", element, ends[0], node.span, env),
                    self.ops.compare("<=", element, ends[1], node.span, env),
                ],
                node.span,
                env,
            )
        return self._any_of(element, [Typed(ir.Const(v, where.span), ty) for v in values], node.span, env)

    def _any_of(self, element: Typed, items: Sequence[Typed], span: Span, env: Env) -> Typed:
        if (
            element.ty.kind == "word"
            and items
            and all(i.ty.kind == "word" and not i.ty.words & element.ty.words for i in items)
        ):
            everything = join(*(i.ty for i in items)) or items[0].ty
            listed = Typed(items[0].ir, everything)
            return self.ops.compare("==", element, listed, span, env)  # one mistake, said once
        tests = [self.ops.compare("==", element, item, item.ir.span, env) for item in items]
        return self.ops.junction("or", tests, span, env)


def branches(condition: Typed, env: Env) -> tuple[Env, Env]:
    """The environments of the two branches of an `if`."""
    value = constant(condition)
    if not isinstance(value, bool):
        return env.as_conditional(), env.as_conditional()
    return (env, env.as_unreachable()) if value else (env.as_unreachable(), env)
