"""What is offered at a caret: always what stands there in a right file, and at chosen places nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from posgc.language import Analysis, Source, analyse
from posgc.language.text.parse import lexemes
from posgc.lsp.completing import completions

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
GAME = """game g {
  agents ann, bob;
  param far = 2;
  type cell = (x: 0..1, y: 0..1);
  graph road = {ann-bob};
  state s: {a, b};
  init s = a;
  state at: cell;
  init at = cell(0, 1);
  action act[i]: {x_, y_};
  observation see[i]: {a, b};
  observe see[i] = s';
  let busy = count(i: act[i] == x_);
  let twice(n) = 2 * n;
  share late(d = 2) { see after d; }
"""


@pytest.fixture(scope="module")
def known() -> Analysis:
    return analyse(Source("test", GAME + "}"))


def offered(known: Analysis, typed: str, text: str = GAME) -> list[str]:
    return [c.text for c in completions(known, text + typed, len(text + typed))]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_what_stands_in_a_shipped_game_is_offered_there(path: Path) -> None:
    """For words drawn at random of all that are no declaration: the text up to the word, or to its first letter."""
    text = path.read_text(encoding="utf-8")
    found = analyse(Source(path.name, text))
    declared = {s.start for n in found.names for s in n.declarations}
    places = {s.start for n in found.names for s in n.places if n.kind not in ("argument",)} - declared
    words = [t for t in lexemes(text) if t.text.isidentifier() and (t.type != "NAME" or t.start in places)]
    rng = random.Random(path.stem)
    for token in rng.sample(words, min(12, len(words))):
        for typed in (0, 1):
            at = token.start + typed
            texts = [c.text for c in completions(found, text[:at] + text[token.end :], at)]
            assert token.text in texts, f"{token.text} at {token.start}"
            assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("next ", {"s", "at"}),
        ("observe ", {"see"}),
        ("init ", {"s", "at", "see"}),
        ("reward ", {"ann", "bob", "team", "zero_sum"}),
        ("share p { ", {"act", "see", "chance", "forget"}),
        ("share p { see ", {"after", "along", "to"}),
        ("share p { see to all along ", {"road", "edges"}),
        ("graph w on ", {"cell"}),
        ("let f = at.", {"x", "y"}),
        ("state t: {u, ", set()),
        ("agents ", set()),
        ("let ", set()),
        ("# let f = ", set()),
        ("expect not ", {"assumption"}),
        ("share p { see after 1; } expect assumption 3 under late(1) at ", {"horizon"}),
    ],
)
def test_exactly_what_fits_is_offered(known: Analysis, typed: str, wanted: set[str]) -> None:
    # `not` may begin an expression as well, to the grammar
    found = set(offered(known, typed))
    if typed == "expect not ":
        found &= {"assumption", "init"}
    assert found == wanted


@pytest.mark.parametrize(
    "typed", ["let f = s == ", "next s = ", "let f = match (s) { ", "init s ~ {", "let f = s' != "]
)
def test_the_words_of_the_type_that_is_expected_go_first(known: Analysis, typed: str) -> None:
    assert offered(known, typed)[:2] == ["a", "b"]


def test_protocols_are_offered_where_one_is_named(known: Analysis) -> None:
    for typed in ("share more extends ", "expect assumption 3 under "):
        found = offered(known, typed)
        assert {"late", "full", "delayed"} <= set(found) and "see" not in found
    assert "late" not in offered(known, "share ") and "full" in offered(known, "share ")


def test_indices_and_arguments_of_the_line_are_offered(known: Analysis) -> None:
    assert "k" in offered(known, "let f[k in 1..3] = ")
    assert "j" in offered(known, "let f[i] = count(j != i: ")
    assert "m" in offered(known, "let f(m, n) = ")


def test_mistakes_above_do_not_matter(known: Analysis) -> None:
    broken = GAME.replace("count(i: act[i] == x_);", "count(i: { act[i] == ;").replace("state s: {a, b};", "state s {{")
    assert offered(known, "next ", broken) == offered(known, "next ")
    assert offered(known, "let f = s == ", broken) == offered(known, "let f = s == ")


def test_nothing_is_needed_before_the_game() -> None:
    empty = analyse(Source("test", ""))
    assert offered(empty, "", "") == ["game", "use"]
    assert offered(empty, "game g", "") == []
    assert "agents" in offered(empty, "game g { ", "")


def test_blocks_are_offered_after_use() -> None:
    class Named:
        name = "network"

    empty = analyse(Source("test", ""))
    assert [c.text for c in completions(empty, "use ", 4, {"network": Named})] == ["network"]  # type: ignore[dict-item]
