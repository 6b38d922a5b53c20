"""`posgc lsp` as an editor meets it: a process that speaks JSON-RPC over standard input and output."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

types = pytest.importorskip("lsprotocol.types", reason="needs posgc[lsp]")
pytest_lsp = pytest.importorskip("pytest_lsp", reason="needs pytest-lsp")

GAME = """game g "Ein Räuber 🐅" {
  horizon 3; agents ann, bob;
  param far: int = 2; # 🐅
  include "common.posg";
  init s = a;
  reward team = fa + count(i: act[i] == x);
  share late { act after far; }
}
"""
COMMON = "state s: {a, b};\naction act[i]: {x, y};\n"


@asynccontextmanager
async def editor(folder: Path) -> AsyncIterator[Any]:
    client = pytest_lsp.make_test_lsp_client()
    await client.start_io(sys.executable, "-m", "posgc.cli.main", "lsp")
    asked = types.InitializeParams(capabilities=types.ClientCapabilities(), root_uri=folder.as_uri())
    client.answer = await client.initialize_session(asked)
    yield client
    await client.shutdown_session()
    assert client._server.returncode == 0
    await client.stop()


def in_an_editor(folder: Path, play: Callable[[Any], Awaitable[None]]) -> None:
    async def session() -> None:
        async with editor(folder) as client:
            await asyncio.wait_for(play(client), 60)

    asyncio.run(session())


async def told(client: Any, uri: str, codes: list[str]) -> list[Any]:
    """The diagnostics of a file, once they have these codes."""
    while [d.code for d in client.diagnostics.get(uri, ())] != codes or uri not in client.diagnostics:
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[uri])


def opened(client: Any, uri: str, text: str) -> Any:
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "posg", 1, text)))
    return types.TextDocumentIdentifier(uri)


def changed(client: Any, uri: str, version: int, text: str) -> None:
    whole = types.TextDocumentContentChangeWholeDocument(text)
    which = types.VersionedTextDocumentIdentifier(version, uri)
    client.text_document_did_change(types.DidChangeTextDocumentParams(which, [whole]))


def at(text: str, word: str, more: int = 0) -> Any:
    """The place of a word, in the units of the protocol: those of UTF-16."""
    before = text[: text.index(word) + more].split("\n")
    return types.Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)


def slice_of(text: str, range: Any) -> str:
    line = text.split("\n")[range.start.line].encode("utf-16-le")
    return line[2 * range.start.character : 2 * range.end.character].decode("utf-16-le")


@pytest.mark.slow
def test_a_session(tmp_path: Path) -> None:
    (tmp_path / "common.posg").write_text(COMMON, encoding="utf-8")
    game, common = (tmp_path / "g.posg").as_uri(), (tmp_path / "common.posg").as_uri()

    async def play(client: Any) -> None:
        text = GAME
        document = opened(client, game, text)
        (wrong,) = await told(client, game, ["E201"])
        assert slice_of(text, wrong.range) == "fa" and "far" in wrong.message
        assert wrong.code_description.href.endswith("errors.md#e201-unknown-name")

        everything = types.Range(types.Position(0, 0), types.Position(9, 0))
        (fix,) = await client.text_document_code_action_async(
            types.CodeActionParams(document, wrong.range, types.CodeActionContext([wrong]))
        )
        assert fix.title == "replace `fa` by `far`"
        (edit,) = fix.edit.changes[game]
        assert edit.new_text == "far" and edit.range == wrong.range
        text = text.replace("fa +", "far +")
        changed(client, game, 2, text)
        assert await told(client, game, []) == []

        shown = await client.text_document_hover_async(types.HoverParams(document, at(text, "far +")))
        assert "**parameter** `far`: `int`" in shown.contents.value and "Value: `2`" in shown.contents.value
        (place,) = await client.text_document_definition_async(types.DefinitionParams(document, at(text, "act[i]")))
        assert place.uri == common and slice_of(COMMON, place.range) == "act"
        uses = await client.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(True), document, at(text, "act[i]"))
        )
        assert [(u.uri, u.range.start.line) for u in uses] == [(common, 1), (game, 5), (game, 6)]

        renamed = await client.text_document_rename_async(types.RenameParams(document, at(text, "act[i]"), "move"))
        assert {uri: len(edits) for uri, edits in renamed.changes.items()} == {game: 2, common: 1}
        with pytest.raises(Exception, match="`far` is the parameter of line 3"):
            await client.text_document_rename_async(types.RenameParams(document, at(text, "act[i]"), "far"))
        stands = await client.text_document_prepare_rename_async(
            types.PrepareRenameParams(document, at(text, "act[i]"))
        )
        assert slice_of(text, stands) == "act"

        offered = await client.text_document_completion_async(types.CompletionParams(document, at(text, "a;\n")))
        items = offered if isinstance(offered, list) else offered.items
        assert sorted(items, key=lambda c: c.sort_text)[0].label == "a"
        (laid_out,) = await client.text_document_formatting_async(
            types.DocumentFormattingParams(document, types.FormattingOptions(2, True))
        )
        assert "  horizon 3;\n  agents ann, bob;\n" in laid_out.new_text
        hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, everything))
        assert not hints  # all indices of this file are those of quantifiers
        outline = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
        assert [s.name for s in outline] == ["ann", "bob", "far", "late"]
        tokens = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
        assert _decoded(client, tokens.data, text) >= {("far", "macro"), ("act", "variable"), ("x", "enumMember")}

    in_an_editor(tmp_path, play)


def _decoded(client: Any, data: list[int], text: str) -> set[tuple[str, str]]:
    kinds = client.answer.capabilities.semantic_tokens_provider.legend.token_types
    line = start = 0
    found = set()
    for down, right, length, kind, _ in zip(*[iter(data)] * 5, strict=True):
        line, start = line + down, right + (0 if down else start)
        place = types.Range(types.Position(line, start), types.Position(line, start + length))
        found.add((slice_of(text, place), kinds[kind]))
    return found


@pytest.mark.slow
def test_included_files_are_told_of_their_own_mistakes(tmp_path: Path) -> None:
    (tmp_path / "common.posg").write_text(COMMON, encoding="utf-8")
    game, common = (tmp_path / "g.posg").as_uri(), (tmp_path / "common.posg").as_uri()
    right = GAME.replace("fa +", "far +")

    async def play(client: Any) -> None:
        opened(client, game, right)
        await told(client, game, [])
        opened(client, common, COMMON)  # nothing of this is saved
        changed(client, common, 2, COMMON.replace("a, b", "a, a"))
        (twice,) = await told(client, common, ["E209"])
        assert twice.range.start.line == 0 and client.diagnostics[game] == ()
        hints = await client.text_document_inlay_hint_async(
            types.InlayHintParams(
                types.TextDocumentIdentifier(common), types.Range(types.Position(0, 0), types.Position(3, 0))
            )
        )
        assert [(h.label, h.position.line) for h in hints] == [(": ann, bob", 1)]
        changed(client, common, 3, COMMON)
        await told(client, common, ["W710"])
        changed(client, game, 2, right.replace("init s", "horizon 4; init s"))
        (second,) = await told(client, game, ["E205"])
        (first,) = second.related_information
        assert first.location.uri == game and first.location.range.start.line == 1

    in_an_editor(tmp_path, play)


@pytest.mark.slow
def test_included_files_that_change_on_the_disk_are_read_anew(tmp_path: Path) -> None:
    """A file that is not open, written by another program or by a rename that the editor applied and saved."""
    part = tmp_path / "common.posg"
    part.write_text(COMMON, encoding="utf-8")
    game = (tmp_path / "g.posg").as_uri()

    async def play(client: Any) -> None:
        document = opened(client, game, GAME.replace("fa +", "far +"))
        await told(client, game, [])
        part.write_text(COMMON.replace("act[", "move["), encoding="utf-8")
        client.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams([types.FileEvent(part.as_uri(), types.FileChangeType.Changed)])
        )
        wrong, _ = await told(client, game, ["E201", "E503"])
        assert "`act` is not declared" in wrong.message
        shown = await client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(part.as_uri()), types.Position(1, 8))
        )
        assert "`move`" in shown.contents.value and document.uri == game

    in_an_editor(tmp_path, play)


@pytest.mark.slow
def test_an_editor_that_can_watch_files_is_asked_to(tmp_path: Path) -> None:
    watching = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    can = types.ClientCapabilities(workspace=types.WorkspaceClientCapabilities(did_change_watched_files=watching))
    asked = list[str]()

    async def session() -> None:
        client = pytest_lsp.make_test_lsp_client()

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(wanted: Any) -> None:
            asked.extend(r.method for r in wanted.registrations)

        await client.start_io(sys.executable, "-m", "posgc.cli.main", "lsp")
        await client.initialize_session(types.InitializeParams(capabilities=can, root_uri=tmp_path.as_uri()))
        uri = (tmp_path / "g.posg").as_uri()
        opened(client, uri, "")
        await told(client, uri, ["E114"])
        await client.shutdown_session()
        await client.stop()

    asyncio.run(asyncio.wait_for(session(), 60))
    assert asked == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]


@pytest.mark.slow
def test_texts_that_are_wrong_throughout_stop_nothing(tmp_path: Path) -> None:
    uri = (tmp_path / "w.posg").as_uri()

    async def play(client: Any) -> None:
        document = opened(client, uri, "")
        await told(client, uri, ["E114"])
        for version, text in enumerate(
            ["game", "game g { init", 'game g { "', "}{" * 50, "\0", "game g {\r\n 🐅\r\n"], 2
        ):
            changed(client, uri, version, text)
            place = types.Position(0, 5)
            await client.text_document_hover_async(types.HoverParams(document, place))
            await client.text_document_completion_async(types.CompletionParams(document, place))
            assert await client.text_document_formatting_async(
                types.DocumentFormattingParams(document, types.FormattingOptions(2, True))
            ) in (None, [])
            await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
        while not client.diagnostics[uri]:
            await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

    in_an_editor(tmp_path, play)


def test_without_the_extra_the_message_says_what_to_install() -> None:
    code = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name in ('pygls', 'lsprotocol') else find(name, *a)\n"
        "from posgc.cli.main import main; sys.exit(main(['lsp']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ran.returncode == 2 and ran.stdout == ""
    assert "E636" in ran.stderr and "pip install 'posgc[lsp]'" in ran.stderr
