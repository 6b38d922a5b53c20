"""Other processes of this machine: how they begin, and how they end.

They inherit nothing of this one's memory, in which a game may lie, and end with it.  Nor do they run the program's main
module again, where what they are sent needs nothing from there: so scripts need no `if __name__ == "__main__"`, and may
come from standard input.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess, current_process, parent_process
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any

from posgc.language.diagnostics import Diagnostic, InputError, LimitError

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

__all__ = ["SCRIPT", "begin", "begin_server", "fresh_context", "unguarded"]

SCRIPT = b"__main__"
"""What stands in a pickle of something that the program's main module defines."""

TRIALS = 3
"""Times that a process is begun, where the server that it comes from is killed meanwhile."""
UNGUARDED = 41
"""Exit status of a process in which the program's main module, run again, wants processes of its own."""


def begin(
    serve: Callable[..., None], *arguments: object, main: bool = False
) -> tuple[Connection[Any, Any], BaseProcess]:
    """A pipe to another process that runs `serve` with the other end and the arguments.

    `main`: whether it needs the program's main module too, which is then run there again under another name.  Raises
    InputError (E641) where that is not in a file, LimitError where no process can be begun.
    """
    if getattr(current_process(), "_inheriting", False):  # the main module is being run again, and is not guarded
        os._exit(UNGUARDED)
    if main:
        _require_file()
    for _ in range(TRIALS):
        begin_server()
        context = fresh_context()
        pipe, theirs = context.Pipe()
        process = context.Process(target=_follow, args=(serve, theirs, *arguments), daemon=True)
        try:
            with nullcontext() if main else _without_main():
                process.start()
        except (EOFError, ConnectionError):  # the server was killed meanwhile: another takes its place
            pipe.close()
            continue
        finally:
            theirs.close()
        return pipe, process
    raise LimitError(f"no process could be begun in {TRIALS} trials, perhaps for want of memory; leave workers out")


def begin_server() -> None:
    """Have the server begin, where the system has one, that processes are forked from: what it imports they need not
    import again."""
    if fresh_context().get_start_method() == "forkserver":
        resource_tracker.ensure_running()  # it lets interrupts through when it begins
        with _without_interrupts():
            forkserver.ensure_running()


def fresh_context() -> SpawnContext | ForkServerContext:
    """How processes begin that inherit nothing of this one's memory; where there is a server for that, it imports what
    all of them need but once."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["posgc.pipeline.preloaded"])
    return context


def unguarded(status: int | None) -> InputError | None:
    """E641, where a process ended with this status as the main module is not guarded."""
    if status != UNGUARDED:
        return None
    what = "other processes run the program again, as they need what it defines, and it begins anew there"
    cure = 'write what it does below `if __name__ == "__main__":`, or leave workers out'
    return InputError([Diagnostic("E641", what, help=cure)])


def _require_file() -> None:
    """Raises InputError (E641) where the main module is in no file that another process can run."""
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None and not os.path.isfile(getattr(main, "__file__", None) or ""):
        what = "other processes need what the program defines, and it is in no file that they can read"
        cure = "write that into a file, and import it, or leave workers out"
        raise InputError([Diagnostic("E641", what, help=cure)])


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
