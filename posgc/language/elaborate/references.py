"""Names in expressions: variables, definitions, parameters, agents, words, functions."""

from __future__ import annotations

from dataclasses import replace

from posgc.language import ir
from posgc.language.elaborate.adjacency import adjacent
from posgc.language.elaborate.context import Context, Elaborate
from posgc.language.elaborate.definitions import Expander
from posgc.language.elaborate.names import (
    BUILTIN_FUNCTIONS,
    TRUNCATED,
    AgentArray,
    AgentName,
    Builtin,
    Definitions,
    Entity,
    Family,
    GraphName,
    Key,
    Parameter,
    Poisoned,
    TypeName,
    Unfit,
    report_unknown,
)
from posgc.language.elaborate.picking import Picker
from posgc.language.elaborate.quantifiers import Quantifiers
from posgc.language.elaborate.tuples import Tuple, tuple_of
from posgc.language.elaborate.types import Types
from posgc.language.elaborate.values import INT, Env, Typed, ty_of_type, words
from posgc.language.text import syntax as ast

__all__ = ["References"]

_WORDS = ("uniform", "true", "false", "horizon", "match", "if", "not")
"""Words of the language with which an expression begins."""


class References:
    """Says what a name, or the call of a function, means where it stands."""

    def __init__(
        self,
        context: Context,
        types: Types,
        picker: Picker,
        expander: Expander,
        quantifiers: Quantifiers,
        expr: Elaborate,
    ) -> None:
        self.names = context.names
        self.ops = context.ops
        self.variables_known = context.variables_known
        self.tuples = context.cache.tuples
        self.types = types
        self.picker = picker
        self.expander = expander
        self.quantifiers = quantifiers
        self.expr = expr

    def reference(self, node: ast.Reference, env: Env) -> Typed:
        bound = env.bindings.get(node.name)
        if bound is not None:
            return self._bound(node, bound)
        entity = self.names.table.get(node.name)
        match entity:
            case None:
                return self._word(node, env)
            case Family():
                return self._variable(node, entity, env)
            case Definitions():
                return self.expander.reference(node, entity, env)
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

    def _word(self, node: ast.Reference, env: Env) -> Typed:
        if node.name in self.names.words:
            if node.indices:
                return self._not_indexed(node)
            return (
                self._no_prime(node)
                if node.primed
                else self.ops.const(node.name, words(frozenset({node.name})), node.span)
            )
        for index in node.indices:
            self.picker.index(index, env)
        known = [*self.names.table, *self.names.words, *env.bindings, *_WORDS]
        if node.name in BUILTIN_FUNCTIONS:
            cure = f"`{node.name}` is a function: write `{node.name}(...)`"
            return self.ops.wrong("E201", f"`{node.name}` is not declared", node.span, cure)
        what, cure = f"`{node.name}` is not declared", "declare it, or correct the spelling"
        if len(node.name) == 1:
            cure = "an index gets its meaning on the left side, `let f[i] = ...;`, or before a colon, `all(i: ...)`"
        elif node.name == "never":
            cure = "say nothing of an item that never arrives; in a random delay write `{1: 0.9, never: 0.1}`"
        report_unknown(self.names, self.ops.reporter, what, (node.name, node.span), known, cure)
        return self.ops.poison(node.span)

    def _fixed(self, node: ast.Reference, entity: Entity, env: Env) -> Typed:
        """A parameter, an agent, a type or a word of the language."""
        if isinstance(entity, Poisoned):
            for index in node.indices:
                self.picker.index(index, env)
            return self.ops.poison(node.span)
        if isinstance(entity, Unfit):
            return self.ops.wrong(
                "E306", f"{entity.what}, and a constant is wanted here", node.span, "use numbers and parameters"
            )
        if isinstance(entity, AgentArray):
            return self._agent_of_array(node, entity, env)
        if isinstance(entity, Parameter) and entity.indexed:
            return self._indexed(node, entity, env)
        if isinstance(entity, GraphName):
            what, cure = f"`{node.name}` is a graph", f"write `{node.name}(v, w)`, or `w in {node.name}[v]`"
            return self.ops.wrong("E207", what, node.span, cure)
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
            case AgentName():
                return self._agent(node, entity)
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

    def _indexed(self, node: ast.Reference, entity: Parameter, env: Env) -> Typed:
        """A parameter with indices."""
        if node.primed:
            return self._no_prime(node)
        index = [self.picker.index(i, env) for i in node.indices]
        if self.types.agents is None and not entity.values and "agents" not in self.names.lost:
            what, cure = f"`{node.name}` is not known yet", "parameters without an index cannot read those with one"
            return self.ops.wrong("E306", what, node.span, cure)
        if not entity.values:
            return self.ops.poison(node.span)
        return self.picker.pick(node, list(entity.values), index, lambda key: self._copy(entity.values[key], node), env)

    def _copy(self, value: Typed, node: ast.Reference) -> Typed:
        constant = value.ir.value if isinstance(value.ir, ir.Const) else None
        return self.ops.poison(node.span) if constant is None else self.ops.const(constant, value.ty, node.span)

    def _agent(self, node: ast.Reference, entity: AgentName) -> Typed:
        if entity.number is None:
            agents = self.types.known_agents(node.span)
            if agents is None:
                return self.ops.poison(node.span)
            entity.number = agents.index(node.name) + 1
        return self.ops.const(entity.number, INT, node.span)

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
        numbers = self.types.members(node.name, node.span)
        if numbers is None:
            return self.ops.poison(node.span)
        keys: list[Key] = [(k,) for k in range(1, len(numbers) + 1)]
        index = [self.picker.index(node.indices[0], env)]
        before = numbers[0] - 1
        return self.picker.pick(
            node, keys, index, lambda key: self.ops.const(before + int(key[0]), INT, node.span), env
        )

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
        if not self.variables_known:
            return self.ops.wrong(
                "E306",
                f"`{node.name}` is a variable, and a constant is wanted here",
                node.span,
                "use numbers and parameters",
            )
        index = [self.picker.index(i, env) for i in node.indices]
        if family.broken:
            return self.ops.poison(node.span)
        primed = node.primed or env.primed is not None
        if node.primed and env.primed is not None:
            return self.picker.primed_twice(env.primed, node.name)
        if primed and family.kind in ("action", "chance"):
            if node.primed:
                return self._no_prime(node)
            return self.ops.wrong(
                "E213",
                f"the primed definition reads the {family.kind} `{node.name}`, which has no next value",
                env.primed or node.span,
                "take the prime out, or define the part without it and prime that",
            )

        def read(key: Key) -> Typed:
            self.ops.spend(1, node.span)
            number = family.numbers[key]
            return Typed(ir.Read(family.kind, number, primed, node.span), ty_of_type(family.types[key]))

        if node.primed and not self.picker.timeless(index, node):
            return self.ops.poison(node.span)
        return self.picker.pick(node, list(family.numbers), index, read, env)

    # ---- functions

    def _tuple(self, node: ast.Call, entity: TypeName) -> Tuple | None:
        type = self.types.type_of(ast.Named(node.name, node.span))
        alike = () if type is None or type.kind != "words" else self.tuples.get(frozenset(map(str, type.values)), ())
        names = (
            [c.name.text for c in entity.text.type.components] if isinstance(entity.text.type, ast.TupleType) else []
        )
        return next((of for of in alike if list(of.components) == names), next(iter(alike), None))

    def _linked(self, node: ast.Call, entity: GraphName, env: Env) -> Typed:
        """Whether an edge leads from one vertex to another."""
        if len(node.arguments) != 2 or node.primed:
            what, cure = f"`{node.name}` is a graph, and its edges have two ends", f"write `{node.name}(v, w)`"
            return self.ops.wrong("E207", what, node.span, cure)
        source, target = (self.expr(end, env) for end in node.arguments)
        return adjacent(self.ops, entity, source, target, node.span, env)

    def _is_called(self, name: str) -> bool:
        """Whether arguments follow the name: a function, a graph, or a type of tuples."""
        match self.names.table[name]:
            case Definitions(texts=[first, *_]):
                return bool(first.arguments)
            case TypeName(text=declared):
                return isinstance(declared.type, ast.TupleType)
            case entity:
                return isinstance(entity, GraphName)

    def call(self, node: ast.Call, env: Env) -> Typed:
        entity = self.names.table.get(node.name)
        if isinstance(entity, Definitions) and entity.texts[0].arguments:
            return self.expander.apply(node, entity, env)
        if isinstance(entity, GraphName):
            return self._linked(node, entity, env)
        if isinstance(entity, TypeName) and (tuples := self._tuple(node, entity)) is not None:
            return tuple_of(self.ops, tuples, [self.expr(a, env) for a in node.arguments], node, env)
        if node.name in BUILTIN_FUNCTIONS or (node.name in TRUNCATED and entity is None):
            return self.quantifiers.function(node, env)
        if isinstance(entity, Poisoned) or (isinstance(entity, TypeName) and entity.broken):
            for argument in node.arguments:
                if not isinstance(argument, ast.Binder):
                    self.expr(argument, env)
            return self.ops.poison(node.span)
        if node.name in self.names or node.name in env.bindings:
            return self.ops.wrong(
                "E207", f"`{node.name}` is not a function", node.span, "an index stands in brackets: `f[i]`"
            )
        what, cure = f"the function `{node.name}` is not defined", "define it: `let f(x) = ...;`"
        known = [*filter(self._is_called, self.names.table), *BUILTIN_FUNCTIONS, *TRUNCATED, "match", "uniform", "if"]
        report_unknown(self.names, self.ops.reporter, what, (node.name, node.span), known, cure)
        return self.ops.poison(node.span)
