"""Tasks in several processes: answers as they come in, whoever dies on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterable, Sized
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import parent_process
from threading import Thread
from typing import Any, TypeVar

from posgc.play.environment import fresh_context

__all__ = ["Died", "each"]

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Died:
    """What stands for the answer to a task whose process ended before its time."""

    status: int | None  # of the process; a negative one is a signal

    @property
    def in_words(self) -> str:
        """What happened, and what it may have been."""
        if self.status == -signal.SIGKILL:
            return "its process was killed (signal 9), perhaps for want of memory"
        how = f"by signal {-self.status}" if self.status is not None and self.status < 0 else f"with {self.status}"
        return f"its process ended {how} before its time"


def each(
    work: Callable[[Task], Answer], tasks: Iterable[Task], workers: int, module: str
) -> Generator[tuple[int, Answer | Died], None, None]:
    """The answers to all tasks with the numbers of these, as they come in; one worker is this process itself.

    A task is taken when somebody is free to work on it, after the caller has seen all answers that came before; so an
    iterator may choose it in the light of these.

    `work` can be sent to other processes, which begin with nothing but `module`, and is sent once to each.  Where one
    dies its task comes back as `Died`, and another takes its place.  Raises what `work` raises; where the caller stops
    listening (Ctrl-C, say) the processes end, as they do when this one is killed.
    """
    if workers <= 1 or (isinstance(tasks, Sized) and len(tasks) <= 1):
        for number, task in enumerate(tasks):
            yield number, work(task)
        return
    left = iter(enumerate(tasks))
    crew: dict[Connection, _Worker] = {}

    def go_on(worker: _Worker | None = None) -> None:
        """Give the next task to the worker, or to a new one; without a task a worker ends."""
        following = next(left, None)
        if following is not None:
            worker = worker or _Worker(work, module)
            crew[worker.pipe] = worker
            worker.ask(*following)
        elif worker is not None:
            del crew[worker.pipe]
            worker.end()

    try:
        for _ in range(workers):
            go_on()
        while crew:
            for pipe in wait(list(crew)):
                worker = crew[pipe]  # type: ignore[index]
                number, (well, found) = worker.number, worker.answer()
                if not well and not isinstance(found, Died):
                    raise found
                if not well:
                    del crew[worker.pipe]
                yield number, found
                go_on(worker if well else None)
    finally:
        for worker in crew.values():
            worker.end()


class _Worker:
    """Another process that answers one task at a time."""

    def __init__(self, work: Callable[[Any], Any], module: str) -> None:
        context = fresh_context(module)
        self.number = -1
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
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
            return False, Died(self._process.exitcode)

    def end(self) -> None:
        self._process.terminate()
        self._process.join()
        self.pipe.close()

    def _send(self, message: object) -> None:
        """A process that has died is found out when its answer is read."""
        with suppress(OSError):
            self.pipe.send(message)


def _serve(pipe: Connection) -> None:
    """The other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    Thread(target=_follow, daemon=True).start()
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


def _follow() -> None:
    """End with the process that asks, in the middle of a task too."""
    asking = parent_process()
    if asking is not None:
        asking.join()
        os._exit(1)
