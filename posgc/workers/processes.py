"""Processes of this machine that work on tasks."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from posgc.workers.crew import Died
from posgc.workers.fresh import SCRIPT, begin, unguarded

__all__ = ["Processes", "in_words"]


class Processes:
    """So many processes, which do `work`; one that dies is replaced.  As `Crew`."""

    def __init__(self, work: Callable[[Any], Any], size: int) -> None:
        self.size = size
        self._free: list[_Worker] = []
        self._busy: dict[Connection, _Worker] = {}
        self._answered: list[_Worker] = []
        self.take(work)

    def take(self, work: Callable[[Any], Any]) -> None:
        """As `Crew.take`.  Raises whatever sending the work to another process raises."""
        self._work = bytes(ForkingPickler.dumps(work))
        for worker in self._free:
            worker.take(self._work)

    def submit(self, number: int, task: Any) -> None:
        """As `Crew.submit`."""
        worker = self._free.pop() if self._free else _Worker(self._work)
        self._busy[worker.pipe] = worker
        worker.ask(number, task)

    def next(self) -> tuple[int, Any]:
        """As `Crew.next`."""
        if not self._answered:
            self._answered = [self._busy[pipe] for pipe in wait(list(self._busy))]  # type: ignore[index]
        worker = self._answered.pop()
        well, found = worker.answer()
        if not well and not isinstance(found, Died):
            raise found
        del self._busy[worker.pipe]
        if well:
            self._free.append(worker)
        return worker.number, found

    def close(self) -> None:
        """As `Crew.close`."""
        for worker in [*self._free, *self._busy.values()]:
            worker.end()


class _Worker:
    """Another process that answers one task at a time."""

    def __init__(self, work: bytes) -> None:
        self.number = -1
        self.pipe, self._process = begin(_serve, main=SCRIPT in work)
        self.take(work)

    def take(self, work: bytes) -> None:
        self._send((True, work))

    def ask(self, number: int, task: object) -> None:
        self.number = number
        self._send((False, task))

    def answer(self) -> tuple[bool, Any]:
        """Whether all went well, and the answer; what was raised; or `Died`."""
        try:
            found: tuple[bool, Any] = self.pipe.recv()
            return found
        except (EOFError, OSError):
            self._process.join()
            status = self._process.exitcode
            return False, unguarded(status) or Died(in_words(status))

    def end(self) -> None:
        self._process.terminate()
        self._process.join()
        self.pipe.close()

    def _send(self, message: object) -> None:
        """A process that has died is found out when its answer is read."""
        with suppress(OSError):
            self.pipe.send(message)


def in_words(status: int | None) -> str:
    """How a process with this exit status ended; a negative one is a signal."""
    if status == -signal.SIGKILL:
        return "its process was killed (signal 9), perhaps for want of memory"
    how = f"by signal {-status}" if status is not None and status < 0 else f"with {status}"
    return f"its process ended {how} before its time"


def _serve(pipe: Connection) -> None:
    """A worker."""
    work: Any = None
    while True:
        try:
            begins, told = pipe.recv()
        except EOFError:
            return
        if begins:
            work = told
            continue
        try:
            if isinstance(work, bytes):
                work = pickle.loads(work)
            answer = True, work(told)
        except Exception as error:  # whatever it is, it belongs to who asked
            answer = False, error
        pipe.send(answer)
