"""When to stop: a time, an amount of memory, or the keyboard."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

__all__ = ["Limits", "Reason", "uninterrupted"]

Reason = Literal["time limit", "memory limit", "interrupted"]

EVERY = 0.1
"""Seconds between two looks at the memory held, and two reports of progress."""


class Limits:
    """Called now and then, says whether to stop; `reason` says why.

    `held` counts bytes; `report` is called with whole seconds gone and the time limit in seconds, 0 for none.
    """

    def __init__(
        self,
        seconds: float | None,
        nbytes: float | None = None,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self.reason: Reason | None = None
        self.held: Callable[[], int] = lambda: 0
        self._begun = time.monotonic()
        self._seconds, self._nbytes, self._report = seconds, nbytes, report
        self._next = self._begun

    def __call__(self) -> bool:
        now = time.monotonic()
        if self.reason is None and self._seconds is not None and now > self._begun + self._seconds:
            self.reason = "time limit"
        if now >= self._next and self.reason is None:
            if self._nbytes is not None and self.held() > self._nbytes:
                self.reason = "memory limit"
            self._report(int(now - self._begun), int(self._seconds or 0))
            self._next = now + max(EVERY, 10 * (time.monotonic() - now))  # looking takes a tenth of the time, at most
        return self.reason is not None

    def left(self) -> float | None:
        """Seconds until the time is over, from 0; None where it never is."""
        return None if self._seconds is None else max(0.0, self._begun + self._seconds - time.monotonic())

    def extend(self, seconds: float | None) -> bool:
        """Let the time be over so many seconds after the beginning; whether there is time, and nothing else is over."""
        self._seconds = seconds
        if self.reason == "time limit" and (seconds is None or time.monotonic() < self._begun + seconds):
            self.reason = None
        return self.reason is None

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within, Ctrl-C asks to stop; a second one stops at once.  In the main thread only: others get no signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, frame: Any) -> None:
            if self.reason == "interrupted":
                raise KeyboardInterrupt
            self.reason = "interrupted"

        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Within, Ctrl-C waits for the end, and is raised there; a second one is raised at once.  For imports of libraries
    that lose a Ctrl-C, or abort at it."""
    limits = Limits(None)
    with limits.interruptible():
        yield
    if limits():
        raise KeyboardInterrupt
