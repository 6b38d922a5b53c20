"""Files of plain arrays (`.npz`) that anybody may have made: reading one can run nothing and takes bounded memory."""

from __future__ import annotations

import json
import os
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import LimitError
from posgc.language.files import require_regular

__all__ = ["SIZE_LIMIT", "UNREADABLE", "content_of", "read_archive", "reason"]

SIZE_LIMIT = 6 << 30
"""Bytes that a file may unpack to."""

UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy, zipfile and json raise on damaged or hostile files."""

Array = npt.NDArray[Any]


def read_archive(path: str | os.PathLike[str], packed: bool = True) -> dict[str, Array]:
    """The arrays by name.

    Raises one of `UNREADABLE` where it is not such a file, LimitError where it would unpack to more than `SIZE_LIMIT`
    bytes; where it may not be `packed`, reading takes about as much memory as the file is long."""
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) if packed else (zipfile.ZIP_STORED,)
    require_regular(path, SIZE_LIMIT if packed else None)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if any(member.compress_type not in methods for member in members):
            raise ValueError("it is compressed in a way that posgc does not write")
        unpacked = sum(member.file_size for member in members)
    if not packed and unpacked > os.stat(path).st_size:
        raise ValueError("its members overlap")
    if packed and unpacked > SIZE_LIMIT:
        raise LimitError(f"{os.fspath(path)} would unpack to {unpacked} bytes (limit {SIZE_LIMIT})")
    with np.load(path, allow_pickle=False) as data:
        return {key: data[key] for key in data.files}


def content_of(raw: Array) -> Any:
    """The JSON that an array of bytes holds.  Raises ValueError where it holds none."""
    if raw.dtype != np.uint8 or raw.ndim != 1:
        raise ValueError("its header is not text")
    try:
        return json.loads(raw.tobytes().decode())
    except RecursionError:
        raise ValueError("its header is nested too deeply") from None


def reason(error: BaseException) -> str:
    """Why a file cannot be read, in words."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
