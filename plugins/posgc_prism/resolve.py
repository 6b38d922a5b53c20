"""From the definitions of a text to a system of modules: typed expressions over columns of variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from lark import Token

from posgc.plugin import LimitError, Span
from posgc.plugin.complaints import Complaints, span_of
from posgc_prism import definitions
from posgc_prism.expressions import LARGEST, Expr, Values
from posgc_prism.names import Names
from posgc_prism.syntax import refuse_type
from posgc_prism.system import Command, Label, Reward, System, Update, Variable

__all__ = ["MAX_INITIAL", "resolve"]

MAX_INITIAL = 2_000_000  # valuations that are tried for `init … endinit`
_TYPES = {"probabilistic": "dtmc", "nondeterministic": "mdp", "stpg": "smg"}


@dataclass(frozen=True)
class _Instance:
    """A module, under its own name and the names that its renaming gives."""

    name: str
    place: Token
    text: definitions.Module
    renaming: Mapping[str, str]

    def called(self, name: str) -> str:
        return self.renaming.get(name, name)


class _Reader:
    def __init__(self, items: Sequence[definitions.Item], complaints: Complaints) -> None:
        self.items, self.complaints = items, complaints
        self.names = Names(complaints)
        self.own: dict[str, set[str]] = {"": set()}  # the variables of each module, of none the global ones
        self.modules: list[_Instance] = []

    def of(self, what: str) -> list[Any]:
        return [item.value for item in self.items if item.what == what]

    def error(self, code: str, message: str, place: Token | Span | None, cure: str) -> None:
        self.complaints.error(code, message, span_of(place) if isinstance(place, Token) else place, cure)

    def system(self) -> System:
        kind = self.kind()
        for constant in self.of("constant"):
            self.names.declare(constant.name, constant.name, constant)
        for formula in self.of("formula"):
            self.names.declare(formula.name, formula.name, formula)
        self.composition()
        declared = self.declared()
        variables, first = self.variables(declared)
        self.complaints.settle()
        for formula in self.of("formula"):
            self.names.any_kind(Expr("name", (), span_of(formula.name), words=(str(formula.name),)))
        labels = self.labels()
        rewards = self.rewards(labels)
        seen = self.observed(kind, variables)
        players, owner = self.players(kind, labels)
        self.complaints.settle()
        initial = self.initial(variables, first)
        if self.of("label"):
            first_label = span_of(self.of("label")[0].name)
            self.complaints.note("N116", "labels are left out: only properties use them", first_label)
        return System(kind, variables, initial, labels, rewards, seen, players, owner, self.names.parts)

    def kind(self) -> str:
        """`pomdp`, `mdp`, `dtmc` or `smg`."""
        types = self.of("type")
        for extra in types[1:]:
            self.error("I104", "a second model type", extra, "a file has one")
        word = str(types[0]) if types else "mdp"
        kind = _TYPES.get(word, word)
        if kind not in ("pomdp", "mdp", "dtmc", "smg"):
            refuse_type(word, span_of(types[0]), self.complaints)
        return kind

    def composition(self) -> None:
        """The modules, renamed ones included; a `system` block may only put all of them side by side."""
        texts = {str(module.name): module for module in self.of("module")}
        for item in self.items:
            if item.what == "module":
                self.modules.append(_Instance(str(item.value.name), item.value.name, item.value, {}))
            elif item.what == "renamed":
                name, base, pairs = item.value
                if str(base) not in texts:
                    self.error("I102", f"there is no module `{base}` to rename", base, "name a module written out")
                    continue
                renaming = {str(old): str(new) for old, new in pairs}
                if len(renaming) < len(pairs):
                    self.error("I101", "a name is renamed twice", pairs[0][0], "rename it once")
                self.modules.append(_Instance(str(name), name, texts[str(base)], renaming))
        if not self.modules:
            self.error("I104", "there is no module", None, "module NAME … endmodule")
        seen = set()
        for module in self.modules:
            if module.name in seen:
                self.error("I104", f"a second module `{module.name}`", module.place, "give it another name")
            seen.add(module.name)
        for block in self.of("system"):
            names = re.sub(r"//[^\n]*", " ", str(block)[6:-9]).split("||")
            if sorted(name.strip(" \t\r\n()") for name in names) != sorted(module.name for module in self.modules):
                self.error(
                    "I107",
                    "process algebra is not read",
                    Token.new_borrow_pos("SYSTEM", "system", block),
                    "leave the block out: all modules then run side by side",
                )

    def declared(self) -> list[tuple[str, definitions.Variable, Mapping[str, str]]]:
        """Name, declaration and renaming of every variable, the global ones first; they get their columns."""
        found: list[tuple[str, definitions.Variable, Mapping[str, str]]] = []
        for variable in self.of("global"):
            found.append((str(variable.name), variable, {}))
            self.own[""].add(str(variable.name))
        for module in self.modules:
            named = [(module.called(v.name), v, module.renaming) for v in module.text.variables]
            self.own[module.name] = {name for name, _, _ in named}
            found += named
        for name, variable, renaming in found:
            place = variable.name
            if renaming:
                place = next(m.place for m in self.modules if m.renaming is renaming)
            kind = variable.kind
            if isinstance(kind, Token) and kind != "bool":
                self.error("I107", f"a variable of kind `{kind}` is not read", kind, "bool, or a range: [0..9]")
            self.names.declare(name, place, "int" if isinstance(kind, definitions.Interval) else "bool")
        return found

    def variables(
        self, declared: Sequence[tuple[str, definitions.Variable, Mapping[str, str]]]
    ) -> tuple[tuple[Variable, ...], list[int]]:
        """The variables with their ranges, and their first values."""
        found, first = [], []
        for name, (text, kind, init), renaming in declared:
            low, high, of, sure = 0, 1, "bool", True
            if isinstance(kind, definitions.Interval):
                ends = [self.names.fixed(end, "int", renaming) for end in kind]
                sure, of = None not in ends, "int"
                low, high = (int(end or 0) for end in ends)
                if sure and not -LARGEST < low <= high < LARGEST:
                    self.error("I105", f"`{name}` ranges from {low} to {high}", kind.low.span, "write [LEAST..LARGEST]")
            value = None if init is None else self.names.fixed(init, of, renaming)
            if sure and value is not None and not low <= value <= high:
                self.error("I105", f"`{name}` begins at {value:.0f}, and ranges from {low} to {high}", text, "widen it")
            found.append(Variable(name, of, low, high))
            first.append(low if value is None else int(value))
            if init is not None and self.of("init"):
                self.error("I104", "`init` of a variable beside `init … endinit`", text, "one of the two")
        return tuple(found), first

    def initial(self, variables: tuple[Variable, ...], first: list[int]) -> npt.NDArray[np.int64]:
        blocks = self.of("init")
        if not blocks:
            return np.array(first, dtype=np.int64)
        if len(blocks) > 1:
            self.error("I104", "a second `init … endinit`", blocks[1].span, "write one")
        test = self.names.typed(blocks[0], "bool")
        self.complaints.settle()
        sizes = [v.high - v.low + 1 for v in variables]
        if prod(sizes) > MAX_INITIAL:
            raise LimitError(
                f"`init … endinit` would be tried at {prod(sizes):.3g} valuations; the limit is "
                f"{MAX_INITIAL:.3g}: give every variable its own `init`"
            )
        digits = np.unravel_index(np.arange(prod(sizes)), sizes)
        rows = np.stack([d + v.low for d, v in zip(digits, variables, strict=True)], axis=1).astype(np.int64)
        found: npt.NDArray[np.int64] = rows[Values(rows, self.complaints).truth(test)]
        if len(found) != 1:
            self.error(
                "I107",
                f"{len(found)} valuations satisfy `init … endinit`, and one is read",
                blocks[0].span,
                "make it one; a first step of chance can draw it",
            )
            self.complaints.settle()
        only: npt.NDArray[np.int64] = found[0]
        return only

    def labels(self) -> tuple[Label, ...]:
        """Labels in the order in which their first commands stand."""
        of: dict[tuple[str, bool], list[tuple[int, Command]]] = {}
        places: dict[tuple[str, bool], Span] = {}
        actions = {
            module.called(c.action.label)
            for module in self.modules
            for c in module.text.commands
            if c.action.label is not None
        }
        for m, module in enumerate(self.modules):
            for command in module.text.commands:
                label = command.action.label
                key = (module.name, False) if label is None else (module.called(label), True)
                of.setdefault(key, []).append((m, self.command(command, module)))
                places.setdefault(key, span_of(command.action.bracket if label is None else label))
        found = []
        for (name, shared), commands in of.items():
            modules = sorted({m for m, _ in commands})
            each = tuple(tuple(command for k, command in commands if k == m) for m in modules)
            shown = name if shared or name not in actions else f"[] {name}"
            found.append(Label(shown, name, name if shared else None, each, places[name, shared]))
        return tuple(found)

    def command(self, text: definitions.Command, module: _Instance) -> Command:
        typed, renaming = self.names.typed, module.renaming
        updates = []
        for chance in text.chances:
            writes: dict[int, Expr] = {}
            for assignment in chance.writes:
                self.assign(text, module, assignment, writes)
            law = None if chance.probability is None else typed(chance.probability, "double", renaming)
            updates.append(Update(law, tuple(writes.items())))
        return Command(typed(text.guard, "bool", renaming), tuple(updates), span_of(text.action.bracket))

    def assign(
        self, text: definitions.Command, module: _Instance, assignment: definitions.Assignment, writes: dict[int, Expr]
    ) -> None:
        name = module.called(str(assignment.name)[:-1])
        column = self.names.columns.get(name)
        if column is None:
            self.error("I102", f"there is no variable `{name}`", assignment.name, "declare it, or correct the name")
        elif name not in self.own[module.name] | self.own[""]:
            self.error(
                "I107",
                f"`{name}` belongs to another module",
                assignment.name,
                "a module changes its own variables and global ones",
            )
        elif name in self.own[""] and text.action.label is not None:
            self.error(
                "I107",
                f"the global variable `{name}` cannot be changed under an action",
                assignment.name,
                "leave the action out: modules that move together could write two values",
            )
        elif column in writes:
            self.error("I101", f"`{name}` is changed twice in one update", assignment.name, "change it once")
        else:
            writes[column] = self.names.typed(assignment.value, self.names.kinds[column], module.renaming)

    def rewards(self, labels: Sequence[Label]) -> tuple[Reward, ...]:
        """The first reward structure."""
        structures = self.of("rewards")
        if not structures:
            self.complaints.note("N117", "the file has no rewards: everything earns 0", None, "rewards … endrewards")
            return ()
        if len(structures) > 1:
            names = ", ".join(f"`{each.name}`" if each.name else "one without a name" for each in structures[1:])
            said = f" `{structures[0].name}`" if structures[0].name else ""
            self.complaints.note(
                "N117",
                f"the first rewards{said} are read; left out: {names}",
                None,
                "put those that you want first in the file",
            )
        actions = {label.action for label in labels}
        found = []
        for action, guard, value in structures[0].items:
            if action is not None and action.label is not None and str(action.label) not in actions:
                self.error("I102", f"there is no action `{action.label}`", action.label, "name one of a command")
            of = None if action is None else str(action.label or "")
            found.append(Reward(of, self.names.typed(guard, "bool"), self.names.typed(value, "double")))
        return tuple(found)

    def observed(self, kind: str, variables: tuple[Variable, ...]) -> tuple[tuple[str, Expr], ...]:
        """What is observed, by name: the observables, or every variable outside of a `pomdp`."""
        given = [
            (str(name), span_of(name), Expr("name", (), span_of(name), words=(str(name),)))
            for names in self.of("observables")
            for name in names
        ]
        given += [(str(each.name)[1:-1], span_of(each.name), each.value) for each in self.of("observable")]
        if kind != "pomdp":
            for _, span, _ in given[:1]:
                self.error("I107", f"a model of type `{kind}` has no observables", span, "make it a pomdp")
            return tuple((v.name, Expr("variable", (), Span(0, 0, 1, 1), v.kind, k)) for k, v in enumerate(variables))
        found: dict[str, Expr] = {}
        for name, span, expr in given:
            if name in found:
                self.error("I104", f"a second observable `{name}`", span, "give it another name")
            found[name] = self.names.any_kind(expr)
        return tuple(found.items())

    def players(self, kind: str, labels: Sequence[Label]) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The players' names, and the player of each label."""
        given = self.of("player")
        if kind != "smg":
            for player in given[:1]:
                self.error("I107", f"a model of type `{kind}` has no players", player.name, "make it an smg")
            return ("1",), (0,) * len(labels)
        if not given:
            self.error("I104", "there is no player", None, "player NAME MODULE, [ACTION] endplayer")
        of: dict[tuple[str, bool], int] = {}
        names: list[str] = []
        known = {(module.name, False) for module in self.modules} | {(label.action, True) for label in labels}
        for k, (player, members) in enumerate(given):
            if str(player) in names:
                self.error("I104", f"a second player `{player}`", player, "give it another name")
            names.append(str(player))
            for member in members:
                place = member if isinstance(member, Token) else member.label or member.bracket
                key = (str(place), not isinstance(member, Token))
                if key not in known:
                    self.error("I102", f"there is no {'action' if key[1] else 'module'} `{place}`", place, "correct it")
                if key in of:
                    self.error("I104", f"`{place}` has a player already", place, "give it to one")
                of[key] = k
        return tuple(names), tuple(of.get((label.source, label.action is not None), -1) for label in labels)


def resolve(items: Sequence[definitions.Item], complaints: Complaints) -> System:
    """The system that the definitions describe.  Raises InputError with the mistakes (I101, I102, I104, I105, I107),
    LimitError past the limits of `names` and for an `init … endinit` over too many valuations."""
    return _Reader(items, complaints).system()
