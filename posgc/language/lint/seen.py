"""Observations that are never made (W713), and those of the state before the move (W715)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from posgc.language import ir
from posgc.language.dag import Node, leaves, nodes
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.families import label
from posgc.language.elaborate.names import Family, Names

__all__ = ["check_observations"]


def check_observations(game: ir.Game, names: Names, reporter: Reporter) -> None:
    """Warns of the observations of each declaration, and of each `observe` line."""
    called = _called(game, names)
    never: dict[Span, list[str]] = defaultdict(list)
    for name, seen in zip(called, game.observations, strict=True):
        if seen.init is None and seen.observe is None:
            never[seen.span].append(name)
        if seen.observe is not None:
            _check_law(game, seen.observe, reporter)
    for span, missing in never.items():
        what = ", ".join(f"`{name}`" for name in missing)
        cure = f"write `observe {missing[0]} ~ ...;`, or declare it for those who see something"
        reporter.warning("W713", f"{what} is never observed: it has no `init` and no `observe`", span, cure)


def _called(game: ir.Game, names: Names) -> list[str]:
    """The observations with their agents, by number."""
    families = [e for e in names.table.values() if isinstance(e, Family) and e.kind == "observation"]
    found = {f.numbers[key]: label(game.signature.agents, f, key) for f in families for key in f.numbers}
    return [found[k] for k in range(len(found))]


def _check_law(game: ir.Game, law: ir.Dist, reporter: Reporter) -> None:
    """A value that reads an action may tell of the state in which it was played, and does not count."""
    if any(node.primed for node in _states(law)):
        return
    moving = sorted(
        game.states[node.index].name
        for value in _values(law)
        if not any(isinstance(node, ir.Read) and node.kind == "action" for node in nodes([value]))
        for node in _states(value)
        if game.states[node.index].next is not None
    )
    if moving:
        what = f"this reads `{moving[0]}` as it was before the step, and no state as it is after it"
        reporter.warning("W715", what, law.span, f"write `{moving[0]}'` for what the agents find after the step")


def _states(root: Node) -> list[ir.Read]:
    return [node for node in nodes([root]) if isinstance(node, ir.Read) and node.kind == "state"]


def _values(law: ir.Dist | ir.Fail) -> Iterator[Node]:
    """The expressions that are or make up what is drawn, without the conditions under which they are."""
    match law:
        case ir.Choose():
            yield from _values(law.then)
            yield from _values(law.otherwise)
        case ir.Mixture():
            yield from law.weights
            for part in law.parts:
                yield from _values(part)
        case ir.Point() | ir.Noisy():
            yield from leaves(law.value)
        case _:
            yield law
