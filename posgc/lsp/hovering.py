"""What is shown of the name or word at a place: what it is, its type, its declaration, its value."""

from __future__ import annotations

from collections.abc import Iterator

from posgc.information.words import describe_item
from posgc.language import Analysis, Diagnostic, InputError, Span, ir
from posgc.language.analysis.names import Name
from posgc.language.diagnostics.codes import CODES
from posgc.language.elaborate.names import Definitions, Family, Parameter
from posgc.language.sharing.lag_table import Kind, LagTable
from posgc.language.sharing.requests import protocol
from posgc.lsp.meanings import MEANINGS, word_at
from posgc.lsp.navigating import name_at
from posgc.lsp.standing import agents_of, standing

__all__ = ["hover"]

SHOWN_CHARACTERS = 400
"""Of a declaration, what a hover shows."""


def hover(analysis: Analysis, offset: int) -> tuple[str, Span] | None:
    """Markdown on what stands at a character, and its place; None where there is nothing to say."""
    found = name_at(analysis, offset)
    if found is not None:
        text, span = "\n\n".join(_of_name(analysis, found[0])), found[1]
    else:
        word = word_at(analysis.source.text, offset)
        if word is None or word[0] not in MEANINGS:
            return None
        text, span = f"`{word[0]}`: {MEANINGS[word[0]]}", word[1]
    codes = dict.fromkeys(d.code for d in analysis.diagnostics if d.code in CODES and _is_of(analysis, d, span))
    return "\n\n".join([text, *(f"**{c}: {CODES[c].title}.** {CODES[c].explanation}" for c in codes)]), span


def _is_of(analysis: Analysis, diagnostic: Diagnostic, word: Span) -> bool:
    """Whether a diagnostic is of a word, or of a part of its line in which it stands."""
    span = diagnostic.span
    holds = span is not None and span.start <= word.start < span.end
    return holds and span is not None and "\n" not in analysis.source.text[span.start : span.end]


def _of_name(analysis: Analysis, name: Name) -> Iterator[str]:
    kind = "value" if name.kind == "word" else name.kind
    type = f": `{name.type}`" if name.type and name.type != kind else ""
    yield f"**{kind}** `{name.text}`{type}"
    written = _declaration(analysis, name)
    if written:
        yield f"```posg\n{written}\n```"
    yield from _more(analysis, name)


def _declaration(analysis: Analysis, name: Name) -> str:
    """The item that declares the name first, as it is written; "" for what is declared inside of an item."""
    if name.kind in ("index", "argument") or analysis.tree is None:
        return ""
    at = name.span.start
    item = next((i for i in analysis.tree.items if i.span.start <= at < i.span.end), None)
    if item is None:
        return ""
    text = analysis.source.text[item.span.start : item.span.end]
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"


def _more(analysis: Analysis, name: Name) -> Iterator[str]:
    """Sentences that depend on the kind."""
    match name.kind:
        case "parameter":
            yield from (f"Value: {value}. `--set {name.text}=…` changes it." for value in _values(analysis, name.text))
        case "definition":
            yield from (f"Always {value}." for value in _constants(analysis, name.text))
        case "agent":
            yield from _of_agent(analysis, name.text)
        case "word":
            yield from _holders(analysis, name.text)
        case "index":
            stands = standing(analysis).get(name.span.start)
            if stands is not None and stands.values:
                yield f"Stands for each of {stands.text}."
        case "action" | "observation":
            yield from _known(analysis, name.kind, name.text)
        case "protocol":
            yield f"`--share {name.text}` chooses it."


def _values(analysis: Analysis, name: str) -> Iterator[str]:
    entry = analysis.context.names.table.get(name) if analysis.context is not None else None
    if isinstance(entry, Parameter):
        if entry.value is not None and isinstance(entry.value.ir, ir.Const):
            yield f"`{entry.value.ir.value}`"
        constants = [(key, typed.ir.value) for key, typed in entry.values.items() if isinstance(typed.ir, ir.Const)]
        if constants:
            yield ", ".join(f"`{name}[{', '.join(map(str, key))}] = {value}`" for key, value in constants)


def _constants(analysis: Analysis, name: str) -> Iterator[str]:
    """The value of a definition that is a constant."""
    context = analysis.context
    if context is None or not isinstance(context.names.table.get(name), Definitions):
        return
    bodies = [typed.ir for key, (typed, _) in context.cache.bodies.items() if key[0] == name]
    values = {body.value for body in bodies if isinstance(body, ir.Const)}
    if len(values) == 1 and all(isinstance(body, ir.Const) for body in bodies):
        yield f"`{next(iter(values))}`"


def _of_agent(analysis: Analysis, name: str) -> Iterator[str]:
    agents = agents_of(analysis)
    if name in agents:
        yield f"Agent {agents.index(name) + 1} of {len(agents)}."
    elif agents:
        yield f"Of the agents {', '.join(agents)}."


def _holders(analysis: Analysis, word: str) -> Iterator[str]:
    """The variables that may have a word as their value."""
    if analysis.context is not None:
        families = (entry for entry in analysis.context.names.table.values() if isinstance(entry, Family))
        found = [f"{f.kind} `{f.name}`" for f in families if any(word in type.values for type in f.types.values())]
        if found:
            yield f"A value of {', '.join(found)}."


def _known(analysis: Analysis, kind: Kind, name: str) -> Iterator[str]:
    """When the item is known to whom under the default protocol of the file."""
    game = analysis.game or analysis.partial
    table = _default(game) if game is not None else None
    if game is not None and table is not None:
        variables = game.signature.actions if kind == "action" else game.signature.observations
        items = [describe_item(game.signature, table, kind, v) for v, x in enumerate(variables) if x.name == name]
        yield "\n".join([f"Under `{table.name}`, the default protocol:", "", *(f"- {item}" for item in items)])


def _default(game: ir.Game) -> LagTable | None:
    """The first protocol of the file; None where there is none, or where it needs arguments."""
    try:
        return protocol(game.signature, None, game)
    except InputError:
        return None
