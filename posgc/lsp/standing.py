"""For what an index stands: `i` in `observe o[i]` for all agents, `k` in `init s[k]` for all its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from posgc.language import Analysis, Span
from posgc.language.elaborate.names import Family, TypeName
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["Standing", "agents_of", "hints", "standing"]

SHOWN = 4
"""Values that a hint shows; of more, the last is shown behind dots."""


@dataclass(frozen=True)
class Standing:
    """What an index that is introduced at `span` stands for; `left` where that is the left side of a line, a reward or
    a rule, and not an expression."""

    span: Span
    values: tuple[str, ...]
    left: bool

    @property
    def text(self) -> str:
        """The values, the middle ones left out where there are many."""
        if len(self.values) <= SHOWN:
            return ", ".join(self.values)
        return ", ".join((*self.values[: SHOWN - 1], "…", self.values[-1]))


def agents_of(analysis: Analysis) -> tuple[str, ...]:
    """The agents of a file, none where they are not known."""
    game = analysis.game or analysis.partial
    return game.signature.agents if game is not None else ()


def hints(analysis: Analysis) -> tuple[tuple[Span, str], ...]:
    """Texts to show behind the indices of left sides, rewards and rules, each with the index."""
    return tuple((s.span, f": {s.text}") for s in standing(analysis).values() if s.left and s.values)


def standing(analysis: Analysis) -> dict[int, Standing]:
    """What is known of the indices of a file, by the place at which each is introduced, in the order of the text."""
    if analysis.tree is None:
        return {}
    left = {node.span.start: node for item in analysis.tree.items for node in _left(item)}
    ranges = dict(_ranges(analysis))
    found = {}
    for name in analysis.names:
        if name.kind != "index":
            continue
        start = name.span.start
        values = ranges.get(start) or _values(analysis, name.type)
        node = left.get(start)
        if isinstance(node, ast.Compare):
            values = ()  # `j != i`: which are left out depends on `i`
        found[start] = Standing(name.span, values, start in left)
    return found


def _values(analysis: Analysis, type: str | None) -> tuple[str, ...]:
    """The values of a type: of the agents, or of a type that the file names."""
    if type == "agent":
        return agents_of(analysis)
    entry = analysis.context.names.table.get(type) if analysis.context is not None and type is not None else None
    if isinstance(entry, TypeName) and entry.type is not None:
        return tuple(map(str, entry.type.values))
    return ()


def _left(item: ast.Item) -> Iterator[ast.Expression]:
    """The expressions of an item that may introduce an index outside of an expression."""
    match item:
        case ast.Variable() | ast.Chance() | ast.Definition() | ast.Draw() | ast.Param():
            yield from item.target.indices
        case ast.Reward(each=each) if each is not None:
            yield each
        case ast.Share():
            for rule in item.rules or ():
                if isinstance(rule, ast.Rule | ast.Channel):
                    yield from rule.item.indices
                    yield from () if rule.audience is None else (rule.audience,)
        case _:
            pass


def _ranges(analysis: Analysis) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Over what indices run that take it from elsewhere: those of laws from the declaration of their variable, and
    ranges written out, `k in 1..3`."""
    assert analysis.tree is not None
    for item in analysis.tree.items:
        for node in nodes(item):
            if isinstance(node, ast.Member) and isinstance(node.collection, ast.Reference):
                members = tuple(a for a in agents_of(analysis) if a.startswith(f"{node.collection.name}["))
                if members:
                    yield node.span.start, members
            if isinstance(node, ast.Member) and isinstance(node.collection, ast.RangeOf):
                ends = node.collection.low, node.collection.high
                if all(isinstance(end, ast.Literal_) and isinstance(end.value, int) for end in ends):
                    low, high = (int(end.value) for end in ends if isinstance(end, ast.Literal_))
                    yield node.span.start, _numbers(low, high)
        if isinstance(item, ast.Draw):
            yield from _of_law(analysis, item)


def _numbers(low: int, high: int) -> tuple[str, ...]:
    """The numbers as text, the middle ones left out where nobody will see them."""
    if high - low <= SHOWN:
        return tuple(map(str, range(low, high + 1)))
    return (*(str(low + k) for k in range(SHOWN - 1)), "…", str(high))


def _of_law(analysis: Analysis, item: ast.Draw) -> Iterator[tuple[int, tuple[str, ...]]]:
    family = analysis.context.names.table.get(item.target.name) if analysis.context is not None else None
    if not isinstance(family, Family):
        return
    agents = agents_of(analysis)
    for k, index in enumerate(item.target.indices):
        values = list(dict.fromkeys(key[k] for key in family.numbers if k < len(key)))
        of_agents = k < len(family.agents) and family.agents[k]
        yield index.span.start, _named(values, agents if of_agents else ())


def _named(values: Sequence[object], agents: Sequence[str]) -> tuple[str, ...]:
    """The values as text, agents by their names."""
    return tuple(agents[v - 1] if isinstance(v, int) and 0 < v <= len(agents) else str(v) for v in values)
