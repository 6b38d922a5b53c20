"""Runs that are killed, stopped and shared end as if nothing had been; checkpoints of other runs are refused."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.lives import killed, solving

import posgc
from posgc.cli.main import main
from posgc.language.diagnostics import InputError, LimitError
from posgc.learning import collectors
from posgc.learning.gathering import Gathering
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.players import UniformPlayer
from posgc.play.simulator import Simulator
from posgc.policy import checkpoint
from posgc.policy.lock import Lock, Locked
from posgc.policy.packing import strategy_arrays
from posgc.workers import Workers
from posgc.workers.processes import Processes

GAMES = Path(__file__).resolve().parents[2] / "games"
Array = np.ndarray[Any, Any]

RUNS = {
    "adaptive": "dectiger.posg --concept team --samples 3000 --option rounds=4 --backend laci",
    "selected": "competitive_tiger.posg --concept cce --samples 3000 --seed 2 --option rounds=3 --option candidates=2 "
    "--option rollouts=10 --backend laci",
    "basecamp": "tumbler_lock.posg --set tumblers=4 --share full --concept team --samples 6000 --option rounds=3 "
    "--option explore=basecamp --backend laci",
    "uniform": "adversarial_tiger.posg --concept nash --samples 3000 --option explore=uniform --backend laci",
}


def command(name: str, folder: Path, *more: str) -> list[str]:
    return solving(RUNS[name], folder, *more)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    assert killed(RUNS["adaptive"], tmp_path / "runs", 5, 1) >= 5


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_thousand_kills(tmp_path: Path) -> None:
    found = {name: killed(run, tmp_path / name, 250, k) for k, (name, run) in enumerate(RUNS.items())}
    print(found)
    assert sum(found.values()) >= 1000


@pytest.mark.parametrize("name", RUNS)
def test_any_number_of_processes_finds_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One, two and three processes; so few episodes at a time that each has several shards of a round."""
    monkeypatch.setattr(collectors, "BATCH", 64)
    monkeypatch.setattr(collectors, "CHUNK", 128)
    found = []
    for workers in (1, 2, 3):
        assert main(command(name, tmp_path, "--workers", str(workers))) == 0
        found.append((tmp_path / "policy.npz").read_bytes())
    assert found[0] == found[1] == found[2]


def cut(folder: Path, name: str = "adaptive", k: int = 9) -> Path:
    """The checkpoint of a run that was stopped by Ctrl-C when it had played k times."""
    path = folder / "run.npz"

    def interrupt(*arguments: object) -> None:
        nonlocal k
        k -= 1
        if not k:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collectors, "BATCH", 64)
        patch.setattr(collectors, "CHUNK", 64)
        patch.setattr("posgc.learning.gathering.Gathering._add_up", _then(interrupt))
        patch.setattr(checkpoint, "EVERY", 0.0)
        patch.setattr(checkpoint, "SHARE", 0)
        assert main(command(name, folder, "--checkpoint", str(path))) == 130
    return path


def _then(call: Callable[[], None]) -> Callable[[Any], None]:
    add_up = Gathering._add_up

    def both(self: Any) -> None:
        add_up(self)
        call()

    return both


@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_leaves_a_policy_and_a_checkpoint(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cut(tmp_path, name)
    told = capsys.readouterr()
    assert "episodes were left; the same command goes on from" in told.out
    assert "interrupted" in told.err
    stopped = (tmp_path / "policy.npz").read_bytes()
    assert main(command(name, tmp_path, "--checkpoint", str(path))) == 0
    resumed = (tmp_path / "policy.npz").read_bytes()
    again = path.read_bytes()
    assert main(command(name, tmp_path, "--checkpoint", str(path))) == 0  # a run that is over says the same again
    assert (tmp_path / "policy.npz").read_bytes() == resumed
    assert path.read_bytes() == again
    assert main(command(name, tmp_path)) == 0
    assert (tmp_path / "policy.npz").read_bytes() == resumed
    assert stopped != resumed
    assert sorted(os.listdir(tmp_path)) == ["policy.npz", "run.npz"]


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 1}, "seed 0, here 1"),
        ({"samples": 3001}, "samples 3000, here 3001"),
        ({"options": {"rounds": 5}}, "rounds 4, here 5"),
        ({"options": {"rounds": 4, "shrink": 0.0}}, "shrink 5.0, here 0.0"),
        ({"concept": "nash"}, "concept team, here nash"),
        ({"share": "full"}, "protocol one_step, here full"),
        ({"settings": {"accuracy": "0.9"}}, "game "),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(other: dict[str, Any], named: str, tmp_path: Path) -> None:
    path = cut(tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=named) as raised:
        again(path, **other)
    assert [d.code for d in raised.value.diagnostics] == ["E642"]
    assert path.read_bytes() == before


def again(path: Path, **other: Any) -> Any:
    """The run `adaptive`, or one that differs, from Python."""
    asked = {"concept": "team", "samples": 3000, "seed": 0, "options": {"rounds": 4}} | other
    game = posgc.load(GAMES / "dectiger.posg", share=asked.pop("share", None), **asked.pop("settings", {}))
    return game.solve(asked.pop("concept"), "laci", checkpoint=path, **asked)


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cut(tmp_path)
    monkeypatch.setattr(checkpoint, "version", lambda name: "99.0")
    with pytest.raises(InputError, match=r"E642.*version .*, here 99\.0"):
        again(path)


def test_files_that_are_no_checkpoints_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = cut(tmp_path)
    whole = path.read_bytes()
    packed = tmp_path / "packed.npz"
    np.savez_compressed(packed, **dict(np.load(path)))
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, **(dict(np.load(path)) | {"over0_times": np.array([print, 1], dtype=object)}))
    wrong = [b"", b"notes", whole[: len(whole) // 2], whole[:-1], packed.read_bytes(), pickled.read_bytes()]
    wrong.append((tmp_path / "policy.npz").read_bytes())
    for content in wrong:
        path.write_bytes(content)
        with pytest.raises(InputError) as raised:
            again(path)
        assert [d.code for d in raised.value.diagnostics] == ["E643"], content[:20]
        assert path.read_bytes() == content
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="E643"):
        again(path)


@pytest.mark.parametrize("name", ["adaptive", "basecamp"])
def test_damage_is_refused_or_does_no_harm(name: str, tmp_path: Path) -> None:
    """Some arrays damaged: E643, or a run that ends; nothing else is raised, and nothing hangs."""
    path = cut(tmp_path, name)
    arrays, draw = dict(np.load(path)), np.random.default_rng(4)
    for _ in range(12):
        harmed(name, path, arrays, str(draw.choice(sorted(arrays))), DAMAGES[draw.integers(len(DAMAGES))], draw)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adaptive", "basecamp", "selected"])
def test_all_damage_is_refused_or_does_no_harm(name: str, tmp_path: Path) -> None:
    path = cut(tmp_path, name)
    arrays, draw = dict(np.load(path)), np.random.default_rng(3)
    found = [harmed(name, path, arrays, member, damage, draw) for member in sorted(arrays) for damage in DAMAGES]
    assert found.count(2) > len(found) / 2
    for member in arrays:
        assert harmed(name, path, {k: v for k, v in arrays.items() if k != member}, "", None, draw) == 2, member


def harmed(
    name: str,
    path: Path,
    arrays: dict[str, Array],
    member: str,
    damage: Callable[[Array, np.random.Generator], Array] | None,
    draw: np.random.Generator,
) -> int:
    """Exit status of a run that begins with the damaged checkpoint."""
    np.savez(path, **(arrays if damage is None else arrays | {member: damage(arrays[member], draw)}))
    status = main(command(name, path.parent, "--checkpoint", str(path)))
    assert status in (0, 2, 3), (member, damage)
    return status


def _one_changed(array: Array, draw: np.random.Generator) -> Array:
    found = array.copy().ravel()
    if len(found):
        at, by = draw.integers(len(found)), draw.choice([-1, 1, 100 if array.itemsize == 1 else 1 << 40])
        found[at] = (np.int64(found[at]) + by).astype(array.dtype)
    return found.reshape(array.shape)


DAMAGES: list[Callable[[Array, np.random.Generator], Array]] = [
    _one_changed,
    lambda array, draw: array[:-1],
    lambda array, draw: array[::-1].copy(),
    lambda array, draw: array.astype(np.float32),
    lambda array, draw: np.concatenate([array, array]),
]


def test_what_killed_writers_leave_is_removed(tmp_path: Path) -> None:
    path = cut(tmp_path)
    left, other = tmp_path / ".run.npz.unfinished-abc", tmp_path / ".run.npz.bak"
    left.touch()
    other.touch()
    again(path)
    assert not left.exists() and other.exists()


def test_two_runs_do_not_share_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cut(tmp_path)
    before = path.read_bytes()
    with checkpoint.Checkpoint(str(path), {"a": 1}) as held:
        with pytest.raises(InputError, match="another run"):  # it is held from here on all the same
            held.restore(lambda facts, arrays: None)
        assert main(command("adaptive", tmp_path, "--checkpoint", str(path))) == 2
        assert f"a run that goes on, process {os.getpid()} on " in capsys.readouterr().err
        assert path.read_bytes() == before
    assert not (tmp_path / f".{path.name}.lock").exists()
    again(path)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_run_that_was_killed_locks_nobody_out(tmp_path: Path) -> None:
    told, tells = os.pipe()
    pid = os.fork()
    if not pid:
        kept = Lock(tmp_path / "run.npz")
        os.write(tells, b"x")
        signal.pause()
        os._exit(bool(kept))
    os.read(told, 1)
    with pytest.raises(Locked, match=f"process {pid} on "):
        Lock(tmp_path / "run.npz")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    Lock(tmp_path / "run.npz").release()
    assert not list(tmp_path.iterdir())


def test_a_policy_does_not_replace_its_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command("adaptive", tmp_path, "--checkpoint", str(tmp_path / "policy.npz"))) == 2
    assert "E615" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are listed in /proc")
def test_workers_end_when_the_run_is_killed(tmp_path: Path) -> None:
    more = "--samples", "30000000", "--workers", "2"
    life = multiprocessing.get_context("forkserver").Process(target=main, args=(command("adaptive", tmp_path, *more),))
    life.start()
    deadline = time.monotonic() + 60
    while len(workers := children(life.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    life.kill()
    life.join()
    while any(os.path.exists(f"/proc/{pid}") for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(workers) >= 3 and not any(os.path.exists(f"/proc/{pid}") for pid in workers)


def children(pid: int | None) -> list[int]:
    """All processes below this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(folder.name), *children(int(folder.name))]
    return found


class Coin:
    """A parallel environment that pays who guesses the coin of the episode, which is shown with errors."""

    possible_agents = ("one", "two")

    def __init__(self) -> None:
        self.agents: list[str] = []

    def action_space(self, agent: str) -> Any:
        return Discrete(2)

    observation_space = action_space

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.draw, self.agents = random.Random(seed), list(self.possible_agents)
        self.coin = self.draw.randrange(2)
        return self._seen(), {}

    def step(self, actions: dict[str, int]) -> Any:
        paid = sum(a == self.coin for a in actions.values()) / 2
        no = dict.fromkeys(self.agents, False)
        return self._seen(), dict.fromkeys(self.agents, paid), no, no, {}

    def _seen(self) -> dict[str, int]:
        return {agent: self.coin if self.draw.random() < 0.8 else 1 - self.coin for agent in self.agents}


class Discrete:
    def __init__(self, n: int) -> None:
        self.n, self.start = n, 0


class Impatient(Coin):
    """It interrupts the run in one of its episodes."""

    when: int | None = 300

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        if seed == self.when:
            Impatient.when = None
            signal.raise_signal(signal.SIGINT)
        return super().reset(seed, options)


def test_environments_that_are_no_file_are_resumed_and_shared(tmp_path: Path) -> None:
    def found(env: type[Coin], **options: object) -> Any:
        shared = posgc.learn.share(env(), "delayed(1)", horizon=2, rewards="common")
        return shared.solve("team", 1500, options={"rounds": 3, **options})

    def same(one: Any, two: Any) -> bool:
        a, b = strategy_arrays(one.strategy), strategy_arrays(two.strategy)
        return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)

    whole, path = found(Coin), tmp_path / "run.npz"
    assert same(found(Coin, workers=2), whole)
    stopped = found(Impatient, checkpoint=path)
    assert stopped.claim.stopped == "interrupted" and not same(stopped, whole)
    resumed = found(Coin, checkpoint=path)
    assert resumed.claim.stopped is None and same(resumed, whole)
    assert resumed.claim.notes == whole.claim.notes


def test_an_environment_that_cannot_be_sent_is_refused() -> None:
    compiled = posgc.load(GAMES / "dectiger.posg").compiled
    environment = CountedEnvironment(Simulator(compiled.model, 0), Budget(300))
    environment.secret = lambda: None  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"E641.*cannot be sent to another process"):
        collectors.Collectors(environment, [compiled.information.structure], 0, Workers(2))


def test_a_worker_that_fails_says_why() -> None:
    compiled = posgc.load(GAMES / "dectiger.posg").compiled
    structure = compiled.information.structure
    environment = CountedEnvironment(Simulator(compiled.model, 0), Budget(300))
    with (
        collectors.Collectors(environment, [structure], 0, Workers(2)) as hands,
        pytest.raises(LimitError, match="300 samples is spent"),
    ):
        hands.play(UniformPlayer(structure), 0, 101)


def test_what_a_cluster_of_one_processor_plays_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["posgc.workers.each"], "Cluster", lambda work, address, size: Processes(work, 1))
    compiled = posgc.load(GAMES / "dectiger.posg").compiled
    structure = compiled.information.structure
    environment = CountedEnvironment(Simulator(compiled.model, 0), Budget(300))
    with collectors.Collectors(environment, [structure], 0, Workers(1, "local")) as playing:
        playing.play(UniformPlayer(structure), 0, 100)
        assert environment.samples == 300
        with pytest.raises(LimitError, match="300 samples is spent"):
            playing.play(UniformPlayer(structure), 100, 1)
