"""What can be written at a caret: words of the language by what the grammar admits there, and names by what fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from posgc.language import Analysis
from posgc.language.analysis.names import Kind
from posgc.language.blocks.contract import Block
from posgc.language.concepts import CONCEPTS
from posgc.language.elaborate.names import BUILTIN_FUNCTIONS, BUILTIN_NAMES, TRUNCATED
from posgc.language.sharing.structures import STANDARD
from posgc.language.text import syntax as ast
from posgc.language.text.dialect import dialect_for
from posgc.lsp.meanings import MEANINGS
from posgc.lsp.reached import Reached, reached

__all__ = ["Completion", "completions"]

_NO_BLOCKS: Mapping[str, Block] = {}
_TYPED = ("state", "action", "observation", "chance")
_DRAWN: Mapping[str, tuple[Kind, ...]] = {
    "init": ("state", "observation"),
    "next": ("state",),
    "observe": ("observation",),
}
_VALUES: tuple[Kind, ...] = (
    *("parameter", "agent", "graph", "type", "word", "state", "action", "observation", "chance"),
    *("definition", "function"),
)
_INDEX = re.compile(r"[\[(,]\s*([A-Za-z_]\w*)\s*(?=[\],:]|!=|in\b)")
_COMPARED = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*'?\s*(?:==|!=|in\s*\{[^}]*)\s*\Z")
_MATCHED = re.compile(r"match\s*\(\s*([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*'?\s*\)\s*\{[^{}]*\Z")
_CALL = re.compile(r"\b(value|gap)\s*\(\s*\Z")


@dataclass(frozen=True)
class Completion:
    """A word to insert; `kind` is that of a `Name`, or "keyword", "structure", "block", "component".  Lower ranks go
    first."""

    text: str
    kind: str
    detail: str = ""
    rank: int = 1


def completions(
    analysis: Analysis, text: str, offset: int, blocks: Mapping[str, Block] = _NO_BLOCKS
) -> list[Completion]:
    """What can stand at a caret, in the order of a menu.

    `text` is that of the editor; the analysis, which gives the names, may be of an earlier one.
    """
    dialect = analysis.parsed.dialect if analysis.parsed is not None else dialect_for(())
    here = reached(text, offset, dialect)
    if here is None:
        return []
    if here.last == "use":
        return [Completion(name, "block") for name in sorted(blocks)]
    found = {c.text: c for c in sorted(_all(analysis, here), key=lambda c: -c.rank)}
    return sorted(found.values(), key=lambda c: (c.rank, c.text))


def _all(analysis: Analysis, here: Reached) -> Iterator[Completion]:
    for word in here.words:
        yield Completion(word, "keyword", MEANINGS.get(word, ""), 2)
    if here.name:
        yield from _names(analysis, here)


def _names(analysis: Analysis, here: Reached) -> Iterator[Completion]:
    """The names and words that fit where a name can stand."""
    if not here.item:
        yield from _of(analysis, "action", "observation") if here.in_share else ()
    elif here.last in ("under", "extends"):
        yield from _protocols(analysis)
    elif here.item == "share" and here.last == "share":
        yield from (Completion(name, "structure", MEANINGS.get(name, "")) for name in STANDARD)
    elif here.in_share and here.item != "chance" and not _in_brackets(here):
        yield from _of_rule(analysis, here)
    elif here.item in _DRAWN and len(here.tokens) == 1:
        yield from _of(analysis, *_DRAWN[here.item])
    elif here.item == "reward" and "=" not in here.tokens:
        yield from _of(analysis, "agent")
        yield Completion("team", "keyword", MEANINGS["team"])
    elif _of_type(here):
        yield from _of(analysis, "type")
        yield Completion("bool", "keyword", MEANINGS["bool"])
    elif here.last == "on":
        yield from _of(analysis, "type")
    elif here.last == ".":
        yield from _components(analysis)
    elif here.item == "expect" and here.last in ("expect", "not"):
        yield from (Completion(word, "keyword", MEANINGS[word]) for word in ("value", "gap", "gamma"))
    elif here.item == "expect" and _CALL.search(here.lead):
        yield from (Completion(c, "keyword", MEANINGS.get(c, "")) for c in CONCEPTS)
    elif _declares(here):
        return
    else:
        yield from _of_expression(analysis, here)


def _of_expression(analysis: Analysis, here: Reached) -> Iterator[Completion]:
    yield from (Completion(word, "word", "", 0) for word in _expected(analysis, here))
    yield from _of(analysis, *_VALUES)
    declared = {name.text for name in analysis.names if name.kind in _VALUES}
    yield from (Completion(i, "index") for i in set(_INDEX.findall(here.lead)) - declared if i not in MEANINGS)
    for word in (*BUILTIN_FUNCTIONS, *TRUNCATED, *BUILTIN_NAMES):
        yield Completion(word, "keyword", MEANINGS.get(word, ""), 2)


def _expected(analysis: Analysis, here: Reached) -> list[str]:
    """The words of the type that is expected: that of what is compared, matched, or drawn."""
    asked = _COMPARED.search(here.lead) or _MATCHED.search(here.lead)
    name = asked[1] if asked else None
    if name is None and here.item in _DRAWN and {"~", "="} & set(map(str, here.tokens)):
        name = str(here.tokens[1])
    types = {n.text: n.type or "" for n in analysis.names if n.kind not in ("index", "argument", "word", "protocol")}
    return re.findall(r"[A-Za-z_]\w*", types.get(name, "")) if name and types.get(name, "").startswith("{") else []


def _of_rule(analysis: Analysis, here: Reached) -> Iterator[Completion]:
    if here.last == "along":
        yield from _of(analysis, "graph")
    elif here.last == "to":
        yield from _of(analysis, "agent")
    elif here.last == "~":
        yield Completion("geometric", "keyword", MEANINGS["geometric"])
    else:
        yield from _of(analysis, "parameter", "agent", "definition")
        yield from (Completion(n.text, "argument") for n in analysis.names if n.kind == "argument")
    if "~" in here.tokens:
        yield Completion("never", "keyword", MEANINGS["never"])


def _protocols(analysis: Analysis) -> Iterator[Completion]:
    yield from _of(analysis, "protocol")
    yield from (Completion(name, "structure", MEANINGS.get(name, "")) for name in STANDARD)


def _components(analysis: Analysis) -> Iterator[Completion]:
    """The components of the tuple types of the file."""
    for item in analysis.tree.items if analysis.tree is not None else ():
        if isinstance(item, ast.TypeDef) and isinstance(item.type, ast.TupleType):
            yield from (Completion(part.name.text, "component", f"of {item.name}") for part in item.type.components)


def _of(analysis: Analysis, *kinds: Kind) -> Iterator[Completion]:
    for name in analysis.names:
        if name.kind in kinds:
            yield Completion(name.text, name.kind, f"{name.kind}: {name.type}" if name.type else name.kind)


def _in_brackets(here: Reached) -> bool:
    """Whether a square bracket is open."""
    return here.tokens.count("[") > here.tokens.count("]")


def _of_type(here: Reached) -> bool:
    """Whether the type of a declaration is to come."""
    return (here.item in _TYPED and here.last == ":") or (here.item == "type" and here.last == "=")


def _declares(here: Reached) -> bool:
    """Whether what is to come is a new name."""
    if here.item in ("agents", "game"):
        return here.last != "["
    if here.item in (*_TYPED, "type") and not {"~", "="} & set(map(str, here.tokens[1:])):
        return here.last in ("{", ",", here.item) and not _in_brackets(here)
    return len(here.tokens) == 1 and here.item in ("param", "let", "graph", "share", "type")
