"""What is said of the name at a place, and for what indices stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_completing import GAMES

from posgc.language import Source, analyse
from posgc.language.elaborate.names import BUILTIN_FUNCTIONS, BUILTIN_NAMES, TRUNCATED
from posgc.language.sharing.structures import STANDARD
from posgc.language.text.pygments_lexer import words_of_grammar
from posgc.lsp.hovering import hover
from posgc.lsp.meanings import MEANINGS
from posgc.lsp.standing import hints, standing

TEXT = """game g {
  horizon 3;
  agents ann, bob, cyd;
  param far: int = 2 in 0..5;
  param hold[i] = [3, 5, 7];
  type room = {hall, attic};
  state shelf[k in 1..7]: room;
  init shelf[k] = hall;
  state at[i]: room;
  init at[i] = hall;
  action act[i]: {stay, go};
  observation see[i]: room;
  observe see[i] = at[i]';
  let twice = 2 * 3;
  let seen[r in room] = count(j: see[j]' == r);
  reward[i] = twice * hold[i] * seen[hall];
  share late { see to bob after far; act[i] to j after 1; }
}
"""


def said(at: str, text: str = TEXT, more: int = 0) -> str:
    found = hover(analyse(Source("test", text)), text.index(at) + more)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("at", "more", "wanted"),
    [
        ("far:", 0, ["**parameter** `far`: `int`", "param far: int = 2 in 0..5;", "Value: `2`"]),
        ("hold[i] =", 0, ["**parameter** `hold`", "`hold[1] = 3.0`", "`hold[3] = 7.0`"]),
        ("bob", 0, ["**agent** `bob`", "Agent 2 of 3."]),
        ("room =", 0, ["**type** `room`: `{hall, attic}`"]),
        ("attic", 0, ["**value** `attic`", "A value of state `shelf`, state `at`, observation `see`."]),
        ("[k]", 1, ["**index** `k`", "Stands for each of 1, 2, 3, …, 7."]),
        ("at[i] =", 3, ["**index** `i`", "Stands for each of ann, bob, cyd."]),
        ("r in room", 0, ["**index** `r`: `room`", "Stands for each of hall, attic."]),
        ("twice =", 0, ["**definition** `twice`: `int`", "Always `6`."]),
        ("seen[", 0, ["**definition** `seen`: `int`", "let seen[r in room]"]),
        ("see[i]: room", 0, ["**observation** `see`", "Under `late`", "see[ann]: known when 2 steps old for bob"]),
        ("act[i]: {", 0, ["**action** `act`", "act[ann]: known at once for everyone else"]),
        ("late", 0, ["**protocol** `late`", "`--share late`"]),
        ("count", 0, ["`count(i: e)`"]),
        ("observe ", 0, ["the law of an observation"]),
    ],
)
def test_what_is_said(at: str, more: int, wanted: list[str]) -> None:
    found = said(at, more=more)
    for part in wanted:
        assert part in found


def test_the_code_of_a_mistake_is_explained() -> None:
    text = TEXT.replace("init at[i] = hall;", "init at[i] = stay;")
    (wrong,) = analyse(Source("test", text)).errors
    assert wrong.code == "E304"
    found = said("stay;", text)
    assert "**value** `stay`" in found and "**E304: " in found
    assert "E304" not in said("stay, go", text)


def test_a_mistake_of_the_whole_game_is_not_one_of_each_word() -> None:
    text = TEXT.replace("  horizon 3;\n", "")
    assert [d.code for d in analyse(Source("test", text)).errors] == ["E607"]
    assert "E607" not in said("twice =", text)


def test_nothing_is_said_of_signs_titles_and_comments() -> None:
    text = TEXT.replace("game g {", 'game g "count all states" { # count them')
    found = analyse(Source("test", text))
    for at in ("count all", "count them", "{ #", "= 2 *"):
        assert hover(found, text.index(at)) is None


def test_every_word_of_the_language_has_a_meaning() -> None:
    of_claims = {"value", "gap", "gamma", "never", "geometric", "real", "int", "team", "nash", "ce", "cce"}
    known = {*words_of_grammar(), *BUILTIN_FUNCTIONS, *BUILTIN_NAMES, *TRUNCATED, *STANDARD, *of_claims}
    assert set(MEANINGS) == known - {"_"}


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_every_name_of_a_shipped_game_is_shown(path: Path) -> None:
    """At its first place, with its kind and name, its type where it has one, and the declaration as it is written."""
    text = path.read_text(encoding="utf-8")
    found = analyse(Source(path.name, text))
    for name in found.names:
        shown = hover(found, name.span.start)
        assert shown is not None and shown[1].start == name.span.start
        assert f"`{name.text}`" in shown[0] and (name.type is None or name.type in shown[0])
    assert found.game is not None
    for name, value in found.game.parameters:
        (entry,) = [n for n in found.named(name.partition("[")[0]) if n.kind == "parameter"]
        shown = hover(found, entry.span.start)
        assert shown is not None and str(value) in shown[0]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_indices_of_variables_stand_for_what_is_compiled(path: Path) -> None:
    """The indices of an action or observation with one index: for the owners of the compiled variables."""
    found = analyse(Source(path.name, path.read_text(encoding="utf-8")))
    assert found.game is not None and found.tree is not None
    signature, stands = found.game.signature, standing(found)
    for item in found.tree.items:
        target = getattr(item, "target", None)
        if getattr(item, "kind", "") in ("action", "observation", "observe") and len(target.indices) == 1:
            known = stands.get(target.indices[0].span.start)
            variables = (*signature.actions, *signature.observations)
            owners = [signature.agents[v.agent] for v in variables if v.name == target.name]
            assert known is None or sorted(known.values) == sorted(set(owners))


def test_hints_stand_behind_the_indices_of_left_sides_and_rules() -> None:
    found = analyse(Source("test", TEXT))
    shown = [TEXT[: s.end].splitlines()[-1].strip() + text for s, text in hints(found)]
    assert "init shelf[k: 1, 2, 3, …, 7" in shown
    assert "reward[i: ann, bob, cyd" in shown
    assert "let seen[r: hall, attic" in shown
    assert "share late { see to bob after far; act[i] to j: ann, bob, cyd" in shown
    assert not any(s.startswith("let seen[r in room] = count(j") for s in shown)
