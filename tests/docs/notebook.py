"""Running a notebook cell by cell, in this process and without Jupyter, and what its outputs should be.

    python tests/docs/notebook.py        writes today's outputs into docs/story.ipynb

As in Jupyter, the value of a last line that is an expression is shown, as text and, where it has one, as HTML.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from doc_blocks import ROOT, inside, matches, prepare

__all__ = ["STORY", "differing", "outputs", "read"]

STORY = ROOT / "docs" / "story.ipynb"

Json = dict[str, Any]


def read(path: Path = STORY) -> Json:
    """The notebook as it lies there."""
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def outputs(notebook: Json, folder: Path) -> list[list[Json]]:
    """The outputs that the cells have now, run in a folder that has `games` in it."""
    namespace: dict[str, Any] = {}
    found: list[list[Json]] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            with inside(folder):
                found.append(_run("".join(cell["source"]), namespace, len(found) + 1))
    return found


def _run(source: str, namespace: dict[str, Any], number: int) -> list[Json]:
    tree, shown, printed = ast.parse(source), None, io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), namespace)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
    found: list[Json] = []
    if printed.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": _lines(printed.getvalue())})
    if shown is not None:
        data = {"text/plain": _lines(repr(shown))}
        if hasattr(shown, "_repr_html_"):
            data["text/html"] = _lines(shown._repr_html_())
        data = dict(sorted(data.items()))
        found.append({"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def differing(written: list[list[Json]], now: list[list[Json]]) -> list[int]:
    """The numbers, from 1, of the code cells that show something else now, by the rules of `doc_blocks`.

    Pictures are compared by the texts in them: coordinates depend on fonts and libraries.
    """
    pairs = zip(written, now, strict=True)
    return [k for k, (one, other) in enumerate(pairs, 1) if not matches(_plain(one), _plain(other))]


def _plain(shown: list[Json]) -> str:
    """All that outputs say, as text."""
    parts: list[str] = []
    for output in shown:
        texts = output.get("data", {"stream": output.get("text", [])})
        parts += [f"{kind}:\n{''.join(text)}" for kind, text in sorted(texts.items())]
    text = re.sub(r"<svg.*?</svg>", lambda m: " | ".join(re.findall(r">([^<>]+)<", m[0])), "\n".join(parts), flags=re.S)
    return re.sub(r">\s*<", ">\n<", text)


def main() -> None:
    notebook = read()
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch))
        now = outputs(notebook, Path(scratch))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, shown) in enumerate(zip(cells, now, strict=True), 1):
        cell["execution_count"], cell["outputs"] = number, shown
    STORY.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
