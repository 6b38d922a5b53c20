"""`posgc lsp`: the Language Server Protocol over standard input and output, on pygls.

Every request is answered from what is known of the newest text, but completions: they need no more than the names, and
take those of an earlier text.  Diagnostics follow `DELAY` after the last change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from functools import cached_property

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

import posgc
from posgc.language import Analysis, Diagnostic, InputError, Source, Span, format_source
from posgc.language.blocks.contract import Block
from posgc.lsp.answers import LEGEND, Speaker
from posgc.lsp.completing import completions
from posgc.lsp.hovering import hover
from posgc.lsp.mending import mends
from posgc.lsp.navigating import definition, name_at, references, rename
from posgc.lsp.outlining import symbols, tokens
from posgc.lsp.reading import Desk
from posgc.lsp.standing import hints

__all__ = ["DELAY", "make_server"]

DELAY = 0.15
"""Seconds without a change after which diagnostics are worked out."""
_REQUEST_FAILED = -32803  # LSP 3.17, ErrorCodes
_LOST = Diagnostic(
    "E114",
    "this is a part of a game, and no game is found that includes it",
    Span(0, 0, 1, 1),
    "open the game, or put the file beside it; a whole game begins with `game NAME {`",
    "note",
)
_WATCH = types.RegistrationParams(
    [
        types.Registration(
            "watch",
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*.posg")]),
        )
    ]
)


class _Session:
    """One editor: what it has open, what it was told, and what it will be told soon."""

    def __init__(self, server: LanguageServer, blocks: Mapping[str, Block]) -> None:
        self.server, self.desk = server, Desk(blocks)
        self.told: dict[str, dict[str, list[types.Diagnostic]]] = {}  # by game, then by file
        self._soon: dict[str, asyncio.TimerHandle] = {}
        self._names: dict[str, str] = {}  # the URIs of the editor, by file

    @cached_property
    def speaker(self) -> Speaker:
        """Known once the editor has said how it counts columns."""
        return Speaker(self.desk, self.server.workspace.position_codec.client_num_units, self.uri)

    def name(self, uri: str) -> str:
        """The file of a URI; what is no file is called by its URI."""
        path = uris.to_fs_path(uri) if uris.uri_scheme(uri) == "file" else None
        self._names[path or uri] = uri
        return path or uri

    def uri(self, name: str) -> str:
        return self._names.get(name) or uris.from_fs_path(name) or name

    # ---- texts

    def changed(self, uri: str, text: str) -> None:
        self.desk.put(self.name(uri), text)
        self._tell_soon(self.name(uri))

    def closed(self, uri: str) -> None:
        name = self.name(uri)
        self.desk.close(name)
        if not any(self.uri(name) in files for root, files in self.told.items() if root != name):
            self._publish(name, {})
        self._tell_others()

    def saved(self) -> None:
        """What is on the disk may be another text for games that include it."""
        self._tell_others()

    def changed_on_disk(self, uris: Iterable[str]) -> None:
        """By another program, or by the editor in a file that is not open."""
        for uri in uris:
            self.desk.changed_on_disk(self.name(uri))
        self._tell_others()

    def _tell_others(self) -> None:
        for name in self.desk.texts:
            self._tell_soon(name)

    def _tell_soon(self, name: str) -> None:
        if name in self._soon:
            self._soon[name].cancel()
        self._soon[name] = asyncio.get_running_loop().call_later(DELAY, self._tell, name)

    def _tell(self, name: str) -> None:
        self._soon.pop(name, None)
        for root in self.desk.roots(name):
            self._publish(root, self._found(root))

    def _found(self, root: str) -> dict[str, list[types.Diagnostic]]:
        """The diagnostics of a game by the URIs of its files."""
        if self.desk.is_lost(root):
            return {self.uri(root): [self.speaker.diagnostic(_LOST, Source(root, self.desk.text(root)))]}
        reading = self.desk.reading(root)
        found: dict[str, list[types.Diagnostic]] = {self.uri(name): [] for name in reading.files}
        for diagnostic, source in reading.diagnostics():
            place = self.speaker.location(source, diagnostic.span or Span(0, 0, 1, 1))
            found.setdefault(place.uri, []).append(self.speaker.diagnostic(diagnostic, source))
        return found

    def _publish(self, root: str, found: dict[str, list[types.Diagnostic]]) -> None:
        """Tells of all files of a game, and of those that were its before; other games may have found more in them."""
        before = self.told.pop(root, {})
        if found:
            self.told[root] = found
        for uri in {**before, **found}:
            lists = [files.get(uri, []) for files in self.told.values()]
            whole = list[types.Diagnostic]()
            for diagnostic in (d for one in lists for d in one):
                if diagnostic not in whole:
                    whole.append(diagnostic)
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, whole))

    # ---- places

    def at(self, document: types.TextDocumentIdentifier, position: types.Position) -> tuple[Analysis, int] | None:
        name = self.name(document.uri)
        return self.desk.at(name, *self.speaker.column(name, position))

    def known(self, uri: str) -> Analysis:
        return self.desk.reading(self.name(uri)).analysis

    def span(self, uri: str, range: types.Range) -> tuple[Analysis, Span] | None:
        name = self.name(uri)
        first, last = self.speaker.column(name, range.start), self.speaker.column(name, range.end)
        return self.desk.span(name, first, last)


class _Refusals(logging.Filter):
    """Keeps refusals, which the editor shows, out of the log of errors."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))


def make_server(blocks: Mapping[str, Block]) -> LanguageServer:
    """The server, where language blocks are installed; its `start_io` serves until the editor says `exit`."""
    server = LanguageServer("posgc", posgc.__version__, types.TextDocumentSyncKind.Full)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_Refusals())
    session = _Session(server, blocks)
    _follow(server, session)
    _explain(server, session)
    _change(server, session)
    _draw(server, session)
    return server


def _follow(server: LanguageServer, session: _Session) -> None:
    """What is open."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(asked: types.DidOpenTextDocumentParams) -> None:
        session.changed(asked.text_document.uri, asked.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(asked: types.DidChangeTextDocumentParams) -> None:
        uri = asked.text_document.uri
        session.changed(uri, server.workspace.get_text_document(uri).source)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams) -> None:
        session.saved()

    @server.feature(types.INITIALIZED)
    async def began(_: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watched = workspace and workspace.did_change_watched_files
        if watched and watched.dynamic_registration:
            await server.client_register_capability_async(_WATCH)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(asked: types.DidChangeWatchedFilesParams) -> None:
        session.changed_on_disk(change.uri for change in asked.changes)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(asked: types.DidCloseTextDocumentParams) -> None:
        session.closed(asked.text_document.uri)


def _explain(server: LanguageServer, session: _Session) -> None:
    """What stands somewhere, and what else belongs to it."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def shown(asked: types.HoverParams) -> types.Hover | None:
        here = session.at(asked.text_document, asked.position)
        found = hover(*here) if here else None
        if here is None or found is None:
            return None
        text = types.MarkupContent(types.MarkupKind.Markdown, found[0])
        return types.Hover(text, session.speaker.range(here[0].source, found[1]))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(asked: types.DefinitionParams) -> list[types.Location]:
        here = session.at(asked.text_document, asked.position)
        return [session.speaker.location(here[0].source, s) for s in definition(*here)] if here else []

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def used(asked: types.ReferenceParams) -> list[types.Location]:
        here = session.at(asked.text_document, asked.position)
        spans = references(*here, asked.context.include_declaration) if here else ()
        return [session.speaker.location(here[0].source, s) for s in spans] if here else []

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", "[", "~", "="]))
    def completed(asked: types.CompletionParams) -> list[types.CompletionItem]:
        name = session.name(asked.text_document.uri)
        column = session.speaker.column(name, asked.position)
        known = session.desk.latest(name)
        text, offset = session.desk.before(name, *column)
        return [session.speaker.completion(c) for c in completions(known, text, offset, session.desk.blocks)]


def _change(server: LanguageServer, session: _Session) -> None:
    """Changes of the text."""

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def renamable(asked: types.PrepareRenameParams) -> types.Range | None:
        here = session.at(asked.text_document, asked.position)
        found = name_at(*here) if here else None
        return session.speaker.range(here[0].source, found[1]) if here and found else None

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def renamed(asked: types.RenameParams) -> types.WorkspaceEdit | None:
        here = session.at(asked.text_document, asked.position)
        if here is None:
            return None
        try:
            spans = rename(*here, asked.new_name, session.desk.blocks)
        except InputError as error:
            raise JsonRpcException(_in_words(error), _REQUEST_FAILED) from None
        return session.speaker.changes(here[0].source, ((s, asked.new_name) for s in spans))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatted(asked: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        name = session.name(asked.text_document.uri)
        text = session.desk.text(name)
        try:
            laid_out = format_source(text, session.desk.blocks)
        except InputError:
            return None  # the diagnostics say why
        return [] if laid_out == text else [types.TextEdit(session.speaker.whole(name), laid_out)]

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def mended(asked: types.CodeActionParams) -> list[types.CodeAction]:
        here = session.span(asked.text_document.uri, asked.range)
        if here is None:
            return []
        known, span = here
        return [
            types.CodeAction(
                mend.title,
                types.CodeActionKind.QuickFix,
                [session.speaker.diagnostic(mend.diagnostic, known.source)],
                is_preferred=True,
                edit=session.speaker.changes(known.source, ((c.span, c.text) for c in mend.changes)),
            )
            for mend in mends(known, span.start, span.end)
        ]


def _draw(server: LanguageServer, session: _Session) -> None:
    """What is drawn over and beside the text."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def hinted(asked: types.InlayHintParams) -> list[types.InlayHint]:
        uri, known = asked.text_document.uri, session.known(asked.text_document.uri)
        lines = range(asked.range.start.line, asked.range.end.line + 1)
        found = []
        for span, text in hints(known):
            place = session.speaker.location(known.source, span)
            if place.uri == uri and place.range.end.line in lines:
                found.append(types.InlayHint(place.range.end, text, tooltip="what the index stands for"))
        return found

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    def coloured(asked: types.SemanticTokensParams) -> types.SemanticTokens:
        uri, known = asked.text_document.uri, session.known(asked.text_document.uri)
        return session.speaker.tokens(known.source, uri, tokens(known))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(asked: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        uri, known = asked.text_document.uri, session.known(asked.text_document.uri)
        return [
            session.speaker.symbol(symbol, known.source)
            for symbol in symbols(known)
            if session.speaker.location(known.source, symbol.span).uri == uri
        ]


def _in_words(error: InputError) -> str:
    return "; ".join(f"{d.message}; {d.help}" if d.help else d.message for d in error.diagnostics)
