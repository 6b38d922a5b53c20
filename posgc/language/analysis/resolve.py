"""Which name each word of a syntax tree is: a walk that needs no types and no values, and so works on wrong files too.

Its rules are those of the elaborator: a name means one thing in a file, and on the left side of a line, or before the
`:` of a quantifier, a bare name without a meaning is an index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from posgc.language.analysis.names import Kind
from posgc.language.analysis.places import Places, Scope
from posgc.language.elaborate.names import BUILTIN_NAMES
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["places_of"]


def places_of(game: ast.GameText) -> Places:
    """The places of every name of a file."""
    places = Places()
    for item in game.items:
        _declare(places, item)
    walk = _Walk(places)
    for item in game.items:
        walk.item(item)
    return places


def _declare(places: Places, item: ast.Item) -> None:
    """The declarations of one item: of names that have a meaning in the whole file."""
    match item:
        case ast.Param():
            places.declare(places.names, item.target.name, "parameter", item.target.span)
        case ast.Graph():
            places.declare(places.names, item.name.text, "graph", item.name.span)
        case ast.TypeDef():
            places.declare(places.names, item.name, "type", item.name_span)
        case ast.Agents():
            for group in item.groups:
                places.declare(places.names, group.name.text, "agent", group.name.span)
        case ast.Variable():
            places.declare(places.names, item.target.name, item.kind, item.target.span)
        case ast.Chance():
            places.declare(places.names, item.target.name, "chance", item.target.span)
        case ast.Definition():
            kind: Kind = "function" if item.arguments else "definition"
            places.declare(places.names, item.target.name, kind, item.target.span)
        case ast.Share() if item.rules is not None:
            places.declare(places.protocols, item.head.name, "protocol", item.head.span)
        case _:
            pass
    if isinstance(item, ast.TypeDef | ast.Variable | ast.Chance):
        for type in nodes(item.type):
            for word in type.words if isinstance(type, ast.Enumeration) else ():
                places.declare(places.words, word.text, "word", word.span)


class _Walk:
    """Finds the uses, and the indices and arguments."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def item(self, item: ast.Item) -> None:
        match item:
            case ast.Variable() | ast.Chance() | ast.Definition() | ast.Draw() | ast.Param():
                self._line(item)
            case ast.Graph():
                self._graph(item)
            case ast.TypeDef():
                self._type(item.type, {})
            case ast.Reward():
                self._reward(item)
            case ast.Share():
                self._share(item)
            case ast.Broken():
                for word in (item.name, *item.words) if item.name else item.words:
                    self.places.use(word.text, word.span, {})
            case ast.Expect():
                self._expect(item)
            case ast.BlockItem():
                self._nodes(item.expressions, {})
            case ast.Agents():
                self._nodes(tuple(group.size for group in item.groups), {})
            case _:
                self._nodes(tuple(getattr(item, f.name) for f in fields(item)), {})

    def _line(self, item: ast.Variable | ast.Chance | ast.Definition | ast.Draw | ast.Param) -> None:
        if isinstance(item, ast.Draw):
            self.places.use(item.target.name, item.target.span, {})
        scope = self._left(item.target.indices, {})
        match item:
            case ast.Variable():
                self._type(item.type, {})
                self._when(item.when, scope)
            case ast.Chance():
                self._type(item.type, {})
                self.node(item.law, scope)
            case ast.Definition():
                scope = scope | {a.text: self.places.local(a.text, "argument", a.span) for a in item.arguments}
                self.node(item.body, scope)
            case ast.Draw():
                self.node(item.law, scope)
            case ast.Param():
                self._nodes((item.default, item.domain), scope)

    def _graph(self, item: ast.Graph) -> None:
        if item.over is not None:
            self.places.use(item.over.text, item.over.span, {})
        self._edges(item.edges)
        type = "agent" if item.over is None else item.over.text
        scope = {end.text: self.places.local(end.text, "index", end.span, type) for end in item.ends or ()}
        self._nodes((item.condition,), scope)

    def _edges(self, edges: Sequence[ast.Edge | ast.Poison]) -> None:
        for edge in edges:
            for place in () if isinstance(edge, ast.Poison) else (edge.source, edge.target):
                if place.name is not None:
                    self.places.use(place.name, place.span, {})

    def _reward(self, item: ast.Reward) -> None:
        scope: Scope = {}
        if item.each is not None:
            scope = self._left((item.each,), {})
        elif item.target is not None:
            self.places.use(item.target.name, item.target.span, {})
            self._nodes(item.target.indices, {})
        self.node(item.value, scope)

    def _type(self, text: ast.TypeText, scope: Scope) -> None:
        if isinstance(text, ast.Named):
            self.places.use(text.name, text.span, {})
        elif isinstance(text, ast.RangeOf):
            self.node(text, scope)
        elif isinstance(text, ast.TupleType):
            for part in text.components:
                self._type(part.type, scope)

    # ---- indices

    def _left(self, indices: Sequence[ast.Expression], scope: Scope) -> Scope:
        """The scope right of a left side, or after the binders of a quantifier."""
        for index in indices:
            scope = self._bound(index, scope)
        return scope

    def _bound(self, node: ast.Expression, scope: Scope) -> Scope:
        match node:
            case ast.Reference() if self._fresh(node, scope):
                return scope | {node.name: self.places.local(node.name, "index", node.span, "agent")}
            case ast.Compare(operator="!=", left=ast.Reference() as name, right=other) if self._fresh(name, scope):
                self.node(other, scope)
                return scope | {name.name: self.places.local(name.name, "index", name.span, "agent")}
            case ast.Member(element=ast.Reference() as name, collection=where) if self._fresh(name, scope):
                self.node(where, scope)
                type = where.name if isinstance(where, ast.Reference) else None
                return scope | {name.name: self.places.local(name.name, "index", name.span, type)}
            case ast.Filtered():
                scope = self._bound(node.binder, scope)
                self.node(node.condition, scope)
                return scope
        self.node(node, scope)
        return scope

    def _fresh(self, node: ast.Reference, scope: Scope) -> bool:
        known = node.name in scope or node.name in self.places.names or node.name in self.places.words
        return not (node.indices or node.primed or known or node.name in BUILTIN_NAMES)

    # ---- expressions

    def _nodes(self, parts: Sequence[object], scope: Scope) -> None:
        for part in parts:
            self.node(part, scope)

    def node(self, node: object, scope: Scope) -> None:
        match node:
            case tuple():
                self._nodes(node, scope)
            case ast.Reference():
                self.places.use(node.name, node.span, scope)
                self._nodes(node.indices, scope)
            case ast.Call():
                self.places.use(node.name, node.span, scope)
                self._arguments(node.arguments, scope)
            case ast.Uniform(over=ast.Binder(left=left, body=body)):
                self.node(body, self._value_of(left, scope))
            case _ if type(node).__module__ in _SYNTAX:
                self._nodes(tuple(_parts(node)), scope)

    def _when(self, when: ast.Expression | None, scope: Scope) -> None:
        if isinstance(when, ast.Binder):
            self.node(when.body, self._value_of(when.left, scope))
        else:
            self.node(when, scope)

    def _value_of(self, left: ast.Expression, scope: Scope) -> Scope:
        """The scope of the condition in `uniform(c: ...)` and `when (c: ...)`, whose index runs over the values of the
        variable."""
        if isinstance(left, ast.Reference) and self._fresh(left, scope):
            return scope | {left.name: self.places.local(left.name, "index", left.span)}
        self.node(left, scope)
        return scope

    def _arguments(self, arguments: Sequence[ast.Expression], scope: Scope) -> None:
        if arguments and isinstance(last := arguments[-1], ast.Binder):
            self.node(last.body, self._left((*arguments[:-1], last.left), scope))
        else:
            self._nodes(arguments, scope)

    # ---- sharing and claims

    def _share(self, item: ast.Share) -> None:
        scope: Scope = {}
        for argument in item.head.arguments:
            if isinstance(argument, ast.Keyword):
                self.node(argument.value, {})
            if item.rules is None:
                self._nodes((argument,) if not isinstance(argument, ast.Keyword) else (), {})
            elif isinstance(argument, ast.Keyword | ast.Reference):
                scope[argument.name] = self.places.local(argument.name, "argument", argument.span, "int")
        if item.base is not None:
            self._protocol(item.base, scope)
        rules = item.rules or ()
        for rule in rules:
            if isinstance(rule, ast.SharedDelay):
                self.node(rule.law, self._left(rule.target.indices, scope))
        scope |= {
            rule.target.name: self.places.local(rule.target.name, "chance", rule.target.span)
            for rule in rules
            if isinstance(rule, ast.SharedDelay)
        }
        for rule in rules:
            if isinstance(rule, ast.Forget):
                self.node(rule.after, scope)
            elif isinstance(rule, ast.Rule | ast.Channel):
                self._rule(rule, scope)

    def _rule(self, rule: ast.Rule | ast.Channel, scope: Scope) -> None:
        self.places.use(rule.item.name, rule.item.span, {})
        inner = self._left(rule.item.indices[:1], scope)
        self._nodes(rule.item.indices[1:], inner)
        if rule.audience is not None:
            inner = self._bound(rule.audience, inner)
        if isinstance(rule, ast.Channel):
            told = rule.acknowledged and rule.acknowledged.after
            self._nodes([rule.law, *([told] if told is not None else [])], inner)
            return
        if isinstance(rule.edges, ast.EdgesWhere):
            self._arguments(rule.edges.arguments, scope)
        elif isinstance(rule.edges, ast.EdgesOf):
            self.places.use(rule.edges.graph, rule.edges.span, {})
        elif rule.edges is not None:
            self._edges(rule.edges.edges)
        self.node(rule.delay, inner)
        if rule.every is not None:
            self._nodes([x for x in (rule.every.steps, rule.every.first) if x is not None], inner)

    def _expect(self, item: ast.Expect) -> None:
        if isinstance(item.claim, ast.ValueClaim):
            comparison = item.claim.comparison
            sides = (comparison.left, comparison.right) if isinstance(comparison, ast.Compare) else (comparison,)
            for side in sides:
                # The concept of `value(team, ann)` and `gap(nash)` is a word of claims, whatever else it may be.
                self._nodes(side.arguments[1:] if isinstance(side, ast.Call) else (side,), {})
            self._nodes((item.claim.within,), {})
        if item.protocol is not None:
            self._protocol(item.protocol, {})

    def _protocol(self, named: ast.ProtocolRef, scope: Scope) -> None:
        if named.name in self.places.protocols:
            self.places.use(named.name, named.span, self.places.protocols)
        self._nodes(tuple(a.value if isinstance(a, ast.Keyword) else a for a in named.arguments), scope)


_SYNTAX = {kind.__module__ for kind in vars(ast).values() if isinstance(kind, type)}


def _parts(node: object) -> Iterator[object]:
    for f in fields(node):  # type: ignore[arg-type]
        if f.name != "span":
            yield getattr(node, f.name)
