"""Expressions: operators, `if` and `match`; names resolved, types checked, nodes of the IR made.

Recursion is over the syntax tree and the definitions in it, and is bounded by `MAX_DEPTH`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.adjacency import adjacent
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.definitions import Expander
from posgc.language.elaborate.doubts import names_in_doubt
from posgc.language.elaborate.indices import Indices
from posgc.language.elaborate.matches import Matches
from posgc.language.elaborate.names import AgentArray, AgentName, Builtin, GraphName
from posgc.language.elaborate.picking import Picker
from posgc.language.elaborate.quantifiers import Quantifiers
from posgc.language.elaborate.references import References
from posgc.language.elaborate.tuples import component
from posgc.language.elaborate.types import Types
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed, constant, join
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import is_poisoned

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
        self._forms: Mapping[type, Callable[[Any, Env], Typed]] = {
            ast.Literal_: self._literal,
            ast.Reference: self.references.reference,
            ast.Call: self.references.call,
            ast.FinalStep: self._final_step,
            ast.Sum: self._sum,
            ast.Product: self._product,
            ast.Power: self._power,
            ast.Negation: self._negation,
            ast.Junction: self._junction,
            ast.Compare: self._compare,
            ast.Member: self._member,
            ast.Conditional: self._conditional,
            ast.Match: self.matches.match,
            ast.Iverson: self._iverson,
            ast.ComponentOf: self._component,
            ast.ListOf: self._of_list,
        }
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
        if env.places and not isinstance(node, ast.ListOf | ast.Iverson):
            env = replace(env, places=())  # lists stand right of `=` alone
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
        make: Callable[[Any, Env], Typed] | None = self._forms.get(type(node))
        return self._misplaced(node, env) if make is None else make(node, env)

    def _literal(self, node: ast.Literal_, _: Env) -> Typed:
        ty = BOOL if isinstance(node.value, bool) else INT if isinstance(node.value, int) else REAL
        return self.ops.const(node.value, ty, node.span)

    def _power(self, node: ast.Power, env: Env) -> Typed:
        return self.ops.power(self.expr(node.base, env), self.expr(node.exponent, env), node.span, env)

    def _negation(self, node: ast.Negation, env: Env) -> Typed:
        operand = self.expr(node.operand, env)
        make = self.ops.negate if node.operator == "neg" else self.ops.invert
        return make(operand, node.span, env)

    def _compare(self, node: ast.Compare, env: Env) -> Typed:
        left, right = self.expr(node.left, env), self.expr(node.right, env)
        return self.ops.compare(node.operator, left, right, node.span, env)

    def _misplaced(self, node: ast.Expression, env: Env) -> Typed:
        if isinstance(node, ast.Poison):
            for name in names_in_doubt(node.read):
                if self.indices.is_fresh(name, env):
                    self.expr(name, env)
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

    def _final_step(self, node: ast.FinalStep, _: Env) -> Typed:
        if "horizon" in self.context.names.lost:
            return self.ops.poison(node.span)
        if self.context.horizon is None:
            return self.ops.wrong("E306", "`horizon` is not known here", node.span, "use a parameter for both")
        return self.ops.const(self.context.horizon, INT, node.span)

    def _component(self, node: ast.ComponentOf, env: Env) -> Typed:
        if isinstance(node.value, ast.Reference | ast.Call):
            table, parts = self.context.names.table, (node.value.name, node.name.text)
            for agent, other in (parts, parts[::-1]):
                if isinstance(table.get(agent), AgentName | AgentArray) and not isinstance(table.get(other), Builtin):
                    cure = f"what is an agent's is `{other}[{agent}]`"
                    return self.ops.wrong("E120", "names have no parts with points", node.span, cure)
        value = self.expr(node.value, env)
        return component(self.ops, self.context.cache.tuples, value, node.name, node.span)

    def _iverson(self, node: ast.Iverson, env: Env) -> Typed:
        condition = self.expr(node.condition, replace(env, places=()) if env.places else env)
        if env.places and condition.ty.kind not in ("bool", "poison"):  # a list of one value
            return condition if env.places[0][1] == 1 else self._of_list(ast.ListOf((node.condition,), node.span), env)
        if not self.ops.expect(condition, BOOL, "what stands in brackets"):
            return self.ops.poison(node.span)
        return self.ops.op("count", (condition,), INT, node.span, env)

    def _of_list(self, node: ast.ListOf, env: Env) -> Typed:
        """The element for the values that the indices of the left side have here."""
        if is_poisoned(node) or env.places is None:
            return self.ops.poison(node.span)
        if not env.places:
            cure = "an index for each list of lists: `let f[i] = [3, 5];`, `let f[i, k in 1..2] = [[1, 2], [3, 4]];`"
            return self.ops.wrong("E217", "no index on the left runs over the values of this list", node.span, cure)
        (at, count), rest = env.places[0], env.places[1:]
        if len(node.items) != count:
            what = f"this list has {len(node.items)} values, and the index on the left has {count}"
            return self.ops.wrong(
                "E217", what, node.span, "write one value for each value of the index, in their order"
            )
        form = "write a list of lists, one for each value of the first index: `let f[i, k in 1..2] = [[1, 2], [3, 4]];`"
        if not rest and any(isinstance(item, ast.ListOf) for item in node.items):
            return self.ops.wrong("E217", "this holds lists, and no other index runs on the left", node.span, form)
        if rest and not all(isinstance(item, ast.ListOf | ast.Iverson) for item in node.items):
            return self.ops.wrong("E217", "another index on the left runs over several values", node.span, form)
        item = node.items[at]
        if isinstance(item, ast.Iverson) and rest:  # a row of one value
            item = ast.ListOf((item.condition,), item.span)
        return self.expr(item, replace(env, places=rest))

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
            return self.expr(where, env)
        if isinstance(where, ast.RangeOf):
            low, high = self.expr(where.low, env), self.expr(where.high, env)
            ends = [
                self.ops.compare(">=", element, low, node.span, env),
                self.ops.compare("<=", element, high, node.span, env),
            ]
            return self.ops.junction("and", ends, node.span, env)
        if isinstance(where, ast.SetOf):
            return self._any_of(element, [self.expr(x, env) for x in where.items], node.span, env)
        graph = self.context.names.table.get(where.name) if isinstance(where, ast.Reference) else None
        if isinstance(where, ast.Reference) and isinstance(graph, GraphName) and len(where.indices) == 1:
            return adjacent(self.ops, graph, self.expr(where.indices[0], env), element, node.span, env)
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
