"""No name with two letters swapped passes in silence: each gives an error, of value if nothing else, or a warning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from posgc.language import InputError, Source, analyse
from posgc.language.diagnostics import Diagnostic
from posgc.language.diagnostics.likeness import misspelt
from posgc.language.text.parse import lexemes
from posgc.model import tabulate

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))


def mutants(text: str) -> Iterator[tuple[str, int, str]]:
    """The file with two neighbouring letters of a name swapped at one of its places: the new name, the place, the text.

    Names that are used at least twice; single letters, and the protocol `none`, are left out.
    """
    tokens = lexemes(text)
    names = [t for k, t in enumerate(tokens) if t.type == "NAME" and k and tokens[k - 1].text != "game"]
    uses = Counter(t.text for t in names)
    for token in names:
        name = token.text
        if uses[name] < 2 or len(name) < 2 or name == "none":
            continue
        for k in range(len(name) - 1):
            swapped = name[:k] + name[k + 1] + name[k] + name[k + 2 :]
            if swapped != name:
                yield swapped, token.start, text[: token.start] + swapped + text[token.end :]


def silent(text: str) -> bool:
    found = analyse(Source("mutant", text))
    if found.diagnostics or found.game is None:
        return False
    try:
        tabulate(found.game)
    except InputError:
        return False
    return True


def test_the_mutants_of_a_line() -> None:
    text = "game g { horizon 2; agents ann, bob; action act[i]: {x, y}; reward ann = 1; share none; }"
    assert [word for word, _, _ in mutants(text)] == ["nan", "nan"]


@pytest.mark.slow
@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_swapped_letters_are_never_silent(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    made = list(mutants(text))
    passed = [(word, text.count("\n", 0, at) + 1) for word, at, mutant in made if silent(mutant)]
    assert made and passed == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("atacker", "attacker"),  # a letter left out
        ("attackre", "attacker"),  # two swapped
        ("anm", "ann"),  # one replaced
        ("bbo", "bob"),
        ("annn", "ann"),  # one put in
        ("p3", "p1"),  # another digit
        ("ba", "ab"),
        ("defnedre", "defender"),  # two slips in a long word
    ],
)
def test_slips_of_the_pen(name: str, meant: str) -> None:
    assert misspelt(name, [meant, "unlike"]) == meant


@pytest.mark.parametrize("name", ["i", "k", "who", "room", "pq", "anna_b", "unlik_"])
def test_other_names_are_none(name: str) -> None:
    assert misspelt(name, ["ann", "bob", "x", "ab", "attacker", "p", "ik"]) is None


HEAD = """game g {
  horizon 2;
  agents attacker, defender;
  param speed = 1;
  type room = {hall, cellar};
  state s: {a, b};
  init s = a;
  state lit[r in room]: bool;
  action hit[i]: {x, y};
  observation o[i]: {a, b};
"""
SLIPS = [
    "init lit[r] = true; observe o[attackre] = s'; share none;",
    "init lit[r] = true; observe o[i] = s'; state z[attcker]: bool; init z[i] = true; share none;",
    "init lit[r] = true; observe o[i] = s'; action act[dfender]: bool; share none;",
    "init lit[hlal] = true; init lit[cellar] = true; observe o[i] = s'; share none;",
    "init lit[r] = true; observe o[i] = s'; let f[defendre] = 1; reward[i] = f[i]; share none;",
    "init lit[r] = true; observe o[i] = s'; reward[defnder] = 1; share none;",
    "init lit[r] = true; observe o[i] = s'; chance c[atacker]: bool ~ bernoulli(0.5); share none;",
    "init lit[r] = true; observe o[i] = s'; share p { hit to atacker after 1; }",
    "init lit[r] = true; observe o[i] = s'; share p { hit[attcker] after 1; }",
    "init lit[r] = true; observe o[i] = s'; share p(who = 1) { hit[woh] after 1; }",
    "init lit[r] = true; observe o[i] = s'; share p { o to al after 1; }",
    "init lit[r] = true; observe o[i] = s'; share p { chance air[sped] ~ {1: 1}; o to j after ~ air[j]; }",
    "init lit[r] = true; observe o[i] = s'; share p { hit to defendre after ~ {1: 0.9, never: 0.1}; }",
]


@pytest.mark.parametrize("lines", SLIPS)
def test_a_new_index_that_is_nearly_a_name_is_one_error(lines: str) -> None:
    found = analyse(Source("slip", f"{HEAD}  {lines}\n  reward team = 1;\n}}\n"))
    assert [d.code for d in found.diagnostics] == ["E216"]
    (slip,) = found.diagnostics
    assert slip.help.startswith("did you mean `") and len(slip.replacements) == 1


@pytest.mark.parametrize("lines", SLIPS)
def test_the_cure_of_a_misspelt_index_cures(lines: str) -> None:
    text = f"{HEAD}  {lines}\n  reward team = 1;\n}}\n"
    (slip,) = analyse(Source("slip", text)).diagnostics
    (change,) = slip.replacements
    mended = text[: change.span.start] + change.text + text[change.span.end :]
    assert "E216" not in {d.code for d in analyse(Source("mended", mended)).diagnostics}


def of_indices(text: str) -> list[Diagnostic]:
    """What is said of new indices in a text without errors."""
    found = analyse(Source("indices", text))
    assert found.errors == ()
    return [d for d in found.warnings if d.code == "W704"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("share p { o to everyone after 1; }", "everyone"),
        ("share p { o[someone] after 1; }", "someone"),
        ("observe o[someone] ~ uniform; share none;", "someone"),
        ("reward[player] = 1; share none;", "player"),
        ("let f[player] = 1; reward[i] = f[i]; share none;", "player"),
    ],
)
def test_a_long_index_that_is_not_read_is_a_warning(line: str, word: str) -> None:
    text = f"{HEAD}  init lit[r] = true; {line} reward team = 1;\n}}\n"
    (warning,) = of_indices(text)
    assert warning.severity == "warning"
    assert warning.span is not None and text[warning.span.start : warning.span.end] == word
    assert "attacker, defender" in warning.message


@pytest.mark.parametrize(
    "line",
    [
        "share p { o to j after 1; }",  # single letters
        "share p { o[one] to other after abs(one - other); }",  # read
        "action act[player]: bool; share none;",  # a declaration
        "state cells[cell]: bool; init cells[cell] = cell == 1; share none;",  # a plural
        "let f[player] = player; reward[who] = f[who]; share none;",
    ],
)
def test_new_indices_that_are_meant(line: str) -> None:
    assert of_indices(f"{HEAD}  init lit[r] = true; {line} reward team = 1;\n}}\n") == []
