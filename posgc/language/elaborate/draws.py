"""The lines that draw: `init`, `next`, `observe`, `chance`, and the `when` of an action."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language import ir
from posgc.language.dag import nodes
from posgc.language.diagnostics import Label, Span
from posgc.language.diagnostics.likeness import closest
from posgc.language.elaborate.conditions import checked_expression
from posgc.language.elaborate.dependencies import check_reads
from posgc.language.elaborate.drawn import DrawnVariable
from posgc.language.elaborate.families import label
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import Family, Key, Poisoned, report_unknown
from posgc.language.elaborate.values import Env, Typed, constant, ty_of_type, written_value
from posgc.language.elaborate.variables import VariableTable
from posgc.language.text import syntax as ast

__all__ = ["Draws"]

_FITTING = {"init": ("state", "observation"), "next": ("state",), "observe": ("observation",)}


class Draws:
    """The laws of a game by line, kind and number, each with the place of its line; the conditions of its actions by
    number, and those of their values.
    """

    def __init__(self, laws: Laws, variables: VariableTable, game: ast.GameText) -> None:
        self.laws = laws
        self.variables = variables
        self.reporter = laws.reporter
        self.table = laws.names.table
        self.laws_of: dict[tuple[str, str, int], tuple[ir.Dist, Span]] = {}
        # Families by line that have a line which cannot be read or placed, and is reported.
        self.lost: dict[str, set[str]] = {line: set() for line in _FITTING}
        self.conditions: dict[int, ir.Expr] = {}
        self.legal: dict[int, tuple[ir.Expr, ...]] = {}
        for item in game.items:
            if isinstance(item, ast.Broken):
                name = item.name.text if item.name else ""
                for line in filter(item.may_be, _FITTING):
                    if item.keyword or not name or isinstance(self.table.get(name), Family):
                        self._lose(line, name)
            elif isinstance(item, ast.Draw):
                self._draw(item)
            elif isinstance(item, ast.Chance):
                self._chance(item)
            elif isinstance(item, ast.Variable) and item.when is not None:
                self._when(item, item.when)

    def _lose(self, line: str, name: str) -> None:
        """A line is wrong that was meant for the family of this name or, where none has it, for any one like it."""
        known = [k for k, v in self.table.items() if isinstance(v, Family) and v.kind in _FITTING[line]]
        meant = name if name in known else closest(name, known)
        if meant is not None:
            self.lost[line].add(meant)
        elif line != "init" or not name:  # else a state without `init` is a mistake of its own
            self.lost[line] |= set(known)

    def _only_checked(self, item: ast.Draw | ast.Chance) -> None:
        """Looks for mistakes in a law whose variable is not known."""
        env = self.laws.indices.poisoned(item.target, Env())
        self.laws.law(item.law, item.drawn, DrawnVariable(item.target.name, None), env)

    def _draw(self, item: ast.Draw) -> None:
        name = item.target.name
        family = self.table.get(name)
        if isinstance(family, Poisoned):
            self._only_checked(item)
            return
        if not isinstance(family, Family):
            self._only_checked(item)
            self._lose(item.kind, name)
            what = "is not a variable" if name in self.laws.names else "is not declared"
            known = [k for k, v in self.table.items() if isinstance(v, Family)]
            cure = "declare it with `state` or `observation`"
            word = name, item.target.span
            report_unknown(self.laws.names, self.reporter, f"`{name}` {what}", word, known, cure)
            return
        if family.kind not in _FITTING[item.kind]:
            self._only_checked(item)
            self._lose(item.kind, name)
            self.reporter.error(
                "E215",
                f"`{item.kind}` does not go with the {family.kind} `{name}`",
                item.target.span,
                {
                    "state": "a state has `init` and `next`",
                    "observation": "an observation has `init` and `observe`",
                    "action": "an action is chosen, not drawn",
                    "chance": "a chance has its law where it is declared",
                }[family.kind],
            )
            return
        unknown = family.broken or self.laws.indices.unknown(item.target)
        targets = [] if unknown else self._known_targets(item.target, family)
        if not targets:
            self._only_checked(item)
            self._lose(item.kind, name)
        for key, env in targets:
            self._one_law(item.kind, family, key, item.law, item.drawn, env, item.target.span, item.span)

    def _known_targets(self, target: ast.Target, family: Family) -> Sequence[tuple[Key, Env]]:
        """The declared variables that a left side means."""
        width = len(next(iter(family.numbers)))
        if len(target.indices) != width:
            self.reporter.error(
                "E207",
                f"`{family.name}` has {width or 'no'} ind{'ex' if width == 1 else 'ices'}, not {len(target.indices)}",
                target.span,
                f"write `{family.name}[{', '.join('ijk'[:width] or '...')}]`" if width else f"write `{family.name}`",
            )
            return []

        def known(key: Key) -> Sequence[ir.Value]:
            at = len(key)
            return list(dict.fromkeys(k[at] for k in family.numbers if k[:at] == key))

        found: list[tuple[Key, Env]] = []
        for key, env in self.laws.indices.targets(target, Env(), known):
            if key in family.numbers:
                found.append((key, env))
            else:
                self.reporter.error(
                    "E401",
                    f"there is no `{family.name}[{', '.join(map(written_value, key))}]`",
                    target.span,
                    "correct the index",
                )
        return found

    def _one_law(
        self, line: str, family: Family, key: Key, law: ast.Expression, drawn: bool, env: Env, head: Span, span: Span
    ) -> None:
        number = family.numbers[key]
        name = label(self.variables.agents, family, key)
        if (line, family.kind, number) in self.laws_of:
            first = Label(self.laws_of[line, family.kind, number][1], "first said here")
            self.reporter.error("E205", f"`{name}` has a second `{line}`", head, "keep one of them", (first,))
            return
        uses = self.laws.expander.begin_line()
        made = self.laws.law(law, drawn, DrawnVariable(name, family.types[key]), env)
        if not check_reads(line, made, span, uses, self.variables.names, self.reporter):
            made = ir.Point(self.laws.ops.poison(head).ir, head)
        self.laws_of[line, family.kind, number] = made, head

    def _chance(self, item: ast.Chance) -> None:
        family = self.table.get(item.target.name)
        if not isinstance(family, Family) or family.kind != "chance" or family.broken or item not in family.texts:
            self._only_checked(item)
        else:
            for key, env in self.laws.indices.targets(item.target, Env()):
                self._one_law("chance", family, key, item.law, item.drawn, env, item.target.span, item.span)

    def _when(self, item: ast.Variable, when: ast.Expression) -> None:
        family = self.table.get(item.target.name)
        if item.kind != "action":
            self.reporter.error(
                "E215",
                f"`when` does not go with the {item.kind} `{item.target.name}`",
                when.span,
                "only an action can be withheld",
            )
            return
        if not isinstance(family, Family) or family.broken or item not in family.texts:
            return
        if isinstance(when, ast.Binder):
            self._when_each(item, when, family)
            return
        for key, env in self.laws.indices.targets(item.target, Env()):
            condition = checked_expression(self.laws, self.variables, "when", when, env, item.span)
            if constant(condition) is True or key not in family.numbers:
                continue
            number = family.numbers[key]
            if any(isinstance(node, ir.Read) for node in nodes([condition.ir])):
                # without a choice the first value is played
                others = len(family.types[key].values) - 1
                self.legal[number] = (ir.Const(True, when.span), *[condition.ir] * others)
            else:
                self.conditions[number] = condition.ir

    def _when_each(self, item: ast.Variable, when: ast.Binder, family: Family) -> None:
        """`when (b: e)`: a condition for each value."""
        name = when.left
        assert isinstance(name, ast.Reference)
        if not self.laws.indices.bindable(name, Env()):
            return
        for key, env in self.laws.indices.targets(item.target, Env()):
            if key not in family.numbers or not self.laws.indices.bindable(name, env):
                continue
            of = family.types[key]
            self.laws.ops.spend(len(of.values) * self.laws.indices.weights.weight(when.body), when.span)
            found = []
            for value in of.values:
                inner = env.bind(name.name, Typed(ir.Const(value, name.span), ty_of_type(of)))
                found.append(checked_expression(self.laws, self.variables, "when", when.body, inner, item.span))
            if all(constant(one) is False for one in found):
                what = f"no value of the action {label(self.variables.agents, family, key)} is left"
                self.reporter.error("E412", what, when.body.span, "weaken the condition")
            elif not all(constant(one) is True for one in found):
                self.legal[family.numbers[key]] = tuple(one.ir for one in found)
