"""Definitions, expanded in place: once for each combination of index values or arguments, primed or not, so that
what is written once is one node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from posgc.language import ir
from posgc.language.diagnostics import Label, Span
from posgc.language.elaborate.context import Context, Elaborate
from posgc.language.elaborate.indices import Indices
from posgc.language.elaborate.names import Definitions, Key
from posgc.language.elaborate.picking import Picker
from posgc.language.elaborate.values import Env, Typed, constant, words
from posgc.language.text import syntax as ast

__all__ = ["Expander"]


class Expander:
    """Puts the bodies of definitions where they are used."""

    def __init__(self, context: Context, indices: Indices, picker: Picker, expr: Elaborate) -> None:
        self.names = context.names
        self.reporter = context.reporter
        self.ops = context.ops
        self.indices = indices
        self.picker = picker
        self.expr = expr
        self._bodies = context.cache.bodies
        self._cases = context.cache.cases
        self._expanding: list[str] = []
        self._uses: list[tuple[Span, ir.Expr]] = []

    def begin_line(self) -> list[tuple[Span, ir.Expr]]:
        """A new list, of where the line that comes next uses definitions and what these come to."""
        self._uses = []
        return self._uses

    def reference(self, node: ast.Reference, entity: Definitions, env: Env) -> Typed:
        entity.used = True
        if entity.texts[0].arguments:
            return self.ops.wrong(
                "E207",
                f"`{node.name}` is a function",
                node.span,
                f"write `{node.name}({', '.join(a.text for a in entity.texts[0].arguments)})`",
            )
        index = [self.picker.index(i, env) for i in node.indices]
        cases = self.cases(entity)
        if not cases:
            return self.ops.poison(node.span)
        if node.primed and env.primed is not None:
            return self.picker.primed_twice(env.primed, node.name)
        if node.primed and not self.picker.timeless(index, node):
            return self.ops.poison(node.span)
        inner = replace(env, primed=node.span) if node.primed else env

        def expand(key: Key) -> Typed:
            text, bound = cases[key]
            return self.expand(text, bound, ("index", *key), inner, node.span)

        return self.picker.pick(node, list(cases), index, expand, inner)

    def cases(self, entity: Definitions) -> dict[Key, tuple[ast.Definition, Env]] | None:
        """The index values of a definition, each with its text and environment; None after reporting an error."""
        if entity.name not in self._cases:
            found: dict[Key, tuple[ast.Definition, Env]] = {}
            self._cases[entity.name] = found
            texts = [text for text in entity.texts if not self.indices.unknown(text.target)]
            for text in texts:
                for key, env in self.indices.targets(text.target, Env()):
                    if key in found:
                        self.reporter.error(
                            "E205",
                            f"`{entity.name}` is defined twice for the same index",
                            text.target.span,
                            "keep one of the definitions",
                            (Label(found[key][0].target.span, "first defined here"),),
                        )
                        break
                    found[key] = text, env
        return self._cases[entity.name]

    def expand(self, text: ast.Definition, bound: Env, arguments: tuple[object, ...], env: Env, span: Span) -> Typed:
        """The body of a definition, as one node for equal arguments."""
        name = text.target.name
        key = (name, arguments, env.primed is not None, env.unreachable)
        known = self._bodies.get(key)
        if known is None:
            inner = replace(env, bindings=bound.bindings, places=bound.places, definition=name)
            with self.expanding(name, text.target.span) as possible:
                typed = self.widen(self.expr(text.body, inner)) if possible else self.ops.poison(span)
            if not possible:
                return typed
            # The arguments' nodes are part of the key by identity, so they are kept alive with it.
            known = self._bodies[key] = typed, bound
        if env.definition is None:
            self._uses.append((span, known[0].ir))
        return known[0]

    def widen(self, typed: Typed) -> Typed:
        """A word that is no longer written on the spot can be any word of the types that it is in."""
        value = constant(typed)
        if isinstance(value, str):
            return Typed(typed.ir, words(self.names.words.get(value, frozenset({value})) | typed.ty.words))
        return typed

    def apply(self, node: ast.Call, entity: Definitions, env: Env) -> Typed:
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
            return self.picker.primed_twice(env.primed, node.name)
        if node.primed and not self.picker.timeless(values, node):
            return self.ops.poison(node.span)
        inner = replace(env, primed=node.span) if node.primed else env
        bound = Env(dict(zip((a.text for a in text.arguments), values, strict=True)))
        return self.expand(text, bound, ("call", *map(_identity, values)), inner, node.span)

    @contextmanager
    def expanding(self, name: str, span: Span) -> Iterator[bool]:
        """While a definition is expanded; yields False, after reporting an error, where the definition needs itself."""
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
