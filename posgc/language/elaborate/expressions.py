"""Expressions: operators, `if` and `match`; names resolved, types checked, nodes of the IR made.

Recursion is over the syntax tree and the definitions in it, and is bounded by `MAX_DEPTH`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import Names
from posgc.language.elaborate.ranges import MAX_DEPTH
from posgc.language.elaborate.references import References
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed, constant, describe, join
from posgc.language.text import syntax as ast

__all__ = ["Elaborator", "branches", "chain"]

T = TypeVar("T")
_LONGEST_CHAIN = 16


class Elaborator(References):
    """`horizon` is None until it is known."""

    def __init__(self, names: Names, reporter: Reporter) -> None:
        super().__init__(names, reporter)
        self.horizon: int | None = None
        self._depth = 0

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
                return self.reference(node, env)
            case ast.Call():
                return self.call(node, env)
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
                return self._match(node, env)
            case _:
                return self._misplaced(node)

    def _misplaced(self, node: ast.Expression) -> Typed:
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
        if self.horizon is None:
            return self.ops.wrong("E306", "`horizon` is not known here", node.span, "use a parameter for both")
        return self.ops.const(self.horizon, INT, node.span)

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
            inner = inner.dying() if settled else inner.branching()
        return self.ops.junction(node.operator, operands, node.span, env)

    def _conditional(self, node: ast.Conditional, env: Env) -> Typed:
        condition = self.expr(node.condition, env)
        yes, no = branches(condition, env)
        return self.ops.conditional(condition, self.expr(node.then, yes), self.expr(node.otherwise, no), node.span)

    def _member(self, node: ast.Member, env: Env) -> Typed:
        element = self.expr(node.element, env)
        where = node.collection
        if isinstance(where, ast.RangeOf):
            low, high = self.expr(where.low, env), self.expr(where.high, env)
            ends = [
                self.ops.compare(">=", element, low, node.span, env),
                self.ops.compare("<=", element, high, node.span, env),
            ]
            return self.ops.junction("and", ends, node.span, env)
        if isinstance(where, ast.SetOf):
            return self._any_of(element, [self.expr(x, env) for x in where.items], node.span, env)
        found = self.collection(where, env, "what follows `in`")
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

    # ---- match

    def _match(self, node: ast.Match, env: Env) -> Typed:
        arms = [(condition, self.expr(arm.value, inner)) for condition, inner, arm in self.arms(node, env)]
        ty = join(*(value.ty for _, value in arms))
        if ty is None:
            first, odd = next((a, b) for _, a in arms for _, b in arms if join(a.ty, b.ty) is None)
            return self.ops.wrong(
                "E302",
                f"one arm is {describe(first.ty)}, another is {describe(odd.ty)}",
                odd.ir.span,
                "give all arms values of one kind",
            )
        alive = [(c, v.ir) for c, v in arms if constant(c) is not False]
        tail: ir.Expr = self.no_arm(node, env, bool(alive))
        ends = [k for k, (c, _) in enumerate(alive) if constant(c) is True]
        if ends:
            alive, tail = alive[: ends[0]], alive[ends[0]][1]
        self.ops.spend(2 * len(alive), node.span)
        if not alive:
            return Typed(tail, ty)
        return Typed(chain([(c.ir, v) for c, v in alive], tail, lambda c, a, b: ir.If(c, a, b, node.span)), ty)

    def no_arm(self, node: ast.Match, env: Env, reachable: bool) -> ir.Fail:
        """What a match without an arm that fits comes to."""
        text = "no arm of this `match` fits"
        help = "add the missing arm, or `_: ...;` as the last one"
        if not reachable:
            self.ops.fault(env, "E405", text, node.span, help)
        return ir.Fail("E405", text, help, node.span)

    def arms(self, node: ast.Match, env: Env) -> list[tuple[Typed, Env, ast.Arm]]:
        """Each arm with the condition under which its patterns fit and the environment of its value."""
        subjects = [self.expr(s, env) for s in node.subjects]
        result: list[tuple[Typed, Env, ast.Arm]] = []
        done = False
        for number, arm in enumerate(node.arms):
            if all(isinstance(p, ast.Any_) for p in arm.patterns) and number + 1 < len(node.arms):
                self.reporter.warning("W703", "the arms after this one are never reached", arm.span, "put `_` last")
            condition = self._fits(arm, subjects, env.dying() if done else env)
            value = constant(condition)
            alive = not done and value is not False
            sure = value is True and all(constant(c) is False for c, _, _ in result)
            result.append((condition, env if alive and sure else env.branch(alive), arm))
            done = done or value is True
        return result

    def _fits(self, arm: ast.Arm, subjects: Sequence[Typed], env: Env) -> Typed:
        if len(arm.patterns) == 1 and isinstance(arm.patterns[0], ast.Any_):
            return self.ops.const(True, BOOL, arm.span)
        if len(arm.patterns) != len(subjects):
            return self.ops.wrong(
                "E207",
                f"{len(subjects)} values are matched, and this arm has {len(arm.patterns)} patterns",
                arm.span,
                "write one pattern for each value, `_` where any will do",
            )
        tests = [self._test(p, s, env) for p, s in zip(arm.patterns, subjects, strict=True)]
        return self.ops.junction("and", tests, arm.span, env)

    def _test(self, pattern: ast.Pattern, subject: Typed, env: Env) -> Typed:
        if isinstance(pattern, ast.Any_):
            return self.ops.const(True, BOOL, pattern.span)
        if isinstance(pattern, ast.NumberSpan):
            ends = [
                self.ops.const(v, INT if isinstance(v, int) else REAL, pattern.span)
                for v in (pattern.low, pattern.high)
            ]
            return self.ops.junction(
                "and",
                [
                    self.ops.compare(">=", subject, ends[0], pattern.span, env),
                    self.ops.compare("<=", subject, ends[1], pattern.span, env),
                ],
                pattern.span,
                env,
            )
        value = self.expr(pattern, replace(env, bindings={}) if isinstance(pattern, ast.Literal_) else env)
        if value.ty.kind != "poison" and not isinstance(value.ir, ir.Const):
            return self.ops.wrong(
                "E306", "a pattern is a constant", pattern.span, "compare with `==` in an `if`, or write a constant"
            )
        return self.ops.compare("==", subject, value, pattern.span, env)


def branches(condition: Typed, env: Env) -> tuple[Env, Env]:
    """The environments of the two branches of an `if`."""
    value = constant(condition)
    if not isinstance(value, bool):
        return env.branching(), env.branching()
    return (env, env.dying()) if value else (env.dying(), env)


def chain(arms: Sequence[tuple[ir.Expr, T]], tail: T, make: Callable[[ir.Expr, T, T], T]) -> T:
    """`if c1 then v1 else if c2 then v2 ... else tail`.

    A long one is halved (does any condition of the first half hold?), so that a table of a thousand arms
    is some twenty levels deep and not a thousand; conditions are shared nodes, and which arm is taken
    stays the same.
    """
    if len(arms) <= _LONGEST_CHAIN:
        for condition, value in reversed(arms):
            tail = make(condition, value, tail)
        return tail
    middle = len(arms) // 2
    first = arms[:middle]
    span = first[0][0].span
    some = ir.Op("or", tuple(c for c, _ in first), False, span)
    return make(some, chain(first[:-1], first[-1][1], make), chain(arms[middle:], tail, make))
