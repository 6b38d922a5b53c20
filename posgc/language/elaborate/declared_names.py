"""What each name of a file declares: the pass that reads declarations only.

It establishes that a name means one thing.  It gives no types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from posgc.language.diagnostics import Label, Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import (
    BUILTIN_FUNCTIONS,
    BUILTIN_NAMES,
    NOT_AGENTS,
    AgentArray,
    AgentName,
    Builtin,
    Definitions,
    Entity,
    Family,
    GraphName,
    Names,
    Parameter,
    Poisoned,
    TypeName,
)
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["collect"]


def collect(game: ast.GameText, reporter: Reporter) -> Names:
    """The names of a file; reports names declared twice (E202, E204) and enumerators that are names (E203)."""
    table: dict[str, Entity] = {name: Builtin(name) for name in BUILTIN_NAMES}
    places: dict[str, Span] = {}  # of first declarations
    agents = next((item for item in game.items if isinstance(item, ast.Agents)), None)
    for item in game.items:
        for name, span, entity in _declared(item):
            if isinstance(item, ast.Agents) and item is not agents:
                table.setdefault(name, Poisoned())  # the second line is the mistake, whatever it says
            else:
                _declare(table, name, span, entity, reporter, places)
                places.setdefault(name, span)
    words: dict[str, frozenset[str]] = {}
    for enumeration in _enumerations(game):
        _enumerate(enumeration, table, words, reporter, places)
    broken = [item for item in game.items if isinstance(item, ast.Broken)]
    for name in (name for item in broken for name in _declared_by(item) if name not in words):
        _poison(table, name)
    for item in game.items:
        if isinstance(item, ast.Definition):
            _check_arguments(item, table, words, reporter)
    kinds = {"agents": ast.Agents, "horizon": ast.Horizon}
    nameless = any(_hides_a_name(item, reporter.source.text) for item in broken)
    lost = {k for k in kinds if not _has(game, kinds[k]) and (k == "agents" or any(b.may_be(k) for b in broken))}
    return Names(table, words, lost, nameless)


def _poison(table: dict[str, Entity], name: str) -> None:
    """A line that could not be read declares the name, or a piece of what it stands for."""
    known = table.setdefault(name, Poisoned())
    if isinstance(known, Family):
        known.broken = True
    elif isinstance(known, Definitions):
        table[name] = Poisoned()


def _has(game: ast.GameText, kind: type) -> bool:
    return any(isinstance(item, kind) for item in game.items)


def _declared_by(item: ast.Broken) -> Iterator[str]:
    """The names that an item which could not be read declares, as far as that is seen."""
    if item.keyword in (*_DECLARING, ""):
        yield from (word.text for word in (item.name, *item.words) if word is not None)


def _hides_a_name(item: ast.Broken, text: str) -> bool:
    """Whether an item that could not be read may declare more than what is seen."""
    if item.keyword not in (*_DECLARING, "include", ""):
        return False
    return item.name is None or (
        item.keyword in ("agents", *_TYPED) and _UNREADABLE.search(text, item.span.start, item.span.end) is not None
    )


_UNREADABLE = re.compile(r"""[{,]\s*,|[^\w\s\[\](){},;:=~.<>+*/^'"!#-]""")
_TYPED = ("type", "state", "action", "observation", "chance")
_DECLARING = ("param", "agents", "graph", "let", *_TYPED)


def _check_arguments(
    item: ast.Definition, table: dict[str, Entity], words: dict[str, frozenset[str]], reporter: Reporter
) -> None:
    seen: set[str] = set()
    for word in item.arguments:
        known = word.text in words or not isinstance(table.get(word.text, Poisoned()), Poisoned)
        if known or word.text in seen:
            reporter.error(
                "E204",
                f"the argument `{word.text}` reuses a name that has a meaning here",
                word.span,
                "choose another name for it",
            )
        seen.add(word.text)


def _declared(item: ast.Item) -> Iterator[tuple[str, Span, Entity]]:
    match item:
        case ast.Param():
            yield item.target.name, _head(item.span, item.target.span), Parameter(item)
        case ast.Graph():
            yield item.name.text, item.name.span, GraphName(item)
        case ast.TypeDef():
            yield item.name, _head(item.span, item.name_span), TypeName(item)
        case ast.Agents():
            before: int | None = 0  # agents before this one, where no array is among them
            for group in item.groups:
                single = group.size is None
                entity = AgentName(None if before is None else before + 1) if single else AgentArray()
                before = before + 1 if single and before is not None else None
                yield group.name.text, group.name.span, entity
        case ast.Variable():
            yield item.target.name, item.target.span, Family(item.target.name, item.kind, [item])
        case ast.Chance():
            yield item.target.name, item.target.span, Family(item.target.name, "chance", [item])
        case ast.Definition():
            yield item.target.name, item.target.span, Definitions(item.target.name, [item])
        case _:
            return


def _head(item: Span, name: Span) -> Span:
    """From the keyword of a line to the name that it declares."""
    return Span(item.start, name.end, item.line, item.column)


def _declare(
    table: dict[str, Entity], name: str, span: Span, entity: Entity, reporter: Reporter, places: Mapping[str, Span]
) -> None:
    before = table.get(name)
    if isinstance(entity, AgentName | AgentArray) and name in NOT_AGENTS:
        reporter.error(
            "E202",
            f"`{name}` is a word of rewards and rules, not a name for an agent",
            span,
            "give the agent another name",
        )
    elif isinstance(entity, Definitions) and entity.texts[0].arguments and name in BUILTIN_FUNCTIONS:
        reporter.error("E202", f"`{name}` is a function of the language", span, "choose another name")
    elif before is None:
        table[name] = entity
    elif isinstance(before, Builtin):
        reporter.error("E202", f"`{name}` has a meaning in the language", span, "choose another name")
    elif _piecewise(before, entity):
        before.texts.extend(entity.texts)  # type: ignore[union-attr, arg-type]
    else:
        first = (Label(places[name], "first declared here"),) if name in places else ()
        cure = "a name means one thing: rename one of the two"
        reporter.error("E202", f"`{name}` is declared twice", span, cure, first)


def _piecewise(before: Entity, entity: Entity) -> bool:
    """Whether two declarations may be pieces of one family, told apart by their indices."""
    match before, entity:
        case Family(kind=a, texts=[x, *_]), Family(kind=b, texts=[y]):
            return a == b and bool(x.target.indices) and bool(y.target.indices)
        case Definitions(texts=[p, *_]), Definitions(texts=[q]):
            return bool(p.target.indices) and bool(q.target.indices)
    return False


def _enumerations(game: ast.GameText) -> Iterator[ast.Enumeration]:
    for item in game.items:
        if isinstance(item, ast.TypeDef | ast.Variable | ast.Chance):
            yield from (node for node in nodes(item.type) if isinstance(node, ast.Enumeration))


def _enumerate(
    enumeration: ast.Enumeration,
    table: dict[str, Entity],
    words: dict[str, frozenset[str]],
    reporter: Reporter,
    places: Mapping[str, Span],
) -> None:
    own: dict[str, ast.Word] = {}
    for word in enumeration.words:
        if word.text in table:
            reporter.error(
                "E203",
                f"the enumerator `{word.text}` is also a declared name",
                word.span,
                "a name means one thing: rename one of the two",
                (Label(places[word.text], "declared here"),) if word.text in places else (),
            )
        elif word.text in own:
            first = Label(own[word.text].span, "first listed here")
            reporter.error("E209", f"`{word.text}` is listed twice", word.span, "list it once", (first,))
        own.setdefault(word.text, word)
    everything = frozenset(own)
    for text in own:
        words[text] = words.get(text, frozenset()) | everything
