"""Tasks in several processes: answers, mistakes, and processes that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from posgc.language.diagnostics import LimitError
from posgc.workers import Died, Workers, each
from posgc.workers.processes import in_words


def work(offset: int, task: int) -> int:
    if task == -9:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == -1:
        raise ValueError("no such task")
    return offset + task


def test_answers_and_a_process_that_dies() -> None:
    """Its task comes back as what happened; the others are answered all the same."""
    tasks, killed = [1, -9, 2, 3], "its process was killed (signal 9), perhaps for want of memory"
    found = dict(each(partial(work, 10), tasks, Workers(2)))
    assert found == {k: Died(killed) if task == -9 else 10 + task for k, task in enumerate(tasks)}
    assert in_words(-11) == "its process ended by signal 11 before its time"
    assert in_words(3) == "its process ended with 3 before its time"


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_work_raises_is_raised(workers: int) -> None:
    with pytest.raises(ValueError, match="no such task"):
        list(each(partial(work, 0), [1, -1, 2], Workers(workers)))


def pid(task: float) -> int:
    time.sleep(task)
    return os.getpid()


@pytest.mark.slow
def test_processes_end_when_the_caller_stops_listening() -> None:
    answers = each(pid, [0.0, 600.0, 600.0], Workers(2))
    _, process = next(answers)
    answers.close()
    assert isinstance(process, int) and process != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert {answer for _, answer in each(pid, [0.0, 0.0], Workers(1))} == {os.getpid()}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what Linux says of a process")
def test_ctrl_c_is_not_for_the_server_that_processes_begin_from() -> None:
    """It would print a traceback where the key is pressed while it imports."""
    asked = """
from multiprocessing import forkserver
from pathlib import Path
from posgc.workers.fresh import begin_server
begin_server()
print(Path(f"/proc/{forkserver._forkserver._forkserver_pid}/status").read_text())
"""
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    [blocked] = [line.split()[1] for line in said.splitlines() if line.startswith("SigBlk:")]
    assert int(blocked, 16) >> (signal.SIGINT - 1) & 1


def test_a_server_that_is_killed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that it could not begin any more is begun by another; where none can, that is said."""
    start, failures = BaseProcess.start, [0]

    def failing(self: BaseProcess) -> None:
        if failures[0]:
            failures[0] -= 1
            raise EOFError
        start(self)

    monkeypatch.setattr(BaseProcess, "start", failing)
    failures[0] = 2
    assert dict(each(partial(work, 10), [1, 2], Workers(2))) == {0: 11, 1: 12}
    failures[0] = 3
    with pytest.raises(LimitError, match="no process could be begun in 3 trials"):
        dict(each(partial(work, 10), [1, 2], Workers(2)))
