"""The store of `posgc compare`: what it saves, what is refused as one, and runs that end before their time."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support.compared import cells, coin, run

from posgc.pipeline import asking, points, store
from posgc.pipeline.workers import Died, Workers

__all__ = ["coin"]


def test_store_saves_asking_again(
    coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, words = tmp_path / "s.db", ("--share", "none", "--share", "full")
    first = run(capsys, coin, *words, "--store", str(kept))
    asked: list[points.Point] = []
    answer = asking.answer

    def counting(question: points.Question, point: points.Point) -> points.Row:
        asked.append(point)
        return answer(question, point)

    monkeypatch.setattr(asking, "answer", counting)
    assert run(capsys, coin, *words, "--store", str(kept)) == first and asked == []
    run(capsys, coin, *words, "--store", str(kept), "--horizon", "1..2")
    assert [(point.horizon, point.protocol) for point in asked] == [(2, "none"), (2, "full")]
    for more in (
        ("--seed", "1"),
        ("--set", "q=0.7"),
        ("--max-nodes", "99"),
        ("--discount", "0.5"),
        ("--concept", "nash"),
    ):
        asked.clear()
        run(capsys, coin, *words, "--store", str(kept), *more)
        assert len(asked) == 2, more
    asked.clear()
    monkeypatch.setattr(points, "versions", lambda: {"posgc": "0.0.0"})
    run(capsys, coin, *words, "--store", str(kept))
    assert len(asked) == 2


def foreign(path: Path, application: int, version: int) -> None:
    file = sqlite3.connect(path)
    file.execute(f"PRAGMA application_id = {application}")
    file.execute(f"PRAGMA user_version = {version}")
    file.execute("CREATE TABLE things (a)")
    file.commit()
    file.close()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("folder", "it is a folder"),
        ("text", "it is not a store but another file"),
        ("other", "it is the database of another program"),
        ("newer", "it has format 9, and this version of posgc reads and writes format 1"),
        ("nowhere", "unable to open database file"),
        ("game", "it is what is being read"),
    ],
)
def test_stores_that_are_none(
    kind: str, said: str, coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.db"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("my notes", encoding="utf-8")
    elif kind in ("other", "newer"):
        foreign(path, 77 if kind == "other" else store.APPLICATION, 9)
    elif kind == "nowhere":
        path = tmp_path / "absent" / "s.db"
    else:
        path = Path(coin)
    before = path.read_bytes() if path.is_file() else None
    status, out, err = run(capsys, coin, "--share", "full", "--store", str(path))
    assert status == 2 and out == "" and f"error[E661]: cannot use {path} as a store: {said}" in err
    assert (path.read_bytes() if path.is_file() else None) == before


def test_locked_store(
    coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    path = tmp_path / "s.db"
    run(capsys, coin, "--share", "full", "--store", str(path))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    status, out, err = run(capsys, coin, "--share", "none", "--store", str(path))
    assert status == 2 and out == "" and "error[E661]" in err and "database is locked" in err
    other.execute("ROLLBACK")
    other.close()
    assert run(capsys, coin, "--share", "none", "--store", str(path))[0] == 0


def test_a_store_that_fails_on_the_way_loses_no_result(
    coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full from the second row on: what was found is printed, the first row is kept."""
    path, put, calls = tmp_path / "s.db", store.Store.put, [0]

    def full(self: store.Store, key: str, row: points.Row) -> None:
        calls[0] += 1
        if calls[0] > 1:
            self._file.execute("PRAGMA max_page_count = 1")
            row = points.dataclasses.replace(row, why="x" * 100_000)  # type: ignore[attr-defined]
        put(self, key, row)

    monkeypatch.setattr(store.Store, "put", full)
    status, out, err = run(capsys, coin, "--share", "none", "--share", "full", "--share", "late", "--store", str(path))
    assert status == 2 and len(cells(out)) == 3 and "database or disk is full" in err and calls == [2]
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT count(*) FROM rows").fetchone() == (1,)


def test_ctrl_c_prints_what_is_known(
    coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asking.answer

    def stopping(question: points.Question, point: points.Point) -> points.Row:
        if point.protocol == "full":
            raise KeyboardInterrupt
        return answer(question, point)

    monkeypatch.setattr(asking, "answer", stopping)
    status, out, _ = run(capsys, coin, "--share", "none", "--share", "full", "--share", "late", "--json")
    rows = json.loads(out)["rows"]
    assert status == 130 and [row["solved"] for row in rows] == [True, False, False]
    assert rows[1]["why"] == "not looked at, as the run was stopped" and rows[1]["lower"] == rows[0]["lower"]


def test_a_process_that_dies_costs_its_point(
    coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest goes on; the point is not kept, so that it is tried again (`tests/pipeline/test_workers.py` kills)."""

    def dying(work: Any, tasks: Any, workers: Workers) -> Any:
        for number, task in enumerate(tasks):
            yield number, Died("its process was killed") if task.protocol == "full" else work(task)

    monkeypatch.setattr(asking, "each", dying)
    shares, kept = ("--share", "none", "--share", "full", "--share", "late"), ("--store", str(tmp_path / "s.db"))
    status, out, _ = run(capsys, coin, *shares, *kept)
    assert status == 3 and "[1] its process was killed" in out
    assert [row[1] for row in cells(out)] == ["none", "full", "late"] and "at least 0.63999" in out
    monkeypatch.undo()
    assert run(capsys, coin, *shares, *kept)[0] == 0
