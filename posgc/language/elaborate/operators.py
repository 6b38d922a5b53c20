"""Typed operations: operands of fitting types in, one node of the IR out, constants folded.

This module establishes the types of `Op`, `If` and `Select` nodes; it knows nothing of names.  Every node
is made here, and counted: elaboration stops at `MAX_NODES` rather than fill the memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language import ir
from posgc.language.diagnostics import Label, Span
from posgc.language.diagnostics.report import Cure, Reporter
from posgc.language.elaborate.fold import Fault, fold
from posgc.language.elaborate.values import BOOL, INT, POISON, REAL, Env, Ty, Typed, constant, describe, join, joined

__all__ = ["MAX_NODES", "Operators"]

MAX_NODES = 300_000
"""Nodes that the elaborated form of a game may have."""

_ORDER = ("<", "<=", ">", ">=")


class Operators:
    """Makes nodes, reports misfits."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.nodes = 0

    # ---- bookkeeping

    def spend(self, nodes: int, span: Span) -> None:
        """Counts nodes about to be made.  Raises `InputError` (E308) beyond the budget."""
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self.reporter.error(
                "E308",
                f"written out in full, the game has more than {MAX_NODES:,} nodes; it gets too large here",
                span,
                "make the ranges smaller, or give the game in a numeric format such as .dpomdp",
            )
            raise self.reporter.failure()

    def poison(self, span: Span) -> Typed:
        """Stands for an expression whose mistake has been reported."""
        return Typed(ir.Fail(ir.REPORTED, "", "", span), POISON)

    def wrong(
        self, code: str, message: str, span: Span, help: str | Cure = "", labels: tuple[Label, ...] = ()
    ) -> Typed:
        self.reporter.error(code, message, span, help, labels)
        return self.poison(span)

    def fault(self, env: Env, code: str, message: str, span: Span, help: str = "") -> Typed:
        """An error of value: at once where the expression is always evaluated, else when a row gets there."""
        self.spend(1, span)
        if not env.unreachable and not env.conditional:
            return self.wrong(code, message, span, help)
        return Typed(ir.Fail(code, message, help, span), POISON)

    def const(self, value: ir.Value, ty: Ty, span: Span) -> Typed:
        self.spend(1, span)
        return Typed(ir.Const(value, span), ty)

    def expect(self, typed: Typed, ty: Ty, what: str) -> bool:
        """Whether the expression is a `ty` (a real takes any number); reports an error if not."""
        have = typed.ty
        if have.kind == "poison" or have == ty or (ty is REAL and have.number):
            return True
        code = "E307" if ty is INT and have is REAL else "E301"
        cure = _cure(have, ty)
        self.reporter.error(code, f"{what} must be {_named(ty)}, and this is {describe(have)}", typed.ir.span, cure)
        return False

    # ---- operations

    def op(self, name: str, operands: Sequence[Typed], ty: Ty, span: Span, env: Env) -> Typed:
        """The node, or its value where all operands are constants."""
        if ty.number and any(o.ty.kind == "poison" for o in operands):
            ty = POISON
        values = [o.ir.value for o in operands if isinstance(o.ir, ir.Const)]
        if len(values) == len(operands) and not any(o.ty.kind == "poison" for o in operands):
            try:
                value = fold(name, values)
            except Fault as fault:
                return self.fault(env, fault.code, fault.message, span, fault.help)
            return self.const(float(value) if ty is REAL else value, ty, span)
        self.spend(1, span)
        return Typed(ir.Op(name, tuple(o.ir for o in operands), ty is INT, span), ty)

    def arithmetic(self, name: str, operands: Sequence[Typed], span: Span, env: Env) -> Typed:
        """`+ - * neg abs min max clip`: integers in, an integer out; else a real."""
        if not all(self.expect(o, REAL, f"an operand of `{_sign(name)}`") for o in operands):
            return self.poison(span)
        ty = join(*(o.ty for o in operands)) or REAL
        if name in ("+", "*", "min", "max") and len(operands) == 1:
            return operands[0]
        return self.op(name, operands, ty, span, env)

    def divide(self, left: Typed, right: Typed, span: Span, env: Env) -> Typed:
        if not (self.expect(left, REAL, "an operand of `/`") and self.expect(right, REAL, "an operand of `/`")):
            return self.poison(span)
        return self.op("/", (left, right), REAL, span, env)

    def modulo(self, left: Typed, right: Typed, span: Span, env: Env) -> Typed:
        if not (self.expect(left, INT, "an operand of `mod`") and self.expect(right, INT, "an operand of `mod`")):
            return self.poison(span)
        return self.op("mod", (left, right), INT, span, env)

    def power(self, base: Typed, exponent: Typed, span: Span, env: Env) -> Typed:
        if not (self.expect(base, REAL, "the base of `^`") and self.expect(exponent, REAL, "an exponent")):
            return self.poison(span)
        whole = base.ty.kind == exponent.ty.kind == "int" and _natural(exponent.ir)
        return self.op("^", (base, exponent), INT if whole else REAL, span, env)

    def negate(self, operand: Typed, span: Span, env: Env) -> Typed:
        return self.arithmetic("neg", (operand,), span, env)

    def invert(self, operand: Typed, span: Span, env: Env) -> Typed:
        if not self.expect(operand, BOOL, "what `not` turns round"):
            return self.poison(span)
        return self.op("not", (operand,), BOOL, span, env)

    def junction(self, name: str, operands: Sequence[Typed], span: Span, env: Env) -> Typed:
        """`and`/`or`; constants that settle nothing are dropped."""
        if not all(self.expect(o, BOOL, f"an operand of `{name}`") for o in operands):
            return self.poison(span)
        settles = name == "or"
        left: list[Typed] = []
        for operand in operands:
            value = constant(operand)
            if value is settles:
                left.append(operand)
                break
            if value is None:
                left.append(operand)
        if not left:
            return self.const(not settles, BOOL, span)
        if constant(left[0]) is settles:
            return self.const(settles, BOOL, span)
        return left[0] if len(left) == 1 else self.op(name, left, BOOL, span, env)

    def compare(self, name: str, left: Typed, right: Typed, span: Span, env: Env) -> Typed:
        if name in _ORDER:
            numbers = all(self.expect(o, REAL, f"an operand of `{name}`") for o in (left, right))
            return self.op(name, (left, right), BOOL, span, env) if numbers else self.poison(span)
        a, b = left.ty, right.ty
        if "poison" in (a.kind, b.kind):
            return Typed(self.op(name, (left, right), BOOL, span, env).ir, BOOL)
        if not (a.kind == b.kind or (a.number and b.number)):
            return self.wrong(
                "E301", f"this compares {describe(a)} with {describe(b)}", span, "compare values of one kind"
            )
        if a.kind == "word" and not (a.words & b.words) and not env.unreachable:
            return self.wrong(
                "E303",
                f"no word in common: {describe(a)} is compared with {describe(b)}",
                span,
                "one side has a misspelt word, or the wrong variable is meant",
            )
        return self.op(name, (left, right), BOOL, span, env)

    def conditional(self, condition: Typed, then: Typed, otherwise: Typed, span: Span) -> Typed:
        """Both branches have been elaborated and typed, even where the condition is a constant."""
        ty = joined((then, otherwise))
        if ty is None:
            return self.wrong(
                "E302",
                f"one branch is {describe(then.ty)}, the other is {describe(otherwise.ty)}",
                otherwise.ir.span,
                "give both branches values of one kind",
            )
        if not self.expect(condition, BOOL, "a condition"):
            return self.poison(span)
        value = constant(condition)
        if value is not None:
            return Typed(_as(then.ir if value else otherwise.ir, ty), ty)
        self.spend(1, span)
        return Typed(ir.If(condition.ir, then.ir, otherwise.ir, span), ty)

    def select(self, index: Typed, keys: Sequence[ir.Value], cases: Sequence[Typed], span: Span) -> Typed:
        ty = joined(cases)
        if ty is None:
            return self.wrong(
                "E302",
                "the values under different indices are of different kinds",
                span,
                "index with a constant",
            )
        self.spend(1, span)
        return Typed(ir.Select(index.ir, tuple(keys), tuple(c.ir for c in cases), span), ty)


def _as(node: ir.Expr, ty: Ty) -> ir.Expr:
    # A constant that is an integer in a real expression becomes a real, as it would by promotion.
    if ty is REAL and isinstance(node, ir.Const) and isinstance(node.value, int):
        return ir.Const(float(node.value), node.span)
    return node


def _sign(name: str) -> str:
    return "-" if name == "neg" else name


def _named(ty: Ty) -> str:
    return "a number" if ty is REAL else describe(ty)


def _cure(have: Ty, want: Ty) -> str:
    if have is BOOL and want.number:
        return "a truth value is not a number: write `[e]`, which is 1 where e holds, or use `count`"
    if want is BOOL and have.number:
        return "compare the number with another one"
    if want is INT and have is REAL:
        return "`/` is real division and decimals are reals; a parameter is an integer if declared `: int`"
    if want is BOOL:
        return "compare it with something: `x == left`"
    if want.number and have.kind == "word":
        return "choose a number by the word: `if x == left then 1 else 0`"
    return "give it a number" if want.number else "give it one of the words of its type"


def _natural(node: ir.Expr) -> bool:
    """Whether an integer expression is seen to be never negative."""
    if isinstance(node, ir.Const):
        return not isinstance(node.value, str) and node.value >= 0
    if isinstance(node, ir.Op):
        return node.name == "count"
    return isinstance(node, ir.Step)
