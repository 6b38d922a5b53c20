"""Tasks are given out, and answers handed on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from numbers import Integral
from typing import Any, TypeVar

from posgc.language.diagnostics import LimitError
from posgc.workers.cluster import Cluster
from posgc.workers.crew import Alone, Crew, Died
from posgc.workers.fresh import begin_server
from posgc.workers.processes import Processes

__all__ = ["ALONE", "Workers", "each", "in_order"]

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Workers:
    """How many work on tasks, and where.  Raises ValueError for a number below 1, TypeError for none."""

    number: int | None = None  # None: this process alone, or as many as the cluster has processors
    ray: str | None = None  # the address of a Ray cluster, as `ray.init` has it; None: this machine

    def __post_init__(self) -> None:
        if self.number is not None and not isinstance(self.number, Integral):
            raise TypeError(f"workers is a whole number, not {self.number!r}")
        if self.number is not None and self.number < 1:
            raise ValueError(f"workers is {self.number}: at least one process is needed")

    @property
    def alone(self) -> bool:
        """Whether it is this process."""
        return self.ray is None and self.number in (None, 1)

    def begin(self) -> None:
        """Begin, in the background, what takes a while and will be needed."""
        if self.ray is None and not self.alone:
            begin_server()

    def crew(self, work: Callable[[Any], Any]) -> Crew:
        """Those who do `work`, which can be sent to other processes.  Raises InputError (E636, E663) where there is no
        such cluster."""
        if self.ray is not None:
            return Cluster(work, self.ray, self.number)
        return Alone(work) if self.alone else Processes(work, self.number or 1)


ALONE = Workers()
"""This process."""


def each(
    work: Callable[[Task], Answer], tasks: Iterable[Task], workers: Workers
) -> Generator[tuple[int, Answer | Died], None, None]:
    """The answers to all tasks with the numbers of these, as they come in.

    A task is taken when somebody is free to work on it, after the caller has seen all answers that came before; so an
    iterator may choose it in the light of these.

    `work` can be sent to other processes, and is sent once to each; it is a function of a module, for they know nothing
    of the program that runs here.  Where one of them dies its task comes back as `Died`, and another takes its place.
    Raises what `work` raises, and InputError as `Workers.crew`; where the caller stops listening (Ctrl-C, say) the
    processes end, as they do when this one is killed.
    """
    if workers.ray is None and isinstance(tasks, Sized) and len(tasks) <= 1:
        workers = ALONE
    numbered = enumerate(tasks)
    first = next(numbered, None)
    if first is None:
        return
    left, busy = chain([first], numbered), 0
    with closing(workers.crew(work)) as crew:
        while True:
            while busy < crew.size and (following := next(left, None)) is not None:
                crew.submit(*following)
                busy += 1
            if not busy:
                return
            answer = crew.next()
            busy -= 1
            yield answer


def in_order(crew: Crew, tasks: Sequence[Any]) -> Generator[Any, None, None]:
    """The crew's answers to the tasks, in their order, so that whoever adds them up finds the same for any crew.

    Where the caller stops listening, what is being worked on is waited for.  Raises what the work raises, LimitError
    where a process ends before its time.
    """
    known, begun, busy = dict[int, Any](), 0, 0
    try:
        for k in range(len(tasks)):
            while k not in known:
                while busy < crew.size and begun < len(tasks):
                    crew.submit(begun, tasks[begun])
                    begun, busy = begun + 1, busy + 1
                number, found = crew.next()
                busy -= 1
                if isinstance(found, Died):
                    raise LimitError(f"{found.in_words}; take fewer workers")
                known[number] = found
            yield known.pop(k)
    except GeneratorExit:
        for _ in range(busy):
            crew.next()
        raise
