"""`posgc marl`: what it refuses, what it says of runs, and (slow) that agents are trained."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import posgc
from posgc.cli.main import main
from posgc.marl import Run, Trained, particles, train
from posgc.marl.algorithms import BATCH
from posgc.marl.results import half_interval
from posgc.report import trained as report

INSTALLED = find_spec("benchmarl") is not None and find_spec("mpe2") is not None
needs_marl = pytest.mark.skipif(not INSTALLED, reason="posgc[marl] is not installed")


def run(seed: int, returns: list[float], stopped: bool = False) -> Run:
    return Run(seed, BATCH * np.arange(1, len(returns) + 1), np.array(returns, float), 1.0, stopped)


def test_what_seeds_come_to() -> None:
    """The last tenth: one batch of 4 and of 14, two of 20; an interval over the seeds that came to their end."""
    assert run(0, [1, 2, 3, 9]).final == 9 and run(0, list(range(14))).final == 13
    assert run(0, list(range(20))).final == 18.5 and run(0, []).final is None
    three = Trained("spread", "full", "mappo", 9999, (run(0, [1]), run(1, [2]), run(2, [6]), run(3, [50], True)))
    low, high = stats.t.interval(0.95, 2, loc=3, scale=stats.sem([1, 2, 6]))
    assert three.mean == 3 and three.half == pytest.approx((high - low) / 2) and three.stopped
    one = Trained("spread", "full", "mappo", 9999, (run(0, [1]),))
    assert (one.mean, one.half, one.stopped) == (1, None, False)
    none = Trained("spread", "full", "mappo", 9999, (run(0, [], True),))
    assert (none.mean, none.half) == (None, None)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Of normal samples of three, 95 % of 20,000 intervals hold the mean; 0.005 is three standard errors."""
    samples = np.random.default_rng(0).normal(size=(3, 20_000))
    assert np.mean(np.abs(samples.mean(axis=0)) <= half_interval(samples)) == pytest.approx(0.95, abs=0.005)


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    found = Trained("spread", "delayed(2)", "ippo", 7000, (run(0, [-3, -1]), run(1, [-4, -2]), run(2, [], True)))
    report.text(found, ["x.csv"])
    said = capsys.readouterr().out
    half = stats.t.ppf(0.975, 1) * 0.5
    assert "spread, ippo, sharing: delayed(2)" in said and "written to x.csv" in said and "stopped" in said
    assert f"mean of 2 seeds: -1.5, 95% interval {-1.5 - half:.4g} to {-1.5 + half:.4g} (Student's t)" in said
    document = report.document(found, None, None)
    assert document["interval"] == pytest.approx([-1.5 - half, -1.5 + half]) and document["mean"] == -1.5
    rows = list(csv.DictReader(io.StringIO(report.rows([found]).decode())))
    assert [(r["seed"], r["frames"], r["return"]) for r in rows] == [
        ("0", "3200", "-3.0"),
        ("0", "6400", "-1.0"),
        ("1", "3200", "-4.0"),
        ("1", "6400", "-2.0"),
    ]
    report.text(Trained("spread", "none", "ippo", 7000, (run(0, [-3]),)), [])
    report.text(Trained("spread", "none", "ippo", 7000, (run(0, [], True),)), [])
    said = capsys.readouterr().out
    assert "an interval needs two" in said and "no seed came to its end" in said


def test_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from posgc.report.returns import draw

    found = [
        Trained(name, protocol, "mappo", 9600, tuple(run(k, [k, 2 + at, 3]) for k in range(seeds)))
        for name in ("spread", "reference")
        for at, (protocol, seeds) in enumerate((("full", 3), ("delayed(1)", 1), ("none", 2)))
    ]
    picture = draw([*found, Trained("spread", "delayed(2)", "mappo", 9600, (run(0, [], True),))], "svg").decode()
    assert all(f">{word}<" in picture for word in ("full", "delayed(1)", "none", "spread, mappo", "reference, mappo"))
    assert (
        picture == draw([*found, Trained("spread", "delayed(2)", "mappo", 9600, (run(0, [], True),))], "svg").decode()
    )


@pytest.mark.filterwarnings("error")
def test_the_picture_of_what_was_stopped() -> None:
    """Seeds that came to their end are shown whole beside one that was stopped; one point is a dot."""
    pytest.importorskip("matplotlib")
    from posgc.report.returns import draw

    def drawn(*runs: Run) -> bytes:
        return draw([Trained("spread", "full", "mappo", 9600, runs)], "svg")

    whole = run(0, [1, 2, 3])
    assert drawn(whole) == drawn(whole, run(1, [], True)) == drawn(whole, run(1, [2], True))
    assert drawn(run(0, [2, 3], True)) == drawn(run(0, [2, 3])) != drawn(run(0, [2], True))
    assert b">full<" not in drawn(run(0, [], True))
    dot = rb'd="M 0 [\d.]+\s+C '  # a circle
    assert re.search(dot, drawn(run(0, [2]))) and not re.search(dot, drawn(whole))


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["marl", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_bad_input_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "error[E644]" in (said := refused(capsys, "spraed", "--share", "full")) and "did you mean spread?" in said
    assert "speaker_listener" in refused(capsys, "chess", "--share", "full")
    assert "error[E615]" in refused(capsys, "spread", "--share", "full", "--out", str(tmp_path / "no" / "x.csv"))
    assert "error[E615]" in refused(capsys, "spread", "--share", "full", "--out", str(tmp_path))
    same = str(tmp_path / "x.svg")
    assert "error[E615]" in refused(capsys, "spread", "--share", "full", "--out", same, "--plot", same)
    assert "error[E624]" in refused(capsys, "spread", "--share", "full", "--plot", str(tmp_path / "x.gif"))
    assert not list(tmp_path.iterdir())
    for words in (["--algorithm", "qmix"], ["--seeds", "0"], ["--steps", "many"]):
        with pytest.raises(SystemExit) as stop:
            main(["marl", "spread", "--share", "full", *words])
        assert stop.value.code == 2
    if not INSTALLED:
        said = refused(capsys, "spread", "--share", "full")
        assert "error[E636]" in said and "pip install 'posgc[marl]'" in said
        return
    assert "did you mean `delayed`" in refused(capsys, "spread", "--share", "delyed(2)")
    assert "error[E508]" in refused(capsys, "spread")
    assert "error[E640]" in refused(capsys, "spread", "--share", "full", "--steps", str(BATCH - 1))


def test_the_command_line_does_not_import_what_trains() -> None:
    script = """
import sys
from posgc.cli.main import main
for words in (["--help"], ["solve", "--help"], ["marl", "spraed"]):
    try:
        main(words)
    except SystemExit:
        pass
    assert "torch" not in sys.modules and ("posgc.marl" in sys.modules) == (words[0] == "marl"), words
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@needs_marl
@pytest.mark.parametrize("name", ["spread", "speaker_listener", "reference"])
def test_environments_are_those_of_the_library(name: str) -> None:
    """Without the wrappers around `parallel_env` the same is seen and paid."""
    from importlib import import_module

    from posgc.marl import ENVIRONMENTS

    ours, theirs = particles(name)(), import_module(f"mpe2.{ENVIRONMENTS[name]}").parallel_env(max_cycles=25)
    rng = np.random.default_rng(1)
    for seed in (0, 1):
        one, two = ours.reset(seed=seed), theirs.reset(seed=seed)
        steps = 0
        while theirs.agents:
            assert all(np.array_equal(one[0][a], two[0][a]) for a in theirs.agents)
            actions = {a: int(rng.integers(theirs.action_space(a).n)) for a in theirs.agents}
            one, two = ours.step(actions), theirs.step(actions)
            assert dict(one[1]) == dict(two[1]) and one[2:4] == two[2:4] and ours.agents == theirs.agents
            steps += 1
        assert steps == 25


@needs_marl
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_copies_side_by_side_are_the_environment() -> None:
    """Observations, the mean reward and ends, against environments that are played one by one."""
    import torch
    from torchrl.envs.utils import check_env_specs

    from posgc.marl.batch import Batch

    for name in ("spread", "speaker_listener", "reference"):
        shared = posgc.learn.share(particles(name), "delayed(2)", horizon=25)
        batch, plain = Batch(shared, 3, 5), [shared.parallel() for _ in range(3)]
        torch.manual_seed(1)
        played = batch.rollout(25)
        seeds = np.random.default_rng(5)
        told = [env.reset(seed=int(seeds.integers(1 << 31)))[0] for env in plain]
        for h in range(25):
            for k, env in enumerate(plain):
                now = played[k, h]
                assert now["state"].tolist() == env.state().tolist()
                actions = {}
                for group, names in batch.group_map.items():
                    for at, agent in enumerate(names):
                        assert now[group, "observation"][at].tolist() == told[k][agent].tolist()
                        actions[agent] = int(now[group, "action"][at])
                told[k], rewards, *_ = env.step(actions)
                mean = np.float32(sum(rewards.values()) / len(rewards))
                for group, names in batch.group_map.items():
                    paid = now["next", group, "reward"].ravel().tolist()
                    assert paid == [mean] * len(names)
                flags = [bool(now["next", key]) for key in ("done", "terminated", "truncated")]
                assert flags == [h == 24, False, h == 24]
        check_env_specs(batch)


@needs_marl
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_agents_that_cannot_be_trained_are_refused() -> None:
    from gymnasium import spaces

    class Odd:
        possible_agents = ("ann", "bob")
        agents: tuple[str, ...] = ()
        action, stays = spaces.Discrete(2), ("ann",)

        def observation_space(self, agent: str) -> spaces.Space:
            return spaces.Box(0, 1, (2,))

        def action_space(self, agent: str) -> spaces.Space:
            return self.action

        def reset(self, seed: int | None = None, options: object = None) -> object:
            self.agents = self.possible_agents
            return dict.fromkeys(self.agents, np.zeros(2)), {}

        def step(self, actions: dict[str, int]) -> object:
            self.agents = self.stays
            return dict.fromkeys(self.stays, np.zeros(2)), dict.fromkeys(actions, 0.0), {}, {}, {}

    class Wide(Odd):
        action = spaces.Box(0, 1, (1,))

    class Silent(Odd):
        stays = ()

    class Falling(Odd):
        def step(self, actions: dict[str, int]) -> object:
            raise OSError("no such arm")

    class Lavish(Odd):
        def step(self, actions: dict[str, int]) -> object:
            return dict.fromkeys(actions, np.zeros(2)), dict.fromkeys(actions, 1e40), {}, {}, {}

    for odd, why in (
        (Odd, "stop together"),
        (Silent, "stop together"),
        (Wide, "of kind Box"),
        (Falling, "no such arm"),
        (Lavish, "larger unit"),
    ):
        with pytest.raises(posgc.InputError, match=why) as raised:
            train(posgc.learn.share(lambda kind=odd: kind(), "full", horizon=5), "odd", "mappo", BATCH, 1)
        assert raised.value.diagnostics[0].code == "E641"


@needs_marl
@pytest.mark.slow
def test_training_is_repeated_by_its_seed_and_ends_well(tmp_path: Path) -> None:
    posgc_ = str(Path(sys.executable).parent / "posgc")
    words = [posgc_, "marl", "reference", "--share", "full", "--steps", str(2 * BATCH + 1), "--json"]
    out = tmp_path / "x.csv"
    found = [
        json.loads(subprocess.run([*words, *more], capture_output=True, check=True, timeout=600).stdout)
        for more in (["--seeds", "1"], ["--seeds", "2", "--out", str(out)], ["--seeds", "1", "--algorithm", "ippo"])
    ]
    first = found[0]["runs"][0]
    assert first["frames"] == [BATCH, 2 * BATCH] and first["returns"] == found[1]["runs"][0]["returns"]
    assert first["returns"] != found[1]["runs"][1]["returns"] != found[2]["runs"][0]["returns"]
    assert len(list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))) == 4


@needs_marl
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ctrl_c_keeps_what_there_is() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "seed 1" and done == 2 * BATCH:
            signal.raise_signal(signal.SIGINT)

    shared = posgc.learn.share(particles("reference"), "none", horizon=25)
    kept: list[Trained] = []
    found = train(shared, "reference", "mappo", 3 * BATCH, 3, stop, kept.append)
    assert [(len(run.frames), run.stopped) for run in found.runs] == [(3, False), (2, True)]
    assert found.stopped and found.mean == found.runs[0].final and [len(one.runs) for one in kept] == [1, 2]


@needs_marl
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_sharing_helps_where_the_other_knows_the_goal() -> None:
    """Each agent is shown the other's goal of four, and paid where it plays its own: a guess earns 5/4 an episode."""
    from gymnasium import spaces

    class Goals:
        possible_agents = ("ann", "bob")

        def __init__(self) -> None:
            self.agents: tuple[str, ...] = ()

        def observation_space(self, agent: str) -> spaces.Space:
            return spaces.Discrete(4)

        action_space = observation_space

        def shown(self) -> dict[str, int]:
            self.goal = dict(zip(self.possible_agents, self.rng.integers(4, size=2).tolist(), strict=True))
            return {"ann": self.goal["bob"], "bob": self.goal["ann"]}

        def reset(self, seed: int | None = None, options: object = None) -> object:
            self.rng, self.agents = np.random.default_rng(seed), self.possible_agents
            return self.shown(), {}

        def step(self, actions: dict[str, int]) -> object:
            paid = {agent: float(actions[agent] == self.goal[agent]) for agent in actions}
            return self.shown(), paid, {}, {}, {}

    full, none = (
        train(posgc.learn.share(Goals, protocol, horizon=5), "goals", "mappo", 12 * BATCH, 1).mean
        for protocol in ("full", "none")
    )
    assert full is not None and none is not None and none == pytest.approx(1.25, abs=0.15) and full > 3
