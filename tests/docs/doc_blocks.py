"""Fenced blocks of the documents, and running the console ones.

A block may have an HTML comment line right before it that says what it is:

    <!-- file: NAME -->         its content is written to NAME in the scratch folder of the document
    <!-- shows: PATH -->        its content is that of docs/PATH
    <!-- lines -->              lines of a game, as `posgc.language.diagnostics.code_table.game` completes them
    <!-- wrong: CODE -->        a .posg text that must give the diagnostic CODE (or: wrong lines: CODE)
    <!-- with example-plugin --> to be run with the example plug-in installed

Lines `$ posgc ...` of a console block are run in order, in a scratch folder that has `games` in it; what
stands under them must be what is printed (standard output, then standard error), with these exceptions: a
line that begins with `seconds:` is not compared, a line `...` stands for any lines, numbers below 1e-10
written with an exponent count as 0, and runs of white space as one blank (a column may be as wide as such a
number).  `$ echo $?` gives the exit status of the command before.  Other `$` lines are not
run.  Output is that of a pipe of 200 columns.  `python_blocks` runs the `pycon` blocks by the same rules.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Block", "blocks", "documents", "inside", "matches", "prepare", "transcript"]

ROOT = Path(__file__).resolve().parents[2]
WIDTH = "200"
_ROUNDING = re.compile(r"-?\b\d+(?:\.\d+)?e-[1-9]\d+\b")
_FENCE = re.compile(r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the note before it, `("wrong", "E201")` say."""

    kind: str
    text: str
    note: tuple[str, str]
    start: int
    """Position of the text in the document."""


def documents() -> list[Path]:
    """README, and all of docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(document: Path) -> list[Block]:
    """All fenced blocks, in order."""
    found = []
    for match in _FENCE.finditer(document.read_text(encoding="utf-8")):
        name, _, value = (match["note"] or "").partition(": ")
        found.append(Block(match["kind"].strip(), match["text"], (name, value), match.start("text")))
    return found


def prepare(folder: Path) -> None:
    """A scratch folder as the console blocks expect it."""
    (folder / "games").symlink_to(ROOT / "games")


def transcript(text: str, folder: Path, plugin: Path | None = None) -> str:
    """A console block with the output that its commands have now."""
    lines: list[str] = []
    status, running = 0, False
    for line in text.splitlines():
        if not line.startswith("$ "):
            lines += [] if running else [line]
            continue
        lines.append(line)
        running = True
        words = shlex.split(line[2:], comments=True)
        if words[0] == "posgc":
            status, output = _run(words[1:], folder, plugin)
            lines += [row.rstrip() for row in output.rstrip("\n").split("\n")] if output.strip() else []
        elif line == "$ echo $?":
            lines.append(str(status))
        else:
            running = False
    return "\n".join(lines) + "\n"


def _run(arguments: list[str], folder: Path, plugin: Path | None) -> tuple[int, str]:
    environment = {**os.environ, "COLUMNS": WIDTH, "NO_COLOR": "1", "PYTHONHASHSEED": "0"}
    if plugin is not None:
        paths = [str(plugin), str(ROOT), str(ROOT / "plugins"), str(ROOT / "grammars")]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        command = [sys.executable, "-m", "posgc.cli.main", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    from posgc.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with inside(folder), _environment(environment), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
    return status, out.getvalue() + err.getvalue()


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def matches(written: str, printed: str) -> bool:
    """Whether a block says what is printed, by the rules of the module."""
    pattern = "".join(r"(?:[^\n]*\n)*?" if row == "..." else re.escape(row) + "\n" for row in _rows(written))
    return re.fullmatch(pattern, "".join(row + "\n" for row in _rows(printed))) is not None


def _rows(text: str) -> list[str]:
    rows = (row for row in text.splitlines() if not row.startswith("seconds:"))
    return [re.sub(r"\s+", " ", _ROUNDING.sub("0", row)).rstrip() for row in rows]
