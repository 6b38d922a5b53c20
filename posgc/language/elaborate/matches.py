"""`match`: patterns, arms, and the chain of conditions that they come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.context import Context, Elaborate
from posgc.language.elaborate.tuples import components
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed, constant, describe, join, joined
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import is_poisoned, nodes

__all__ = ["Matches", "chain"]

T = TypeVar("T")
_LONGEST_CHAIN = 16


class Matches:
    """Reads `match` over values; `Laws` reads the arms of a `match` over distributions with it."""

    def __init__(self, context: Context, expr: Elaborate) -> None:
        self.reporter = context.reporter
        self.ops = context.ops
        self.tuples = context.cache.tuples
        self.expr = expr

    def match(self, node: ast.Match, env: Env) -> Typed:
        arms = [(condition, self.expr(arm.value, inner)) for condition, inner, arm in self.arms(node, env)]
        ty = joined([value for _, value in arms])
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
        if self.reporter.failed and is_poisoned(node):  # an arm may have been left out
            return ir.Fail(ir.REPORTED, "", "", node.span)
        if not reachable and not env.conditional and not env.unreachable:
            self.reporter.error("E405", text, node.span, help)
            return ir.Fail(ir.REPORTED, "", "", node.span)
        return ir.Fail("E405", text, help, node.span)

    def arms(self, node: ast.Match, env: Env) -> list[tuple[Typed, Env, ast.Arm]]:
        """Each arm with the condition under which its patterns fit and the environment of its value."""
        subjects = [self.expr(s, env) for s in node.subjects]
        result: list[tuple[Typed, Env, ast.Arm]] = []
        done = False
        for number, arm in enumerate(node.arms):
            if all(
                isinstance(p, ast.Any_ | ast.TuplePattern | tuple) for p in nodes(arm.patterns)
            ) and number + 1 < len(node.arms):
                self.reporter.warning("W703", "the arms after this one are never reached", arm.span, "put `_` last")
            condition = self._fits(arm, subjects, env.as_unreachable() if done else env)
            value = constant(condition)
            alive = not done and value is not False
            sure = value is True and all(constant(c) is False for c, _, _ in result)
            result.append((condition, env if alive and sure else env.in_branch(alive), arm))
            done = done or value is True
        return result

    def _fits(self, arm: ast.Arm, subjects: Sequence[Typed], env: Env) -> Typed:
        if len(arm.patterns) == 1 and isinstance(arm.patterns[0], ast.Any_):
            return self.ops.const(True, BOOL, arm.span)
        if is_poisoned(arm.patterns):
            return self.ops.poison(arm.span)
        if len(subjects) == 1 and len(arm.patterns) > 1:
            return self._tuple(arm.patterns, subjects[0], arm.span, env)
        if len(arm.patterns) != len(subjects):
            count = "one pattern" if len(arm.patterns) == 1 else f"{len(arm.patterns)} patterns"
            return self.ops.wrong(
                "E207",
                f"{len(subjects)} values are matched, and this arm has {count}",
                arm.span,
                "write one pattern for each value, `_` where any will do",
            )
        tests = [self._test(p, s, env) for p, s in zip(arm.patterns, subjects, strict=True)]
        return self.ops.junction("and", tests, arm.span, env)

    def _tuple(self, patterns: Sequence[ast.Pattern], subject: Typed, span: Span, env: Env) -> Typed:
        """Whether the components of a tuple fit the patterns."""
        if subject.ty.kind == "poison":
            return self.ops.poison(span)
        parts = components(self.ops, self.tuples, subject, span)
        if len(parts) != len(patterns):
            what = f"a tuple of {len(parts)}" if parts else f"{describe(subject.ty)} and no tuple"
            cure = f"write one pattern{' for each component' if parts else ''}, `_` where any value will do"
            return self.ops.wrong("E207", f"there are {len(patterns)} patterns, and the value is {what}", span, cure)
        tests = [self._test(p, s, env) for p, s in zip(patterns, parts, strict=True)]
        return self.ops.junction("and", tests, span, env)

    def _test(self, pattern: ast.Pattern, subject: Typed, env: Env) -> Typed:
        if isinstance(pattern, ast.Any_):
            return self.ops.const(True, BOOL, pattern.span)
        if isinstance(pattern, ast.TuplePattern):
            return self._tuple(pattern.parts, subject, pattern.span, env)
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
