"""`posgc plot compression`: the picture, its table, and what is refused before anything is solved."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from posgc.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
TIGER = str(ROOT / "games" / "dectiger.posg")
pytest.importorskip("matplotlib")


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["plot", "compression", TIGER, "--share", "full", *arguments, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["attempts"]
    return found


def test_numbers_are_those_of_solve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """35.073971: team optimum of DecTiger under full sharing at H = 6, MATH.md section 11."""
    picture = str(tmp_path / "p.svg")
    flags = ["--horizon", "6", "--lengths", "1,5", "--tols", "1e-2", "--out", picture]
    found = {r["spec"]: r for r in rows(capsys, *flags)}
    assert list(found) == ["belief(0.01)", "window(1, prior=reachable)", "window(5, prior=reachable)", "exact"]
    assert found["exact"]["values"][0] == pytest.approx(35.073971, abs=1e-6)
    assert found["window(5, prior=reachable)"]["epsilon_z"] == pytest.approx(0, abs=1e-12)
    for spec, row in found.items():
        assert row["gap"] <= row["bound"] + 1e-9, spec
        if spec != "exact":
            words = ["--share", "full", "--horizon", "6", "--concept", "team", "--json"]
            main(["solve", TIGER, *words, "--compress", spec])
            solved = json.loads(capsys.readouterr().out)["compression"]
            assert (row["nodes"], row["certified"]) == (solved["nodes"], solved["certified"])


@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_every_format_is_written_and_the_same_twice(
    ending: str, magic: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
    for path in (one, two):
        rows(capsys, "--lengths", "1", "--out", str(path))
    assert one.read_bytes().startswith(magic)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(tmp_path.iterdir()) == [one, two]  # no temporary file is left


def test_without_matplotlib_the_message_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert main(["plot", "compression", TIGER, "--out", str(tmp_path / "p.svg")]) == 2
    assert "error[E624]" in (said := capsys.readouterr().err) and "pip install 'posgc[plot]'" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--out", "p.txt"], "E624"),
        (["--out", "nowhere/p.svg"], "E615"),
        (["--lengths", "9"], "E617"),
        (["--lengths", "1.5"], "E612"),
        (["--tols", "-1"], "E612"),
    ],
)
def test_wrong_flags(
    arguments: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plot", "compression", TIGER, *arguments]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_tolerance_that_is_not_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plot", "compression", TIGER, "--tols", "nan"])
    assert ended.value.code == 2 and "'nan' is not a number" in capsys.readouterr().err


def test_a_family_ends_at_the_first_model_that_is_too_large(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(tmp_path / "p.svg")
    found = rows(capsys, "--horizon", "7", "--lengths", "1,3,4", "--max-nodes", "60", "--out", picture)
    assert [(r["spec"], r["nodes"] is None, bool(r["note"])) for r in found] == [
        ("window(1, prior=reachable)", False, False),
        ("window(3, prior=reachable)", True, True),
        ("exact", False, False),
    ]


def test_nothing_solved_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.svg"
    assert main(["plot", "compression", TIGER, "--share", "full", "--max-nodes", "1", "--out", str(path)]) == 3
    assert "no picture is written" in capsys.readouterr().out
    assert not path.exists()
