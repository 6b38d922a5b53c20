"""Observations that are never made (W713), and those of the state before the move (W715)."""

from __future__ import annotations

from collections import defaultdict

from posgc.language import ir
from posgc.language.dag import nodes
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
    reads = [node for node in nodes([law]) if isinstance(node, ir.Read) and node.kind == "state"]
    if any(node.primed for node in reads):
        return
    moving = [game.states[node.index].name for node in reads if game.states[node.index].next is not None]
    if moving:
        what = f"this reads `{min(moving)}` as it was before the step, and no state as it is after it"
        cure = f"write `{min(moving)}'` for what the agents find after the step"
        reporter.warning("W715", what, law.span, cure)
