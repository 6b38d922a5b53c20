"""A progress bar on standard error, for work that takes longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from posgc.pipeline import quiet
from posgc.plugin.backend import Progress

__all__ = ["progress_bar", "shown"]

PATIENCE = 0.7
"""Seconds of silence before a bar appears: short work shows none."""


@contextmanager
def shown(progress: Progress | bool | None) -> Iterator[Progress]:
    """The callback that is given; a bar for True, nothing for False or None."""
    if callable(progress):
        yield progress
    else:
        with progress_bar(not progress) as bar:
            yield bar


@contextmanager
def progress_bar(silent: bool) -> Iterator[Progress]:
    """A callback that draws; silent when asked to be, and where standard error is neither a terminal nor a notebook."""
    if silent or not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        yield quiet
        return
    bar = _Bar()
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.drawn: Any = None
        self.task: Any = None
        self.stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self.drawn is None:
            if time.monotonic() - self.begun < PATIENCE:
                return
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

            self.drawn = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self.drawn.start()
        if stage != self.stage:
            if self.task is not None:
                self.drawn.remove_task(self.task)
            self.task, self.stage = self.drawn.add_task(stage, total=total), stage
        self.drawn.update(self.task, completed=done, total=total)

    def close(self) -> None:
        if self.drawn is not None:
            self.drawn.stop()
