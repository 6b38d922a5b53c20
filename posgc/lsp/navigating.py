"""Where a name is declared and used, and what a file becomes under another name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from posgc.language import Analysis, Diagnostic, InputError, Source, Span, analyse
from posgc.language.analysis.names import Name
from posgc.language.blocks.contract import Block
from posgc.language.elaborate.names import BUILTIN_NAMES, NOT_AGENTS
from posgc.language.sharing.structures import STANDARD
from posgc.language.text.dialect import is_name

__all__ = ["definition", "name_at", "references", "rename"]

_NO_BLOCKS: Mapping[str, Block] = {}


def name_at(analysis: Analysis, offset: int) -> tuple[Name, Span] | None:
    """The name at a character, or right before it as a caret stands, and its place there."""
    for at in (offset, offset - 1):
        name = analysis.at(at)
        if name is not None:
            return name, next(s for s in name.places if s.start <= at < s.end)
    return None


def definition(analysis: Analysis, offset: int) -> tuple[Span, ...]:
    """The declarations of what stands at a character; none where no name does."""
    found = name_at(analysis, offset)
    return found[0].declarations if found else ()


def references(analysis: Analysis, offset: int, declarations: bool = True) -> tuple[Span, ...]:
    """All places of the name that stands at a character, with or without its declarations."""
    found = name_at(analysis, offset)
    if found is None:
        return ()
    return found[0].places if declarations else found[0].uses


def rename(analysis: Analysis, offset: int, new: str, blocks: Mapping[str, Block] = _NO_BLOCKS) -> tuple[Span, ...]:
    """The places at which the new name is to stand.

    Raises InputError for a word that cannot be a name (E106), for one that has a meaning (E202, E204), and where the
    file would have other mistakes, or other names, than before: then with these mistakes.
    """
    found = name_at(analysis, offset)
    if found is None:
        raise _refused("E201", "no name stands here", "place the caret on a name")
    name = found[0]
    if not is_name(new):
        raise _refused("E106", f"`{new}` cannot be a name", "a name is letters, digits and `_`, and no reserved word")
    if new == name.text:
        return ()
    if new in BUILTIN_NAMES or (name.kind == "agent" and new in NOT_AGENTS):
        raise _refused("E202", f"`{new}` has a meaning in the language", "choose another name")
    if name.kind == "protocol" and new in STANDARD:
        raise _refused("E506", f"`{new}` is the name of a standard structure", "choose another name")
    _check(analysis, name, new, blocks)
    return name.places


def _check(analysis: Analysis, name: Name, new: str, blocks: Mapping[str, Block]) -> None:
    """Raises InputError where the file with the new name is not the same file by another name."""
    of_protocols = name.kind == "protocol"
    for other in analysis.named(new):
        whole_file = {name.kind, other.kind}.isdisjoint({"index", "argument"})
        if (other.kind == "protocol") == of_protocols and whole_file:
            raise _refused("E202", f"`{new}` is the {other.kind} of line {other.span.line}", "choose another name")
    text = analysis.source.text
    for span in reversed(name.places):
        text = text[: span.start] + new + text[span.end :]
    asked = analysis.asked
    again = analyse(
        Source(analysis.source.name, text), asked.settings, asked.horizon, asked.discount, asked.endless, blocks
    )
    before = [d.code for d in analysis.errors]
    added = [d for d in again.errors if d.code not in before or len(again.errors) > len(before)]
    if added:
        raise InputError([replace(d, span=None, labels=(), replacements=()) for d in added[:1]])
    if _shape(analysis, new, name) != _shape(again, new, None):
        raise _refused("E204", f"`{new}` already has a meaning where `{name.text}` is used", "choose another name")


def _shape(analysis: Analysis, new: str, renamed: Name | None) -> list[tuple[str, str, int, int]]:
    """The names of a file in order, with how often each is declared and used."""
    return sorted((new if n is renamed else n.text, n.kind, len(n.declarations), len(n.uses)) for n in analysis.names)


def _refused(code: str, what: str, cure: str) -> InputError:
    return InputError([Diagnostic(code, what, help=cure)])
