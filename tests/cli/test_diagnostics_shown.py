"""How the command line shows what is wrong: colour, JSON, misspelt words, and `explain`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from posgc.cli.main import COMMANDS, main
from posgc.language.diagnostics.codes import CODES

ROOT = Path(__file__).resolve().parents[2]
TIGER = str(ROOT / "games" / "dectiger.posg")
WRONG = """game wrong {
  horizon 2;
  horizon 3;
  agents ann, bob;
  state tiger: {left, right};
  init tiger = lfet;
  action act[i]: {x, y}
  reward team = 1 / 0;
  share none;
}
"""


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    path = tmp_path / "wrong.posg"
    path.write_text(WRONG, encoding="utf-8")
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """Standard output and error of a command that ends with status 2."""
    try:
        status: Any = main(list(words))
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert status == 2 and "Traceback" not in err
    return out, err


@pytest.mark.parametrize("command", ["info", "check"])
def test_mistakes_as_json(command: str, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = refused(capsys, command, wrong, "--json")
    found = json.loads(out)
    assert found["file"] == wrong and found["status"] == 2
    assert [d["code"] for d in found["diagnostics"]] == ["E205", "E201", "E107", "E404"]
    assert re.findall(r"error\[(\w+)\]", err) == ["E205", "E201", "E107", "E404"]
    for diagnostic in found["diagnostics"]:
        span = diagnostic["span"]
        assert WRONG[: span["start"]].count("\n") + 1 == span["line"] == diagnostic["line"]
    twice, unknown = found["diagnostics"][:2]
    (label,) = twice["labels"]
    assert WRONG[label["span"]["start"] : label["span"]["end"]] == "horizon 2;"
    (change,) = unknown["replacements"]
    assert WRONG[change["span"]["start"] : change["span"]["end"]] == "lfet" and change["text"] == "left"


def test_the_replacements_mend_what_they_can(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = refused(capsys, "info", wrong, "--json")
    changes = [change for d in json.loads(out)["diagnostics"] for change in d["replacements"]]
    text = WRONG
    for change in sorted(changes, key=lambda c: -c["span"]["start"]):
        text = text[: change["span"]["start"]] + change["text"] + text[change["span"]["end"] :]
    Path(wrong).write_text(text, encoding="utf-8")
    _, err = refused(capsys, "info", wrong)
    assert re.findall(r"error\[(\w+)\]", err) == ["E205", "E404"]


def test_colour(wrong: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def coloured(*flags: str) -> bool:
        _, err = refused(capsys, "info", wrong, *flags)
        assert "error[E205]" in re.sub(r"\x1b\[[0-9;]*m", "", err)
        return "\x1b[" in err

    assert not coloured() and coloured("--color", "always")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured() and coloured("--color", "auto") and not coloured("--color", "never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured() and coloured("--color", "always")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("slove", TIGER), "did you mean solve?"),
        (("expalin", "E201"), "did you mean explain?"),
        (("solve", TIGER, "--concept", "tema"), "did you mean team?"),
        (("info", TIGER, "--horizn", "3"), "did you mean --horizon?"),
        (("check", TIGER, "--reqire", "1"), "did you mean --require?"),
        (("solve", TIGER, "--concept", "team", "--backend", "value-iteraton"), "did you mean value-iteration?"),
        (("export", TIGER, "--to", "efgg"), "did you mean efg?"),
        (("verify", TIGER, "uniform", "--referee", "gambt"), "gambit"),
        (("solve", TIGER, "--concept", "team", "--compress", "windw(2)"), "did you mean window?"),
        (("info", TIGER, "--set", "acuracy=0.9"), "did you mean `accuracy`?"),
        (("info", TIGER, "--share", "one_setp"), "did you mean `one_step`?"),
        (("explain", "E2O1"), "did you mean E201?"),
    ],
)
def test_what_is_misspelt_is_suggested(
    words: tuple[str, ...], meant: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if words[0] == "verify":
        assert main(["solve", TIGER, "--concept", "team", "--out", str(tmp_path / "p.npz"), "--quiet"]) == 0
        words = ("verify", TIGER, str(tmp_path / "p.npz"), *words[3:])
        capsys.readouterr()
    assert meant in refused(capsys, *words)[1]


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    said = capsys.readouterr().out
    known = CODES[code]
    assert said.startswith(f"{code}: {known.title}\n{known.explanation}\n")
    assert main(["explain", code.lower(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["title"] == known.title
    assert all(row.strip() in said for row in found["wrong"].splitlines())
    if known.wrong is not None:
        assert f"error[{code}]" in found["said"]


def test_every_command_takes_color() -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main([command, "--color", "purple"])
        assert stop.value.code == 2


def test_several_codes_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    said = list[str]()
    for code in ("E108", "E201"):
        assert main(["explain", code]) == 0
        said.append(capsys.readouterr().out)
    assert main(["explain", "e108", "[E201]", "E108"]) == 0
    assert capsys.readouterr().out == "\n".join(said)
    assert main(["explain", "E108", "E201", "--json"]) == 0
    assert [each["code"] for each in json.loads(capsys.readouterr().out)] == ["E108", "E201"]


def test_all_unknown_codes_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "explain", "E201", "E2O1", "tax.owed")[1]
    assert "there is no code E2O1" in said and "tax.owed is a code of the language block tax" in said
