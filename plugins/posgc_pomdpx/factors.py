"""One `<CondProb>` or `<Func>` as a dense table over its parents and its variables.

A table (`TBL`) is a list of entries that are written one after the other, the last one winning cell by cell; a name
fixes an axis, `*` repeats what is given along it, `-` says that the numbers run along it, the last axis fastest.  A
decision diagram (`DD`) is a tree of tests with numbers, or short forms of laws, at its leaves.  What neither writes
is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.plugin import LimitError, Span
from posgc.plugin.complaints import Complaints
from posgc_pomdpx.markup import Element, Word

__all__ = ["MAX_CELLS", "MAX_LEAVES", "Factor", "Scope", "Variable", "number_of", "read_table"]

Floats = npt.NDArray[np.float64]
Place = int | slice
MAX_CELLS = 10_000_000  # of one table
MAX_LEAVES = 1_000_000  # of one decision diagram, its templates written out
MAX_AXES = 30
_EXACT, _ROUNDED = 1e-9, 1e-5  # absolute: sums this close to 1 are exact, or rounded; the rest is refused
_FREE = slice(None)


@dataclass(frozen=True)
class Variable:
    """A variable of one time slice."""

    name: str
    values: tuple[str, ...]
    before: str | None = None  # the name of the same state variable one step earlier


@dataclass(frozen=True)
class Factor:
    """A law, or rewards."""

    parents: tuple[str, ...]
    variables: tuple[str, ...]  # those that the law sums to 1 over; none for rewards
    table: Floats  # [parents…, variables…]


class Scope:
    """The axes of one table, and how its words are read along them."""

    def __init__(self, parents: Sequence[Variable], variables: Sequence[Variable], complaints: Complaints) -> None:
        self.parents, self.variables, self.complaints = parents, variables, complaints
        self.axes = (*parents, *variables)
        self.shape = tuple(len(axis.values) for axis in self.axes)
        if prod(self.shape) > MAX_CELLS or len(self.axes) > MAX_AXES:
            raise LimitError(
                f"a table over {len(self.axes)} variables has {prod(self.shape):.3g} cells; the limits "
                f"are {MAX_AXES} and {MAX_CELLS:.3g}: give the variables fewer parents"
            )
        self.axis_of = {axis.name: k for k, axis in enumerate(self.axes)}
        self.index_of = [{value: k for k, value in enumerate(axis.values)} for axis in self.axes]

    def place(self, word: Word, axis: int) -> int | None:
        """The index of a value; None, with I102, where the variable does not have it."""
        found = self.index_of[axis].get(word.text)
        if found is None:
            values = self.axes[axis].values
            self.complaints.error(
                "I102",
                f"`{self.axes[axis].name}` has no value `{word.text}`",
                word.span,
                f"one of: {' '.join(values[:8])}{' …' if len(values) > 8 else ''}",
            )
        return found


def number_of(word: Word, paid: bool, complaints: Complaints) -> float | None:
    """A reward, or a probability; None with I101 or I105."""
    try:
        if "_" in word.text:
            raise ValueError
        value = float(word.text)
    except ValueError:
        complaints.error("I101", f"`{word.text[:20]}` is not a number", word.span, "write a number such as 0.5")
        return None
    if not (math.isfinite(value) if paid else 0.0 <= value <= 1.0 + _ROUNDED):
        cure = "a reward is finite" if paid else "a probability lies in [0, 1]"
        complaints.error("I105", f"the number {word.text[:20]} is out of range", word.span, cure)
        return None
    return value


def read_table(parameter: Element, scope: Scope, place: Span) -> Factor:
    """The table of a `<Parameter>`; rows of a law are divided by their sums.  Mistakes go to the complaints: I101 to
    I105.  Raises LimitError for a table of more than MAX_CELLS cells, or a diagram of more than MAX_LEAVES leaves."""
    before = len(scope.complaints)
    table = np.zeros(scope.shape)
    form = parameter.attributes.get("type", "TBL")
    if form == "TBL":
        _entries(parameter, scope, table)
    elif form == "DD":
        _Diagram(parameter, scope, table).read()
    else:
        scope.complaints.error("I101", f"a parameter of type `{form}`", parameter.span, 'type="TBL" or type="DD"')
    if scope.variables and len(scope.complaints) == before:
        table = _normalised(scope, table, place)
    parents = tuple(parent.name for parent in scope.parents)
    return Factor(parents, tuple(variable.name for variable in scope.variables), table)


def _normalised(scope: Scope, table: Floats, place: Span) -> Floats:
    law = tuple(range(len(scope.parents), len(scope.axes)))
    sums = table.sum(axis=law, keepdims=True)
    off = np.abs(sums - 1.0)
    names = " ".join(variable.name for variable in scope.variables)
    if off.max() > _ROUNDED:
        at = np.argwhere(off > _ROUNDED)[0]
        row = ", ".join(f"{p.name} {p.values[k]}" for p, k in zip(scope.parents, at, strict=False))
        more = int(np.count_nonzero(off > _ROUNDED)) - 1
        scope.complaints.error(
            "I103",
            f"the law of {names}{' given ' if row else ''}{row} sums to "
            f"{float(sums[tuple(at)]):.12g}, not 1{f' (and {more} more)' if more else ''}",
            place,
            "what no entry writes is 0",
        )
        return table
    if off.max() > _EXACT:
        scope.complaints.note(
            "N106", f"the law of {names} sums to 1 only within {off.max():.1e} and was renormalised", place
        )
    normalised: Floats = table / sums
    return normalised


def _entries(parameter: Element, scope: Scope, table: Floats) -> None:
    tag = "ProbTable" if scope.variables else "ValueTable"
    for entry in parameter.children:
        parts = [entry.named(name) for name in ("Instance", tag)]
        if entry.tag != "Entry" or [len(part) for part in parts] != [1, 1]:
            scope.complaints.error(
                "I101",
                f"`<{entry.tag}>` is not an entry of this table",
                entry.span,
                f"<Entry><Instance>…</Instance><{tag}>…</{tag}></Entry>",
            )
            continue
        cells = _instance(parts[0][0], scope)
        if cells is not None:
            _write(parts[1][0], cells, scope, table)


def _instance(instance: Element, scope: Scope) -> list[int | str] | None:
    """For each axis an index, `*` or `-`."""
    words = list(instance.words())
    if len(words) != len(scope.axes):
        order = " ".join(axis.name for axis in scope.axes)
        scope.complaints.error(
            "I101",
            f"{len(words)} words for {len(scope.axes)} variables",
            instance.span,
            f"one word for each of: {order}",
        )
        return None
    found: list[int | str | None] = [
        word.text if word.text in ("*", "-") else scope.place(word, axis) for axis, word in enumerate(words)
    ]
    cells = [cell for cell in found if cell is not None]
    return cells if len(cells) == len(found) else None


def _write(numbers: Element, cells: list[int | str], scope: Scope, table: Floats) -> None:
    where: tuple[Place, ...] = tuple(cell if isinstance(cell, int) else _FREE for cell in cells)
    sizes = {axis: scope.shape[axis] for axis, cell in enumerate(cells) if cell == "-"}
    spread = tuple(sizes.get(axis, 1) for axis, cell in enumerate(cells) if not isinstance(cell, int))
    words = list(numbers.words())
    keyword = words[0].text.lower() if len(words) == 1 else ""
    law = range(len(scope.parents), len(scope.axes))
    if keyword == "uniform" and scope.variables and all(not isinstance(cells[axis], int) for axis in law):
        table[where] = 1.0 / prod(scope.shape[axis] for axis in law)
    elif keyword == "identity" and scope.variables and len(sizes) == 2 and cells[-1] == "-" and len(law) == 1:
        if len(set(sizes.values())) > 1:
            scope.complaints.error("I101", "the identity of two sizes", words[0].span, "write the numbers")
            return
        table[where] = np.eye(scope.shape[-1]).reshape(spread)
    elif keyword in ("uniform", "identity"):
        scope.complaints.error(
            "I101",
            f"`{keyword}` cannot stand here",
            words[0].span,
            "`uniform` is for a whole law, `identity` for one parent and the variable, both `-`",
        )
    elif len(words) != prod(sizes.values()):
        scope.complaints.error(
            "I101",
            f"{len(words)} numbers, and this instance takes {prod(sizes.values())}",
            numbers.span,
            "one number for each combination of the `-`, the last one fastest",
        )
    else:
        values = [number_of(word, not scope.variables, scope.complaints) for word in words]
        good = [value for value in values if value is not None]
        if len(good) == len(values):
            table[where] = np.array(good).reshape(spread)


class _Diagram:
    """Writes a decision diagram into a table; along a path every variable is tested once, so a path ends."""

    def __init__(self, parameter: Element, scope: Scope, table: Floats) -> None:
        self.parameter, self.scope, self.table, self.leaves = parameter, scope, table, 0
        self.templates = {each.attributes.get("id", ""): each for each in parameter.named("SubDAGTemplate")}

    def read(self) -> None:
        graphs = self.parameter.named("DAG")
        if len(graphs) != 1:
            self._wrong(self.parameter, f"{len(graphs)} `<DAG>` in this parameter", "one <DAG>")
            return
        self._inside(graphs[0], (_FREE,) * len(self.scope.axes), ())

    def _wrong(self, element: Element, message: str, cure: str, code: str = "I101") -> None:
        self.scope.complaints.error(code, message, element.span, cure)

    def _inside(self, element: Element, where: tuple[Place, ...], within: tuple[str, ...]) -> None:
        """The one node, leaf or short form in an element."""
        if len(element.children) != 1:
            self._wrong(
                element,
                f"`<{element.tag}>` holds {len(element.children)} elements",
                "one <Node>, <Terminal> or <SubDAG>",
            )
            return
        (inner,) = element.children
        if inner.tag == "Node":
            self._node(inner, where, within)
        elif inner.tag == "Terminal":
            words = list(inner.words())
            value = number_of(words[0], not self.scope.variables, self.scope.complaints) if len(words) == 1 else None
            if value is not None:
                self._leaf(where, value)
            elif len(words) != 1:
                self._wrong(inner, f"{len(words)} numbers at a leaf", "one number")
        elif inner.tag == "SubDAG":
            self._short(inner, where, within)
        else:
            self._wrong(inner, f"`<{inner.tag}>` in a decision diagram", "<Node>, <Terminal> or <SubDAG>")

    def _leaf(self, where: tuple[Place, ...], value: float | Floats) -> None:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            raise LimitError(f"a decision diagram has more than {MAX_LEAVES:.3g} leaves: write it as a table")
        self.table[where] = value

    def _axis(self, element: Element, where: tuple[Place, ...]) -> int | None:
        """The axis of the variable that an element names, if it is not fixed on the way already."""
        name = element.attributes.get("var", "")
        axis = self.scope.axis_of.get(name)
        if axis is None:
            names = " ".join(self.scope.axis_of)
            self._wrong(element, f"`{name}` is neither the variable nor a parent", f"one of: {names}", "I102")
        elif isinstance(where[axis], int):
            self._wrong(element, f"`{name}` is tested twice on one path", "test it once")
            return None
        return axis

    def _node(self, node: Element, where: tuple[Place, ...], within: tuple[str, ...]) -> None:
        axis = self._axis(node, where)
        if axis is None:
            return
        seen: dict[str, Element] = {}
        for edge in node.children:
            value = edge.attributes.get("val", "").strip()
            index = self.scope.place(edge.word(value), axis) if edge.tag == "Edge" else None
            if edge.tag != "Edge" or value in seen:
                again = "a second edge" if edge.tag == "Edge" else f"`<{edge.tag}>`"
                self._wrong(edge, f"{again} for `{value}`", 'one <Edge val="…"> for each value')
            elif index is not None:
                self._inside(edge, (*where[:axis], index, *where[axis + 1 :]), within)
            seen[value] = edge
        missing = [value for value in self.scope.axes[axis].values if value not in seen]
        if missing:
            self._wrong(
                node,
                f"no edge for `{missing[0]}` of `{self.scope.axes[axis].name}`",
                'one <Edge val="…"> for each value',
            )

    def _short(self, element: Element, where: tuple[Place, ...], within: tuple[str, ...]) -> None:
        form = element.attributes.get("type", "")
        if form == "template":
            name = element.attributes.get("idref", "")
            if name not in self.templates or name in within:
                why = "contains itself" if name in within else "is not there"
                self._wrong(element, f"the template `{name}` {why}", 'a <SubDAGTemplate id="…">', "I102")
            else:
                self._inside(self.templates[name], where, (*within, name))
            return
        if form not in ("uniform", "deterministic", "persistent"):
            self._wrong(element, f"a short form of type `{form}`", "uniform, deterministic, persistent or template")
            return
        axis = self._axis(element, where)
        if axis is None:
            return
        first = len(self.scope.parents)
        open_law = [k for k in range(first, len(self.scope.axes)) if not isinstance(where[k], int)]
        if open_law != [axis]:
            self._wrong(
                element,
                f"the short form `{form}` gives the law of one variable",
                "name the variable, with the others tested before",
            )
            return
        self._law(element, form, axis, where)

    def _law(self, element: Element, form: str, axis: int, where: tuple[Place, ...]) -> None:
        size = self.scope.shape[axis]
        if form == "uniform":
            self._leaf(where, 1.0 / size)
            return
        if form == "deterministic":
            index = self.scope.place(element.word(element.attributes.get("val", "").strip()), axis)
            if index is not None:
                self._leaf((*where[:axis], index, *where[axis + 1 :]), 1.0)
            return
        before = self.scope.axis_of.get(self.scope.axes[axis].before or "")
        if before is None:
            self._wrong(
                element,
                f"`{self.scope.axes[axis].name}` does not have its earlier value as a parent",
                "name it in <Parent>",
                "I102",
            )
            return
        fixed = where[before]
        for k in range(size) if not isinstance(fixed, int) else (fixed,):
            here = list(where)
            here[before], here[axis] = k, k
            self._leaf(tuple(here), 1.0)
