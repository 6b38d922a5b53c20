"""Built-in functions and `all any sum count min max argmax` over agents, ranges and types."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.context import Context, Elaborate
from posgc.language.elaborate.indices import Indices
from posgc.language.elaborate.names import TRUNCATED
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Ty, Typed, constant
from posgc.language.text import syntax as ast

__all__ = ["Quantifiers"]

_OVER = ("all", "any", "sum", "count", "min", "max", "argmax")
_FORMS = {"abs": "abs(x)", "clip": "clip(x, low, high)"}
_ARITY = {"abs": (1, 1), "min": (2, 99), "max": (2, 99), "clip": (3, 3)}


class Quantifiers:
    """Calls of functions that the language brings."""

    def __init__(self, context: Context, indices: Indices, expr: Elaborate) -> None:
        self.ops = context.ops
        self.indices = indices
        self.expr = expr

    def function(self, call: ast.Call, env: Env) -> Typed:
        """A call of a built-in function."""
        if call.primed:
            return self.ops.wrong(
                "E213", f"`{call.name}(...)` cannot be primed", call.span, "prime the names inside it"
            )
        if call.arguments and isinstance(call.arguments[-1], ast.Binder):
            return self._quantifier(call, call.arguments[-1], env)
        if call.name in ("bernoulli", "noisy", *TRUNCATED):
            return self.ops.wrong(
                "E305",
                f"`{call.name}` is a distribution, and a value is wanted here",
                call.span,
                "draw it with `chance c: TYPE ~ ...;` and read `c`, or define with `~` instead of `=`",
            )
        return self._plain_function(call, env)

    def _plain_function(self, call: ast.Call, env: Env) -> Typed:
        if call.name not in _ARITY:
            return self.ops.wrong(
                "E207", f"`{call.name}` runs over an index", call.span, f"write `{call.name}(i: ...)`"
            )
        low, high = _ARITY[call.name]
        if not low <= len(call.arguments) <= high:
            count = f"{low}" if low == high else f"at least {low}"
            return self.ops.wrong(
                "E207",
                f"`{call.name}` takes {count} arguments, not {len(call.arguments)}",
                call.span,
                f"or, over an index, `{call.name}(i: ...)`" if call.name in _OVER else f"write `{_FORMS[call.name]}`",
            )
        operands = [self.expr(a, env) for a in call.arguments]
        return self.ops.arithmetic(call.name, operands, call.span, env)

    def _quantifier(self, call: ast.Call, binder: ast.Binder, env: Env) -> Typed:
        if call.name not in _OVER:
            return self.ops.wrong(
                "E115", f"`{call.name}` does not run over an index", binder.left.span, "separate arguments by commas"
            )
        left, condition = _parts(binder.left)
        specs = (*call.arguments[:-1], left)
        if call.name == "argmax" and len(specs) > 1:
            return self.ops.wrong("E207", "`argmax` runs over one index", call.span, "nest two of them")
        bodies: list[Typed] = []
        last: list[Typed] = []
        name = self._bound_name(left)
        settled = False
        cost = ast.Junction("and", (condition, binder.body), binder.span)
        for inner in self.indices.assignments(specs, cost, env):
            if inner is None:
                return self.ops.poison(call.span)
            kept = self._condition(condition, inner)
            if constant(kept) is False:
                continue
            if constant(kept) is None:
                guarded = self._guarded(call, kept, binder, inner)
                if guarded is None:
                    return self.ops.poison(call.span)
                bodies.append(guarded)
                continue
            # Operands of `all` after a false one, and of `any` after a true one, are never evaluated.
            body = self.expr(binder.body, self._inner(call.name, inner, settled, bool(bodies)))
            settled = settled or constant(body) is (call.name == "any")
            bodies.append(body)
            if call.name == "argmax" and name is not None:
                last.append(inner.bindings[name])
        return self._combine(call.name, bodies, last, call.span, env)

    def _condition(self, node: ast.Expression, env: Env) -> Typed:
        typed = self.expr(node, env)
        return typed if self.ops.expect(typed, BOOL, "the condition after `if`") else self.ops.poison(node.span)

    def _guarded(self, call: ast.Call, kept: Typed, binder: ast.Binder, env: Env) -> Typed | None:
        """The body where its condition varies: what changes nothing where that fails; None after reporting an error."""
        body, span = self.expr(binder.body, env.as_conditional()), binder.body.span
        if kept.ty.kind == "poison":
            return None
        if call.name in ("any", "count"):
            return self.ops.junction("and", (kept, body), span, env)
        if call.name == "all":
            return self.ops.junction("or", (self.ops.invert(kept, span, env), body), span, env)
        if call.name == "sum":
            return self.ops.conditional(kept, body, self.ops.const(0, INT, span), span)
        what = f"`{call.name}` takes a condition that is a constant"
        self.ops.wrong("E306", what, kept.ir.span, "it may read parameters, agents and indices; use `if` in the body")
        return None

    def _inner(self, name: str, env: Env, settled: bool, later: bool) -> Env:
        if name not in ("all", "any"):
            return env
        return env.as_unreachable() if settled else env.as_conditional() if later else env

    def _bound_name(self, left: ast.Expression) -> str | None:
        if isinstance(left, ast.Member):
            left = left.element
        elif isinstance(left, ast.Compare):
            left = left.left
        return left.name if isinstance(left, ast.Reference) else None

    def _combine(self, name: str, bodies: Sequence[Typed], index: Sequence[Typed], span: Span, env: Env) -> Typed:
        ops = self.ops
        if name in ("all", "any"):
            return ops.junction("and" if name == "all" else "or", bodies, span, env)
        if name == "count":
            if not all(ops.expect(b, BOOL, "what `count` counts") for b in bodies):
                return ops.poison(span)
            return ops.op("count", bodies, INT, span, env) if bodies else ops.const(0, INT, span)
        if name == "sum":
            return ops.arithmetic("+", bodies, span, env) if bodies else ops.const(0, INT, span)
        if not bodies:
            return ops.fault(
                env, "E408", f"`{name}` runs over nothing", span, "a range that is empty has no such element"
            )
        if name != "argmax":
            return ops.arithmetic(name, bodies, span, env)
        if not all(ops.expect(b, REAL, "what `argmax` compares") for b in bodies):
            return ops.poison(span)
        return self._argmax(bodies, index, span, env)

    def _argmax(self, bodies: Sequence[Typed], index: Sequence[Typed], span: Span, env: Env) -> Typed:
        best = self.ops.op("argmax", bodies, INT, span, env)
        chosen = constant(best)
        if isinstance(chosen, int):
            return index[chosen]
        ty: Ty = index[0].ty
        node = ir.Select(best.ir, tuple(range(len(bodies))), tuple(i.ir for i in index), span)
        self.ops.spend(len(index), span)
        return Typed(node, ty)


def _parts(left: ast.Expression) -> tuple[ast.Expression, ast.Expression]:
    """The binder left of a colon, and its condition, which is `true` where none is written."""
    if isinstance(left, ast.Filtered):
        return left.binder, left.condition
    return left, ast.Literal_(True, left.span)
