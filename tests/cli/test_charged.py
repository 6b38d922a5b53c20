"""Every tolerance is paid for: brackets contain the truth where equal means nearly equal, and say so where it costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posgc.cli.main import main

HINT = """game hint {{ horizon 2; agents ann, bob; state t: 0..1; state s: 0..1;
  action a[i]: {{x, y}}; observation o[ann]: 0..1; init t ~ uniform; init s = 0; init o[ann] = t; next t = 0;
  next s ~ if t == 1 and a[ann] == y then {{0: 1 - {chance}, 1: {chance}}} else s;
  reward team = if step == 1 then (if a[ann] == y and t == 0 then -1000 else 0)
    else if s == 1 and a[bob] == y then {prize} else 0;
  share nope {{ forget after 0; }} }}"""
"""Ann sees t and should play y where it is 1: 1/2 * chance * prize.  Assumption 3 fails by less than its test sees."""

NUDGE = """game nudge {{ horizon 2; agents ann, bob; state s: 0..1; action a[i]: {{x, y}}; init s = 0;
  next s ~ if a[ann] == y then uniform else {{0: 0.5 + {off}, 1: 0.5 - {off}}};
  reward team = if step == 2 and s == 1 then {prize} else 0;
  share nope {{ forget after 0; }} }}"""
"""y makes s a fair coin: prize / 2.  The edge from the action to s is too faint to be seen."""

NEAR = """game near {{ horizon 2; agents ann, bob; state t: 0..1; state s: 0..1;
  action a[i]: 0..1; observation o[i]: 0..1;
  init t ~ uniform; init s = 0; next t = 0;
  next s ~ if t == 1 then {{0: 0.5 - {off}, 1: 0.5 + {off}}} else uniform;
  observe o[i] = t;
  reward team = if step == 2 and a[ann] == s then {prize} else 0;
  share full {{ o after 0; a after 1; }} }}"""
"""After o = 1 guess 1, else anything: prize (1 + off) / 2.  The two beliefs are merged."""


SEEN = """game seen {{ horizon 2; agents ann; state t: 0..1; state s: 0..1;
  action a[i]: {{x, y}}; observation o[i]: 0..1;
  init t ~ uniform; init s ~ if t == 1 then {{0: 0.5 + {off}, 1: 0.5 - {off}}} else uniform; init o[ann] = t;
  observe o[ann] = 0; next t = 0;
  reward team = if step == 2 and a[ann] == y then (if s == 0 then {prize} else -{prize}) else 0; share full; }}"""
"""Play y where t was 1: 1/2 * prize * 2 off.  The two beliefs of step 2 are merged, in a window as elsewhere."""


def solved(path: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    game = path / "game.posg"
    game.write_text(text)
    status = main(["solve", str(game), "--concept", "team", "--json", "--quiet", *more])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "text, optimum",
    [
        (HINT.format(chance="4e-10", prize="1000000000000"), 200.0),
        (HINT.format(chance="3e-10", prize="500000000000"), 75.0),
        (HINT.format(chance="1e-11", prize="1e15"), 5000.0),
        (NUDGE.format(off="2e-11", prize="1e13"), 5e12),
        (NUDGE.format(off="1e-12", prize="1e15"), 5e14),
        (NUDGE.format(off="4e-11", prize="1e9"), 5e8),
        (NEAR.format(off="2.5e-13", prize="1e15"), 5e14 + 125),
        (NEAR.format(off="1e-13", prize="2e15"), 1e15 + 100),
        (NEAR.format(off="4e-13", prize="1e12"), 5e11 + 0.2),
        (SEEN.format(off="2^(-42)", prize="2^44"), 4.0),
        (SEEN.format(off="3e-13", prize="1e12"), 0.3),
    ],
)
@pytest.mark.parametrize("spec", [None, "exact", "bisimulation", "belief(1e-6)", "window(1)", "window(2)"])
def test_the_optimum_lies_in_the_bracket(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, optimum: float, spec: str | None
) -> None:
    """Optima by hand, in the docstrings of the games."""
    status, found = solved(tmp_path, text, capsys, *([] if spec is None else ["--compress", spec]))
    assert status == 0 and found["bounds"]["lower"] <= optimum <= found["bounds"]["upper"]


def test_what_is_overlooked_is_charged_to_the_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who may play y where t is 1 gains up to 1/2 * 4e-10 * 1e12 = 200 on a policy that does not."""
    _, found = solved(tmp_path, HINT.format(chance="4e-10", prize="1000000000000"), capsys)
    gap = found["gap"]
    assert gap["certified"] == gap["value"] + gap["error"]
    assert gap["certified"] >= 200


def test_auto_meets_nothing_that_its_errors_may_exceed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beliefs 5e-13 apart are one, and the prize is 1e15: no gap below 125 can be certified on what is merged."""
    text = NEAR.format(off="2.5e-13", prize="1e15")
    status, found = solved(tmp_path, text, capsys, "--compress", "auto", "--epsilon", "1")
    assert status == 3 and not found["compression"]["met"] and found["compression"]["certified"] > 1
    status, found = solved(tmp_path, text, capsys, "--compress", "auto", "--epsilon", "1e6")
    assert status == 0 and found["compression"]["met"]


def test_require_gap_of_verify_counts_the_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that reads a window of one step may be 4 short, and 1e-9 is not certified."""
    policy = str(tmp_path / "p.npz")
    text = SEEN.format(off="2^(-42)", prize="2^44")
    assert solved(tmp_path, text, capsys, "--compress", "window(1)", "--out", policy)[0] == 0
    assert main(["verify", str(tmp_path / "game.posg"), policy, "--require-gap", "1e-9", "--quiet"]) == 1
    assert "--require-gap asks for 1e-09" in capsys.readouterr().err


def test_require_gap_counts_the_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = HINT.format(chance="4e-10", prize="1000000000000")
    assert solved(tmp_path, text, capsys, "--require-gap", "1e9")[0] == 0
    assert solved(tmp_path, text, capsys, "--require-gap", "150")[0] == 1
