"""A disk that is full: what was found is printed, what was kept is there, and what cannot be written is named."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.compared import cells, coin, run

__all__ = ["coin"]

SHARES = "--share", "none", "--share", "full", "--quiet"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    path = tmp_path / "small"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", path], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", path], check=True)


def kept(path: Path) -> int:
    """The rows of a store, which is in order."""
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [number] = file.execute("SELECT count(*) FROM rows").fetchone()
    file.close()
    return int(number)


@pytest.mark.parametrize("command", ["compare", "design"])
def test_a_disk_that_is_full_after_some_rows(
    command: str, coin: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store takes all of the disk, so that neither all rows nor the files fit; it goes on when there is room."""
    path, words = small / "s.db", SHARES if command == "compare" else ("--cost", "hear = 1", "--lags", "0,never")
    files = "--store", str(path), "--csv", str(small / "rows.csv"), "--plot", str(small / "picture.svg")
    found = [run(capsys, coin, *words, *end, command=command) for end in ((), files)]
    assert found[0][0] == 0 and found[1][0] == 2
    assert cells(found[1][1]) == cells(found[0][1]) and len(cells(found[0][1])) > 1
    err = found[1][2]
    assert f"error[E615]: cannot write {small / 'rows.csv'}: No space left on device" in err
    assert f"error[E615]: cannot write {small / 'picture.svg'}: No space left on device" in err
    assert f"error[E661]: cannot use {path} as a store: database or disk is full" in err and "make room" in err
    assert {file.name for file in small.iterdir()} <= {"s.db", "s.db-shm", "s.db-wal"} and kept(path) < 2
    subprocess.run(["mount", "-o", "remount,size=1m", small], check=True)
    again = run(capsys, coin, *words, *files, command=command)
    assert again[0] == 0 and cells(again[1]) == cells(found[0][1]) and kept(path) >= 2


@pytest.mark.parametrize("free", [0, 12, 24])
def test_a_disk_on_which_no_store_fits(free: int, coin: str, small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before anything is solved, and can be used as soon as there is room."""
    path, ballast = small / "s.db", small / "ballast"
    ballast.write_bytes(bytes((64 - free) << 10))
    status, out, err = run(capsys, coin, *SHARES, "--store", str(path))
    assert (status, out) == (2, "") and err.startswith(f"error[E661]: cannot use {path} as a store: ") and "room" in err
    subprocess.run(["mount", "-o", "remount,size=1m", small], check=True)
    assert run(capsys, coin, *SHARES, "--store", str(path))[0] == 0 and kept(path) == 2


def test_rows_that_were_kept_are_there_when_the_disk_is_full(
    coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no file may grow the store is refused as it is, and the same run goes on when there is room."""
    path = tmp_path / "s.db"
    assert run(capsys, coin, *SHARES, "--store", str(path))[0] == 0
    before, (soft, hard) = kept(path), resource.getrlimit(resource.RLIMIT_FSIZE)
    words = *SHARES, "--share", "late", "--horizon", "1..3", "--store", str(path), "--csv", str(tmp_path / "rows.csv")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, hard))
        status, out, err = run(capsys, coin, *words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 2 and err.startswith("error[E661]") and "make room on the disk" in err
    assert out == "" and kept(path) == before == 2
    assert run(capsys, coin, *words)[0] == 0 and kept(path) == 9
