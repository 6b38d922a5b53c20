"""Who plays and counts the episodes of a run: this process, or several others.

An episode depends on the seed, its number and its player alone, and counts add up to the same in any order, so what is
learned does not depend on how many processes share the episodes.  Others begin with nothing of this one's memory; they
are sent the environment once and a player with each shard, and end when this process does.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from posgc.information.items import Structure
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.learning.counting import Counts, count
from posgc.learning.sampling import BATCH, collect, joined
from posgc.play.environment import CountedEnvironment, fresh_context
from posgc.play.players import Player

__all__ = ["Crew"]

CHUNK = 1 << 18
"""Episodes that are counted at a time, at most."""

QUICK, SLOW = 0.25, 1.0
"""Seconds: shards grow while they take less than the one, and shrink while they take more than the other, so that a run
can be saved and stopped in time."""

Shard = tuple[Counts, ...]
"""The counts of some episodes under each of the crew's structures."""


class Crew:
    """Use it in a `with` block.  `structures` are those to count under; the first is the one that is played by."""

    def __init__(
        self, environment: CountedEnvironment, structures: Sequence[Structure], seed: int, workers: int = 1
    ) -> None:
        self._environment, self._structures, self._seed = environment, tuple(structures), seed
        self._batch = environment.largest_batch or BATCH
        self._size = self._batch
        self._workers: list[_Worker] = []
        try:
            for _ in range(workers if workers > 1 else 0):
                self._workers.append(_Worker(environment, self._structures, seed))
        except BaseException:
            self.__exit__()
            raise

    def play(self, player: Player, first: int, episodes: int) -> list[Shard]:
        """Play some of the episodes from number `first` on, at least one and at most `episodes`, in order.

        Raises InputError (E641) where the environment fails or cannot be sent to another process, LimitError past the
        budget or where a process ends before its time.
        """
        begun = time.monotonic()
        if self._workers:
            found = self._shared(player, first, episodes)
        else:
            found = [_shard(self._environment, self._structures, player, self._seed, first, min(self._size, episodes))]
        took = time.monotonic() - begun
        if took < QUICK and self._size < CHUNK:
            self._size *= 2
        elif took > SLOW and self._size > self._batch:
            self._size //= 2
        return found

    def _shared(self, player: Player, first: int, episodes: int) -> list[Shard]:
        """A shard for each worker, the shards being equal as far as whole numbers allow."""
        n = len(self._workers)
        total = min(self._size * n, episodes)
        self._environment.spend(total * self._structures[0].horizon)
        bounds = [first + total * k // n for k in range(n + 1)]
        busy = [(worker, a, b - a) for worker, a, b in zip(self._workers, bounds, bounds[1:], strict=False) if b > a]
        for worker, begin, size in busy:
            worker.ask(player, begin, size)
        return [worker.answer() for worker, _, _ in busy]

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *raised: object) -> None:
        for worker in self._workers:
            worker.end()


class _Worker:
    """Another process that plays shards."""

    def __init__(self, environment: CountedEnvironment, structures: tuple[Structure, ...], seed: int) -> None:
        context = fresh_context(__name__)
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._pipe.send((environment, structures, seed))
        except OSError:
            raise _ended() from None
        except Exception as error:  # it is anybody's, and may refuse to be sent in any way
            self.end()
            what = f"the environment cannot be sent to another process: {type(error).__name__}: {error}"
            raise InputError([Diagnostic("E641", what, help="leave workers out")]) from error

    def ask(self, player: Player, first: int, size: int) -> None:
        """Have a shard played."""
        try:
            self._pipe.send((player, first, size))
        except OSError:
            raise _ended() from None

    def answer(self) -> Shard:
        """The shard that was asked for.  Raises what playing it raised."""
        try:
            found = self._pipe.recv()
        except (EOFError, OSError):
            raise _ended() from None
        if isinstance(found, BaseException):
            raise found
        shard: Shard = found
        return shard

    def end(self) -> None:
        """Let the process end."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _ended() -> LimitError:
    return LimitError("a worker process ended before its time, perhaps for want of memory; take fewer workers")


def _serve(pipe: Connection[Any, Any]) -> None:
    """The other process: plays until the pipe is closed.  Ctrl-C is for the one who asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        environment, structures, seed = pipe.recv()
        while True:
            player, first, size = pipe.recv()
            try:
                answer: Any = _shard(environment, structures, player, seed, first, size)
            except (InputError, LimitError, MemoryError) as error:
                answer = error
            pipe.send(answer)
    except (EOFError, OSError):
        return


def _shard(
    environment: CountedEnvironment, structures: Sequence[Structure], player: Player, seed: int, first: int, size: int
) -> Shard:
    batch = joined(list(collect(environment, structures[0], player, size, seed, first)))
    return tuple(count(batch, structure) for structure in structures)
