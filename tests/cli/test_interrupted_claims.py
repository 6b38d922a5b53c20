"""Ctrl-C on `posgc test` with several processes: what is known is printed and written, and no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

GAMES = Path(__file__).resolve().parents[2] / "games"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are of Unix")
def test_ctrl_c(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "posgc.cli.main", "test", str(GAMES), "-j", "2", "--junit", str(report)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert first.startswith(str(GAMES)) and "not looked at" in out
    tests = sum(int(suite.get("tests", "0")) for suite in ElementTree.parse(report).getroot())
    assert f"{tests} hold" in out
    with pytest.raises(ProcessLookupError):
        for _ in range(300):  # those that start the workers end soon after
            os.killpg(process.pid, 0)
            time.sleep(0.1)


@pytest.mark.slow
def test_all_shipped_games() -> None:
    """The claims of queue_ring under `ring` among them, which the fast tests leave out."""
    done = subprocess.run(
        [sys.executable, "-m", "posgc.cli.main", "test", str(GAMES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == len(list(GAMES.glob("*.posg"))) + 2
