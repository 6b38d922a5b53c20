"""Places of several files in one text, and what an editor holds in place of what is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from posgc.lsp.navigating import definition, references
from posgc.lsp.reading import Desk, place_of

GAME = """game g {
  horizon 3; include "parts/common.posg"; state s: room;
  init s = hall;
  reward team = count(i: act[i] == go and s == hall);
}
"""
COMMON = """# what several games have in common
agents ann, bob;
type room = {hall, attic};
  action act[i]: {stay, go};
share full;"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "parts").mkdir()
    (tmp_path / "g.posg").write_text(GAME, encoding="utf-8")
    (tmp_path / "parts" / "common.posg").write_text(COMMON, encoding="utf-8")
    return Desk()


def test_places_go_there_and_back(desk: Desk, tmp_path: Path) -> None:
    game, common = str(tmp_path / "g.posg"), str(tmp_path / "parts" / "common.posg")
    reading = desk.reading(game)
    assert reading.analysis.failure is None and reading.files == (game, common)
    seen = set()
    for name in reading.analysis.names:
        for span in name.places:
            file, line, column, end_line, end_column = place_of(reading.analysis.source, span)
            own = {game: GAME, common: COMMON}[file].split("\n")
            assert own[line][column:end_column] == name.text and line == end_line
            assert reading.offset(file, line, column) == span.start
            seen.add(file)
    assert seen == {game, common}


def test_places_that_are_in_no_part_of_a_game(desk: Desk, tmp_path: Path) -> None:
    reading = desk.reading(str(tmp_path / "g.posg"))
    assert reading.offset(str(tmp_path / "other.posg"), 0, 0) is None
    assert reading.offset(str(tmp_path / "g.posg"), 99, 0) is None
    assert reading.offset(str(tmp_path / "g.posg"), 0, 99) is None
    assert reading.offset(str(tmp_path / "g.posg"), 1, 20) is None  # inside of the line that includes


def test_what_is_not_saved_is_read_from_the_editor(desk: Desk, tmp_path: Path) -> None:
    game, common = str(tmp_path / "g.posg"), str(tmp_path / "parts" / "common.posg")
    desk.put(game, GAME)
    assert not list(desk.reading(game).diagnostics())
    desk.put(common, COMMON.replace("hall", "hal"))
    found = {(d.code, place_of(source, d.span)[:3]) for d, source in desk.reading(game).diagnostics() if d.span}
    assert found == {("E201", (common, 2, 13))}  # all uses agree, so the declaration is the slip
    assert desk.roots(common) == [game]
    desk.close(common)
    assert not list(desk.reading(game).diagnostics())


def test_a_part_is_read_with_a_game_that_includes_it(desk: Desk, tmp_path: Path) -> None:
    game, common = str(tmp_path / "g.posg"), str(tmp_path / "parts" / "common.posg")
    desk.put(common, COMMON)
    assert desk.root(common) == game and not desk.is_lost(common)  # found in the folder above
    here = desk.at(common, 2, 6)
    assert here is not None
    (declared,) = definition(*here)
    assert place_of(here[0].source, declared)[:3] == (common, 2, 5)
    assert {place_of(here[0].source, s)[0] for s in references(*here)} == {game, common}
    assert desk.before(common, 1, 6)[0].endswith(COMMON)


def test_a_part_of_no_game_is_lost(desk: Desk, tmp_path: Path) -> None:
    name = str(tmp_path / "alone.posg")
    Path(name).write_text(COMMON, encoding="utf-8")
    desk.put(name, COMMON)
    assert desk.is_lost(name) and desk.roots(name) == [name]
    desk.put(name, "gmae g { }")
    assert not desk.is_lost(name)


def test_a_file_that_cannot_be_included_is_an_error_at_its_line(desk: Desk, tmp_path: Path) -> None:
    game = str(tmp_path / "g.posg")
    desk.put(game, GAME.replace("common", "comon"))
    found = [(d.code, place_of(s, d.span)[:3]) for d, s in desk.reading(game).diagnostics() if d.span]
    assert found == [("E125", (game, 1, 13))]
    (tmp_path / "parts" / "comon.posg").write_text(COMMON, encoding="utf-8")
    desk.put(game, GAME.replace("common", "comon"))
    assert not list(desk.reading(game).diagnostics())


def test_an_earlier_reading_serves_until_the_newest_text_is_read(desk: Desk, tmp_path: Path) -> None:
    game = str(tmp_path / "g.posg")
    desk.put(game, GAME)
    known = desk.reading(game).analysis
    desk.put(game, GAME + "#")
    assert desk.latest(game) is known
    assert desk.reading(game).analysis is not known and desk.latest(game) is desk.reading(game).analysis


def test_a_text_without_a_file_is_read_alone() -> None:
    desk = Desk()
    desk.put("untitled:1", GAME)
    assert [d.code for d, _ in desk.reading("untitled:1").diagnostics()] == ["E125"]
