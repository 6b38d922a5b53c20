"""`new`, `completion`, several files of `check`, lines of a verdict, short flags, and results that are never lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posgc.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
GAMES = ROOT / "games"
TIGER, VENDORS = str(GAMES / "dectiger.posg"), str(GAMES / "vendors.posg")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        status: Any = main(list(words))
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


# ---- new


@pytest.mark.parametrize("word", ["meeting", "meeting.posg"])
def test_a_new_game_passes(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "new", word) == (0, "wrote meeting.posg; go on with: posgc check meeting.posg\n", "")
    assert run(capsys, "fmt", "--check", "meeting.posg")[0] == 0
    status, out, err = run(capsys, "check", "meeting.posg")
    assert status == 0 and out.startswith("meeting — ") and err == ""
    status, out, _ = run(capsys, "test", "-j", "1", "meeting.posg")
    assert status == 0 and "3 hold" in out


def test_a_new_game_replaces_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.posg"
    path.write_text("mine", encoding="utf-8")
    status, out, err = run(capsys, "new", str(path))
    assert (status, out) == (2, "") and "E615" in err and path.read_text(encoding="utf-8") == "mine"
    assert "E615" in run(capsys, "new", str(tmp_path / "nowhere" / "mine"))[2]


@pytest.mark.parametrize("name", ["state", "two words", "3d", "a-b"])
def test_names_that_no_game_has(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "new", str(tmp_path / name))
    assert status == 2 and "E613" in err and list(tmp_path.iterdir()) == []


# ---- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_reads(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "completion", shell)
    assert status == 0 and "posgc" in out and "_ARGCOMPLETE" in out


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("posgc ", set(COMMANDS)),
        ("posgc solve --concept ", {"team", "nash", "ce", "cce"}),
    ],
)
def test_completions(line: str, some: set[str], tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    environment = os.environ | {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run([sys.executable, "-m", "posgc.cli.main"], env=environment, check=True, capture_output=True)
    assert some <= set(answer.read_text(encoding="utf-8").split("\n"))


# ---- check


def test_check_says_a_line_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """And with --verbose, no reason twice: `delayed(2)` fails Assumption 3, on which several back-ends rest."""
    status, short, _ = run(capsys, "check", TIGER, "-s", "delayed(2)", "-H", "3")
    assert status == 1 and sum(row.startswith("Assumption") for row in short.splitlines()) == 3
    assert "prescription 1" not in short and "witness:" not in short
    status, long, _ = run(capsys, "check", TIGER, "-s", "delayed(2)", "-H", "3", "--verbose")
    assert status == 1 and "prescription 1:" in long and "witness: b = " in long
    reasons = [row.partition(": ")[2] for row in long.splitlines() if row.startswith("  not by ")]
    assert len(reasons) > 2 and len(set(reasons)) == len(reasons)


def test_check_of_several_games(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.posg"
    wrong.write_text("game g { horizn 2; }", encoding="utf-8")
    one, two = (run(capsys, "check", path)[1] for path in (TIGER, VENDORS))
    assert run(capsys, "check", TIGER, VENDORS) == (0, f"{one}\n{two}", "")
    status, out, err = run(capsys, "check", TIGER, str(wrong), VENDORS)
    assert status == 2 and one in out and two in out and "did you mean `horizon`" in err
    assert run(capsys, "check", VENDORS, TIGER, "-s", "none")[0] == 1  # fails in the second only
    assert (
        run(capsys, "check", TIGER, VENDORS, "--max-nodes", "1")[0]
        == run(capsys, "check", TIGER, "--max-nodes", "1")[0]
    )


def test_json_of_several_games(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = str(tmp_path / "absent.posg")
    found = json.loads(run(capsys, "check", TIGER, wrong, VENDORS, "--json")[1])
    assert [each.get("game") for each in found] == ["dectiger", None, "vendors"]
    assert [d["code"] for d in found[1]["diagnostics"]] == ["E606"]
    assert isinstance(json.loads(run(capsys, "check", TIGER, "--json")[1]), dict)


@pytest.mark.parametrize("flag", ["--witness", "--replay"])
def test_flags_for_one_game(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "check", TIGER, VENDORS, flag, str(tmp_path / "w.json"))
    assert (status, out) == (2, "") and "E613" in err


def test_short_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "p.npz"
    short = (
        "-c",
        "team",
        "-s",
        "full",
        "-H",
        "2",
        "-p",
        "accuracy=0.9",
        "-b",
        "value-iteration",
        "-O",
        "epsilon=0",
        "-q",
    )
    long = ("--concept", "team", "--share", "full", "--horizon", "2", "--set", "accuracy=0.9")
    one = json.loads(run(capsys, "solve", TIGER, *short, "-o", str(policy), "--json")[1])
    two = json.loads(run(capsys, "solve", TIGER, *long, "--json")[1])
    assert one["values"] == two["values"] and one["protocol"] == "full" and policy.exists()


# ---- results are never lost


@pytest.mark.parametrize(
    "words",
    [
        ("solve", TIGER, "-c", "team", "-o", "OUT.npz"),
        ("simulate", TIGER, "--traces", "1", "-o", "OUT.jsonl"),
        ("plot", "compression", TIGER, "-o", "OUT.svg"),
        ("export", TIGER, "--to", "efg", "-o", "OUT.efg"),
        ("check", TIGER, "-s", "none", "--witness", "OUT.json"),
        ("info", TIGER, "--plot", "OUT.svg"),
        ("test", TIGER, "--junit", "OUT.xml"),
    ],
)
def test_outputs_are_tried_before_the_work(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_work(*_: object, **__: object) -> None:
        raise AssertionError("the work began")

    for name in ("cli.flags", "cli.export", "cli.info", "cli.plot", "pipeline.claims"):
        monkeypatch.setattr(f"posgc.{name}.compile_request", at_work)
    status, out, err = run(capsys, *(word.replace("OUT", "/nowhere/at/all") for word in words))
    assert (status, out) == (2, "") and "E615" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("solve", TIGER, "-c", "team", "-o", "OUT.npz"), "8.815"),  # MATH
        (("simulate", TIGER, "--episodes", "10", "--traces", "1", "-o", "OUT.jsonl"), "episode 0"),
        (("check", TIGER, "-s", "none", "--witness", "OUT.json"), "Assumption 3"),
        (("info", TIGER, "--plot", "OUT.svg"), "step 3"),
    ],
)
def test_results_are_printed_where_the_disk_is_full(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    asked = [word.replace("OUT", str(tmp_path / "out")) for word in words]
    status, out, err = run(capsys, *asked)
    assert status == 2 and said in out and "No space left on device" in err and "written to" not in out
    status, out, err = run(capsys, *asked, "--json")
    assert status == 2 and isinstance(json.loads(out), dict) and "E615" in err
    assert list(tmp_path.iterdir()) == []


def test_the_policy_is_the_same_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An output that is there already is replaced as a whole, and is not touched by the trial."""
    path = tmp_path / "p.npz"
    assert run(capsys, "solve", TIGER, "-c", "team", "-o", str(path))[0] == 0
    first = dict(np.load(path))
    assert run(capsys, "solve", TIGER, "-c", "cce", "--max-nodes", "1", "-o", str(path))[0] == 3
    again = dict(np.load(path))
    assert first.keys() == again.keys() and all(np.array_equal(first[k], again[k]) for k in first)
