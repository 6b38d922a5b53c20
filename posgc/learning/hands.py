"""Independent tasks of a run, worked on by this process or by several others.

Other processes begin with nothing of this one's memory; they are sent what works on the tasks once, and a task after
the other, and end when this process does.  Answers come in the order of the tasks, so that whoever adds them up finds
the same for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, TypeVar

from posgc.language.diagnostics import InputError, LimitError
from posgc.play.processes import begin, unguarded

__all__ = ["WORKERS", "Hands"]

Task = TypeVar("Task")
Answer = TypeVar("Answer")

WORKERS = {
    "metavar": "N",
    "help": "processes that a learner's episodes or fits are shared among; the result does not depend on it",
    "recorded": False,
}
"""Metadata of the option that says how many, but for its flag, which is the plug-in's."""


class Hands(Generic[Task, Answer]):
    """`workers` processes that do `work`, which is this process itself where there is one.  Use it in a `with` block.

    Raises whatever sending `work` to another process raises, LimitError where a process ends before its time, and
    InputError (E641) where `work` needs what a program defines that other processes cannot run.
    """

    def __init__(self, work: Callable[[Task], Answer], workers: int = 1) -> None:
        self._work = work
        self._workers: list[_Worker] = []
        try:
            sent = _sendable(work) if workers > 1 else b""
            for _ in range(workers if workers > 1 else 0):
                self._workers.append(_Worker(sent))
        except BaseException:
            self.__exit__()
            raise

    def take(self, work: Callable[[Task], Answer]) -> None:
        """Do that from here on, between tasks.  Raises as the constructor does."""
        self._work = work
        sent = _sendable(work) if self._workers else b""
        for worker in self._workers:
            worker.take(sent)

    @property
    def number(self) -> int:
        """How many tasks are worked on at a time."""
        return max(1, len(self._workers))

    def answers(self, tasks: Sequence[Task]) -> Generator[Answer, None, None]:
        """The answers to the tasks, in order.  Where the caller stops listening, those that are being worked on are
        waited for.  Raises what `work` raises where that is InputError, LimitError or MemoryError; LimitError where a
        process ends before its time."""
        if not self._workers:
            yield from map(self._work, tasks)
            return
        known, begun = dict[int, Any](), 0
        free, busy = list(self._workers), dict[Connection, tuple[_Worker, int]]()
        try:
            for k in range(len(tasks)):
                while k not in known:
                    while free and begun < len(tasks):
                        worker = free.pop()
                        worker.ask(tasks[begun])
                        busy[worker.pipe] = worker, begun
                        begun += 1
                    for pipe in wait(list(busy)):
                        worker, number = busy.pop(pipe)  # type: ignore[call-overload]
                        known[number] = worker.answer()
                        free.append(worker)
                yield known.pop(k)
        except GeneratorExit:
            for worker, _ in busy.values():
                worker.answer()
            raise

    def __enter__(self) -> Hands[Task, Answer]:
        return self

    def __exit__(self, *raised: object) -> None:
        for worker in self._workers:
            worker.end()


class _Worker:
    """Another process that answers one task at a time."""

    def __init__(self, sent: bytes) -> None:
        self.pipe, self._process = begin(__name__, _serve, main=b"__main__" in sent)
        try:
            self.take(sent)
        except BaseException:
            self.end()
            raise

    def take(self, sent: bytes) -> None:
        """Have that done from here on, as `_sendable` makes it."""
        self._send(sent)

    def ask(self, task: Any) -> None:
        """Have a task done."""
        self._send(bytes(ForkingPickler.dumps((False, task))))

    def _send(self, message: bytes) -> None:
        try:
            self.pipe.send_bytes(message)
        except OSError:
            raise self._ended() from None

    def answer(self) -> Any:
        """The answer to the task that was asked.  Raises what doing it raised."""
        try:
            found = self.pipe.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        if isinstance(found, BaseException):
            raise found
        return found

    def end(self) -> None:
        """Let the process end."""
        self.pipe.close()
        self._process.terminate()
        self._process.join()

    def _ended(self) -> InputError | LimitError:
        """What is to be said of it."""
        self._process.join()
        what = "a worker process ended before its time, perhaps for want of memory; take fewer workers"
        return unguarded(self._process.exitcode) or LimitError(what)


def _sendable(work: Callable[[Any], Any]) -> bytes:
    """What tells a worker to do that."""
    return bytes(ForkingPickler.dumps((True, work)))


def _serve(pipe: Connection[Any, Any]) -> None:
    """The other process: works until the pipe is closed."""
    try:
        work: Any = None
        while True:
            begins, told = pipe.recv()
            if begins:
                work = told
                continue
            try:
                answer: Any = work(told)
            except (InputError, LimitError, MemoryError) as error:
                answer = error
            pipe.send(answer)
    except (EOFError, OSError):
        return
