"""One process at a time on a file that is written again and again.

The lock is on a file beside it, `.NAME.lock`, since the file itself is replaced each time.  The system gives it up when
its holder ends, however that happens, so that a run that was killed locks nobody out; what is then left of the file
beside it does no harm.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

__all__ = ["Lock", "Locked"]


class Locked(Exception):
    """Somebody else holds the lock; the text says who."""


class Lock:
    """The lock of the file at `path`, from now on until `release`, or until it is forgotten."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Raises Locked, and OSError where the file beside it cannot be written or locked."""
        target = Path(os.path.realpath(path))
        self._path = target.with_name(f".{target.name}.lock")
        while True:
            self._file = open(self._path, "a+", encoding="utf-8")  # noqa: SIM115 (it stays open)
            try:
                _take(self._file.fileno())
            except (BlockingIOError, PermissionError):
                self._file.seek(0)
                holder = self._file.read(200).strip()
                self._file.close()
                raise Locked(holder or "another process") from None
            if self._is_there():
                break
            self._file.close()  # whoever held it has removed it in the meantime
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} on {socket.gethostname()}")
        self._file.flush()

    def release(self) -> None:
        """Give it up."""
        if sys.platform != "win32":  # where an open file cannot be removed, it stays
            self._path.unlink(missing_ok=True)
        self._file.close()

    def _is_there(self) -> bool:
        """Whether the file that is locked is the one that others would lock."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._path))
        except FileNotFoundError:
            return False


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        """Lock a byte far behind the text, which stays readable.  Raises PermissionError where another holds it."""
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        """Raises BlockingIOError where another holds it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
