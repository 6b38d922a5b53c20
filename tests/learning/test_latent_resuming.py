"""Runs of `latent` that are killed, stopped or shared end as if nothing had been; damage is refused or does no harm."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.lives import GAMES, killed, solving

import posgc
from posgc.cli.main import main
from posgc.language.diagnostics import InputError
from posgc.learning import hidden, sampling
from posgc.policy import checkpoint

COMMON = "--backend latent --option restarts=2 --option steps=60"
RUNS = {
    "chosen": f"dectiger.posg --concept team --samples 2400 {COMMON} --option most-states=2 --option bootstrap=2",
    "rounds": f"competitive_tiger.posg --concept cce --samples 900 --seed 2 {COMMON} --option states=2 "
    "--option rounds=3 --option bootstrap=1",
    "histories": f"dectiger.posg --share none --horizon 2 --concept team --samples 600 {COMMON} --option states=2 "
    "--option rounds=2",
}


def command(name: str, folder: Path, *more: str) -> list[str]:
    return solving(RUNS[name], folder, *more)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    assert killed(RUNS["rounds"], tmp_path / "runs", 4, 1) >= 4


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_hundreds_of_kills(tmp_path: Path) -> None:
    found = {name: killed(run, tmp_path / name, 100, k) for k, (name, run) in enumerate(RUNS.items())}
    print(found)
    assert sum(found.values()) >= 300


@pytest.mark.parametrize(
    ("name", "numbers"), [("rounds", (1, 3)), pytest.param("chosen", (1, 2, 3), marks=pytest.mark.slow)]
)
def test_any_number_of_processes_finds_the_same(name: str, numbers: tuple[int, ...], tmp_path: Path) -> None:
    found = []
    for workers in numbers:
        assert main(command(name, tmp_path, "--workers", str(workers))) == 0
        found.append((tmp_path / "policy.npz").read_bytes())
    assert len(set(found)) == 1


def cut(folder: Path, name: str, what: str, k: int = 1) -> Path:
    """The checkpoint of a run that was stopped by Ctrl-C when it had done for the k-th time what is called `what`."""
    path = folder / "run.npz"
    pause = hidden._Run._pause

    def interrupt(self: Any, said: str, done: int, total: int) -> bool:
        nonlocal k
        k -= said.startswith(what)
        if not k:
            k = -1
            signal.raise_signal(signal.SIGINT)
        return pause(self, said, done, total)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "BATCH", 64)
        patch.setattr(checkpoint, "EVERY", 0.0)
        patch.setattr(checkpoint, "SHARE", 0)
        patch.setattr(hidden._Run, "_pause", interrupt)
        assert main(command(name, folder, "--checkpoint", str(path))) == 130
    return path


@pytest.mark.parametrize(
    ("name", "what", "k", "told"),
    [
        ("chosen", "play", 2, "stopped while playing when 672 episodes were left; the same command goes on from"),
        ("chosen", "fit for comparison", 2, "stopped while fitting; the same command goes on from"),
        ("chosen", "fit,", 1, "stopped while fitting; the same"),
        ("chosen", "refit", 1, "stopped while refitting; the same"),
        ("chosen", "judge", 1, "stopped while refitting; the same"),
        ("rounds", "play", 4, "stopped while playing when"),
        ("rounds", "fit,", 5, "stopped while fitting when"),
    ],
)
def test_ctrl_c_leaves_a_policy_and_a_checkpoint(
    name: str, what: str, k: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cut(tmp_path, name, what, k)
    said = capsys.readouterr()
    assert told in said.out and "interrupted" in said.err
    assert (tmp_path / "policy.npz").exists()
    assert main(command(name, tmp_path, "--checkpoint", str(path))) == 0
    resumed, again = (tmp_path / "policy.npz").read_bytes(), path.read_bytes()
    assert main(command(name, tmp_path, "--checkpoint", str(path))) == 0  # a run that is over says the same again
    assert (tmp_path / "policy.npz").read_bytes() == resumed and path.read_bytes() == again
    assert main(command(name, tmp_path)) == 0
    assert (tmp_path / "policy.npz").read_bytes() == resumed
    assert sorted(os.listdir(tmp_path)) == ["policy.npz", "run.npz"]


def test_ctrl_c_ends_a_search_and_the_run_goes_on_with_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the search has when it is cut short is handed out, and not kept for the run."""
    path, plan = tmp_path / "run.npz", hidden.planned_in

    def cut_short(*arguments: Any) -> Any:
        strategy, how, _ = plan(*arguments)
        return strategy, how, True

    monkeypatch.setattr(hidden, "planned_in", cut_short)
    assert main(command("histories", tmp_path, "--checkpoint", str(path))) == 130
    monkeypatch.undo()
    assert main(command("histories", tmp_path, "--checkpoint", str(path))) == 0
    resumed = (tmp_path / "policy.npz").read_bytes()
    assert main(command("histories", tmp_path)) == 0
    assert (tmp_path / "policy.npz").read_bytes() == resumed


@pytest.mark.parametrize("name", RUNS)
def test_a_time_limit_leaves_a_policy(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.npz"
    assert main(command(name, tmp_path, "--time-limit", "1e-9", "--checkpoint", str(path))) == 3
    assert "limit: time limit" in capsys.readouterr().err
    assert main(command(name, tmp_path, "--checkpoint", str(path))) == 0
    resumed = (tmp_path / "policy.npz").read_bytes()
    assert main(command(name, tmp_path)) == 0
    assert (tmp_path / "policy.npz").read_bytes() == resumed


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 1}, "seed 0, here 1"),
        ({"samples": 901}, "samples 2400, here 901"),
        ({"options": {"restarts": 3}}, "restarts 2, here 3"),
        ({"options": {"bootstrap": 3}}, "bootstrap 2, here 3"),
        ({"concept": "nash"}, "concept team, here nash"),
        ({"share": "full"}, "protocol one_step, here full"),
        ({"settings": {"accuracy": "0.9"}}, "game "),
        ({"backend": "laci", "options": {}}, "back-end latent, here laci"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(other: dict[str, Any], named: str, tmp_path: Path) -> None:
    path = cut(tmp_path, "chosen", "fit,")
    before = path.read_bytes()
    given = {"restarts": 2, "steps": 60, "most_states": 2, "bootstrap": 2} | other.pop("options", {})
    asked = {"concept": "team", "samples": 2400, "seed": 0, "backend": "latent"} | other
    if asked["backend"] == "laci":
        given = {}
    game = posgc.load(GAMES / "dectiger.posg", share=asked.pop("share", None), **asked.pop("settings", {}))
    with pytest.raises(InputError, match=named) as raised:
        game.solve(asked.pop("concept"), asked.pop("backend"), checkpoint=path, options=given, **asked)
    assert [d.code for d in raised.value.diagnostics] == ["E642"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("what", "k"),
    [
        ("play", 2),
        ("fit for comparison", 3),
        ("fit,", 1),
        *(pytest.param(*late, marks=pytest.mark.slow) for late in (("refit", 3), ("judge", 1))),
    ],
)
def test_damage_is_refused_or_does_no_harm(
    what: str, k: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arrays damaged or left out: E643, or a run that ends; nothing else is raised, and nothing hangs."""
    path = cut(tmp_path, "chosen", what, k)
    arrays, draw, found = dict(np.load(path)), np.random.default_rng(4), []
    for member in sorted(arrays):
        damage = DAMAGES[draw.integers(len(DAMAGES))]
        found.append(harmed(path, arrays | {member: damage(arrays[member], draw)}))
        told = capsys.readouterr().err
        assert found[-1] != 2 or "error[E643]" in told or (member == "header" and "error[E642]" in told), told
    assert found.count(2) >= len(found) / 3
    for member in sorted(arrays):
        assert harmed(path, {name: array for name, array in arrays.items() if name != member}) == 2, member


def harmed(path: Path, arrays: dict[str, Any]) -> int:
    """Exit status of a run that begins with the damaged checkpoint."""
    np.savez(path, **arrays)
    status = main(command("chosen", path.parent, "--checkpoint", str(path)))
    assert status in (0, 2)
    return status


def _one_changed(array: Any, draw: np.random.Generator) -> Any:
    found = array.copy().ravel()
    if not len(found):
        return found
    at = draw.integers(len(found))
    found[at] = found[at] + 1 if array.itemsize == 1 else -found[at] - 1
    return found.reshape(array.shape)


DAMAGES: list[Any] = [
    _one_changed,
    lambda array, draw: array[:-1],
    lambda array, draw: array.astype(np.float32),
    lambda array, draw: np.concatenate([array, array]),
]


def test_two_runs_do_not_share_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cut(tmp_path, "chosen", "fit,")
    before = path.read_bytes()
    with checkpoint.Checkpoint(str(path), {"a": 1}) as held:
        with pytest.raises(InputError, match="another run"):
            held.restore(lambda facts, arrays: None)
        capsys.readouterr()
        assert main(command("chosen", tmp_path, "--checkpoint", str(path))) == 2
        assert f"a run that goes on, process {os.getpid()} on " in capsys.readouterr().err
    assert path.read_bytes() == before
