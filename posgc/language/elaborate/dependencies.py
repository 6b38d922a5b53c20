"""What each line may read, and the order in which draws can be made.

Establishes that every law reads only what exists when it is drawn, and that no draw depends on itself;
lists the draws of `init` and of a step in an order in which each reads only earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from posgc.language import ir
from posgc.language.dag import Node, nodes
from posgc.language.diagnostics import Label, Span
from posgc.language.diagnostics.report import Reporter

__all__ = ["Draw", "check_observations_made", "check_reads", "order"]

Draw = tuple[str, int]

_BY_STEP = {
    ("state", False),
    ("state", True),
    ("observation", True),
    ("action", False),
    ("chance", False),
    ("step", False),
}
_ALLOWED: Mapping[str, set[tuple[str, bool]]] = {
    "init": {("state", False), ("observation", False)},
    "next": _BY_STEP,
    "observe": _BY_STEP,
    "chance": _BY_STEP,
    "reward": _BY_STEP,
    "terminal": {("state", False)},
    "when": {("state", False), ("step", False)},
}
_CURES = {
    "init": "`init` lines read one another's states and observations, unprimed, and nothing else",
    "terminal": "`terminal when` reads the states, unprimed, and nothing else",
    "when": "`when` reads states, unprimed, `step`, parameters and its index: what was seen or done must be a state",
}
_CURE = "an unprimed observation may be read only in `init`; what the game must remember is a state"


def check_reads(
    place: str,
    root: Node,
    span: Span,
    uses: Iterable[tuple[Span, ir.Expr]],
    names: Mapping[str, Sequence[str]],
    reporter: Reporter,
) -> bool:
    """Whether a line of the kind `place` may read all that it reads; reports (E211) what it may not.

    A read inside a definition is shown where the line uses the definition.
    """
    allowed, fine = _ALLOWED[place], True
    for node in nodes([root]):
        kind = _kind(node)
        if kind is None or kind in allowed:
            continue
        what = "`step`" if isinstance(node, ir.Step) else _shown(node, names)
        where = node.span
        labels: tuple[Label, ...] = ()
        if not (span.start <= where.start and where.end <= span.end):
            labels = (Label(where, "it is read here"),)
            where = _use(node, uses) or span
            what += " (through a definition)"
        reporter.error("E211", f"`{_line(place)}` may not read {what}", where, _CURES.get(place, _CURE), labels)
        fine = False
    return fine


def _kind(node: Node) -> tuple[str, bool] | None:
    if isinstance(node, ir.Read):
        return node.kind, node.primed
    return ("step", False) if isinstance(node, ir.Step) else None


def _shown(node: Node, names: Mapping[str, Sequence[str]]) -> str:
    assert isinstance(node, ir.Read)
    prime = "'" if node.primed else ""
    return f"the {node.kind} `{names[node.kind][node.index]}{prime}`"


def _line(place: str) -> str:
    return {"terminal": "terminal when"}.get(place, place)


def _use(read: Node, uses: Iterable[tuple[Span, ir.Expr]]) -> Span | None:
    return next((span for span, root in uses if any(n is read for n in nodes([root]))), None)


def order(
    laws: Mapping[Draw, Node],
    primed: bool,
    spans: Mapping[Draw, Span],
    names: Mapping[str, Sequence[str]],
    reporter: Reporter,
) -> tuple[tuple[Draw, ...], set[Draw]]:
    """The draws, each after those that it reads, and those that depend on themselves; a cycle is an error (E212) that
    lists it.

    `primed`: a step, where a draw reads the primed value of a state or observation, else `init`.
    """
    needs: dict[Draw, list[Draw]] = {}
    for draw, law in laws.items():
        reads = {
            (n.kind, n.index)
            for n in nodes([law])
            if isinstance(n, ir.Read) and n.primed == (primed and n.kind != "chance") and n.kind != "action"
        }
        needs[draw] = sorted(r for r in reads if r in laws)
    cyclic: set[Draw] = set()
    while True:
        try:
            return tuple(TopologicalSorter(needs).static_order()), cyclic
        except CycleError as error:
            cycle: list[Draw] = error.args[1]
            _report_cycle(cycle, primed, spans, names, reporter)
            cyclic |= set(cycle)
            # Where these draws read nothing the next cycle comes to light.
            needs = {d: [] if d in cycle else ns for d, ns in needs.items()}


def _report_cycle(
    cycle: Sequence[Draw],
    primed: bool,
    spans: Mapping[Draw, Span],
    names: Mapping[str, Sequence[str]],
    reporter: Reporter,
) -> None:
    """`cycle` begins and ends with the same draw, each read by the one after it."""
    mark = "'" if primed else ""
    shown = [f"`{names[k][n]}{mark if k != 'chance' else ''}`" for k, n in reversed(cycle)]
    text = f"{shown[0]} depends on itself"
    if len(shown) > 2:
        text = "these draws depend on one another: " + " reads ".join(shown)
    reporter.error(
        "E212",
        text,
        min((spans[d] for d in cycle), key=lambda s: s.start),
        "let one of them read an unprimed state, or draw a `chance` that both read",
    )


def check_observations_made(
    root: Node, made: Mapping[Draw, bool], primed: bool, names: Mapping[str, Sequence[str]], reporter: Reporter
) -> bool:
    """Whether all observations that are read are made; reports (E211) the others."""
    fine = True
    for node in nodes([root]):
        if not (isinstance(node, ir.Read) and node.kind == "observation" and node.primed == primed):
            continue
        if not made[node.kind, node.index]:
            line = "observe" if primed else "init"
            reporter.error(
                "E211",
                f"`{names['observation'][node.index]}` is read here, and it is never made",
                node.span,
                f"give it an `{line}` line",
            )
            fine = False
    return fine
