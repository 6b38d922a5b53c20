"""Whatever the text, the front end answers with a game or with diagnostics, and soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posgc.language import InputError, Source, analyse, compile_game, decode, format_source
from posgc.language.text.parse import parse_game
from posgc.model.mistakes_of_value import with_values

SEEDS = [p.read_text(encoding="utf-8") for p in sorted((Path(__file__).parents[1] / "diagnostics").glob("*.posg"))]
PIECES = [
    "'",
    ";",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "i",
    "s",
    "ann",
    "step",
    "horizon",
    " if ",
    " then ",
    " else ",
    " match ",
    "uniform",
    "all",
    "sum(i: 1)",
    "1..3",
    "10^9",
    "0",
    "-1",
    "0.5",
    "/0",
    " in ",
    " and ",
    "~",
    "=",
    "==",
    ":",
    ",",
    "share ",
    "after ",
    "per hop",
    "let f = f;",
    "\0",
    "\u00e9",
    '"',
    "#",
    "\n",
    "9" * 30,
    "^",
    "mod",
    "_",
    "->",
    "..",
]


def outcome(text: str) -> None:
    started = time.monotonic()
    found = analyse(Source("fuzz", text))
    if found.failure is not None:
        diagnostics = with_values(found).diagnostics
        assert diagnostics
        for d in diagnostics:
            assert d.message and (d.span is None or d.span.line >= 1)
            assert all(text[r.span.start : r.span.end] != r.text for r in d.replacements)
    assert time.monotonic() - started < 5


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from([0, 0, 1, 3, 10, 60])))
        piece = draw(st.sampled_from([*PIECES, "", text[at : at + 20], text[end : end + 40]]))
        text = text[:at] + piece + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_mutated_files_give_diagnostics(text: str) -> None:
    outcome(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_diagnostics(text: str) -> None:
    outcome(text)
    outcome("game g { " + text + " }")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_diagnostics(data: bytes) -> None:
    try:
        outcome(decode("fuzz", data).text)
    except InputError as error:
        assert error.diagnostics[0].code in ("E113", "E114")


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_formatting_what_parses_keeps_the_tree_and_is_idempotent(text: str) -> None:
    try:
        tree = parse_game(Source("fuzz", text))
    except InputError:
        return
    once = format_source(text)
    assert parse_game(Source("fuzz", once)) == tree
    assert format_source(once) == once


def game(lines: str) -> str:
    return "game g { horizon 2; agents a, b; state s: 0..3; init s = 0; action t[i]: bool; " + lines + " }"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("E111", game("let f = " + "(1 + " * 2000 + "1" + ")" * 2000 + ";")),
        ("E111", game("let f = " + "-" * 5000 + "1;")),
        ("E111", game("let f = " + "1 ^ " * 5000 + "1;")),
        ("E111", game("let f = " + "if true then 1 else " * 3000 + "1;")),
        ("E111", game("let f0 = s; reward a = f999;" + "".join(f"let f{k + 1} = f{k} + 1; " for k in range(999)))),
        ("E308", game("let f = sum(j in 1..1000000: sum(k in 1..1000000: j * k));")),
        ("E308", game("let f = sum(j in 1..2000: sum(k in 1..2000: sum(l in 1..2000: s)));")),
        ("E308", game("let f(x) = sum(k in 1..2000: x + k); let g = sum(j in 1..2000: f(j + s));")),
        ("E308", game("state u: 0..10^9; init u = 0;")),
        ("E308", game("state u[k in 1..10^9]: bool; init u[k] = true;")),
        ("E308", "game g { horizon 2; agents a[10^9]; }"),
        ("E407", game("reward a = 9 ^ 9 ^ 9;")),
        ("E407", game("reward a = " + "9" * 5000 + ";")),
        ("E101", "game g " + "{" * 5000),
        ("E112", "#" * 10_000_001),
    ],
)
def test_monsters_are_refused_soon(code: str, text: str) -> None:
    started = time.monotonic()
    with pytest.raises(InputError) as raised:
        compile_game(Source("monster", text))
    assert code in [d.code for d in raised.value.diagnostics]
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("operator", [" + ", " - ", " * ", " and ", " or "])
def test_long_chains_are_flat(operator: str) -> None:
    operand = "s" if operator.strip() in "+-*" else "(s == 1)"
    condition = operator.join([operand] * 3000)
    body = condition if operand != "s" else f"({condition}) == 1"
    compile_game(Source("chain", game(f"reward a = if {body} then 1 else 0;")))


def test_a_table_of_a_thousand_arms_is_shallow() -> None:
    arms = " ".join(f"{k}: {k % 7};" for k in range(1000))
    source = game(f"state u: 0..999; init u = 0; reward a = match (u) {{ {arms} }};")
    node, depth = compile_game(Source("table", source)).rewards[0], 0
    while hasattr(node, "otherwise"):
        node, depth = node.otherwise, depth + 1
    assert depth <= 40
