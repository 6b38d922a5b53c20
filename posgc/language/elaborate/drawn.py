"""The variable that a law is for, and whether a value can be given to it."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.language import ir
from posgc.language.dag import leaves
from posgc.language.diagnostics.report import near
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.values import INT, Env, Typed, constant, describe, ty_of_type

__all__ = ["DrawnVariable", "ValueCheck", "shown_type"]


@dataclass(frozen=True)
class DrawnVariable:
    """The variable that a law is for."""

    name: str
    type: ir.Type | None  # None where it is not known because of a mistake that is reported


class ValueCheck:
    """Compares values with the types of the variables that take them."""

    def __init__(self, context: Context) -> None:
        self.reporter = context.reporter
        self.ops = context.ops

    def fits(self, typed: Typed, what: DrawnVariable, env: Env) -> bool:
        """Whether a value can be given to the variable, as far as is seen now; reports an error if not."""
        if typed.ty.kind == "poison" or what.type is None:
            return True
        target, span = ty_of_type(what.type), typed.ir.span
        if target.kind == "word":
            return self._word_fits(typed, what.name, what.type, env)
        if not self.ops.expect(typed, target, f"the value of `{what.name}`"):
            return False
        value = constant(typed)
        if (
            target is INT
            and value is not None
            and not env.unreachable
            and not env.conditional
            and not _within(value, what.type)
        ):
            self.reporter.error(
                "E401",
                f"{value} is not a value of `{what.name}`, which is {shown_type(what.type)}",
                span,
                "keep it in the range, with `clip` or `mod`, or widen the range",
            )
            return False
        return True

    def _word_fits(self, typed: Typed, name: str, type: ir.Type, env: Env) -> bool:
        if typed.ty.kind != "word":
            self.reporter.error(
                "E301",
                f"the value of `{name}` must be one of {shown_type(type)}, and this is {describe(typed.ty)}",
                typed.ir.span,
                "give it one of the words of its type",
            )
            return False
        if env.unreachable:
            return True
        words = ty_of_type(type).words
        for leaf in leaves(typed.ir):
            if isinstance(leaf, ir.Const) and leaf.value not in words:
                self.reporter.error(
                    "E304",
                    f"`{leaf.value}` is not a value of `{name}`, which is {shown_type(type)}",
                    leaf.span,
                    near(str(leaf.value), words, leaf.span) or "correct the word, or add it to the type",
                )
                return False
        if not typed.ty.words & words:
            self.reporter.error(
                "E304",
                f"`{name}` is {shown_type(type)}, and this is {describe(typed.ty)}",
                typed.ir.span,
                "the wrong variable is meant",
            )
            return False
        return True


def _within(value: ir.Value, type: ir.Type) -> bool:
    low, high = type.values[0], type.values[-1]
    return not isinstance(value, str | float) and int(low) <= value <= int(high)


def shown_type(type: ir.Type) -> str:
    """The type in words, for messages."""
    if type.kind == "integers":
        return f"{type.values[0]}..{type.values[-1]}"
    if type.kind == "bool":
        return "a truth value"
    shown = ", ".join(str(v) for v in type.values[:6])
    return "{" + shown + (", ...}" if len(type.values) > 6 else "}")
