"""Arrays that grow at their end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Growing"]


class Growing:
    """An array to which rows are added; room is doubled when it is full."""

    def __init__(self, dtype: type[np.generic], *shape: int) -> None:
        self._room: npt.NDArray[Any] = np.empty((64, *shape), dtype=dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def data(self) -> npt.NDArray[Any]:
        """All rows: a view, which later additions may leave behind."""
        return self._room[: self._size]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._room.nbytes

    def extend(self, rows: npt.NDArray[Any]) -> None:
        """Add rows at the end."""
        size = self._size + len(rows)
        if size > len(self._room):
            room = np.empty((max(size, 2 * len(self._room)), *self._room.shape[1:]), dtype=self._room.dtype)
            room[: self._size] = self.data
            self._room = room
        self._room[self._size : size] = rows
        self._size = size
