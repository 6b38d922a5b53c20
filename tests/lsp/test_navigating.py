"""Declarations, uses and other names; the outline; cures."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from test_completing import GAMES

from posgc.language import InputError, Source, analyse
from posgc.lsp.mending import mends
from posgc.lsp.navigating import definition, name_at, references, rename
from posgc.lsp.outlining import symbols, tokens

TEXT = """game g {
  horizon 3;
  agents ann, bob;
  param far: int = 2;
  state s: {a, b};
  init s = a;
  action act[i]: {x, y};
  let busy[i] = act[i] == x and count(j != i: act[j] == y) > far;
  reward team = count(i: busy[i]);
  share late(d = 2) { act after d; }
  share later extends late(3) { }
}
"""


def test_from_a_use_to_the_declaration_and_back() -> None:
    found = analyse(Source("test", TEXT))
    use = TEXT.rindex("busy")
    (declared,) = definition(found, use + 2)
    assert TEXT[declared.start : declared.end] == "busy" and declared.line == 8
    assert [s.start for s in references(found, declared.start)] == [TEXT.index("busy"), use]
    assert [s.start for s in references(found, declared.start, declarations=False)] == [use]
    assert definition(found, TEXT.index("team")) == () and references(found, TEXT.index("{ act")) == ()


def test_a_caret_behind_a_name_is_at_the_name() -> None:
    found = analyse(Source("test", TEXT))
    end = TEXT.rindex("busy") + len("busy")
    here = name_at(found, end)
    assert here is not None and here[0].text == "busy" and here[1].end == end
    at_next = name_at(found, end + 1)  # between `[` and `i`
    assert at_next is not None and at_next[0].text == "i"


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_a_fresh_name_changes_all_places_and_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = analyse(Source(path.name, text))
    name = random.Random(path.stem).choice(found.names)
    assert rename(found, name.uses[-1].start if name.uses else name.span.start, f"zz_{name.text}") == name.places


@pytest.mark.parametrize(
    ("at", "new", "code", "why"),
    [
        ("far:", "reward", "E106", "cannot be a name"),
        ("far:", "2x", "E106", "cannot be a name"),
        ("far:", "busy", "E202", "definition of line 8"),
        ("far:", "ann", "E202", "agent of line 3"),
        ("far:", "a", "E202", "word of line 5"),
        ("far:", "step", "E202", "in the language"),
        ("ann", "team", "E202", "in the language"),
        ("late(d", "later", "E202", "protocol of line 11"),
        ("late(d", "full", "E506", "standard structure"),
        ("far:", "i", None, ""),  # an index of the line in which it is used
        ("j != i", "i", None, ""),
        ("j != i", "s", None, ""),
        ("team", "all", "E201", "no name stands here"),
    ],
)
def test_a_name_that_clashes_is_refused(at: str, new: str, code: str | None, why: str) -> None:
    found = analyse(Source("test", TEXT))
    with pytest.raises(InputError) as refused:
        rename(found, TEXT.index(at), new)
    (first, *_) = refused.value.diagnostics
    assert why in first.message and (code is None or first.code == code)


def test_protocols_have_names_of_their_own() -> None:
    found = analyse(Source("test", TEXT))
    assert len(rename(found, TEXT.index("late(d"), "busy")) == 2


def test_a_file_with_mistakes_can_be_mended_by_another_name() -> None:
    text = TEXT.replace("reward team = count(i: busy[i])", "reward team = count(i: bussy[i])")
    found = analyse(Source("test", text))
    assert found.errors and len(rename(found, text.index("far"), "farther")) == 2


def test_the_outline_lists_declarations_with_types() -> None:
    shown = [(s.text, s.kind, s.detail) for s in symbols(analyse(Source("test", TEXT)))]
    assert shown == [
        ("ann", "agent", "agent"),
        ("bob", "agent", "agent"),
        ("far", "parameter", "int"),
        ("s", "state", "{a, b}"),
        ("act", "action", "{x, y}"),
        ("busy", "definition", "bool"),
        ("late", "protocol", ""),
        ("later", "protocol", ""),
    ]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_tokens_are_all_places_in_order(path: Path) -> None:
    found = analyse(Source(path.name, path.read_text(encoding="utf-8")))
    marked = tokens(found)
    starts = [t.span.start for t in marked]
    assert starts == sorted(set(starts)) == sorted(s.start for n in found.names for s in n.places)
    assert {t.span.start for t in marked if t.declared} == {s.start for n in found.names for s in n.declarations}


def test_cures_are_changes_that_mend() -> None:
    text = TEXT.replace("far;\n  reward", "farr;\n  reward").replace("init s = a;", "init s = a")
    found = analyse(Source("test", text))
    offered = list(mends(found, 0, len(text)))
    assert {m.title for m in offered} == {"put in `;`", "replace `farr` by `far`"}
    for change in sorted((c for m in offered for c in m.changes), key=lambda c: -c.span.start):
        text = text[: change.span.start] + change.text + text[change.span.end :]
    assert not analyse(Source("test", text)).errors
    assert not list(mends(found, 0, 5))
