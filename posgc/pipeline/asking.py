"""Rows as they are found: from the store where they are there, else solved, by one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from posgc.language.diagnostics import InputError
from posgc.pipeline.points import Point, Question, Row, answer, key_of
from posgc.pipeline.store import Store
from posgc.pipeline.workers import Died, Workers, each

__all__ = ["Ended", "ask"]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    stopped: bool  # by Ctrl-C, before all points were looked at
    unkept: InputError | None  # why rows could not be kept in the store


def ask(
    question: Question, points: Iterable[Point], take: Callable[[Row], None], workers: Workers, store: Store | None
) -> Ended:
    """Hand over the row of each point.

    A point is taken when a process is free to solve it, after all rows found so far were handed over; so an iterator
    may choose it in the light of these.  Raises InputError where the store cannot be read (E661) and as `each` does.
    """
    asked: list[tuple[Point, str]] = []
    stopped, unkept = False, None

    def unknown() -> Iterator[Point]:
        for point in points:
            key = "" if store is None else key_of(question, point)
            row = None if store is None else store.get(key)
            if row is None:
                asked.append((point, key))
                yield point
            else:
                take(row)

    try:
        with closing(each(partial(answer, question), unknown(), workers)) as answers:
            for number, came in answers:
                point, key = asked[number]
                row = Row(point, why=came.in_words, passing=True) if isinstance(came, Died) else came
                take(row)
                if store is not None and unkept is None and not row.passing:
                    try:
                        store.put(key, row)
                    except InputError as error:  # what is known is still worth printing
                        unkept = error
    except KeyboardInterrupt:
        stopped = True
    return Ended(stopped, unkept)
