"""Gathering episodes, round after round, in a run that can be left anywhere and taken up again.

What was reached is the counts of the rounds that are over, those of the round that is begun, and what the explorer
remembers.  Episodes are numbered through, each depends on the seed, its number and its player alone, and counts add up
to the same however the episodes were cut: a run that goes on from any of its checkpoints ends as if it had never been
left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy.typing as npt

from posgc.language.diagnostics import InputError
from posgc.learning.collectors import Collectors, Shard
from posgc.learning.counting import Counts, merged
from posgc.learning.resuming import Reached, content_of_run, machines_of, run_of
from posgc.learning.rounds import Explorer, Players, Task
from posgc.policy.checkpoint import Checkpoint, Facts

__all__ = ["Gathering"]

Array = npt.NDArray[Any]


class Gathering:
    """`episodes` in all; the counts after each of the last `keep` rounds are kept."""

    def __init__(
        self, task: Task, explorer: Explorer, episodes: int, keep: int, checkpoint: Checkpoint | None = None
    ) -> None:
        self._task, self._explorer, self._episodes, self._keep = task, explorer, episodes, keep
        self._checkpoint = checkpoint
        self._reached = Reached()
        self._shards: list[Shard] = []  # of the round that is begun, not yet added to the counts of `_reached`

    def run(self) -> bool:
        """Go on to the end, or until `task.stop` says to stop; whether all was played.

        Raises InputError where the environment fails (E641) or the checkpoint cannot be read or written (E642, E643,
        E615), LimitError where a model is too large.
        """
        task, checkpoint = self._task, self._checkpoint
        if checkpoint is not None and not checkpoint.restore(self._accept):
            checkpoint.save(self._content)  # where it cannot be written, that is known before anything is played
        try:
            with Collectors(task.environment, self._explorer.structures, task.seed, task.workers) as collectors:
                complete = all(self._round(collectors) for _ in range(self._reached.round, self._explorer.rounds))
        except InputError:  # of the environment: what was played before is kept
            if checkpoint is not None:
                checkpoint.save(self._content)
            raise
        if checkpoint is not None:
            checkpoint.save(self._content)
        return complete

    @property
    def counts(self) -> list[Counts]:
        """The counts, under the task's structure, of all episodes after each of the last rounds; what was played of a
        round that is not over is the last."""
        reached = self._reached
        if not reached.begun:
            return list(reached.over)
        return [*reached.over, merged([*reached.over[-1:], reached.begun[0]])]

    @property
    def rounds(self) -> int:
        """Rounds in which something was played."""
        return self._reached.rounds + bool(self._reached.begun)

    def _round(self, collectors: Collectors) -> bool:
        """Play the round that is begun, and learn from it; whether it is over."""
        reached, episodes = self._reached, self._episodes
        size = self._explorer.size(reached.round, episodes, episodes - reached.episodes)
        if not size:
            self._reached = replace(reached, round=reached.round + 1)
            return True
        players = self._explorer.players(size, reached.over[-1] if reached.over else None)
        over = self._play(collectors, players)
        self._add_up()
        if over:
            self._learn()
        return over

    def _play(self, collectors: Collectors, players: Players) -> bool:
        """Play what is left of the round; whether that is all of it."""
        task, first, end = self._task, self._reached.episodes, 0
        done = self._reached.begun[0].episodes if self._reached.begun else 0
        for player, size in players:
            end += size
            while done < end:
                shards = collectors.play(player, first + done, end - done)
                self._shards += shards
                done += sum(shard[0].episodes for shard in shards)
                task.progress("play", task.environment.samples, task.environment.samples + task.environment.left)
                if first + done < self._episodes and task.stop():
                    return False
                if self._checkpoint is not None and self._checkpoint.due:
                    self._checkpoint.save(self._content)
        return True

    def _learn(self) -> None:
        """The round is over."""
        reached = self._reached
        before = (*reached.over[-1:], *reached.seen)
        pairs = zip(before, reached.begun, strict=True) if before else ((one,) for one in reached.begun)
        counts = tuple(merged(pair) for pair in pairs)
        self._explorer.learn(counts, self._episodes - counts[0].episodes)
        over = (*reached.over, counts[0])[-self._keep :]
        self._reached = Reached(reached.round + 1, reached.rounds + 1, over, counts[1:])

    def _add_up(self) -> None:
        """Add what was played to the counts of the round."""
        if self._shards:
            parts = [shard for shard in (self._reached.begun, *self._shards) if shard]
            self._reached = replace(self._reached, begun=tuple(map(merged, zip(*parts, strict=True))))
            self._shards = []

    def _content(self) -> tuple[Facts, dict[str, Array]]:
        self._add_up()
        return content_of_run(self._reached, self._explorer.memory())

    def _accept(self, facts: Facts, arrays: dict[str, Array]) -> None:
        """Go on from a checkpoint.  Raises ValueError, TypeError or KeyError where it does not hold this run."""
        reached = run_of(facts, arrays, self._explorer.structures, self._keep)
        self._explorer.recall(facts["explorer"], machines_of(arrays, self._explorer.structures[-1]))
        size = 0
        if reached.round < self._explorer.rounds:
            size = self._explorer.size(reached.round, self._episodes, self._episodes - reached.episodes)
        elif reached.round > self._explorer.rounds or reached.episodes != self._episodes:
            raise ValueError("it is at a round that this run does not have")
        begun = reached.begun[0].episodes if reached.begun else 0
        if begun > size or reached.episodes + size > self._episodes:
            raise ValueError("it holds more episodes than this run has")
        self._task.environment.spend((reached.episodes + begun) * self._task.structure.horizon)
        self._reached = reached
