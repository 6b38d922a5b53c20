"""Write today's outputs and files into the documents: python tests/docs/refresh.py [DOCUMENT...]

A console block that says what is printed now, by the rules of `doc_blocks`, is left alone; so an output that was
shortened with `...` stays short as long as it is right.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from doc_blocks import ROOT, Block, blocks, documents, matches, prepare, transcript
from error_page import error_page
from plugin_package import lay_out
from python_blocks import session


def refreshed(block: Block, folder: Path, plugin: Path, namespace: dict[str, Any]) -> str:
    """What the block should say."""
    name, value = block.note
    if name == "shows":
        return (ROOT / "docs" / value).read_text(encoding="utf-8")
    if name == "file":
        (folder / value).write_text(block.text, encoding="utf-8")
    if block.kind == "console":
        now = transcript(block.text, folder, plugin if name == "with example-plugin" else None)
        return block.text if matches(block.text, now) else now
    if block.kind == "pycon":
        now = session(block.text, namespace, folder)
        return block.text if matches(block.text, now) else now
    return block.text


def main(paths: list[Path]) -> None:
    for path in paths:
        text, shift = path.read_text(encoding="utf-8"), 0
        with tempfile.TemporaryDirectory() as scratch:
            folder, plugin = Path(scratch) / "work", Path(scratch) / "plugin"
            folder.mkdir()
            prepare(folder)
            lay_out(plugin)
            namespace: dict[str, Any] = {}
            for block in blocks(path):
                new = refreshed(block, folder, plugin, namespace)
                start = block.start + shift
                text = text[:start] + new + text[start + len(block.text) :]
                shift += len(new) - len(block.text)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    (ROOT / "docs" / "errors.md").write_text(error_page(), encoding="utf-8")
    main([Path(p) for p in sys.argv[1:]] or documents())
