"""Types whose values are tuples: each value is a word, `(1, 2)`, and components are looked up in a table.

So nothing behind the elaborator need know of them: a tuple is drawn, compared, observed and shared like any word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import near
from posgc.language.elaborate.operators import Operators
from posgc.language.elaborate.values import Env, Ty, Typed, constant, describe, ty_of_type, words, written_value
from posgc.language.text import syntax as ast

__all__ = ["Tuple", "component", "components", "tuple_of", "tuple_type"]


@dataclass(frozen=True)
class Tuple:
    """A tuple type: its components by name, in order, and the word for each combination of their values."""

    components: Mapping[str, ir.Type]
    words: Mapping[tuple[ir.Value, ...], str]


def tuple_type(components: Mapping[str, ir.Type]) -> Tuple:
    """The type with these components; the last one runs fastest."""
    rows = product(*(type.values for type in components.values()))
    return Tuple(components, {row: f"({', '.join(map(written_value, row))})" for row in rows})


def component(
    ops: Operators, tuples: Mapping[frozenset[str], Sequence[Tuple]], value: Typed, name: ast.Word, span: Span
) -> Typed:
    """The component of a value by name.  Types with the same values share their names.  E201, E301."""
    if value.ty.kind == "poison":
        return ops.poison(span)
    types = _types_of(tuples, value)
    if not types:
        what = f"only a tuple has components, and this is {describe(value.ty)}"
        return ops.wrong("E301", what, value.ir.span, "declare its type so: `type cell = (x: 0..3, y: 0..2);`")
    places = {list(of.components).index(name.text): of for of in types if name.text in of.components}
    if not places:
        names = list(dict.fromkeys(c for of in types for c in of.components))
        cure = near(name.text, names, name.span) or "its components are " + ", ".join(names)
        return ops.wrong("E201", f"this has no component `{name.text}`", name.span, cure)
    if len(places) > 1:
        what = f"`{name.text}` stands at different places in two types that have this value"
        return ops.wrong("E301", what, name.span, "list the components in one order, or give one of them another name")
    [(at, of)] = places.items()
    return _component(ops, of, at, value, span)


def components(
    ops: Operators, tuples: Mapping[frozenset[str], Sequence[Tuple]], value: Typed, span: Span
) -> list[Typed]:
    """The components of a value in their order; none where it is no tuple."""
    types = _types_of(tuples, value)
    return [_component(ops, types[0], at, value, span) for at in range(len(types[0].components))] if types else []


def _types_of(tuples: Mapping[frozenset[str], Sequence[Tuple]], value: Typed) -> Sequence[Tuple]:
    """The tuple types that a value can be of."""
    return tuples.get(value.ty.words) or [
        t for w, found in tuples.items() if value.ty.words and value.ty.words <= w for t in found
    ]


def _component(ops: Operators, of: Tuple, at: int, value: Typed, span: Span) -> Typed:
    ty = ty_of_type(list(of.components.values())[at])
    parts = {word: row[at] for row, word in of.words.items()}
    known = constant(value)
    if known is not None:
        return ops.const(parts[str(known)], ty, span)
    return ops.select(value, tuple(parts), [ops.const(part, ty, span) for part in parts.values()], span)


def tuple_of(ops: Operators, of: Tuple, values: Sequence[Typed], node: ast.Call, env: Env) -> Typed:
    """The tuple of the values of its components.  E207, E301, E303, E401."""
    if len(values) != len(of.components) or node.primed:
        form = f"{node.name}({', '.join(of.components)})"
        what = f"`{node.name}` has {len(of.components)} components, not {len(values)}"
        return ops.wrong("E207", what, node.span, f"write `{form}`")
    for value, (name, type) in zip(values, of.components.items(), strict=True):
        if not ops.expect(_widened(value, type), ty_of_type(type), f"the component `{name}`"):
            return ops.poison(node.span)
    return _chosen(ops, of, (), values, node.span, env)


def _widened(value: Typed, type: ir.Type) -> Typed:
    """The value with the type's words, where it can be one of them."""
    wanted = ty_of_type(type)
    return Typed(value.ir, wanted) if value.ty.words & wanted.words else value


def _chosen(
    ops: Operators, of: Tuple, before: tuple[ir.Value, ...], values: Sequence[Typed], span: Span, env: Env
) -> Typed:
    """The word for the values of the components, of which the first are known."""
    ty: Ty = words(frozenset(of.words.values()))
    if len(before) == len(values):
        return ops.const(of.words[before], ty, span)
    value, type = values[len(before)], list(of.components.values())[len(before)]
    if value.ty.kind == "poison" and not isinstance(value.ir, ir.Const):
        return Typed(value.ir, value.ty)
    known = constant(value)
    if known is None:
        inner = env.as_conditional()
        cases = [_chosen(ops, of, (*before, v), values, span, inner) for v in type.values]
        return ops.select(value, type.values, cases, span)
    if known not in type.values:
        name = list(of.components)[len(before)]
        shown = f"{written_value(type.values[0])}..{written_value(type.values[-1])}"
        what = f"the component `{name}` cannot be {written_value(known)}: its values are {shown}"
        return ops.fault(env, "E401", what, value.ir.span, "keep it in its range, with `if` or `clip`")
    return _chosen(ops, of, (*before, known), values, span, env)
