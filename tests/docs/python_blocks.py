"""Running the `pycon` blocks of a document: in order, in one namespace, in the scratch folder of the document.

What stands under a prompt must be what Python prints there, by the rules of `doc_blocks.matches`; an exception is
shown as its traceback's first line, `...`, and its last lines.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import sys
import traceback
from pathlib import Path
from typing import Any

from doc_blocks import inside

__all__ = ["session"]


def session(text: str, namespace: dict[str, Any], folder: Path) -> str:
    """A block with the outputs that its lines have now."""
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(text):
        first, *rest = example.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {row}".rstrip() for row in rest)]
        lines += _printed(example.source, namespace, folder).splitlines()
    return "\n".join(lines) + "\n"


def _printed(source: str, namespace: dict[str, Any], folder: Path) -> str:
    out = io.StringIO()
    hook, sys.displayhook = sys.displayhook, lambda value: None if value is None else print(repr(value))
    try:
        with inside(folder), contextlib.redirect_stdout(out):
            try:
                exec(compile(source, "<document>", "single"), namespace)
            except Exception as error:  # a document may show how anything fails
                print("Traceback (most recent call last):\n...")
                print("".join(traceback.format_exception_only(error)), end="")
    finally:
        sys.displayhook = hook
    return out.getvalue()
