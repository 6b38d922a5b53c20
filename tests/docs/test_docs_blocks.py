"""The documents say what is so: blocks compile, consoles are replayed, shown files are the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from doc_blocks import ROOT, Block, blocks, documents, matches, prepare, transcript
from plugin_package import lay_out
from python_blocks import session

from posgc.language import InputError, Source, compile_game
from posgc.language.diagnostics.code_table import game

DOCUMENTS = documents()
BLOCKS = [
    pytest.param(block, id=f"{path.name}:{path.read_text(encoding='utf-8')[: block.start].count(chr(10))}")
    for path in DOCUMENTS
    for block in blocks(path)
    if block.kind == "posg" and block.note[0] != "example"
]
REFRESH = "run: python tests/docs/refresh.py"


@pytest.mark.parametrize("block", BLOCKS)
def test_games_compile_or_fail_as_they_say(block: Block) -> None:
    name, value = block.note
    text = game(block.text) if "lines" in name else block.text
    if not name.startswith("wrong"):
        compile_game(Source("block", text))
        return
    with pytest.raises(InputError) as raised:
        compile_game(Source("block", text))
    assert {d.code for d in raised.value.diagnostics} == {value}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_consoles_print_what_they_say(path: Path, tmp_path: Path) -> None:
    folder, plugin = tmp_path / "work", tmp_path / "plugin"
    namespace: dict[str, Any] = {}
    folder.mkdir()
    prepare(folder)
    lay_out(plugin)
    for block in blocks(path):
        name, value = block.note
        if name == "file":
            (folder / value).write_text(block.text, encoding="utf-8")
        if block.kind == "console":
            now = transcript(block.text, folder, plugin if name == "with example-plugin" else None)
            assert matches(block.text, now), f"{REFRESH}\nwritten:\n{block.text}\nprinted:\n{now}"
        if block.kind == "pycon":
            now = session(block.text, namespace, folder)
            assert matches(block.text, now), f"{REFRESH}\nwritten:\n{block.text}\nprinted:\n{now}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_shown_files_are_the_files(path: Path) -> None:
    for block in blocks(path):
        name, value = block.note
        if name == "shows":
            assert block.text == (ROOT / "docs" / value).read_text(encoding="utf-8"), f"{value}; {REFRESH}"


@pytest.mark.parametrize(
    ("written", "printed", "same"),
    [
        ("a\nb\n", "a  \nb\n", True),
        ("a\nb\n", "a\nc\n", False),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\nd\n", "a\nb\n", False),
        ("a\nseconds: 1\n", "a\nseconds: 2\n", True),
        ("gap 1.11e-16  (sum)\n", "gap 0 (sum)\n", True),
        ("gap 1.11e-6\n", "gap 0\n", False),
        ("value 8.815\n", "value 8.816\n", False),
    ],
)
def test_rules_of_comparison(written: str, printed: str, same: bool) -> None:
    assert matches(written, printed) is same
