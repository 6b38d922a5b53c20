"""Every file of tests/diagnostics complains on the lines that say so, with the codes they name, and nowhere else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from posgc.language import InputError, Source, analyse, compile_game, render
from posgc.language.diagnostics import Diagnostic, Span
from posgc.language.diagnostics.codes import CODES
from posgc.model import tabulate
from posgc.model.mistakes_of_value import with_values

FOLDER = Path(__file__).parents[1] / "diagnostics"
FILES = sorted(FOLDER.rglob("*.posg"))
MIXED = sorted((FOLDER / "mixed").glob("*.posg"))
_EXPECTED = re.compile(r"# (?:error|warning): ([EW0-9, ]+)$")
_FLAGS = re.compile(r"^# flags: ([^#\n]+)", re.M)


def asked(text: str) -> dict[str, Any]:
    """What the file says, in its first line, to be asked beside it: `# flags: --set n=1 --horizon 3`."""
    found = _FLAGS.match(text)
    words = shlex.split(found[1]) if found else []
    options: dict[str, Any] = {"settings": {}}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        if flag == "--set":
            options["settings"].update([value.split("=")])
        elif value == "inf":
            options["endless"] = True
        else:
            options[flag[2:]] = int(value)
    return options


def found(source: Source) -> dict[int, list[str]]:
    """The codes by line, as the commands show them: errors of value included, warnings where there is no error."""
    analysis = analyse(source, **asked(source.text))
    diagnostics: Sequence[Diagnostic] = analysis.warnings
    if analysis.failure is not None:
        diagnostics = with_values(analysis).diagnostics
    else:
        try:
            tabulate(analysis.required())
        except InputError as error:
            diagnostics = error.diagnostics
    lines: dict[int, list[str]] = {}
    for d in diagnostics:
        assert d.help, f"{d.code} has no cure: {d.message}"
        lines.setdefault(d.span.line if d.span else 1, []).append(d.code)
    return lines


def expected(text: str) -> dict[int, list[str]]:
    marks = ((number, _EXPECTED.search(line)) for number, line in enumerate(text.splitlines(), 1))
    return {number: [c.strip() for c in mark[1].split(",")] for number, mark in marks if mark is not None}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_mistake_is_reported_once_on_its_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert found(Source(path.name, text)) == expected(text)


def test_the_files_show_most_codes() -> None:
    codes = [c for path in FILES for row in expected(path.read_text(encoding="utf-8")).values() for c in row]
    assert len(set(codes)) >= 80
    assert set(codes) <= set(CODES)


def test_the_mixed_files_have_mistakes_of_several_kinds() -> None:
    assert len(MIXED) == 40
    for path in MIXED:
        codes = [c for row in expected(path.read_text(encoding="utf-8")).values() for c in row]
        assert 3 <= len(codes) <= 11, path.stem
        assert len({code[:2] for code in codes}) >= 3, path.stem


APPLIED = {1, 2, 10, 11, 12, 13, 17}
"""Of the broken versions, those that the changes which the diagnostics hold mend by themselves."""


def applied(text: str) -> str:
    """The text with all changes made that its diagnostics hold."""
    changes = {
        (r.span.start, r.span.end, r.text) for d in analyse(Source("broken", text)).errors for r in d.replacements
    }
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


@pytest.mark.parametrize("path", sorted((FOLDER / "broken").glob("*.posg")), ids=lambda p: p.stem)
def test_cures_that_are_applied_mend_the_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for _ in range(4):  # a name that is used several times is reported once, and mended one use a time
        text = applied(text)
    assert (found(Source(path.name, text)) == {}) == (int(path.stem[-2:]) in APPLIED)


def test_a_caret_stands_under_the_span() -> None:
    source = Source("x.posg", "game g {\n\tlet f = tigr;\n}\n")
    with pytest.raises(InputError) as raised:
        compile_game(source)
    first = next(d for d in raised.value.diagnostics if d.code == "E201")
    assert render(first, source).splitlines()[2:4] == ["2 | \tlet f = tigr;", "  | \t        ^^^^"]


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ("next tigr = left;", "did you mean `tiger`?"),
        ("reward ana = 1;", "did you mean `ann`?"),
        ("let f = tiger == lift;", "did you mean `left`?"),
        ("let f = abz(3);", "did you mean `abs`?"),
        ("share ful;", "did you mean `full`?"),
        ("state s: bol;", "did you mean `bool`?"),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested(wrong: str, cure: str) -> None:
    text = "game g { horizon 2; agents ann, bob; state tiger: {left, right}; init tiger = left; " + wrong + " }"
    with pytest.raises(InputError) as raised:
        compile_game(Source("near", text))
    assert cure in [d.help for d in raised.value.diagnostics]


def test_a_very_long_line_is_shown_around_the_place_only() -> None:
    text = "a" * 5000 + "b" * 5000
    source = Source("long", text)
    shown = render(Diagnostic("E101", "here", Span(5000, 10000, 1, 5001)), source).splitlines()
    assert all(len(line) < 450 for line in shown)
    line, caret = shown[2].partition(" | ")[2], shown[3].partition(" | ")[2]
    assert line.startswith("…a") and line[caret.index("^") - 1 : caret.index("^") + 1] == "ab"
