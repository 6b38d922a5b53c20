"""The types of names, in the notation of the language."""

from __future__ import annotations

from collections.abc import Iterable

from posgc.language import ir
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.names import AgentArray, AgentName, Definitions, Family, Parameter, TypeName
from posgc.language.elaborate.values import Ty, join

__all__ = ["type_in_words"]


def type_in_words(context: Context, name: str) -> str | None:
    """The type of a name of the whole file, None where it is not known."""
    match context.names.table.get(name):
        case Parameter(value=value) if value is not None:
            return _shown(value.ty)
        case AgentName() | AgentArray():
            return "agent"
        case TypeName(type=type) if type is not None:
            return _written(type)
        case Family(types=types):
            return " | ".join(dict.fromkeys(map(_written, dict.fromkeys(types.values())))) or None
        case Definitions():
            made = [typed.ty for key, (typed, _) in context.cache.bodies.items() if key[0] == name]
            return _joined(made)
        case _:
            return None


def _joined(types: Iterable[Ty]) -> str | None:
    known = [t for t in dict.fromkeys(types) if t.kind != "poison"]
    both = join(*known) if known else None
    return None if both is None else _shown(both)


def _shown(ty: Ty) -> str | None:
    if ty.kind == "word":
        return "{" + ", ".join(sorted(ty.words)) + "}"
    return None if ty.kind == "poison" else ty.kind


def _written(type: ir.Type) -> str:
    if type.kind == "integers":
        return f"{type.values[0]}..{type.values[-1]}"
    return "bool" if type.kind == "bool" else "{" + ", ".join(map(str, type.values)) + "}"
