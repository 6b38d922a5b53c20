"""What a diagnostic code means: an example of the mistake, what is said of it, and the same put right."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.language import InputError, Source, compile_game
from posgc.language.diagnostics import render
from posgc.language.diagnostics.code_table import Code, game
from posgc.language.diagnostics.examples import CALLS, COMMANDS, IMPORTED, LINES

__all__ = ["Explained", "explained_code"]

_WIDEST = 100
_HEAD, _TAIL = game("\0").split("\0")


@dataclass(frozen=True)
class Explained:
    """An example of a code: lines of a game, a whole file, a command or a call; "" where there is none."""

    wrong: str
    said: str  # what the compiler says of it now; "" for what is no text of a game
    right: str


def explained_code(code: Code) -> Explained:
    """The examples of a code, long lines cut."""
    if code.wrong is not None and code.right is not None:
        return Explained(_cut(_lines(code.wrong)), _cut(_said(code.wrong)), _cut(_lines(code.right)))
    wrong, right = {**COMMANDS, **CALLS, **LINES}.get(code.code) or (IMPORTED.get(code.code) or ("", ""))[::-1]
    return Explained(wrong, "", right)


def _cut(rows: list[str]) -> str:
    return "\n".join(row if len(row) <= _WIDEST else f"{row[: _WIDEST - 20]} … {row[-15:]}" for row in rows)


def _lines(text: str) -> list[str]:
    """The lines of the example, or the whole text where it is a game of its own."""
    if text.startswith(_HEAD) and text.endswith(_TAIL):
        lines = [row.strip() for row in text[len(_HEAD) : len(text) - len(_TAIL)].splitlines()]
        return lines if any(lines) else ["# nothing"]
    return text.rstrip().splitlines()


def _said(text: str) -> list[str]:
    """What the compiler says of it, without the place in a file that is not shown."""
    source = Source("game.posg", text)
    try:
        compile_game(source)
    except InputError as error:
        said = "\n".join(render(d, source) for d in error.diagnostics if d.severity == "error")
        return [row for row in said.splitlines() if "-->" not in row]
    raise AssertionError("the wrong example of a code compiles")
