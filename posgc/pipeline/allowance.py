"""Time for several pieces of work together; what takes longer is cut short.

It is interrupted by the signal of Ctrl-C, and again from time to time until it ends.  So a search that hears Ctrl-C
ends with what it has, and all other work ends at once.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from posgc.language.diagnostics import LimitError

__all__ = ["Allowance", "Piece"]

AGAIN = 0.5
"""After this part of its time once more, work that has not ended is interrupted again."""


@dataclass
class Piece:
    """A piece of work."""

    name: str
    over: bool = False  # whether its time was over before it ended


class Allowance:
    """Seconds for several pieces of work together, from now on; `late` are the names of those that were cut short."""

    def __init__(self, seconds: float = math.inf) -> None:
        self.seconds = seconds
        self.late: list[str] = []
        self._end = time.monotonic() + seconds

    @contextmanager
    def of(self, name: str, share: float = 1.0, least: float = 0.0) -> Iterator[Piece]:
        """Let a piece of work take a share of the time that is left, and `least` seconds in any case.  That is so in
        the main thread; others get no signals, and nothing there is cut short.

        Raises LimitError where the work was cut short and ended without a result.  Where it has heard the interruption
        and ended with one, the piece is `over`, and whoever sees in the result that it was cut short says so to `cut`.
        """
        piece = Piece(name)
        left = max(least, share * (self._end - time.monotonic()))
        if left <= 0:
            raise self.cut(piece)
        if left == math.inf or threading.current_thread() is not threading.main_thread():
            yield piece
            return
        heard = signal.getsignal(signal.SIGINT)

        def interrupt(number: int, frame: Any) -> None:
            if heard is not signal.SIG_IGN or piece.over:  # a process in the background may ignore Ctrl-C
                raise KeyboardInterrupt

        done = False

        def ring(number: int, frame: Any) -> None:
            if not done:
                piece.over = True
                signal.raise_signal(signal.SIGINT)

        if not callable(heard):
            signal.signal(signal.SIGINT, interrupt)
        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, left, AGAIN * left)
        try:
            yield piece
            done = True
        except KeyboardInterrupt:
            done = True
            if not piece.over:
                raise
            raise self.cut(piece) from None
        finally:
            done = True
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
            signal.signal(signal.SIGINT, heard or signal.SIG_DFL)

    def cut(self, piece: Piece) -> LimitError:
        """A piece was cut short: the error that says so."""
        self.late.append(piece.name)
        return LimitError(f"the time was over ({self.seconds:g} seconds for everything; --time-limit allows more)")
