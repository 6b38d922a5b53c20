"""Over what an index runs: binders inside expressions, and the left sides of declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from posgc.language import ir
from posgc.language.diagnostics import Replacement, Span
from posgc.language.diagnostics.likeness import misspelt
from posgc.language.diagnostics.report import Cure
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.names import NOT_AGENTS, AgentArray, AgentName, Key, Poisoned
from posgc.language.elaborate.operators import MAX_NODES
from posgc.language.elaborate.types import Types
from posgc.language.elaborate.values import INT, Env, Ty, Typed, ty_of_value, words
from posgc.language.elaborate.weights import Weights
from posgc.language.text import syntax as ast

__all__ = ["Indices", "Known"]

Known = Callable[[Key], Sequence[ir.Value]]
"""The values that an index may have, given those of the indices before it."""


class Indices:
    """Binds the indices of quantifiers and of left sides to each of their values in turn."""

    def __init__(self, context: Context, types: Types) -> None:
        self.names = context.names
        self.reporter = context.reporter
        self.ops = context.ops
        self.types = types
        self.weights = Weights(context)
        self._slips = context.cache.slips

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

    def introduced(self, node: ast.Expression, env: Env) -> bool:
        """Whether the expression is a new name, which stands for all, and no slip of the pen (E216)."""
        return (
            self.is_fresh(node, env)
            and isinstance(node, ast.Reference)
            and not self.is_misspelt(node.name, node.span, env)
        )

    def is_misspelt(self, name: str, span: Span, env: Env) -> bool:
        """Whether a new name is a slip of the pen away from one that has a meaning; reports it (E216)."""
        if name not in self._slips:
            known = (*self.names.table, *self.names.words, *NOT_AGENTS)
            self._slips[name] = misspelt(name, (k for k in known if not self._is_plural(name, k)))
        meant = self._slips[name] or misspelt(name, env.bindings)
        if meant is not None:
            change = Replacement(Span(span.start, span.start + len(name), span.line, span.column), meant)
            cure = Cure(f"did you mean `{meant}`? Else give the index another name, such as `i`", (change,))
            self.reporter.error("E216", f"the new index `{name}` is nearly the name `{meant}`", span, cure)
        return meant is not None

    def _is_plural(self, name: str, known: str) -> bool:
        """Whether one of the two names is the plural of the other, as `cell` may run over `cells`; agents have none."""
        agent = isinstance(self.names.table.get(known), AgentName | AgentArray)
        return not agent and (name == f"{known}s" or known == f"{name}s")

    def unknown(self, target: ast.Target) -> bool:
        """Whether it is not known over what a left side runs: an index is misspelt (E216), or it runs over the agents
        and these are not known because of a mistake."""
        fresh = [i for i in target.indices if isinstance(i, ast.Reference) and self.is_fresh(i, Env())]
        if any([self.is_misspelt(i.name, i.span, Env()) for i in fresh]):
            return True
        others = any(isinstance(i, ast.Compare) and i.operator == "!=" for i in target.indices)
        return "agents" in self.names.lost and (others or bool(fresh))

    def poisoned(self, target: ast.Target, env: Env) -> Env:
        """The environment right of a left side that is wrong, where nothing is known of its indices."""
        for index in target.indices:
            name = index.element if isinstance(index, ast.Member) else index
            if isinstance(name, ast.Reference) and self.is_fresh(name, env):
                env = env.bind(name.name, self.ops.poison(name.span))
        return replace(env, places=None)

    def binder(self, node: ast.Expression, env: Env) -> tuple[str, Sequence[ir.Value], Ty] | None:
        """Name, values and their type of one binder; None after reporting an error."""
        match node:
            case ast.Reference() as name:
                found = self._agents(node.span)
            case ast.Compare(operator="!=", left=ast.Reference() as name, right=other):
                found = self._others(other, env, node.span)
            case ast.Member(element=ast.Reference() as name, collection=collection):
                found = self.types.collection(collection, env, "what the index runs over")
            case _:
                self.reporter.error(
                    "E115", "this does not bind an index", node.span, "write `i`, `j != i`, `k in 1..3` or `r in room`"
                )
                return None
        if not self.bindable(name, env) or found is None:
            return None
        return name.name, *found

    def bindable(self, name: ast.Reference, env: Env) -> bool:
        if self.is_fresh(name, env) or isinstance(self.names.table.get(name.name), Poisoned):
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
        but = self.types.constant(node, env, INT, "the agent that is left out")
        found = self._agents(span)
        if but is None or found is None:
            return None
        return [v for v in found[0] if v != but], INT

    def assignments(self, binders: Sequence[ast.Expression], body: ast.Expression, env: Env) -> Iterator[Env | None]:
        """The environments of the body, one for each combination; a single None after reporting an error."""
        if not binders:
            yield env
            return
        first = self.binder(binders[0], env)
        if first is None:
            yield None
            return
        name, values, ty = first
        # Refuse before the time is spent, not after.
        needed = len(values) * self.weights.weight_of_body(body)
        if self.ops.nodes + needed > MAX_NODES:
            self.ops.spend(needed, binders[0].span)
        for value in values:
            yield from self.assignments(binders[1:], body, env.bind(name, Typed(ir.Const(value, body.span), ty)))

    def _agents(self, span: Span) -> tuple[Sequence[ir.Value], Ty] | None:
        agents = self.types.known_agents(span)
        return None if agents is None else (range(1, len(agents) + 1), INT)

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
            for place, value in enumerate(values):
                inner = env.bind(name, Typed(ir.Const(value, first.span), ty))
                inner = replace(inner, places=(*(env.places or ()), (place, len(values))))
                yield from self._targets(indices[1:], (*key, value), inner, known)
        else:
            picked = self.types.constant(first, env, None, "an index on the left")
            if picked is not None:
                yield from self._targets(indices[1:], (*key, picked), env, known)

    def _left_index(
        self, node: ast.Expression, key: Key, env: Env, known: Known | None
    ) -> tuple[str, Sequence[ir.Value], Ty] | None:
        if known is None or not isinstance(node, ast.Reference):
            return self.binder(node, env)
        values = known(key)
        tys = [ty_of_value(v) for v in values]
        everything = frozenset[str]().union(*(t.words for t in tys))
        return node.name, values, words(everything) if everything else INT
