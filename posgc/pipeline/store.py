"""Rows that were found, kept in an SQLite file as they come, so that no point is solved twice.

One table, `rows(key TEXT PRIMARY KEY, row TEXT)`, both JSON; a transaction a row, with a write-ahead log.  Whoever is
killed leaves a file that SQLite puts in order when it is opened next; where the machine itself fails, the last rows may
be missing.  `application_id` says that the file is ours, `user_version` its format.
"""

from __future__ import annotations

import os
import sqlite3

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.pipeline.points import Row

__all__ = ["Store"]

APPLICATION = 0x706F7367  # "posg"
VERSION = 1
PATIENCE = 5.0
"""Seconds for which another process may lock the file."""
MAGIC = b"SQLite format 3\0"


class Store:
    """The store at `path`, made where there is none.  Raises InputError (E661) where it cannot be one, with nothing
    changed, and from every method where it can no longer be read or written."""

    def __init__(self, path: str | os.PathLike[str], *inputs: str) -> None:
        self.path = os.fspath(path)
        if any(name != "-" and os.path.realpath(name) == os.path.realpath(path) for name in inputs):
            raise self._refused("it is what is being read")
        if os.path.isdir(path):
            raise self._refused("it is a folder")
        try:
            if os.path.exists(path):
                with open(path, "rb") as file:
                    begin = file.read(len(MAGIC))
                if begin and begin != MAGIC:
                    raise self._refused("it is not a store but another file")
            self._file = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from None
        try:
            self._prepare()
        except (InputError, sqlite3.Error) as error:
            self._file.close()
            raise error if isinstance(error, InputError) else self._failed(error) from None

    def _prepare(self) -> None:
        """Makes sure that the file is ours and can be written."""
        self._file.execute("BEGIN IMMEDIATE")
        [application] = self._file.execute("PRAGMA application_id").fetchone()
        [version] = self._file.execute("PRAGMA user_version").fetchone()
        empty = self._file.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        if empty and application == 0:
            self._file.execute(f"PRAGMA application_id = {APPLICATION}")
            self._file.execute(f"PRAGMA user_version = {VERSION}")
            self._file.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID")
        elif application != APPLICATION:
            raise self._refused("it is the database of another program")
        elif version != VERSION:
            raise self._refused(f"it has format {version}, and this version of posgc reads and writes format {VERSION}")
        self._file.execute("COMMIT")
        self._file.execute("PRAGMA journal_mode = WAL")  # a row is one write, and readers need not wait
        self._file.execute("PRAGMA synchronous = NORMAL")

    def get(self, key: str) -> Row | None:
        """The row that was kept under a key."""
        try:
            found = self._file.execute("SELECT row FROM rows WHERE key = ?", (key,)).fetchone()
            return None if found is None else Row.from_text(found[0])
        except sqlite3.Error as error:
            raise self._failed(error) from None
        except (ValueError, TypeError, KeyError) as error:
            raise self._refused(f"it holds something other than a row: {error}") from None

    def put(self, key: str, row: Row) -> None:
        """Keep a row: whatever happens to this process afterwards, it is there."""
        try:
            self._file.execute("INSERT OR REPLACE INTO rows VALUES (?, ?)", (key, row.as_text()))
        except sqlite3.Error as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """No method may be called afterwards."""
        self._file.close()

    def _failed(self, error: OSError | sqlite3.Error) -> InputError:
        if isinstance(error, OSError):
            return self._refused(error.strerror or str(error))
        room = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        return self._refused(str(error), "make room on the disk, or " if room else "")

    def _refused(self, why: str, first: str = "") -> InputError:
        cure = f"{first}give another file name; what is in this one is left as it is"
        return InputError([Diagnostic("E661", f"cannot use {self.path} as a store: {why}", help=cure)])
