"""A comparison that is killed again and again ends as if nothing had been, and its store is never damaged."""

from __future__ import annotations

import csv
import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from posgc.cli.main import main
from posgc.pipeline.points import Row
from posgc.pipeline.store import Store
from posgc.workers.fresh import begin, fresh_context

ROOT = Path(__file__).resolve().parents[2]
GAME = ROOT / "games" / "dectiger.posg"
GRID = "--share", "full", "--share", "one_step", "--horizon", "1..2", "--set", "accuracy=0.7,0.8,0.9"


def killed(step: int, words: list[str]) -> None:
    """A run that kills itself right after so many rows were kept or, for odd numbers, while it keeps the next."""
    put, done = Store.put, 0

    def deadly(self: Store, key: str, row: Row) -> None:
        nonlocal done
        if done == step and step % 2:
            self._file.execute("BEGIN")
            self._file.execute("INSERT INTO rows VALUES ('half', 'a row')")
            os.kill(os.getpid(), signal.SIGKILL)
        put(self, key, row)
        done += 1
        if done == step and not step % 2:
            os.kill(os.getpid(), signal.SIGKILL)

    Store.put = deadly  # type: ignore[method-assign]
    main(words)


def command(folder: Path, *more: str) -> list[str]:
    return ["compare", str(GAME), *GRID, "--store", str(folder / "s.db"), "--csv", str(folder / "rows.csv"), *more]


def finished(folder: Path, *more: str) -> str:
    """The rows of a run to the end."""
    assert main(command(folder, *more)) == 0
    return (folder / "rows.csv").read_text(encoding="utf-8")


def quietly(_: Connection, words: list[str]) -> None:
    """A run in a process that has everything imported already."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.exit(main(words))


def ended(words: list[str], workers: str, seconds: float) -> bool:
    """A run that is killed after so many seconds; whether it ended before."""
    if workers == "1":
        _, process = begin(quietly, words)
        process.join(seconds)
        alive = process.is_alive()
        process.kill()
        process.join()
        return not alive
    silent = subprocess.DEVNULL  # a process that has processes of its own
    with subprocess.Popen([sys.executable, "-m", "posgc.cli.main", *words], stdout=silent, stderr=silent) as run:
        try:
            run.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            run.kill()
            return False


def rows(text: str) -> list[dict[str, str]]:
    """Without the seconds, which differ from run to run."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(io.StringIO(text))]


def kept(folder: Path) -> int:
    """The number of rows in the store, which is in order."""
    with sqlite3.connect(folder / "s.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [number] = file.execute("SELECT count(*) FROM rows").fetchone()
    file.close()
    return int(number)


@pytest.mark.slow
def test_three_kills(tmp_path: Path) -> None:
    """Each run keeps what it has found, a half-written row is taken back, and the last run finds the rest."""
    context = fresh_context()
    for step, total in ((2, 2), (3, 5), (2, 7)):
        run = context.Process(target=killed, args=(step, command(tmp_path)))
        run.start()
        run.join()
        assert run.exitcode == -signal.SIGKILL and kept(tmp_path) == total
        assert not (tmp_path / "rows.csv").exists()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert main(command(tmp_path)) == main(command(fresh)) == 0
    once = (tmp_path / "rows.csv").read_text(encoding="utf-8")
    assert kept(tmp_path) == 12 and len(rows(once)) == 12
    assert rows((fresh / "rows.csv").read_text(encoding="utf-8")) == rows(once)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_many_kills_at_random_moments(workers: str, tmp_path: Path) -> None:
    """POSGC_KILLS runs at least (20 unless the environment says more), each killed at a random moment; the store begins
    anew whenever all rows are kept."""
    wanted, rng, killed, ends = int(os.environ.get("POSGC_KILLS", "20")), random.Random(3), 0, 0
    reference = tmp_path / "reference"
    reference.mkdir()
    expected = rows(finished(reference, "--workers", workers))
    for folder in ("first", "second"):  # what is imported by the first is not imported again
        (tmp_path / folder).mkdir()
        begun = time.monotonic()
        assert ended(command(tmp_path / folder, "--workers", workers), workers, 600.0)
        longest = time.monotonic() - begun
    while killed < wanted or not ends:
        killed += not ended(command(tmp_path, "--workers", workers), workers, rng.uniform(0, longest))
        if (tmp_path / "s.db").exists() and (tmp_path / "s.db").stat().st_size and kept_or_none(tmp_path) == 12:
            once = finished(tmp_path)
            assert rows(once) == expected and finished(tmp_path) == once
            ends += 1
            (tmp_path / "s.db").unlink()
            (tmp_path / "rows.csv").unlink()


def kept_or_none(folder: Path) -> int | None:
    """As `kept`; None where the run was killed before it had made the table."""
    try:
        return kept(folder)
    except sqlite3.OperationalError as error:
        assert "no such table" in str(error)
        return None
