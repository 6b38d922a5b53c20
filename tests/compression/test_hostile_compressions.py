"""What a hostile or hasty user may ask of `--compress`, and games at the edge of what there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posgc.cli.main import main
from posgc.policy.file import load_policy

GAMES = Path(__file__).resolve().parents[2] / "games"
DECTIGER = str(GAMES / "dectiger.posg")
EVERY = ["exact", "bisimulation", "belief(0.5)", "window(0)", "window(1)", "window(1, prior=reachable)"]

ONE_AGENT = """game g { horizon 4; agents a; state s: {x, y}; action act[i]: {l, r};
init s ~ uniform; next s ~ noisy(s, 0.8); reward team = count(i: act[i] == l and s == x); share full; }"""
ONE_ACTION = """game g { horizon 4; agents a, b; state s: {x, y}; action act[i]: {l}; observation o[i]: {x, y};
init s ~ uniform; next s ~ noisy(s, 0.8); observe o[i] ~ noisy(s', 0.7); reward team = if s == x then 1 else 0;
share full; }"""


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    try:
        status = main([str(w) for w in words])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


@pytest.mark.parametrize(
    ("spec", "words", "code"),
    [
        ("window(4)", (), "E617"),
        ("window(99999999999999999999)", (), "E612"),
        ("window(-1)", (), "E612"),
        ("window(2.5)", (), "E612"),
        ("belief(-0.1)", (), "E612"),
        ("belief(nan)", (), "E612"),
        ("belief(inf)", (), "E612"),
        ("belief(2.1)", (), "E612"),
        ("widow(2)", (), "E616"),
        ("window(2", (), "E616"),
        ("", (), "E613"),
        ("window(2, prior=foo)", (), "E612"),
        ("window(2, 3)", (), "E616"),
        ("window(2, length=3)", (), "E616"),
        ("exact(1)", (), "E616"),
        ("auto", (), "E618"),
        ("auto", ("--epsilon", "nan"), "E613"),
        ("auto", ("--epsilon", "-1"), "E613"),
        ("auto", ("--epsilon", "inf"), "E613"),
    ],
)
def test_refused(capsys: pytest.CaptureFixture[str], spec: str, words: tuple[str, ...], code: str) -> None:
    """dectiger has three steps."""
    status, out, err = run(capsys, "solve", DECTIGER, "--concept", "team", "--compress", spec, *words)
    assert status == 2 and out == "" and f"error[{code}]" in err


def test_assumption_3_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "solve", DECTIGER, "--concept", "team", "--share", "none", "--compress", "window(1)")
    assert status == 1 and out == "" and "Assumption 3" in err


def test_limits(capsys: pytest.CaptureFixture[str]) -> None:
    """Too few nodes for anything; enough for something, whose bound is printed, but not for the gap that is asked."""
    words = ("solve", DECTIGER, "--concept", "team", "--horizon", "8", "--compress")
    assert run(capsys, *words, "window(1)", "--max-nodes", "3")[0] == 3
    status, out, err = run(capsys, *words, "auto", "--epsilon", "0", "--max-nodes", "3")
    assert status == 3 and out == "" and "window(1" in err
    status, out, err = run(capsys, *words, "auto", "--epsilon", "0", "--max-nodes", "20")
    assert status == 3 and "belief(0.3)" in out and "lowest certified gap" in err


@pytest.mark.parametrize("spec", EVERY)
@pytest.mark.parametrize("text", [ONE_AGENT, ONE_ACTION], ids=["one agent, nothing observed", "one action"])
def test_small_games(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, spec: str) -> None:
    """The agent earns 1 in each of four steps with probability 1/2; beliefs of s stay uniform or cannot be used."""
    path = tmp_path / "game.posg"
    path.write_text(text)
    status, out, _ = run(capsys, "solve", path, "--concept", "team", "--compress", spec, "--json")
    assert status == 0
    assert next(iter(json.loads(out)["values"].values())) == pytest.approx(2.0, abs=1e-9)


@pytest.mark.parametrize("spec", EVERY)
@pytest.mark.parametrize(("horizon", "value"), [(1, -2.0), (2, -4.0)])
def test_one_and_two_steps(capsys: pytest.CaptureFixture[str], spec: str, horizon: int, value: float) -> None:
    """Listening: shared/MATH.md section 11 has -4 for two steps."""
    words = ("solve", DECTIGER, "--concept", "team", "--horizon", horizon, "--compress", spec, "--json")
    status, out, _ = run(capsys, *words)
    assert status == 0
    assert json.loads(out)["values"]["ann"] == pytest.approx(value, abs=1e-9)


@pytest.mark.slow
def test_what_follows_the_cut_is_part_of_what_is_certified(capsys: pytest.CaptureFixture[str]) -> None:
    """In each step of DecTiger one who sees everything earns from -101 to 20, so 0.5^H / 0.5 * 121 of the endless game
    lies after the cut, and 1e-6 cannot be met."""
    words = ["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--share", "one_step", "--horizon", "inf"]
    auto = ["--discount", "0.5", "--compress", "auto", "--json", "--quiet"]
    assert main([*words, *auto, "--epsilon", "1e-6"]) == 3
    document = json.loads(capsys.readouterr().out)
    found, tail = document["compression"], 0.5 ** len(document["layers"]) / 0.5 * 121
    assert not found["met"] and found["target"] == 1e-6 and found["certified"] >= tail * (1 - 1e-9)
    assert all(bound["value"] >= tail * (1 - 1e-9) for bound in found["bounds"])
    assert main([*words, *auto, "--epsilon", "1e-4"]) == 0
    found = json.loads(capsys.readouterr().out)["compression"]
    assert found["met"] and tail * (1 - 1e-9) <= found["certified"] <= 1e-4


def test_a_compressed_policy_claims_what_was_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The adversarial tiger under window(1) believes in 0.893; it earns -0.1987, and somebody could gain 3.97."""
    path = tmp_path / "w.npz"
    words = ["solve", str(GAMES / "adversarial_tiger.posg"), "--concept", "nash", "--share", "full"]
    assert main([*words, "--horizon", "5", "--compress", "window(1)", "--out", str(path), "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    claim = load_policy(path).claim
    assert list(claim.values) == found["claimed"] == list(found["values"].values())
    assert claim.gap_bound == found["gap"]["value"] + found["gap"]["error"] > 3


@pytest.mark.slow
def test_equal_models_are_solved_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Several tolerances make the same model of DecTiger, one step late."""
    words = ["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--share", "one_step", "--horizon", "20"]
    assert main([*words, "--compress", "auto", "--epsilon", "1e-6", "--json", "--quiet"]) == 0
    attempts = json.loads(capsys.readouterr().out)["compression"]["attempts"]
    assert any(attempt["note"].startswith("the same model as belief(") for attempt in attempts)
