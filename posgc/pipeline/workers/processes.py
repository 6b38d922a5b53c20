"""Processes of this machine that work on tasks."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess, parent_process
from threading import Thread
from types import ModuleType
from typing import Any

from posgc.pipeline.workers.crew import Died
from posgc.play.environment import fresh_context

__all__ = ["Processes", "begin", "begin_server", "in_words"]


class Processes:
    """So many processes, which do `work`; one that dies is replaced.  As `Crew`."""

    def __init__(self, work: Callable[[Any], Any], size: int) -> None:
        self.size = size
        self._work = work
        self._free: list[_Worker] = []
        self._busy: dict[Connection, _Worker] = {}
        self._answered: list[_Worker] = []

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

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self.number = -1
        self.pipe, self._process = begin(_serve)
        self._send(work)

    def ask(self, number: int, task: object) -> None:
        self.number = number
        self._send(task)

    def answer(self) -> tuple[bool, Any]:
        """Whether all went well, and the answer; what was raised; or `Died`."""
        try:
            found: tuple[bool, Any] = self.pipe.recv()
            return found
        except (EOFError, OSError):
            self._process.join()
            return False, Died(in_words(self._process.exitcode))

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


def begin_server() -> None:
    """Have the server begin, where the system has one, that processes are forked from: what it imports they need not
    import again."""
    if _context().get_start_method() == "forkserver":
        with _without_interrupts():
            forkserver.ensure_running()


def begin(serve: Callable[..., None], *arguments: object) -> tuple[Connection, BaseProcess]:
    """A pipe to another process that runs `serve` with the other end and the arguments, and ends with this one.

    It does not run the program's main module again, as other processes do: it needs nothing from there, so that
    scripts need no `if __name__ == "__main__"`, and may come from standard input.
    """
    begin_server()
    context = _context()
    pipe, theirs = context.Pipe()
    process = context.Process(target=_follow, args=(serve, theirs, *arguments), daemon=True)
    with _without_main():
        process.start()
    theirs.close()
    return pipe, process


def _context() -> Any:
    return fresh_context("posgc.pipeline.workers.preloaded")


@contextmanager
def _without_main() -> Iterator[None]:
    """Processes that begin in here are told of no main module."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that begin in here do not hear of Ctrl-C, which is for the process that asks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow(serve: Callable[..., None], *arguments: object) -> None:
    """The other process: serve, and end with the process that asks, in the middle of a task too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    Thread(target=_end_with_parent, daemon=True).start()
    serve(*arguments)


def _end_with_parent() -> None:
    asking = parent_process()
    if asking is not None:
        asking.join()
        os._exit(1)


def _serve(pipe: Connection) -> None:
    """A worker."""
    work = pipe.recv()
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, work(task)
        except Exception as error:  # whatever it is, it belongs to who asked
            answer = False, error
        pipe.send(answer)
