"""Regret minimisation that is killed, stopped and taken up again ends as if nothing had been; a checkpoint of another
run, and what is none, is refused and left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from posgc_cfr import backend as cfr

import posgc
from posgc.cli.main import main
from posgc.coordination.limits import Limits
from posgc.language.diagnostics import InputError
from posgc.policy import checkpoint

GAMES = Path(__file__).resolve().parents[2] / "games"
Array = np.ndarray[Any, Any]

RUNS = {
    "nash": "adversarial_tiger.posg --share none --horizon 3 --concept nash --epsilon 1e-4",
    "merged": "kuhn.posg --concept nash --epsilon 1e-4",
    "discounted": "adversarial_tiger.posg --share none --horizon 3 --concept nash --epsilon 0.05 "
    "--option rule=discounted --option updates=simultaneous",
    "rounds": "adversarial_tiger.posg --share none --horizon 3 --concept nash --epsilon 1e-12 --option rounds=50",
    "nfcce": "power_control.posg --share none --horizon 3 --concept cce --epsilon 1e-12 --option rounds=40",
    "efcce": "power_control.posg --share none --horizon 3 --concept cce --form extensive --epsilon 1e-12 "
    "--option rounds=60",
    "short": "harbours.posg --concept ce --epsilon 1e-14 --option rounds=30",
    "efce": "power_control.posg --share none --horizon 3 --concept ce --epsilon 1e-12 --option rounds=40",
}


class Killed(Exception):
    """What stands for a kill: nothing of ours catches it."""


def command(name: str, folder: Path, *more: str) -> list[str]:
    game, *flags = RUNS[name].split()
    out = "--out", str(folder / "policy.npz")
    return ["solve", str(GAMES / game), *flags, "--backend", "cfr", "--quiet", *out, *more]


def policy(folder: Path) -> bytes:
    return (folder / "policy.npz").read_bytes()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save after every round."""
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 0)


class Counted(Limits):
    """Counts the looks; raises at the one that is to be the last, or has Ctrl-C pressed there."""

    looks = 0
    last: int | None = None
    press = False

    def __call__(self) -> bool:
        Counted.looks += 1
        if Counted.looks == Counted.last:
            if not Counted.press:
                raise Killed
            signal.raise_signal(signal.SIGINT)
        return super().__call__()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    Counted.looks, Counted.last, Counted.press = 0, None, False
    monkeypatch.setattr(cfr, "Limits", Counted)
    return Counted


def cut(looks: type[Counted], last: int | None, arguments: list[str], press: bool = False) -> int | None:
    """Exit status of a run that is killed, or stopped, at its so-manieth look; None where it was killed."""
    looks.looks, looks.last, looks.press = 0, last, press
    try:
        return main(arguments)
    except Killed:
        return None


def check_kills(name: str, folder: Path, looks: type[Counted], kills: int, seed: int, press: bool) -> None:
    """Killed, or stopped, again and again, at random rounds."""
    draw, status = random.Random(seed), cut(looks, None, command(name, folder))
    whole, rounds = policy(folder), looks.looks
    path = folder / "run.npz"
    for k in range(kills):
        own = folder / str(k)
        own.mkdir()
        arguments, lives = command(name, own, "--checkpoint", str(path)), 0
        while True:
            last = draw.randint(1, max(2, rounds // 2))
            found = cut(looks, last, arguments, press)
            if looks.looks < last:
                break  # it has ended by itself
            lives += 1
        assert found == status and lives and policy(own) == whole
        path.unlink()


@pytest.mark.parametrize("name", ["merged", "short"])
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(
    name: str, tmp_path: Path, eager: None, looks: type[Counted]
) -> None:
    check_kills(name, tmp_path, looks, 2, 1, press=False)


@pytest.mark.slow
@pytest.mark.parametrize("press", [False, True], ids=["killed", "stopped"])
@pytest.mark.parametrize("name", RUNS)
def test_many_kills_and_stops(name: str, press: bool, tmp_path: Path, eager: None, looks: type[Counted]) -> None:
    check_kills(name, tmp_path, looks, 25, 2, press)


@pytest.mark.parametrize("name", ["merged", "short"])
def test_saving_seldom_loses_rounds_and_no_bytes(
    name: str, tmp_path: Path, looks: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 1e9)
    check_kills(name, tmp_path, looks, 1, 3, press=True)


@pytest.mark.parametrize("name", ["nash", "efce", "nfcce"])
def test_ctrl_c_and_a_time_limit_leave_a_policy_and_a_checkpoint(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], looks: type[Counted]
) -> None:
    path = tmp_path / "run.npz"
    arguments = command(name, tmp_path, "--checkpoint", str(path))
    assert cut(looks, 11, arguments, press=True) == 130
    told = capsys.readouterr()
    assert f"the same command goes on from {path}" in told.out and "interrupted" in told.err
    stopped = policy(tmp_path)
    assert (
        cut(looks, None, [*arguments, "--time-limit", "1e-9"]) == 3
    )  # another time limit does not make it another run
    assert "time limit" in capsys.readouterr().err
    status = cut(looks, None, arguments)
    resumed, saved, ran = policy(tmp_path), path.read_bytes(), looks.looks
    assert ran > 0
    assert cut(looks, None, arguments) == status and looks.looks == 0  # it was over: nothing is played
    assert policy(tmp_path) == resumed and path.read_bytes() == saved
    assert cut(looks, None, command(name, tmp_path)) == status and policy(tmp_path) == resumed != stopped
    assert sorted(os.listdir(tmp_path)) == ["policy.npz", "run.npz"]


@pytest.mark.slow
def test_a_killed_command_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """SIGKILL, at a moment when it has saved."""
    path = tmp_path / "run.npz"
    run = [sys.executable, "-c", "import sys; from posgc.cli.main import main; sys.exit(main(sys.argv[1:]))"]
    words = [str(GAMES / "leduc.posg"), "--concept", "nash"]
    own = ["solve", *words, "--backend", "cfr", "--epsilon", "1e-12", "--option", "rounds=3000", "--quiet"]
    more = ["--checkpoint", str(path), "--out", str(tmp_path / "policy.npz")]
    life = subprocess.Popen([*run, *own, *more], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    before = b""
    while life.poll() is None and time.monotonic() < deadline:
        found = path.read_bytes() if path.exists() else b""
        if before and found != before:
            break  # saved for the second time
        before = found
        time.sleep(0.01)
    assert life.poll() is None
    life.kill()
    life.wait()
    assert not (tmp_path / "policy.npz").exists()
    assert main([*own, *more]) == 3
    killed = policy(tmp_path)
    assert main([*own, "--out", str(tmp_path / "policy.npz")]) == 3
    assert policy(tmp_path) == killed


def saved(name: str, folder: Path, looks: type[Counted]) -> Path:
    """The checkpoint of a run that was stopped."""
    path = folder / "run.npz"
    assert cut(looks, 20, command(name, folder, "--checkpoint", str(path)), press=True) == 130
    looks.last = None
    return path


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"horizon": 4}, "game "),
        ({"share": "one_step"}, "protocol none, here one_step"),
        ({"concept": "cce"}, "concept ce, here cce"),
        ({"options": {"form": "extensive"}}, "form null, here extensive"),
        ({"options": {"rounds": 41}}, "rounds 40, here 41"),
        ({"epsilon": 1e-9}, "epsilon 1e-12, here 1e-09"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(
    other: dict[str, Any], named: str, tmp_path: Path, looks: type[Counted]
) -> None:
    path = saved("efce", tmp_path, looks)
    before = path.read_bytes()
    with pytest.raises(InputError, match=named) as raised:
        again(path, **other)
    assert [d.code for d in raised.value.diagnostics] == ["E642"]
    assert path.read_bytes() == before


def again(path: Path, **other: Any) -> Any:
    """The run `efce`, or one that differs, from Python."""
    asked = {"share": "none", "horizon": 3, "concept": "ce", "epsilon": 1e-12} | other
    game = posgc.load(GAMES / "power_control.posg", share=asked.pop("share"), horizon=asked.pop("horizon"))
    options = {"rounds": 40} | asked.pop("options", {})
    return game.solve(asked.pop("concept"), "cfr", checkpoint=path, options=options, **asked)


def test_a_checkpoint_of_another_rule_or_version_is_refused(
    tmp_path: Path, looks: type[Counted], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved("nash", tmp_path, looks)
    arguments = command("nash", tmp_path, "--checkpoint", str(path))
    assert main([*arguments, "--option", "rule=discounted"]) == 2
    assert "E642" in capsys.readouterr().err
    monkeypatch.setattr(checkpoint, "version", lambda name: "99.0")
    assert main(arguments) == 2
    assert "here 99.0" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nash", "efce"])
def test_files_that_are_no_checkpoints_are_refused_and_left_alone(
    name: str, tmp_path: Path, looks: type[Counted], capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(name, tmp_path, looks)
    whole = path.read_bytes()
    arguments = command(name, tmp_path, "--checkpoint", str(path))
    for content in (b"", b"notes", whole[: len(whole) // 2], whole[:-1], policy(tmp_path)):
        path.write_bytes(content)
        assert main(arguments) == 2
        assert "E643" in capsys.readouterr().err
        assert path.read_bytes() == content
    path.unlink()
    path.mkdir()
    assert main(arguments) == 2
    assert "E643" in capsys.readouterr().err
    assert main(command(name, tmp_path, "--checkpoint", str(tmp_path / "none" / "run.npz"))) == 2
    assert "E615" in capsys.readouterr().err


def _one(value: float) -> Callable[[Array], Array]:
    def changed(array: Array) -> Array:
        found = array.copy().ravel()
        found[:1] = value
        return found.reshape(array.shape)

    return changed


DAMAGES: list[Callable[[Array], Array]] = [
    _one(np.nan),
    _one(-1.0),
    _one(7.0),
    lambda array: array[:-1],
    lambda array: array[::-1].copy(),
    lambda array: array.astype(np.float32),
    lambda array: np.concatenate([array, array]),
]


@pytest.mark.parametrize("name", ["nash", "short"])
def test_damage_is_refused_or_does_no_harm(
    name: str, tmp_path: Path, looks: type[Counted], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each array damaged in two ways: E643, or a run that ends; and each left out: E643."""
    path = saved(name, tmp_path, looks)
    arrays, draw, found = dict(np.load(path)), random.Random(4), []
    arguments = command(name, tmp_path, "--checkpoint", str(path))
    for member in sorted(set(arrays) - {"header"}):
        for damage in draw.sample(DAMAGES, 2):
            np.savez(path, **(arrays | {member: damage(arrays[member])}))
            found.append(main(arguments))
            assert found[-1] in (0, 2, 3), member
        np.savez(path, **{k: v for k, v in arrays.items() if k != member})
        assert main(arguments) == 2, member
    assert found.count(2) > len(found) / 2


def test_a_plan_that_earns_less_than_is_said_is_refused(
    tmp_path: Path, looks: type[Counted], capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved("nash", tmp_path, looks)
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {"earns_0": arrays["earns_0"] + 1e-3}))
    assert main(command("nash", tmp_path, "--checkpoint", str(path))) == 2
    assert "do not earn what it says" in capsys.readouterr().err
