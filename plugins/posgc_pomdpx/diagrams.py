"""A decision diagram, a tree of tests with numbers or short forms of laws at its leaves, written into a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.plugin import LimitError
from posgc_pomdpx.markup import Element
from posgc_pomdpx.scope import FREE, Place, Scope, number_of

__all__ = ["MAX_LEAVES", "Diagram"]

Floats = npt.NDArray[np.float64]
MAX_LEAVES = 1_000_000  # of one decision diagram, its templates written out


class Diagram:
    """Writes a decision diagram into a table; along a path every variable is tested once, so a path ends."""

    def __init__(self, parameter: Element, scope: Scope, table: Floats) -> None:
        self.parameter, self.scope, self.table, self.leaves = parameter, scope, table, 0
        self.templates = {each.attributes.get("id", ""): each for each in parameter.named("SubDAGTemplate")}

    def read(self) -> None:
        graphs = self.parameter.named("DAG")
        if len(graphs) != 1:
            self._wrong(self.parameter, f"{len(graphs)} `<DAG>` in this parameter", "one <DAG>")
            return
        self._inside(graphs[0], (FREE,) * len(self.scope.axes), ())

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
