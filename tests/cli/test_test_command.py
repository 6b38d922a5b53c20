"""`posgc test`: what it prints and writes, and its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from posgc.cli import test as command
from posgc.cli.main import main

GAME = """game coins "Two coins" {
  horizon 1;
  agents ann, bob;
  action call[i]: {heads, tails};
  reward ann = if call[ann] == call[bob] then 1 else 0;
  reward bob = if call[ann] == call[bob] then 1 else 2;
  share full;
CLAIMS
}
"""
# Matching pennies but for constants: each mixes evenly, so ann earns 1/2 and bob 3/2.
RIGHT = "  expect value(nash) == 1/2 within 1e-9;\n  expect value(nash, bob) == 3/2 within 1e-9;"
WRONG = "  expect assumption 3;\n  expect value(nash) == 7;\n  expect value(team) == 1;"


def written(folder: Path, name: str, claims: str) -> str:
    path = folder / f"{name}.posg"
    path.write_text(GAME.replace("CLAIMS", claims), encoding="utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        status: Any = main(["test", "-j", "1", *words])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def test_all_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "right", RIGHT)
    status, out, err = run(capsys, path)
    assert status == 0 and err == ""
    assert out.splitlines()[:2] == [f"{path}  ..", "2 claims of 1 file: 2 hold"]
    assert run(capsys, path, "--quiet")[1].splitlines()[0] == "2 claims of 1 file: 2 hold"


def test_what_fails_is_shown_at_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "wrong", WRONG)
    status, out, err = run(capsys, path)
    assert status == 1
    assert out.splitlines()[:2] == [f"{path}  .F?", "3 claims of 1 file: 1 hold, 1 fail, 1 not decided"]
    assert "error[E647]: this claim fails: in the equilibrium that is found ann earns 0.5, to within" in err
    assert f"--> {path}:9:3\n9 |   expect value(nash) == 7;\n  |   ^^^^^^^^^^^^^^^^^^^^^^^^" in err
    assert "error[E648]: this claim is not decided: no back-end serves concept team" in err


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        (RIGHT, 0),
        ("", 0),
        ("  expect value(team) == 1;", 3),
        ("  expect value(team) == 1;\n  expect value(nash) == 7;", 1),
        ("  expect value(tem) == 1;", 2),
    ],
)
def test_exit_status(claims: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, written(tmp_path, "game", claims))[0] == status


def test_folders_and_files_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    first, second = written(tmp_path, "b", RIGHT), written(inner, "a", "")
    (inner / "notes.txt").write_text("no game", encoding="utf-8")
    status, out, _ = run(capsys, str(tmp_path), first)
    assert status == 0
    assert [row.split() for row in out.splitlines()[:2]] == [[first, ".."], [second, "claims", "nothing"]]
    (tmp_path / "empty").mkdir()
    assert "E646" in run(capsys, str(tmp_path / "empty"))[2]


def test_a_wrong_file_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = written(tmp_path, "right", RIGHT), written(tmp_path, "wrong", "  expect value(tem) == 1;")
    status, out, err = run(capsys, wrong, str(tmp_path / "absent.posg"), right)
    assert status == 2 and "error[E313]" in err and "error[E606]" in err
    assert [row.split()[-1] for row in out.splitlines()[:3]] == ["wrong", "wrong", ".."]


def test_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong, report = written(tmp_path, "a", RIGHT), written(tmp_path, "b", WRONG), tmp_path / "junit.xml"
    status, out, _ = run(capsys, right, wrong, "--json", "--junit", str(report))
    found = json.loads(out)
    assert status == 1 and found["junit"] == str(report) and found["stopped"] is False
    assert [found[key] for key in ("holding", "failing", "undecided", "mistaken", "unknown", "wrong_files")] == [
        *(3, 1, 1, 0, 0, 0),
    ]
    assert [[c["answer"] for c in f["claims"]] for f in found["files"]] == [
        ["holds", "holds"],
        ["holds", "fails", "not decided"],
    ]
    assert found["files"][1]["claims"][1] | {"seconds": 0} == {
        "claim": "expect value(nash) == 7;",
        "line": 9,
        "column": 3,
        "answer": "fails",
        "found": found["files"][1]["claims"][1]["found"],
        "seconds": 0,
    }
    first, second = ElementTree.parse(report).getroot()
    assert {key: second.get(key) for key in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": wrong,
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    assert [[child.tag for child in case] for case in (*first, *second)] == [[], [], [], ["failure"], ["skipped"]]


def test_a_report_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "right", RIGHT)
    status, out, err = run(capsys, path, "--junit", path)
    assert (status, out) == (2, "") and "it is what is being read" in err
    assert run(capsys, path, "--junit", "/nowhere/at/all.xml")[:2] == (2, "")
    monkeypatch.setattr("os.replace", full)
    status, out, err = run(capsys, path, "--junit", str(tmp_path / "report.xml"))
    assert status == 2 and "2 hold" in out and "No space left" in err and list(tmp_path.iterdir()) == [Path(path)]


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_ctrl_c_prints_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = written(tmp_path, "right", RIGHT), command.examine_all

    def interrupted(*arguments: Any) -> Iterator[Any]:
        yield next(real(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "examine_all", interrupted)
    status, out, _ = run(capsys, path)
    assert status == 130
    assert out.splitlines()[:2] == [f"{path}  .", "2 claims of 1 file: 1 hold, 1 not looked at"]
