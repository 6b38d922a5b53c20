"""What the pure functions give, in the words of the Language Server Protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lsprotocol import types

import posgc
from posgc.language import Diagnostic, Source, Span
from posgc.language.diagnostics.codes import CODES
from posgc.lsp.completing import Completion
from posgc.lsp.outlining import MODIFIERS, TOKENS, Symbol, Token
from posgc.lsp.reading import Desk, place_of

__all__ = ["LEGEND", "Speaker"]

LEGEND = types.SemanticTokensLegend(list(dict.fromkeys(TOKENS.values())), list(MODIFIERS))

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_COMPLETIONS = {
    "parameter": types.CompletionItemKind.Constant,
    "agent": types.CompletionItemKind.Class,
    "graph": types.CompletionItemKind.Struct,
    "type": types.CompletionItemKind.Struct,
    "word": types.CompletionItemKind.EnumMember,
    "definition": types.CompletionItemKind.Property,
    "function": types.CompletionItemKind.Function,
    "protocol": types.CompletionItemKind.Interface,
    "structure": types.CompletionItemKind.Interface,
    "block": types.CompletionItemKind.Module,
    "component": types.CompletionItemKind.Field,
    "keyword": types.CompletionItemKind.Keyword,
}
_SYMBOLS = {
    "parameter": types.SymbolKind.Constant,
    "agent": types.SymbolKind.Class,
    "graph": types.SymbolKind.Struct,
    "type": types.SymbolKind.Struct,
    "definition": types.SymbolKind.Property,
    "function": types.SymbolKind.Function,
    "protocol": types.SymbolKind.Interface,
}


class Speaker:
    """Speaks of the files of a desk as an editor does: by URIs, and columns in its own units.

    `units` counts the units of a text; `uri` gives the URI of a file.
    """

    def __init__(self, desk: Desk, units: Callable[[str], int], uri: Callable[[str], str]) -> None:
        self.desk, self.units, self.uri = desk, units, uri
        self._rows: dict[str, tuple[str, list[str]]] = {}
        page = Path(posgc.__file__).parents[1] / "docs" / "errors.md"
        self._page = page.as_uri() if page.is_file() else None

    # ---- places

    def column(self, name: str, position: types.Position) -> tuple[int, int]:
        """A position of the editor as line and column, from 0, in characters."""
        row = self._row(name, position.line)
        if row.isascii():
            return position.line, min(position.character, len(row))
        counted = 0
        for column, letter in enumerate(row):
            if counted >= position.character:
                return position.line, column
            counted += self.units(letter)
        return position.line, len(row)

    def location(self, source: Source, span: Span) -> types.Location:
        name, line, column, end_line, end_column = place_of(source, span)
        return types.Location(
            self.uri(name),
            types.Range(self._position(name, line, column), self._position(name, end_line, end_column)),
        )

    def range(self, source: Source, span: Span) -> types.Range:
        return self.location(source, span).range

    def whole(self, name: str) -> types.Range:
        """All of a file."""
        last = len(self._lines(name)) - 1
        return types.Range(types.Position(0, 0), self._position(name, last, len(self._row(name, last))))

    def _position(self, name: str, line: int, column: int) -> types.Position:
        return types.Position(line, self.units(self._row(name, line)[:column]))

    def _row(self, name: str, line: int) -> str:
        lines = self._lines(name)
        return lines[line] if line < len(lines) else ""

    def _lines(self, name: str) -> list[str]:
        text = self.desk.text(name)
        kept = self._rows.get(name)
        if kept is None or kept[0] != text:
            kept = self._rows[name] = text, text.split("\n")
        return kept[1]

    # ---- answers

    def diagnostic(self, found: Diagnostic, source: Source) -> types.Diagnostic:
        """A diagnostic with its other places, its code and, where the documents are there, the page of the code."""
        related = [types.DiagnosticRelatedInformation(self.location(source, x.span), x.text) for x in found.labels]
        link = None
        if self._page is not None and found.code in CODES:
            title = f"{found.code}: {CODES[found.code].title}".lower()
            anchor = "".join(c for c in title if c.isalnum() or c in " -_").replace(" ", "-")
            link = types.CodeDescription(f"{self._page}#{anchor}")
        place = self.range(source, found.span or Span(0, 0, 1, 1))
        if place.end.line > place.start.line:  # what is wrong with the whole game is shown at its head
            place.end = types.Position(place.start.line, self.units(source.line(found.span.line)) if found.span else 0)
        return types.Diagnostic(
            range=place,
            message=f"{found.message}\n{found.help}" if found.help else found.message,
            severity=_SEVERITIES[found.severity],
            code=found.code,
            code_description=link,
            source="posgc",
            related_information=related or None,
        )

    def completion(self, found: Completion) -> types.CompletionItem:
        return types.CompletionItem(
            found.text,
            kind=_COMPLETIONS.get(found.kind, types.CompletionItemKind.Variable),
            detail=found.detail or None,
            sort_text=f"{found.rank}{found.text}",
        )

    def symbol(self, found: Symbol, source: Source) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            found.text,
            _SYMBOLS.get(found.kind, types.SymbolKind.Variable),
            self.range(source, found.span),
            self.range(source, found.name_span),
            detail=found.detail,
        )

    def changes(self, source: Source, changes: Iterable[tuple[Span, str]]) -> types.WorkspaceEdit:
        """Changes of the text, file by file."""
        edits: dict[str, list[types.TextEdit]] = {}
        for span, text in changes:
            place = self.location(source, span)
            edit = types.TextEdit(place.range, text)
            if edit not in edits.setdefault(place.uri, []):  # a file may be included twice
                edits[place.uri].append(edit)
        return types.WorkspaceEdit(changes=edits)

    def tokens(self, source: Source, uri: str, found: Sequence[Token]) -> types.SemanticTokens:
        """The tokens of one file as differences, five numbers each."""
        kinds = {kind: k for k, kind in enumerate(LEGEND.token_types)}
        data, line, character = list[int](), 0, 0
        places = [(self.location(source, token.span), token) for token in found]
        own = {(p.range.start.line, p.range.start.character): (p, token) for p, token in places if p.uri == uri}
        for at in sorted(own):
            place, token = own[at]
            start, end = place.range.start, place.range.end
            down = start.line - line
            data += [down, start.character - (0 if down else character), end.character - start.character]
            data += [kinds[TOKENS[token.kind]], int(token.declared)]
            line, character = start.line, start.character
        return types.SemanticTokens(data)
