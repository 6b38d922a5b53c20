"""A file of another format as a `.posg` text that reads back as the same arrays."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from posgc.language import compile_game
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source
from posgc.model import Model, tabulate
from posgc.model.compare import same_arrays, steps_to_all, stretched
from posgc.model.writing.writer import posg_text
from posgc.pipeline.compiling import Request, importer_of, read_source, unclaimed

__all__ = ["Translation", "translate"]

MAX_READ_BACK = 2_000_000
"""Transitions, step by step, of a model that is written and read back; about half a minute."""


@dataclass(frozen=True)
class Translation:
    """A foreign file as `.posg` text; the text was read back, and gives the same arrays."""

    source: Source
    format: str
    model: Model
    diagnostics: tuple[Diagnostic, ...]
    text: str


def translate(request: Request) -> Translation:
    """Read a foreign file, write it in the language, and read that back.

    The horizon is written where the format has one, or the request.  Raises InputError (E620) when no importer
    claims the file, and for its mistakes; LimitError when it is too large for the language.
    """
    source = read_source(request.path)
    importer = importer_of(source)
    if importer is None:
        raise unclaimed(source)
    fixed = importer.own_horizon or request.horizon is not None
    horizon = request.horizon if fixed else 1
    imported = importer.read(source, horizon=horizon, discount=request.discount, reward=request.reward)
    digest = hashlib.sha256(source.text.encode()).hexdigest()[:16]
    about = f"Imported from {os.path.basename(source.name)} ({importer.name}), SHA-256 {digest}…"
    text = posg_text(imported.model, [about, *_readings(request)], horizon=fixed)
    work = sum(len(imported.model.kernel(h).probability) for h in range(1, imported.model.horizon + 1))
    if work > MAX_READ_BACK:
        raise LimitError(
            f"reading the .posg text back would go through {work:,} transitions, step by step; the limit "
            f"is {MAX_READ_BACK:,}: use the file as it is, every command takes it"
        )
    # The language builds the states within reach of the horizon only, other formats all that can be reached ever.
    fair = imported.model if importer.own_horizon else stretched(imported.model, steps_to_all(imported.model))
    _require_same(text, fair)
    return Translation(source, importer.name, imported.model, imported.diagnostics, text)


def _readings(request: Request) -> list[str]:
    given = [("--reward", request.reward), ("--discount", request.discount)]
    said = ", ".join(f"{flag} {value}" for flag, value in given if value is not None)
    return [f"Read with {said}."] if said else []


def _require_same(text: str, model: Model) -> None:
    """Raises LimitError where the text gives another model than the one it was written from."""
    try:
        differs = same_arrays(model, tabulate(compile_game(Source("<written>", text), {}, model.horizon)))
    except InputError as error:
        differs = "; ".join(d.message for d in error.diagnostics)
    if differs is not None:
        raise LimitError(
            f"as a .posg text the game would not be the same ({differs}); use the file as it is, every command takes it"
        )
