"""The member of a family with given indices: chosen now, or by `Select` where an index varies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from posgc.language import ir
from posgc.language.dag import nodes
from posgc.language.diagnostics import Span
from posgc.language.elaborate.context import Context, Elaborate
from posgc.language.elaborate.names import Family, Key
from posgc.language.elaborate.values import Env, Typed, constant, describe, written_value
from posgc.language.text import syntax as ast

__all__ = ["Picker"]


class Picker:
    """Applies indices to what is declared or defined with them."""

    def __init__(self, context: Context, expr: Elaborate) -> None:
        self.names = context.names
        self.agents = context.agents
        self.expr = expr
        self.reporter = context.reporter
        self.ops = context.ops

    def index(self, node: ast.Expression, env: Env) -> Typed:
        """What stands in brackets after a name; where the agents are not known, a name without a meaning may be one."""
        match node:
            case ast.Reference(name=name, indices=(), primed=False) if "agents" in self.names.lost:
                if name not in self.names and name not in env.bindings:
                    return self.ops.poison(node.span)
        return self.expr(node, env)

    def pick(
        self, node: ast.Reference, keys: Sequence[Key], index: Sequence[Typed], make: Callable[[Key], Typed], env: Env
    ) -> Typed:
        """The member of a family with the given indices: chosen now, or by `Select` where they vary."""
        if any(len(k) != len(index) for k in keys[:1]):
            wanted = len(keys[0])
            what = "has no index" if wanted == 0 else f"has {wanted} ind{'ex' if wanted == 1 else 'ices'}"
            return self.ops.wrong(
                "E207",
                f"`{node.name}` {what}, not {len(index)}",
                node.span,
                self._indexed(node, keys, env) if wanted else f"write `{node.name}`",
            )
        for i in index:
            if i.ty.kind == "poison" and not isinstance(i.ir, ir.Const):
                return Typed(i.ir, i.ty)  # without a value where the index has none
        return self._pick(node, keys, (), index, make, env)

    def _indexed(self, node: ast.Reference, keys: Sequence[Key], env: Env) -> str:
        """The cure for a name without its indices: those bound here that fit, and else the first that there are."""
        entity, prime = self.names.table.get(node.name), "'" if node.primed else ""
        agents = entity.agents if isinstance(entity, Family) else ()
        bound = [n for n, value in env.bindings.items() if isinstance(value.ir, ir.Const)]
        parts = list[str]()
        for at, first in enumerate(keys[0]):
            values = {key[at] for key in keys}
            fits = [n for n in bound if constant(env.bindings[n]) in values]
            known = self.agents if at < len(agents) and agents[at] else None
            shown = written_value(first) if known is None or not isinstance(first, int) else known[first - 1]
            parts.append(bound.pop(bound.index(fits[0])) if fits else shown)
        return f"write `{node.name}[{', '.join(parts)}]{prime}`"

    def _pick(
        self,
        node: ast.Reference,
        keys: Sequence[Key],
        chosen: Key,
        index: Sequence[Typed],
        make: Callable[[Key], Typed],
        env: Env,
    ) -> Typed:
        at = len(chosen)
        if at == len(index):
            return make(chosen)
        here, span = index[at], node.indices[at].span
        values = list(dict.fromkeys(k[at] for k in keys))
        kind = {str: "word", bool: "bool"}.get(type(values[0]), "int")
        if here.ty.kind != kind:
            return self.ops.wrong(
                "E301",
                f"an index of `{node.name}` is one of {_listed(values)}, and this is {describe(here.ty)}",
                span,
                "index with a value of that kind",
            )
        if isinstance(here.ir, ir.Const):
            rest = [k for k in keys if k[at] == here.ir.value]
            if not rest:
                return self.ops.fault(
                    env,
                    "E401",
                    f"`{node.name}` has no index {here.ir.value}: it has {_listed(values)}",
                    span,
                    "keep the index in its range, with `if`, `mod` or `clip`",
                )
            return self._pick(node, rest, (*chosen, here.ir.value), index, make, env)
        if kind == "word" and not here.ty.words & frozenset(str(v) for v in values) and not env.unreachable:
            return self.ops.wrong(
                "E303",
                f"no word in common: this is {describe(here.ty)}, an index of `{node.name}` is one of "
                f"{_listed(values)}",
                span,
                "the wrong variable is meant",
            )
        cases = [
            self._pick(node, [k for k in keys if k[at] == v], (*chosen, v), index, make, env.as_conditional())
            for v in values
        ]
        return self.ops.select(here, values, cases, node.span)

    # ---- primes

    def primed_twice(self, span: Span, name: str) -> Typed:
        return self.ops.wrong(
            "E213", f"the primed definition already reads `{name}'`", span, "take one of the two primes away"
        )

    def timeless(self, arguments: Sequence[Typed], node: ast.Reference | ast.Call) -> bool:
        """Whether indices or arguments of something primed leave no doubt about what the prime means."""
        for argument in arguments:
            for part in nodes([argument.ir]):
                if isinstance(part, ir.Read) and not part.primed and part.kind in ("state", "observation"):
                    self.reporter.error(
                        "E213",
                        "it is not clear whether this is meant at this step or at the next",
                        argument.ir.span,
                        "prime what it reads, as in `hand[turn']'`",
                    )
                    return False
        return True


def _listed(values: Sequence[ir.Value]) -> str:
    if len(values) > 6 and isinstance(values[0], int):
        return f"{values[0]}..{values[-1]}"
    shown = ", ".join(str(v) for v in values[:6])
    return shown + (", ..." if len(values) > 6 else "")
