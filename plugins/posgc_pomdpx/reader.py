"""The sections of a `.pomdpx` file as a dynamic Bayesian network: variables, and one factor for each law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from posgc.plugin import Source
from posgc.plugin.complaints import Complaints
from posgc_pomdpx.factors import read_table
from posgc_pomdpx.markup import Element, parse_xml
from posgc_pomdpx.scope import MAX_CELLS, Factor, Scope, Variable, number_of

__all__ = ["Network", "read_network"]

_SECTIONS = ("Discount", "Variable", "InitialStateBelief", "StateTransitionFunction", "RewardFunction")
_LETTERS = {"StateVar": "s", "ActionVar": "a", "ObsVar": "o"}


@dataclass(frozen=True)
class Network:
    """The model in factors; laws stand in an order in which parents come first."""

    title: str
    discount: float
    previous: tuple[Variable, ...]  # state variables of the first time slice
    current: tuple[Variable, ...]  # the same of the second, in the same order
    seen: tuple[bool, ...]  # whether each is fully observed
    actions: tuple[Variable, ...]
    observations: tuple[Variable, ...]
    initial: tuple[Factor, ...]
    transition: tuple[Factor, ...]
    observation: tuple[Factor, ...]
    rewards: tuple[Factor, ...]


def read_network(source: Source, complaints: Complaints) -> Network:
    """The network of a text.  Raises InputError with every mistake found, LimitError for tables that are too large."""
    root = parse_xml(source)
    if root.tag != "pomdpx":
        complaints.error("I101", f"the outermost element is `<{root.tag}>`", root.span, "<pomdpx>")
        complaints.settle()
    reader = _Reader(root, complaints)
    reader.declare()
    complaints.settle()
    network = reader.network()
    complaints.settle()
    return network


class _Reader:
    def __init__(self, root: Element, complaints: Complaints) -> None:
        self.root, self.complaints = root, complaints
        self.sections: dict[str, Element] = {}
        self.declared: dict[str, Element] = {}
        self.previous: list[Variable] = []
        self.current: list[Variable] = []
        self.seen: list[bool] = []
        self.actions: list[Variable] = []
        self.observations: list[Variable] = []
        self.rewards: list[str] = []

    def declare(self) -> None:
        """Finds the sections, and reads the variables."""
        for element in self.root.children:
            if element.tag not in (*_SECTIONS, "Description", "ObsFunction"):
                self.complaints.error(
                    "I101",
                    f"`<{element.tag}>` is not a section that is read",
                    element.span,
                    f"the sections are {', '.join(_SECTIONS)}, ObsFunction",
                )
            elif element.tag in self.sections:
                self.complaints.error("I104", f"a second `<{element.tag}>`", element.span, "give it once")
            self.sections.setdefault(element.tag, element)
        for tag in _SECTIONS:
            if tag not in self.sections:
                self.complaints.error("I104", f"`<{tag}>` is missing", self.root.span, f"add <{tag}>…</{tag}>")
        for element in self.sections["Variable"].children if "Variable" in self.sections else ():
            self._variable(element)
        for variables, tag in ((self.current, "StateVar"), (self.actions, "ActionVar")):
            if not variables and "Variable" in self.sections:
                at = self.sections["Variable"].span
                self.complaints.error("I104", f"no `<{tag}>`", at, "a model has at least one")

    def _variable(self, element: Element) -> None:
        names = ("vnamePrev", "vnameCurr") if element.tag == "StateVar" else ("vname",)
        if element.tag not in (*_LETTERS, "RewardVar"):
            self.complaints.error(
                "I101",
                f"`<{element.tag}>` is not a variable that is read",
                element.span,
                "StateVar, ActionVar, ObsVar or RewardVar",
            )
            return
        found = [element.attributes.get(name, "").strip() for name in names]
        for attribute, name in zip(names, found, strict=True):
            if not name or len(name.split()) != 1 or name == "null":
                self.complaints.error(
                    "I101", f"`{name}` cannot be the name of a variable", element.span, f'{attribute}="…", one word'
                )
            elif name in self.declared:
                self.complaints.error("I104", f"`{name}` is declared twice", element.span, "names are distinct")
            self.declared[name] = element
        if element.tag == "RewardVar":
            self.rewards.append(found[0])
            return
        values = self._values(element)
        if element.tag == "StateVar":
            observed = element.attributes.get("fullyObs", "false").strip().lower()
            if observed not in ("true", "false"):
                self.complaints.error("I101", f'fullyObs="{observed}"', element.span, "true or false")
            self.previous.append(Variable(found[0], values))
            self.current.append(Variable(found[1], values, found[0]))
            self.seen.append(observed == "true")
        else:
            (self.actions if element.tag == "ActionVar" else self.observations).append(Variable(found[0], values))

    def _values(self, element: Element) -> tuple[str, ...]:
        """The names of the values: those of `<ValueEnum>`, or s0, s1, … for so many as `<NumValues>` says."""
        given = [child for child in element.children if child.tag in ("ValueEnum", "NumValues")]
        words = list(given[0].words()) if len(given) == 1 else []
        if not words:
            self.complaints.error(
                "I101",
                "a variable without values, or with two lists of them",
                element.span,
                "one <ValueEnum> or <NumValues>",
            )
            return ("",)
        if given[0].tag == "NumValues":
            text = words[0].text
            if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= MAX_CELLS):
                self.complaints.error(
                    "I105",
                    f"`{text[:20]}` is not a number of values",
                    words[0].span,
                    f"a whole number from 1 to {MAX_CELLS}",
                )
                return ("",)
            return tuple(f"{_LETTERS[element.tag]}{k}" for k in range(int(text)))
        names = tuple(word.text for word in words)
        for k, word in enumerate(words):
            if word.text in ("*", "-") or (len(set(names)) < len(names) and word.text in names[:k]):
                self.complaints.error(
                    "I101",
                    f"`{word.text}` cannot name a value here",
                    word.span,
                    "values are distinct, and neither `*` nor `-`",
                )
        return names

    def network(self) -> Network:
        discount = self._discount()
        now, after = self.previous, self.current
        laws = {
            "InitialStateBelief": (now, now),
            "StateTransitionFunction": (after, [*self.actions, *now, *after]),
            "ObsFunction": (self.observations, [*self.actions, *now, *after, *self.observations]),
        }
        factors = {tag: self._laws(tag, variables, parents) for tag, (variables, parents) in laws.items()}
        rewards = self._rewards([*self.actions, *now, *after, *self.observations])
        text = " ".join(self.sections["Description"].text.split()) if "Description" in self.sections else ""
        return Network(
            text,
            discount,
            tuple(now),
            tuple(after),
            tuple(self.seen),
            tuple(self.actions),
            tuple(self.observations),
            factors["InitialStateBelief"],
            factors["StateTransitionFunction"],
            factors["ObsFunction"],
            rewards,
        )

    def _discount(self) -> float:
        element = self.sections["Discount"]
        words = list(element.words())
        value = number_of(words[0], True, self.complaints) if len(words) == 1 else None
        if len(words) != 1:
            self.complaints.error("I101", f"{len(words)} words in <Discount>", element.span, "one number")
        elif value is not None and not 0 <= value <= 1:
            self.complaints.error(
                "I105", f"the discount {value:g} is not in [0, 1]", words[0].span, "a number from 0 to 1"
            )
        return value or 0.0

    def _laws(self, tag: str, variables: Sequence[Variable], parents: Sequence[Variable]) -> tuple[Factor, ...]:
        """The factors of a section, in an order in which parents come first: every variable has one law."""
        if tag not in self.sections:
            if variables:
                self.complaints.error("I104", f"`<{tag}>` is missing", self.root.span, f"add <{tag}>…</{tag}>")
            return ()
        section = self.sections[tag]
        known = {variable.name: variable for variable in variables}
        factors: list[Factor] = []
        law_of: dict[str, int] = {}
        for element in section.children:
            factor = self._factor(element, "CondProb", known, {parent.name: parent for parent in parents})
            if factor is None:
                continue
            for name in factor.variables:
                if name in law_of:
                    self.complaints.error("I104", f"a second law of `{name}`", element.span, "give one")
                law_of[name] = len(factors)
            factors.append(factor)
        for name in known:
            if name not in law_of and not len(self.complaints):
                self.complaints.error(
                    "I104",
                    f"`{name}` has no law in `<{tag}>`",
                    section.span,
                    f"<CondProb><Var>{name}</Var>…</CondProb>",
                )
        after = {k: {law_of[p] for p in factor.parents if p in law_of} for k, factor in enumerate(factors)}
        try:
            return tuple(factors[k] for k in TopologicalSorter(after).static_order())
        except CycleError as error:
            names = " ".join(factors[k].variables[0] for k in error.args[1])
            self.complaints.error(
                "I101", f"these variables depend on one another: {names}", section.span, "parents form no cycle"
            )
            return ()

    def _rewards(self, parents: Sequence[Variable]) -> tuple[Factor, ...]:
        section = self.sections["RewardFunction"]
        given: set[str] = set()
        factors = []
        for element in section.children:
            named = [word for var in element.named("Var") for word in var.words()]
            if len(named) == 1 and named[0].text in given:
                self.complaints.error("I104", f"a second function of `{named[0].text}`", element.span, "give one")
            given.update(word.text for word in named)
            factor = self._factor(element, "Func", dict.fromkeys(self.rewards), {p.name: p for p in parents})
            if factor is not None:
                factors.append(factor)
        for name in self.rewards:
            if name not in given:
                self.complaints.error(
                    "I104",
                    f"`{name}` has no function in `<RewardFunction>`",
                    section.span,
                    f"<Func><Var>{name}</Var>…</Func>",
                )
        return tuple(factors)

    def _factor(
        self, element: Element, tag: str, known: Mapping[str, Variable | None], parents: Mapping[str, Variable]
    ) -> Factor | None:
        """One `<CondProb>` or `<Func>`; None where its variables cannot be told."""
        parts = {name: element.named(name) for name in ("Var", "Parent", "Parameter")}
        wrong = [name for name, found in parts.items() if len(found) != 1]
        if element.tag != tag or wrong:
            what = f"`<{element.tag}>` stands here" if element.tag != tag else f"one `<{wrong[0]}>` is wanted here"
            self.complaints.error("I101", what, element.span, f"<{tag}> with <Var>, <Parent> and <Parameter>")
            return None
        (var,), (parent,), (parameter,) = parts.values()
        own = list(var.words())
        given = [word for word in parent.words() if word.text != "null"]
        variables = {word.text: v for word in own if (v := known.get(word.text)) is not None}
        good = bool(own) and (tag == "CondProb" or len(own) == 1)
        if not good:
            self.complaints.error("I101", f"{len(own)} variables", var.span, "the name of a variable")
        for words, names, what in ((own, known, "a variable of this section"), (given, parents, "a parent here")):
            seen: set[str] = set()
            for word in words:
                if word.text not in names or word.text in seen or (what == "a parent here" and word.text in variables):
                    good = False
                    self.complaints.error(
                        "I102", f"`{word.text}` is not {what}", word.span, f"one of: {' '.join(names)}, each once"
                    )
                seen.add(word.text)
        if not good:
            return None
        scope = Scope([parents[word.text] for word in given], list(variables.values()), self.complaints)
        return read_table(parameter, scope, var.span)
