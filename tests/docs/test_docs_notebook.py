"""The notebook of the documents shows what posgc says, run in this process and, where Jupyter is there, by a kernel."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from doc_blocks import ROOT, prepare
from notebook import STORY, differing, outputs, read

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

REFRESH = "run: python tests/docs/notebook.py"


def written(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_shows_what_is_so(tmp_path: Path) -> None:
    notebook = read()
    prepare(tmp_path)
    assert differing(written(notebook), outputs(notebook, tmp_path)) == [], REFRESH


def test_what_is_not_so_would_be_found() -> None:
    """A number in a text, one in a table of HTML, and a name in a picture."""
    notebook = read()
    for old, new in (("8.815", "8.816"), ("<td>fails</td>", "<td>holds</td>"), (">bob</text>", ">ben</text>")):
        changed = copy.deepcopy(notebook)
        text = json.dumps(changed["cells"])
        assert old in text
        changed["cells"] = json.loads(text.replace(old, new))
        assert differing(written(changed), written(notebook)), old


def test_the_notebook_in_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As whoever opens it sees it."""
    for name in ("ipykernel", "nbclient", "nbformat"):
        pytest.importorskip(name, reason="pip install 'posgc[notebook]'")
    import nbformat
    from nbclient import NotebookClient

    prepare(tmp_path)
    paths = [str(ROOT), str(ROOT / "plugins"), str(ROOT / "grammars"), *filter(None, sys.path)]
    monkeypatch.setenv("PYTHONPATH", ":".join(paths))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = read()
    made = nbformat.read(STORY, as_version=4)
    nbformat.validate(made)
    NotebookClient(made, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    found = [[_lines(output) for output in cell["outputs"]] for cell in made["cells"] if cell["cell_type"] == "code"]
    assert differing(written(notebook), found) == []


def _lines(output: Any) -> dict[str, Any]:
    """An output with lists of texts, as they lie in the file."""
    if "data" in output:
        return {**output, "data": {kind: [text] for kind, text in output["data"].items()}}
    return {**output, "text": [output.get("text", "")]}
