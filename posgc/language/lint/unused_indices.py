"""New names in brackets, or after `to`, that stand for everybody and are used nowhere else in their line (W704)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import Family, Names
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["check_unused_indices"]

_Line = ast.Draw | ast.Definition | ast.Reward | ast.Rule | ast.Channel


def check_unused_indices(game: ast.GameText, names: Names, agents: Sequence[str], reporter: Reporter) -> None:
    """Warns of names of more than one letter that are introduced and not read, in a game of more than one agent.

    Declarations are left out: `action act[player]: bool;` says what it means.
    """
    if len(agents) < 2:
        return
    shown = ", ".join(agents[:6]) + (", ..." if len(agents) > 6 else "")
    for line, bound in _lines(game):
        for word in _introduced(line, names):
            if len(word.text) < 2 or word.text in names or word.text in bound or reporter.reported(word.span):
                continue
            if _count(line, word.text) < 2:
                what = f"`{word.text}` is a new name, and stands for all of them: {shown}"
                reporter.warning("W704", what, word.span, "name one of them, or call the index `i`")


def _lines(game: ast.GameText) -> Iterator[tuple[_Line, set[str]]]:
    """The lines that may introduce a name, with the arguments that have a meaning in them."""
    for item in game.items:
        if isinstance(item, ast.Share):
            bound = {a.name for a in item.head.arguments if isinstance(a, ast.Reference | ast.Keyword)}
            yield from ((rule, bound) for rule in item.rules or () if isinstance(rule, ast.Rule | ast.Channel))
        elif isinstance(item, ast.Draw | ast.Definition | ast.Reward):
            yield item, set()


def _introduced(line: _Line, names: Names) -> Iterator[ast.Word]:
    """The names where an index stands for an agent."""
    if isinstance(line, ast.Reward):
        places: tuple[ast.Expression, ...] = () if line.each is None else (line.each,)
    elif isinstance(line, ast.Rule | ast.Channel):
        places = (*line.item.indices[:1], *([] if line.audience is None else [line.audience]))
    elif isinstance(line, ast.Draw):
        family = names.table.get(line.target.name)
        of_agents = family.agents if isinstance(family, Family) else ()
        places = tuple(index for index, agent in zip(line.target.indices, of_agents, strict=False) if agent)
    else:
        places = line.target.indices
    for node in places:
        if isinstance(node, ast.Reference) and not node.indices and not node.primed:
            yield ast.Word(node.name, node.span)


def _count(line: _Line, name: str) -> int:
    """How often the name stands in the line."""
    return sum(
        1
        for node in nodes(line)
        if (isinstance(node, ast.Reference) and node.name == name) or (isinstance(node, ast.Word) and node.text == name)
    )
