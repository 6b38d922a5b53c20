"""Distributions with a name: `bernoulli(p)`, `noisy(x, p)`, and the truncated laws over the integers."""

from __future__ import annotations

from typing import Literal

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.drawn import DrawnVariable, ValueCheck, shown_type
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import TRUNCATED
from posgc.language.elaborate.values import REAL, Env, Typed, constant
from posgc.language.text import syntax as ast

__all__ = ["NamedLaws"]


class NamedLaws:
    """Elaborates the calls that are distributions."""

    def __init__(self, expressions: Expressions, values: ValueCheck) -> None:
        self.expressions = expressions
        self.names = expressions.context.names
        self.reporter = expressions.reporter
        self.ops = expressions.ops
        self.values = values

    def is_law(self, name: str) -> bool:
        """Whether a call of this name is a distribution; names of the file win over the truncated laws."""
        return name in ("bernoulli", "noisy") or (name in TRUNCATED and name not in self.names.table)

    def law(self, node: ast.Call, what: DrawnVariable, env: Env) -> ir.Dist:
        """The distribution of a call that `is_law`."""
        match node.name:
            case "bernoulli":
                return self._bernoulli(node, what, env)
            case "noisy":
                return self._noisy(node, what, env)
            case "poisson" | "binomial" | "normal" as family:
                return self._truncated(node, family, what, env)
            case _:
                raise ValueError(f"{node.name} is not a distribution")

    def probability(self, typed: Typed, env: Env) -> bool:
        value = constant(typed)
        if value is None or isinstance(value, str) or 0 <= value <= 1 or env.unreachable or env.conditional:
            return True
        self.reporter.error("E402", f"{value:.12g} is not a probability", typed.ir.span, "it must lie in [0, 1]")
        return False

    def _bernoulli(self, node: ast.Call, what: DrawnVariable, env: Env) -> ir.Dist:
        if what.type is not None and what.type.kind != "bool":
            self.reporter.error(
                "E310",
                f"`bernoulli` draws a truth value, and `{what.name}` is {shown_type(what.type)}",
                node.span,
                "write a mixture: `{a: p, b: 1 - p}`",
            )
            return self._poison(node.span)
        if len(node.arguments) != 1 or node.primed:
            return self._misused(node, "`bernoulli(p)`")
        probability = self.expressions.expr(node.arguments[0], env)
        if not (self.ops.expect(probability, REAL, "a probability") and self.probability(probability, env)):
            return self._poison(node.span)
        self.ops.spend(1, node.span)
        return ir.Bernoulli(probability.ir, node.span)

    def _noisy(self, node: ast.Call, what: DrawnVariable, env: Env) -> ir.Dist:
        if len(node.arguments) != 2 or node.primed:
            return self._misused(node, "`noisy(x, p)`")
        value, accuracy = (self.expressions.expr(a, env) for a in node.arguments)
        fine = self.values.fits(value, what, env)
        if not (self.ops.expect(accuracy, REAL, "a probability") and self.probability(accuracy, env) and fine):
            return self._poison(node.span)
        self.ops.spend(1, node.span)
        return ir.Noisy(value.ir, accuracy.ir, node.span)

    def _truncated(
        self, node: ast.Call, family: Literal["poisson", "binomial", "normal"], what: DrawnVariable, env: Env
    ) -> ir.Dist:
        if what.type is not None and what.type.kind != "integers":
            message = f"`{family}` draws an integer, and `{what.name}` is {shown_type(what.type)}"
            self.reporter.error("E310", message, node.span, "give the variable a range, such as 0..10")
            return self._poison(node.span)
        wanted = TRUNCATED[family]
        if len(node.arguments) != len(wanted) or node.primed:
            return self._misused(node, f"`{family}({', '.join(wanted)})`")
        found = [self.expressions.expr(a, env) for a in node.arguments]
        fine = all([self.ops.expect(p, REAL, f"`{name}` of `{family}`") for p, name in zip(found, wanted, strict=True)])
        if not fine:
            return self._poison(node.span)
        self.ops.spend(1, node.span)
        return ir.Truncated(family, tuple(p.ir for p in found), node.span)

    def _misused(self, node: ast.Call, form: str) -> ir.Dist:
        return ir.Point(
            self.ops.wrong("E207", "this distribution is written otherwise", node.span, f"write {form}").ir, node.span
        )

    def _poison(self, span: Span) -> ir.Dist:
        return ir.Point(self.ops.poison(span).ir, span)
