"""Every file of tests/diagnostics complains on the lines that say so, with the codes they name, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posgc.language import InputError, Source, compile_game, render
from posgc.language.diagnostics import Diagnostic, Span

FILES = sorted((Path(__file__).parents[1] / "diagnostics").glob("*.posg"))
_EXPECTED = re.compile(r"# error: ([EW0-9, ]+)$")


def found(source: Source) -> dict[int, list[str]]:
    try:
        compile_game(source)
    except InputError as error:
        lines: dict[int, list[str]] = {}
        for d in error.diagnostics:
            assert d.help or d.severity == "warning", f"{d.code} has no cure: {d.message}"
            if d.severity == "error":
                lines.setdefault(d.span.line if d.span else 0, []).append(d.code)
        return lines
    return {}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_mistake_is_reported_once_on_its_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected: dict[int, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        mark = _EXPECTED.search(line)
        if mark is not None:
            expected[number] = [c.strip() for c in mark.group(1).split(",")]
    assert found(Source(path.name, text)) == expected


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
