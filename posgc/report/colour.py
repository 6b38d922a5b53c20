"""Whether complaints on standard error are in colour."""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar
from typing import Literal

from posgc.language.diagnostics import Diagnostic, InputError, Source, render

__all__ = ["Wanted", "choose_colour", "complain"]

Wanted = Literal["auto", "always", "never"]
_wanted: ContextVar[Wanted] = ContextVar("colour", default="auto")


def choose_colour(wanted: Wanted) -> None:
    """What `--color` says; `auto` is colour where standard error is a terminal and NO_COLOR is not set."""
    _wanted.set(wanted)


def _on() -> bool:
    wanted = _wanted.get()
    if wanted != "auto":
        return wanted == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"  # https://no-color.org
    return not plain and sys.stderr.isatty()


def complain(what: InputError | Diagnostic, source: Source | None = None) -> None:
    """Prints what is wrong on standard error; `source` is the text of a single diagnostic."""
    text = what.rendered(_on()) if isinstance(what, InputError) else render(what, source, _on())
    print(text, file=sys.stderr)
