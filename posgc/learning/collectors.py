"""Who plays and counts the episodes of a run: this process, or several others (`posgc.workers`).

An episode depends on the seed, its number and its player alone, and counts add up to the same in any order, so what is
learned does not depend on how many processes share the episodes.  They are sent the environment once and a player with
each shard.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from posgc.information.items import Structure
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.learning.counting import Counts, count
from posgc.learning.sampling import BATCH, collect, joined
from posgc.play.environment import CountedEnvironment
from posgc.play.players import Player
from posgc.workers import ALONE, Workers, in_order

__all__ = ["RAY", "WORKERS", "Collectors"]

WORKERS = {
    "metavar": "N",
    "help": "processes that a learner's episodes or fits are shared among; the result does not depend on it",
    "recorded": False,
}
"""Metadata of the option that says how many, None by default, but for its flag, which is the plug-in's."""

RAY = {
    "metavar": "ADDRESS",
    "help": "a Ray cluster whose processes share them: auto, local, HOST:PORT or ray://HOST:PORT",
    "recorded": False,
}
"""The same of the option that says where."""

CHUNK = 1 << 18
"""Episodes that are counted at a time, at most."""

QUICK, SLOW = 0.25, 1.0
"""Seconds: shards grow while they take less than the one, and shrink while they take more than the other, so that a run
can be saved and stopped in time."""

Shard = tuple[Counts, ...]
"""The counts of some episodes under each of the structures."""


class Collectors:
    """Use it in a `with` block.  `structures` are those to count under; the first is the one that is played by."""

    def __init__(
        self,
        environment: CountedEnvironment,
        structures: Sequence[Structure],
        seed: int,
        workers: Workers = ALONE,
    ) -> None:
        """Raises InputError (E641) where the environment cannot be sent to another process."""
        self._environment, self._structures = environment, tuple(structures)
        self._batch = environment.largest_batch or BATCH
        self._size = self._batch
        self._elsewhere = not workers.alone
        try:
            self._crew = workers.crew(_Shards(environment, self._structures, seed))
        except (InputError, LimitError):
            raise
        except Exception as error:  # it is anybody's, and may refuse to be sent in any way
            what = f"the environment cannot be sent to another process: {type(error).__name__}: {error}"
            raise InputError([Diagnostic("E641", what, help="leave workers out")]) from error

    def play(self, player: Player, first: int, episodes: int) -> list[Shard]:
        """Play some of the episodes from number `first` on, at least one and at most `episodes`, in order.

        Raises InputError (E641) where the environment fails, LimitError past the budget or where a process ends before
        its time.
        """
        begun, n = time.monotonic(), self._crew.size
        total = min(self._size * n, episodes)
        if self._elsewhere:  # what others play is not counted here, a single one on a cluster included
            self._environment.spend(total * self._structures[0].horizon)
        bounds = [first + total * k // n for k in range(n + 1)]
        shards = [(player, a, b - a) for a, b in pairwise(bounds) if b > a]
        found = list(in_order(self._crew, shards))
        took = time.monotonic() - begun
        if took < QUICK and self._size < CHUNK:
            self._size *= 2
        elif took > SLOW and self._size > self._batch:
            self._size //= 2
        return found

    def __enter__(self) -> Collectors:
        return self

    def __exit__(self, *raised: object) -> None:
        self._crew.close()


@dataclass(frozen=True)
class _Shards:
    """Plays and counts: player, number of the first episode, and how many."""

    environment: CountedEnvironment
    structures: tuple[Structure, ...]
    seed: int

    def __call__(self, shard: tuple[Player, int, int]) -> Shard:
        player, first, size = shard
        batch = joined(list(collect(self.environment, self.structures[0], player, size, self.seed, first)))
        return tuple(count(batch, structure) for structure in self.structures)
