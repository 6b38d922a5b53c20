"""Checkpoints: what a long run needs to go on where it was, in a `.npz` of plain arrays and one JSON header.

Members: `header`, uint8, UTF-8 JSON {"format": "posgc-checkpoint-1", "run": {...}, "facts": {...}}, and the arrays of
whoever writes it.  `run` says which run it is, name by name; another one is refused.  Members are stored as they are,
so that reading takes about as much memory as the file is long, and loading one can run nothing.  Saving writes to a
temporary file beside it, which is then renamed: whoever is killed leaves the last whole checkpoint.  One run at a time
holds it, from `restore` to the end of the `with` block (`posgc.policy.lock`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.files import remove_unfinished, replace_file, require_regular, unwritable
from posgc.policy.archive import UNREADABLE, content_of, read_archive, reason
from posgc.policy.lock import Lock, Locked
from posgc.policy.packed import text_array

__all__ = ["CHECKPOINT", "Checkpoint", "Content", "Facts", "number_of"]

FORMAT = "posgc-checkpoint-1"

CHECKPOINT = {
    "metavar": "FILE",
    "help": "save the run there now and then, and go on from there where it was left",
    "recorded": False,
}
"""Metadata of the option that says where, but for its flag, which is the plug-in's."""

EVERY = 0.1
"""Seconds between two checkpoints, at least."""

SHARE = 10
"""Between two checkpoints a run works at least so many times as long as the first of them took."""

Array = npt.NDArray[Any]
Facts = dict[str, Any]
Content = tuple[Facts, dict[str, Array]]
"""Plain JSON, and arrays of numbers by name."""


class Checkpoint:
    """The checkpoint of one run, at `path`.  `run` names what has to be the same for the run to go on, as JSON.

    Use it in a `with` block."""

    def __init__(self, path: str, run: dict[str, Any]) -> None:
        self.path = path
        self._run: dict[str, Any] = json.loads(json.dumps({"version": version("posgc"), **run}))
        self._due = time.monotonic() + EVERY
        self._lock: Lock | None = None

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def due(self) -> bool:
        """Whether it is time to save again: saving takes a tenth of the time at most."""
        return time.monotonic() >= self._due

    def save(self, content: Callable[[], Content]) -> None:
        """Save what `content` says.  Raises InputError (E615), with nothing changed, where it cannot be written."""
        begun = time.monotonic()
        facts, arrays = content()
        header = text_array({"format": FORMAT, "run": self._run, "facts": facts})
        replace_file(self.path, lambda file: np.savez(file, allow_pickle=False, header=header, **arrays))
        now = time.monotonic()
        self._due = now + max(EVERY, SHARE * (now - begun))

    def restore(self, accept: Callable[[Facts, dict[str, Array]], None]) -> bool:
        """Hand what was saved to `accept`, which may raise any of `UNREADABLE`; whether there was anything.

        Raises InputError: E615 where another run holds it, or it cannot be locked, E642 for the checkpoint of another
        run, E643 for what is not a checkpoint.
        """
        try:
            if os.path.exists(self.path):
                require_regular(self.path, None)
            self._hold()
            remove_unfinished(self.path)
            if not os.path.exists(self.path):
                return False
            arrays = read_archive(self.path, packed=False)
            content = content_of(arrays.pop("header"))
            if not isinstance(content, dict) or content.get("format") != FORMAT:
                raise ValueError(f"its header is not {FORMAT}, which this version of posgc reads")
            run, facts = content["run"], content["facts"]
            if not isinstance(run, dict) or not isinstance(facts, dict):
                raise ValueError("its header does not say which run it is of")
            self._require_same(run)
            accept(facts, arrays)
        except UNREADABLE as error:
            what = f"{self.path} is not a readable checkpoint: {reason(error)}"
            cure = "give another file, or remove this one to begin anew"
            raise InputError([Diagnostic("E643", what, help=cure)]) from None
        return True

    def _hold(self) -> None:
        """From here on the run is the only one with this checkpoint.  Raises InputError (E615) where it is not."""
        try:
            self._lock = self._lock or Lock(self.path)
        except Locked as holder:
            what = f"cannot write {self.path}: it is the checkpoint of a run that goes on, {holder}"
            cure = "wait until that run is over, or give another file"
            raise InputError([Diagnostic("E615", what, help=cure)]) from None
        except OSError as error:
            raise unwritable(self.path, error.strerror or str(error)) from None

    def _require_same(self, run: dict[str, Any]) -> None:
        other = [name for name, value in self._run.items() if run.get(name) != value]
        if not other and run != self._run:
            raise ValueError("its header names what no run of this version has")
        if other:
            known = [name for name in other if name in run] or other  # another back-end has other options
            told = "; ".join(f"{name} {_said(run.get(name))}, here {_said(self._run.get(name))}" for name in known)
            what = f"{self.path} is the checkpoint of another run: {told}"
            cure = "give the same command as then, or another file"
            raise InputError([Diagnostic("E642", what, help=cure)])


def number_of(value: Any, most: int = 1 << 53) -> int:
    """A whole number from 0 to `most`.  Raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"it says {value!r:.40} where a whole number from 0 to {most} is due")
    return value


def _said(value: Any) -> str:
    text = value if isinstance(value, str) and value.isprintable() else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
