"""Keeping compiled solvers off standard output.

HiGHS's branch and bound has `printf`s of its own that no option turns off; one such line would spoil a JSON
document on standard output.  The text goes through C's buffer, not Python's, so it is the file descriptor
that is turned away, and C's buffer is emptied before it is turned back.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silent_stdout"]

STDOUT = 1  # the descriptor, whatever sys.stdout has been replaced with


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Whatever is written to descriptor 1 within goes nowhere; the process's own output before it is kept.

    Descriptors belong to the process: other threads must not write to standard output meanwhile.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
    _flush_c()
    try:
        kept = os.dup(STDOUT)
    except OSError:  # closed: nothing to protect
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDOUT)
        yield
    finally:
        _flush_c()
        os.dup2(kept, STDOUT)
        os.close(kept)
        os.close(nowhere)


def _flush_c() -> None:
    """fflush(NULL): all of C's output streams."""
    library = ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)
    library.fflush(None)
