"""Reading and writing files that somebody else named: nothing is hung on, half written, or replaced by mistake."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from posgc.language.diagnostics import Diagnostic, InputError

__all__ = ["create_file", "remove_unfinished", "replace_file", "require_regular", "require_writable", "unwritable"]

UNFINISHED = ".unfinished-"
"""What stands in the names of temporary files, between the name of the target and letters drawn at random."""


def require_regular(path: str | os.PathLike[str], limit: int | None) -> None:
    """Raises OSError for a device, a pipe or a folder, and for a file of more than `limit` bytes (None: no limit)."""
    size = os.stat(path).st_size
    if not os.path.isfile(path):
        raise OSError(0, "it is not a regular file")
    if limit is not None and size > limit:
        raise OSError(0, f"it is larger than {limit >> 20} MB")


def replace_file(path: str | os.PathLike[str], write: Callable[[BinaryIO], object], *inputs: str) -> None:
    """Write to a temporary file beside the target, then rename; a link is followed.

    Raises InputError (E615), and leaves everything as it was, where the target is not a regular file, is one of
    the `inputs`, or cannot be written.
    """
    target, temporary = _target(path, inputs), None
    try:
        temporary = _beside(target)
        with open(temporary, "wb") as file:
            write(file)
        os.chmod(temporary, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def create_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that is not there yet.  Raises InputError (E615) where it is, or cannot be written."""
    try:
        with open(path, "xb") as file:
            file.write(content)
    except FileExistsError:
        raise unwritable(path, "there is one already") from None
    except OSError as error:
        Path(path).unlink(missing_ok=True)
        raise unwritable(path, error.strerror or str(error)) from None


def require_writable(path: str | os.PathLike[str], *inputs: str) -> None:
    """Raises InputError (E615), before anything is computed, where `replace_file` could not write."""
    target = _target(path, inputs)
    try:
        Path(_beside(target)).unlink()
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from None


def _target(path: str | os.PathLike[str], inputs: Sequence[str]) -> Path:
    """Where a link leads to.  Raises InputError (E615) where that is one of the `inputs`, and for `-`, which stands for
    standard input and output elsewhere."""
    if os.fspath(path) == "-":
        raise unwritable(path, "it is no file name here; a file of that name is ./-")
    target = Path(os.path.realpath(path))
    if any(name != "-" and os.path.realpath(name) == str(target) for name in inputs):
        raise unwritable(path, "it is what is being read")
    return target


def _beside(target: Path) -> str:
    """A new temporary file beside the target.  Raises OSError."""
    if target.exists() and not target.is_file():
        raise OSError(0, "it is not a regular file")
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}{UNFINISHED}")
    os.close(handle)
    return temporary


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Remove the temporary files of writers of this file that were killed while they wrote it."""
    target = Path(os.path.realpath(path))
    begin = f".{target.name}{UNFINISHED}"
    if target.parent.is_dir():
        for file in target.parent.iterdir():
            if file.name.startswith(begin):
                file.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def unwritable(path: str | os.PathLike[str], why: str) -> InputError:
    """E615: why nothing can be written there."""
    return InputError([Diagnostic("E615", f"cannot write {os.fspath(path)}: {why}", help="give another file name")])
