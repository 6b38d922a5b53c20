"""What is declared and never used: W708 to W712.

A state is used where an observation, a reward, the end of the game or a claim depends on it, directly or through other
states, draws and definitions; all else is used where it is mentioned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from posgc.language.analysis.names import Kind
from posgc.language.analysis.places import Entry, Places
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import Family, Names
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["check_unused"]

_MENTIONED: dict[Kind, tuple[str, str, str]] = {
    "parameter": ("W708", "the parameter `{}` is never used", "use it, or take it out"),
    "type": ("W709", "the type `{}` is never used", "use it, or take it out"),
    "graph": ("W709", "the graph `{}` is never used", "use it, or take it out"),
    "chance": ("W711", "the draw `{}` is never read", "read it, or take it out"),
    "argument": ("W712", "the argument `{}` is never used", "use it, or take it out"),
}


def check_unused(game: ast.GameText, names: Names, places: Places, reporter: Reporter) -> None:
    """Warns of each name at its first declaration; not of states of one value, which stand for "no state"."""
    entries = places.entries()
    for entry in entries:
        if entry.kind in _MENTIONED and not entry.uses:
            code, what, cure = _MENTIONED[entry.kind]
            reporter.warning(code, what.format(entry.text), entry.declarations[0], cure)
    for entry in _without_consequence(game, entries):
        family = names.table[entry.text]
        if isinstance(family, Family) and all(len(type.values) == 1 for type in family.types.values()):
            continue
        what = f"nothing that is seen or paid depends on the state `{entry.text}`"
        cure = "read it in an observation, a reward or `terminal`, or take it out"
        reporter.warning("W710", what, entry.declarations[0], cure)


def _without_consequence(game: ast.GameText, entries: Iterable[Entry]) -> list[Entry]:
    if not any(isinstance(item, ast.Reward) for item in game.items):
        return []  # what is missing is the reward, of which a warning tells (W701)
    kinds = {entry.text: entry.kind for entry in entries}
    reads: dict[str, set[str]] = defaultdict(set)  # what the lines of a name read
    ends: set[str] = set()  # what is read by lines that have consequences
    for item in game.items:
        match item:
            case ast.Draw(target=target) if kinds.get(target.name) == "state":
                reads[target.name] |= _names(item) - {target.name}
            case ast.Chance(target=target) | ast.Definition(target=target):
                reads[target.name] |= _names(item)
            case _:
                ends |= _names(item)
    open_ = list(ends)
    while open_:
        more = reads[open_.pop()] - ends
        ends |= more
        open_ += more
    return [entry for entry in entries if entry.kind == "state" and entry.text not in ends]


def _names(item: ast.Item) -> set[str]:
    """The names that stand in the expressions of an item."""
    return {node.name for node in nodes(item) if isinstance(node, ast.Reference | ast.Call)}
