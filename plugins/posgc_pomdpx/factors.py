"""One `<CondProb>` or `<Func>` as a dense table over its parents and its variables.

A table (`TBL`) is a list of entries that are written one after the other, the last one winning cell by cell; a name
fixes an axis, `*` repeats what is given along it, `-` says that the numbers run along it, the last axis fastest.  A
decision diagram (`DD`) is a tree of tests with numbers, or short forms of laws, at its leaves.  What neither writes
is 0.
"""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from posgc.plugin import Span
from posgc_pomdpx.diagrams import Diagram
from posgc_pomdpx.markup import Element
from posgc_pomdpx.scope import EXACT, FREE, ROUNDED, Factor, Place, Scope, number_of

__all__ = ["read_table"]

Floats = npt.NDArray[np.float64]


def read_table(parameter: Element, scope: Scope, place: Span) -> Factor:
    """The table of a `<Parameter>`; rows of a law are divided by their sums.  Mistakes go to the complaints: I101 to
    I105.  Raises LimitError for a table of more than MAX_CELLS cells, or a diagram of more than MAX_LEAVES leaves."""
    before = len(scope.complaints)
    table = np.zeros(scope.shape)
    form = parameter.attributes.get("type", "TBL")
    if form == "TBL":
        _entries(parameter, scope, table)
    elif form == "DD":
        Diagram(parameter, scope, table).read()
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
    if off.max() > ROUNDED:
        at = np.argwhere(off > ROUNDED)[0]
        row = ", ".join(f"{p.name} {p.values[k]}" for p, k in zip(scope.parents, at, strict=False))
        more = int(np.count_nonzero(off > ROUNDED)) - 1
        scope.complaints.error(
            "I103",
            f"the law of {names}{' given ' if row else ''}{row} sums to "
            f"{float(sums[tuple(at)]):.12g}, not 1{f' (and {more} more)' if more else ''}",
            place,
            "cells that no entry writes are 0",
        )
        return table
    if off.max() > EXACT:
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
    where: tuple[Place, ...] = tuple(cell if isinstance(cell, int) else FREE for cell in cells)
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
