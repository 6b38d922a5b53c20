"""Names in expressions: variables, definitions expanded in place, parameters, agents, words.

A definition is elaborated once for each combination of index values or arguments, primed or not, so that
what is written once is one node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from posgc.language import ir
from posgc.language.dag import nodes
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.names import (
    BUILTIN_FUNCTIONS,
    AgentArray,
    AgentName,
    Builtin,
    Definitions,
    Entity,
    Family,
    Key,
    LostAgents,
    Names,
    Parameter,
    TypeName,
)
from posgc.language.elaborate.quantifiers import Quantifiers
from posgc.language.elaborate.values import INT, Env, Typed, constant, describe, ty_of_type, words
from posgc.language.text import syntax as ast

__all__ = ["References"]


class References(Quantifiers):
    """Variables are unknown until `families_known`; `uses` lists where the current line uses definitions."""

    def __init__(self, names: Names, reporter: Reporter) -> None:
        super().__init__(names, reporter)
        self.families_known = False
        self.uses: list[tuple[Span, ir.Expr]] = []
        self._expanding: list[str] = []
        self._memo: dict[tuple[object, ...], tuple[Typed, object]] = {}
        self._cases: dict[str, dict[Key, tuple[ast.Definition, Env]] | None] = {}

    def reference(self, node: ast.Reference, env: Env) -> Typed:
        bound = env.bindings.get(node.name)
        if bound is not None:
            return self._bound(node, bound)
        entity = self.names.table.get(node.name)
        match entity:
            case None:
                return self._word(node)
            case Family():
                return self._variable(node, entity, env)
            case Definitions():
                return self._definition(node, entity, env)
            case _:
                return self._fixed(node, entity, env)

    def _bound(self, node: ast.Reference, bound: Typed) -> Typed:
        if node.indices:
            return self._not_indexed(node)
        if isinstance(bound.ir, ir.Const):
            bound = self.ops.const(bound.ir.value, bound.ty, node.span)
        if node.primed:
            read = bound.ir
            if isinstance(read, ir.Read) and read.kind in ("state", "observation") and not read.primed:
                return Typed(replace(read, primed=True), bound.ty)
            return self._no_prime(node)
        return bound

    def _word(self, node: ast.Reference) -> Typed:
        if node.name in self.names.words:
            if node.indices:
                return self._not_indexed(node)
            return (
                self._no_prime(node)
                if node.primed
                else self.ops.const(node.name, words(frozenset({node.name})), node.span)
            )
        for index in node.indices:
            self.expr(index, Env())
        known = [*self.names.table, *self.names.words]
        cure = near(node.name, known) or "declare it, or correct the spelling"
        if node.name in BUILTIN_FUNCTIONS:
            cure = f"`{node.name}` is a function: write `{node.name}(...)`"
        return self.ops.wrong("E201", f"`{node.name}` is not declared", node.span, cure)

    def _fixed(self, node: ast.Reference, entity: Entity, env: Env) -> Typed:
        """A parameter, an agent, a type or a word of the language."""
        if isinstance(entity, LostAgents):
            return self.ops.poison(node.span)
        if isinstance(entity, AgentArray):
            return self._agent_of_array(node, entity, env)
        if node.indices:
            return self._not_indexed(node)
        if node.primed:
            return self._no_prime(node)
        match entity:
            case Parameter(value=None):
                return self.ops.wrong(
                    "E306", f"`{node.name}` is not known yet", node.span, "declare the parameters it needs before it"
                )
            case Parameter(value=Typed(ir=ir.Const(value=value), ty=ty)):
                return self.ops.const(value, ty, node.span)
            case AgentName(number=number):
                return self.ops.const(number, INT, node.span)
            case Builtin(name="step"):
                self.ops.spend(1, node.span)
                return Typed(ir.Step(node.span), INT)
            case TypeName() | Builtin():
                return self.ops.wrong(
                    "E301",
                    f"`{node.name}` is a type, and a value is wanted here",
                    node.span,
                    f"write `x in {node.name}`",
                )
            case _:
                return self.ops.poison(node.span)

    def _agent_of_array(self, node: ast.Reference, entity: AgentArray, env: Env) -> Typed:
        if len(node.indices) != 1:
            return self.ops.wrong(
                "E207",
                f"`{node.name}` names the agents {node.name}[1], {node.name}[2], ...",
                node.span,
                f"write `{node.name}[1]`",
            )
        if node.primed:
            return self._no_prime(node)
        agents = self.known_agents(node.span)
        if agents is None:
            return self.ops.poison(node.span)
        keys: list[Key] = [(k,) for k in range(1, len(agents) + 1)]
        index = [self.expr(node.indices[0], env)]
        return self.pick(node, keys, index, lambda key: self.ops.const(key[0], INT, node.span), env)

    def _not_indexed(self, node: ast.Reference) -> Typed:
        return self.ops.wrong("E207", f"`{node.name}` has no index", node.span, f"write `{node.name}`")

    def _no_prime(self, node: ast.Reference) -> Typed:
        return self.ops.wrong(
            "E213",
            f"`{node.name}` has no value at the next step",
            node.span,
            "only states, observations and definitions made of them can be primed",
        )

    # ---- variables

    def _variable(self, node: ast.Reference, family: Family, env: Env) -> Typed:
        if not self.families_known:
            return self.ops.wrong(
                "E306",
                f"`{node.name}` is a variable, and a constant is wanted here",
                node.span,
                "use numbers and parameters",
            )
        index = [self.expr(i, env) for i in node.indices]
        if family.broken:
            return self.ops.poison(node.span)
        primed = node.primed or env.primed is not None
        if node.primed and env.primed is not None:
            return self._primed_twice(env.primed, node.name)
        if primed and family.kind in ("action", "chance"):
            if node.primed:
                return self._no_prime(node)
            return self.ops.wrong(
                "E213",
                f"the primed definition reads the {family.kind} `{node.name}`, which has no next value",
                env.primed or node.span,
                "define the part without it, and prime that",
            )

        def read(key: Key) -> Typed:
            self.ops.spend(1, node.span)
            number = family.numbers[key]
            return Typed(ir.Read(family.kind, number, primed, node.span), ty_of_type(family.types[key]))

        if node.primed and not self._timeless(index, node):
            return self.ops.poison(node.span)
        return self.pick(node, list(family.numbers), index, read, env)

    def _primed_twice(self, span: Span, name: str) -> Typed:
        return self.ops.wrong(
            "E213", f"the primed definition already reads `{name}'`", span, "take one of the two primes away"
        )

    def _timeless(self, arguments: Sequence[Typed], node: ast.Reference | ast.Call) -> bool:
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
                f"write `{node.name}[{', '.join('ijk'[:wanted] or '...')}]`" if wanted else f"write `{node.name}`",
            )
        if any(i.ty.kind == "poison" and not isinstance(i.ir, ir.Const) for i in index):
            return self.ops.poison(node.span)
        return self._pick(node, keys, (), index, make, env)

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
        if kind == "word" and not here.ty.words & frozenset(str(v) for v in values) and not env.dead:
            return self.ops.wrong(
                "E303",
                f"no word in common: this is {describe(here.ty)}, an index of `{node.name}` is one of "
                f"{_listed(values)}",
                span,
                "the wrong variable is meant",
            )
        cases = [
            self._pick(node, [k for k in keys if k[at] == v], (*chosen, v), index, make, env.branching())
            for v in values
        ]
        return self.ops.select(here, values, cases, node.span)

    # ---- definitions

    def _definition(self, node: ast.Reference, entity: Definitions, env: Env) -> Typed:
        entity.used = True
        if entity.texts[0].arguments:
            return self.ops.wrong(
                "E207",
                f"`{node.name}` is a function",
                node.span,
                f"write `{node.name}({', '.join(a.text for a in entity.texts[0].arguments)})`",
            )
        index = [self.expr(i, env) for i in node.indices]
        cases = self.cases(entity)
        if not cases:
            return self.ops.poison(node.span)
        if node.primed and env.primed is not None:
            return self._primed_twice(env.primed, node.name)
        if node.primed and not self._timeless(index, node):
            return self.ops.poison(node.span)
        inner = replace(env, primed=node.span) if node.primed else env

        def expand(key: Key) -> Typed:
            text, bound = cases[key]
            return self.expand(text, bound, ("index", *key), inner, node.span)

        return self.pick(node, list(cases), index, expand, inner)

    def cases(self, entity: Definitions) -> dict[Key, tuple[ast.Definition, Env]] | None:
        """The index values of a definition, each with its text and environment; None after complaining."""
        if entity.name not in self._cases:
            found: dict[Key, tuple[ast.Definition, Env]] = {}
            self._cases[entity.name] = found
            for text in entity.texts:
                for key, env in self.targets(text.target, Env()):
                    if key in found:
                        self.reporter.error(
                            "E205",
                            f"`{entity.name}` is defined twice for the same index",
                            text.target.span,
                            "keep one of the definitions",
                        )
                        break
                    found[key] = text, env
        return self._cases[entity.name]

    def expand(self, text: ast.Definition, bound: Env, arguments: tuple[object, ...], env: Env, span: Span) -> Typed:
        """The body of a definition, as one node for equal arguments."""
        name = text.target.name
        key = (name, arguments, env.primed is not None, env.dead)
        known = self._memo.get(key)
        if known is None:
            inner = replace(env, bindings=bound.bindings, definition=name)
            with self.expanding(name, text.target.span) as possible:
                typed = self.widen(self.expr(text.body, inner)) if possible else self.ops.poison(span)
            if not possible:
                return typed
            # The arguments' nodes are part of the key by identity, so they are kept alive with it.
            known = self._memo[key] = typed, bound
        if env.definition is None:
            self.uses.append((span, known[0].ir))
        return known[0]

    def widen(self, typed: Typed) -> Typed:
        """A word that is no longer written on the spot can be any word of the types that it is in."""
        value = constant(typed)
        if isinstance(value, str):
            return Typed(typed.ir, words(self.names.words.get(value, frozenset({value})) | typed.ty.words))
        return typed

    def call(self, node: ast.Call, env: Env) -> Typed:
        entity = self.names.table.get(node.name)
        if isinstance(entity, Definitions) and entity.texts[0].arguments:
            return self._apply(node, entity, env)
        if node.name in BUILTIN_FUNCTIONS:
            return self.function(node, env)
        functions = [k for k, v in self.names.table.items() if isinstance(v, Definitions) and v.texts[0].arguments]
        if node.name in self.names or node.name in env.bindings:
            return self.ops.wrong(
                "E207", f"`{node.name}` is not a function", node.span, "an index stands in brackets: `f[i]`"
            )
        cure = near(node.name, [*functions, *BUILTIN_FUNCTIONS]) or "define it: `let f(x) = ...;`"
        return self.ops.wrong("E201", f"the function `{node.name}` is not defined", node.span, cure)

    def _apply(self, node: ast.Call, entity: Definitions, env: Env) -> Typed:
        entity.used = True
        text = entity.texts[0]
        if len(node.arguments) != len(text.arguments):
            return self.ops.wrong(
                "E207",
                f"`{node.name}` takes {len(text.arguments)} arguments, not {len(node.arguments)}",
                node.span,
                f"write `{node.name}({', '.join(a.text for a in text.arguments)})`",
            )
        values = [self.widen(self.expr(a, env)) for a in node.arguments]
        if node.primed and env.primed is not None:
            return self._primed_twice(env.primed, node.name)
        if node.primed and not self._timeless(values, node):
            return self.ops.poison(node.span)
        inner = replace(env, primed=node.span) if node.primed else env
        bound = Env(dict(zip((a.text for a in text.arguments), values, strict=True)))
        return self.expand(text, bound, ("call", *map(_identity, values)), inner, node.span)

    @contextmanager
    def expanding(self, name: str, span: Span) -> Iterator[bool]:
        """While a definition is expanded; yields False, after complaining, if it is in the midst of that."""
        if name in self._expanding:
            cycle = [*self._expanding[self._expanding.index(name) :], name]
            self.reporter.error(
                "E206",
                f"the definition `{name}` needs itself: {' -> '.join(cycle)}",
                span,
                "definitions are expanded in place; what must be remembered is a state",
            )
            yield False
            return
        self._expanding.append(name)
        yield True
        self._expanding.pop()


def _identity(typed: Typed) -> tuple[object, ...]:
    node = typed.ir
    if isinstance(node, ir.Const):
        return type(node.value).__name__, node.value, typed.ty.words
    if isinstance(node, ir.Read):
        return "read", node.kind, node.index, node.primed
    return "node", id(node)


def _listed(values: Sequence[ir.Value]) -> str:
    if len(values) > 6 and isinstance(values[0], int):
        return f"{values[0]}..{values[-1]}"
    shown = ", ".join(str(v) for v in values[:6])
    return shown + (", ..." if len(values) > 6 else "")
