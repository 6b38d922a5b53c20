"""Runs of the command line that are killed again and again, each in a process of its own."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import posgc
from posgc.cli.main import main
from posgc.learning import collectors, sampling
from posgc.plugin.registry import registry
from posgc.policy import checkpoint

__all__ = ["GAMES", "killed", "solving"]

GAMES = Path(__file__).resolve().parents[2] / "games"


def solving(run: str, folder: Path, *more: str) -> list[str]:
    """The command that solves a game, `run` being its file's name and its flags, into `folder`."""
    game, *flags = run.split()
    return ["solve", str(GAMES / game), *flags, "--quiet", "--out", str(folder / "policy.npz"), *more]


def live(arguments: list[str], folder: Path) -> None:
    """One life of a run, which may be killed: it plays few episodes at a time, and saves after each time."""
    collectors.BATCH = collectors.CHUNK = sampling.BATCH = 64
    checkpoint.EVERY, checkpoint.SHARE = 0.0, 0
    restore, save = checkpoint.Checkpoint.restore, checkpoint.Checkpoint.save

    def begun(call: Any) -> Any:
        def then(self: checkpoint.Checkpoint, what: Any) -> Any:
            (folder / "begun").touch()
            return call(self, what)

        return then

    checkpoint.Checkpoint.restore = begun(restore)  # type: ignore[method-assign]
    checkpoint.Checkpoint.save = begun(save)  # type: ignore[method-assign]
    os.dup2(os.open(folder / "printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    found = main(arguments)
    (folder / "ended").write_text(str(found), encoding="utf-8")
    (folder / "ended").rename(folder / "status")  # a kill may come while it is written


def lived(arguments: list[str], folder: Path, delay: float | None) -> float:
    """One life, killed so many seconds after it has begun to learn (None: not at all); how long it took from there."""
    (folder / "begun").unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        try:
            live(arguments, folder)
        finally:
            os._exit(0)
    ended, code, begun = 0, 0, time.monotonic()
    while not ended and not (folder / "begun").exists():
        time.sleep(0.001)
        ended, code = os.waitpid(pid, os.WNOHANG)
        begun = time.monotonic()
    if not ended:
        if delay is not None:
            time.sleep(delay)
            os.kill(pid, signal.SIGKILL)
        _, code = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(code) or (folder / "status").exists()
    return time.monotonic() - begun


def result(folder: Path) -> tuple[bytes, list[str]]:
    """Policy file and printed result of a run that ended by itself."""
    assert (folder / "status").read_text() == "0"
    lines = (folder / "printed").read_text(encoding="utf-8").splitlines()
    return (folder / "policy.npz").read_bytes(), [
        line for line in lines if not line.startswith(("seconds", "policy w"))
    ]


def kill_again_and_again(run: str, folder: Path, kills: int, seed: int) -> None:
    """Run it undisturbed, then kill runs of it at random moments, until so many lives were killed and the last run has
    ended; each run's result is the undisturbed one's.  To be called in a process that has no other threads."""
    registry()
    posgc.load(GAMES / run.split(maxsplit=1)[0])
    draw, done = random.Random(seed), 0
    (folder / "whole").mkdir()
    whole = "--checkpoint", str(folder / "whole" / "run.npz")
    length = lived(solving(run, folder / "whole", *whole), folder / "whole", None)
    wanted = result(folder / "whole")
    (folder / "whole" / "status").unlink()
    lived(solving(run, folder / "whole"), folder / "whole", None)  # without a checkpoint it is the same
    assert result(folder / "whole") == wanted
    for k in itertools.count():
        own = folder / str(k)
        own.mkdir()
        arguments = solving(run, own, "--checkpoint", str(own / "run.npz"))
        while not (own / "status").exists():
            lived(arguments, own, draw.uniform(0.0, length) if done < kills else None)
            done += not (own / "status").exists()
        assert result(own) == wanted
        if done >= kills:
            break
    (folder / "kills").write_text(str(done), encoding="utf-8")


def killed(run: str, folder: Path, kills: int, seed: int) -> int:
    """How many lives were killed."""
    folder.mkdir()
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=kill_again_and_again, args=(run, folder, kills, seed))
    process.start()
    process.join()
    assert process.exitcode == 0
    return int((folder / "kills").read_text())
